"""Departures from the level reached, against point-by-point twins and planted spikes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lrdoctor.records import Series
from lrdoctor.signals.curve import prepare
from lrdoctor.signals.excursions import _stretches, reached_level


def spiked(at, height=5.0, width=4, n=600, noise=0.01):
    """A loss near 1 with one spike that decays."""
    loss = 1 + noise * np.random.default_rng(0).standard_normal(n)
    loss[at : at + width] += height * 0.5 ** np.arange(min(width, n - at))
    return loss


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(0, 9))
def test_reached_level(n, seed):
    rng = np.random.default_rng(seed)
    step = np.sort(rng.integers(0, 2 * n, n))
    series = Series(tag="loss", step=step, value=rng.lognormal(0, 1, n))
    curve = prepare(series, is_train=True)
    plain = []
    for at in curve.step:
        own = next((i for i, middle in enumerate(curve.block_step) if at <= middle), curve.block_step.size)
        before = curve.block_z[: min(own, curve.block_step.size - 1)]
        plain.append(before.min() if before.size else curve.z[0])
    assert reached_level(curve).tolist() == plain


def naive_stretches(high, above):
    """Runs of points above the floor, joined unless the curve comes down to half the lower peak between them."""
    runs, begin = [], None
    for i, is_high in enumerate([*high, False]):
        if is_high and begin is None:
            begin = i
        if not is_high and begin is not None:
            run, begin = (begin, i), None
            if runs:
                first, last = runs[-1]
                peak = min(max(above[first:last]), max(above[run[0] : run[1]]))
                if min(above[last : run[0]]) > 0.5 * peak:
                    runs[-1] = (first, run[1])
                    continue
            runs.append(run)
    return sorted(runs, key=lambda run: -max(above[run[0] : run[1]]))


@given(arrays(np.float64, st.integers(1, 40), elements=st.floats(-1, 3, width=16)))
def test_stretches(above):
    assert _stretches(above > 1.0, above) == naive_stretches(above > 1.0, above)


@pytest.mark.parametrize("n", [60, 200, 600, 30_000])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_planted_spike_is_found_where_it_is(asked, n, share):
    at = int(n * share)
    (spike,) = asked(loss=spiked(at, n=n)).get("excursions")
    assert spike.first_step == spike.peak_step == at
    assert spike.ratio == pytest.approx(6.0, rel=0.05)
    assert spike.recovered
    assert 2 <= spike.points <= 5
    assert spike.position == pytest.approx(share, abs=0.04)
    assert spike.duration == pytest.approx(3 / n, abs=2.5 / n)
    assert spike.last_step > spike.peak_step


def test_a_spike_at_the_end_has_not_recovered(asked):
    (spike,) = asked(loss=spiked(598)).get("excursions")
    assert not spike.recovered
    assert spike.last_step == 599


def test_an_abrupt_spike_is_told_from_a_slow_rise(asked):
    (abrupt,) = asked(loss=spiked(300)).get("excursions")
    assert abrupt.abrupt > 0.9
    t = np.arange(600)
    slow = 1 + 4 * np.clip((t - 200) / 300, 0, 1) + 0.01 * np.random.default_rng(0).standard_normal(600)
    (rise,) = asked(loss=slow).get("excursions")
    assert rise.abrupt < 0.3
    assert not rise.recovered


def test_several_come_largest_first(asked):
    loss = spiked(100, 2.0) + spiked(300, 8.0) + spiked(500, 4.0)
    heights = [spike.height for spike in asked(loss=loss).get("excursions")]
    assert len(heights) == 3
    assert heights == sorted(heights, reverse=True)


def test_noise_makes_none(asked, descending):
    for seed in range(20):
        assert asked(loss=descending(1000, 0.05, seed)).get("excursions") == ()
    heavy = np.exp(0.8 * np.random.default_rng(0).standard_normal(4000))
    assert len(asked(loss=heavy).get("excursions")) <= 2
    assert asked(loss=[1.0, 9.0, 1.0, 1.0]).get("excursions") == ()  # four points say nothing


def test_at_most_64_are_described(asked):
    loss = 1 + 0.01 * np.random.default_rng(0).standard_normal(20_000)
    loss[200::150] = 30.0
    assert len(asked(loss=loss).get("excursions")) == 64
