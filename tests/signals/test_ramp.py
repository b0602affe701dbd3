"""Range tests smoothed and divided: where the minimum is, where it explodes, what noise and units do."""

from __future__ import annotations

import warnings
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lrdoctor.errors import Unavailable
from lrdoctor.signals.ramp import FEWEST, MOST_POINTS, make_ramp, regions

KINDS = ["flat", "descent", "minimum", "ascent", "explosion"]
anything = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True), st.floats(0, 5, width=16), st.sampled_from([0.0, 1e300, 1e-310])
)


def curve(n=120, noise=0.0, low=1e-7, high=10.0, seed=0):
    """Falls by 1.5 from 2.3 about LR 2.5e-3, explodes from about LR 1 on."""
    lr = np.geomspace(low, high, n)
    x = np.log10(lr)
    loss = 2.3 - 1.5 / (1 + np.exp(-4 * (x + 2.6))) + np.exp(np.minimum(6 * (x + 0.2), 40))
    return lr, loss + noise * np.random.default_rng(seed).standard_normal(n)


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.1])
def test_minimum_and_explosion(noise):
    ramp = make_ramp(*curve(noise=noise))
    assert -1.6 < np.log10(ramp.lr[ramp.bottom]) < -0.5
    assert -0.3 < np.log10(ramp.lr[ramp.exploded]) < 0.2
    assert ramp.to_loss(np.array([ramp.start, ramp.lowest])) == pytest.approx([2.3, 0.83], abs=0.1)
    assert ramp.noise < noise / 0.5 + 0.02
    assert ramp.clearness > 4
    assert np.isnan(ramp.smoothed[ramp.exploded :]).all()
    assert np.isfinite(ramp.smoothed[: ramp.exploded]).all()


def test_regions_follow_one_another():
    ramp = make_ramp(*curve())
    found = regions(ramp, 2.0)
    assert [part.kind for part in found] == KINDS
    assert found[0].first == 0
    assert found[-1].last == len(ramp) - 1
    assert all(after.first == before.last + 1 for before, after in pairwise(found))
    assert ramp.bottom in range(found[2].first, found[2].last + 1)


def test_without_a_fall_all_is_flat_until_it_rises():
    lr = np.geomspace(1e-6, 1.0, 100)
    loss = 0.3 + 0.02 * np.random.default_rng(1).standard_normal(100)
    assert [part.kind for part in regions(make_ramp(lr, loss), 2.0)] == ["flat"]
    loss[80:] += np.linspace(0, 3, 20)
    kinds = [part.kind for part in regions(make_ramp(lr, loss), 2.0)]
    assert kinds[0] == "flat"
    assert kinds[-1] == "explosion"
    assert "descent" not in kinds


def test_a_blow_up_to_nan_and_one_in_a_single_point_are_explosions():
    lr, loss = curve(60)
    for tail in (np.nan, np.inf):
        broken = np.where(lr > 0.3, tail, loss)
        ramp = make_ramp(lr, broken)
        assert ramp.lr[ramp.exploded] == lr[lr > 0.3][0]
    single = np.where(lr > 0.3, np.nan, loss)
    single[np.flatnonzero(lr > 0.3)[0]] = 1e26
    assert make_ramp(lr, single).exploded == np.flatnonzero(lr > 0.3)[0]


def test_an_early_spike_is_neither_minimum_nor_explosion():
    lr, loss = curve(noise=0.02)
    plain = make_ramp(lr, loss)
    for spike in (-20.0, 20.0):
        spiked = loss.copy()
        spiked[20] = spike
        ramp = make_ramp(lr, spiked)
        assert ramp.exploded == plain.exploded
        assert abs(np.log10(ramp.lr[ramp.bottom] / plain.lr[plain.bottom])) < 0.3


def test_the_unit_of_the_loss_does_not_matter():
    lr, loss = curve(noise=0.05)
    one, other = make_ramp(lr, loss), make_ramp(lr, 1000 * loss)
    assert (one.bottom, one.exploded) == (other.bottom, other.exploded)
    assert other.clearness == pytest.approx(one.clearness)
    negative = make_ramp(lr, loss - 50)  # a likelihood
    assert abs(np.log10(negative.lr[negative.bottom] / one.lr[one.bottom])) < 0.3


def test_steps_that_share_a_rate_are_averaged_and_long_ramps_shortened():
    lr, loss = curve(40, noise=0.1)
    held = make_ramp(np.repeat(lr, 5), np.repeat(loss, 5) + np.tile([-0.1, 0.1, 0.0, 0.05, -0.05], 40))
    assert len(held) == 40
    assert not held.every_step
    assert np.allclose(held.lr, lr)
    assert np.allclose(held.loss[: held.exploded], loss[: held.exploded])
    assert held.position.tolist() == list(range(0, 200, 5))
    long = make_ramp(*curve(20_000, noise=0.1))
    assert len(long) == MOST_POINTS
    assert -1.6 < np.log10(long.lr[long.bottom]) < -0.5


def test_too_few_losses():
    lr = np.geomspace(1e-5, 1, 10)
    with pytest.raises(Unavailable, match="only 3 of the rates"):
        make_ramp(lr, np.where(np.arange(10) < FEWEST - 1, 1.0, np.nan))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([4, 5, 7, 8, 12, 25, 60]).flatmap(lambda n: arrays(np.float64, n, elements=anything)))
def test_any_losses(loss):
    lr = np.geomspace(1e-7, 10, loss.size)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            ramp = make_ramp(lr, loss)
        except Unavailable:
            assert np.isfinite(loss).sum() < FEWEST
            return
        found = regions(ramp, 2.0)
    assert 0 <= ramp.bottom < ramp.exploded <= len(ramp)
    assert found[0].first == 0
    assert found[-1].last == len(ramp) - 1
    assert [part.kind for part in found] == [kind for kind in KINDS if kind in {part.kind for part in found}]
