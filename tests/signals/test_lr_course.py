"""What a rate does besides following its schedule, on rates where it is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lrdoctor import synth
from lrdoctor.engine import Context
from lrdoctor.errors import Unavailable
from lrdoctor.records import Series
from lrdoctor.signals.lr_course import lr_course, lr_restarts
from lrdoctor.signals.schedule import schedule

t = np.linspace(0, 1, 201)


def course(rate, step=None):
    lr = Series(tag="lr", step=np.arange(len(rate)) if step is None else step, value=np.asarray(rate, dtype=np.float64))
    return lr_course(lr, schedule(lr, {}))


def test_zeros_count_only_where_the_log_shows_small_rates():
    linear = np.maximum(1 - t / 0.8, 0)
    assert course(3e-4 * linear).zero_share == pytest.approx(0.2, abs=0.01)
    assert course(np.round(3e-4 * linear, 4)).zero_share == 0
    assert course(3e-4 * (1 - t)).zero_share == 0


def test_negative():
    found = course(1 - 1.5 * t)
    assert found.negative == pytest.approx(-0.5)
    assert found.negative_step == 134
    assert course(1 - t).negative == 0


def test_jumps():
    found = course(np.where(t < 0.6, 1 - t, 1.6 - t))
    assert found.jump_step == 120
    assert found.jump == pytest.approx(1.0 / 0.405, rel=0.01)
    assert course(np.abs(np.cos(3 * np.pi * t))).jump == 1.0


def test_gone_and_ended():
    assert course(0.5 ** np.arange(201)).gone_at == pytest.approx(0.05)
    assert math.isnan(course(1 - 0.5 * t).gone_at)
    assert course(np.maximum(1 - 2 * t, 0.01)).ended_at == pytest.approx(0.5, abs=0.01)
    assert math.isnan(course(1 - t).ended_at)


def test_levels():
    found = course(np.repeat([1.0, 0.93, 0.81, 0.7], 50))
    assert (found.levels, found.rounded) == (4, False)
    assert found.held == pytest.approx(196 / 199)
    assert course(np.round(1 - 0.03 * t, 2)).rounded


def test_restarts_compare_the_ends_of_cycles():
    rate = (1 + np.cos(np.pi * (3 * t % 1))) / 2
    level = np.where(t < 1 / 3, 0.6, np.where(t < 2 / 3, 0.4, 0.5)) + 0.2 * rate
    context = Context(synth.make_run(level, lr=rate))
    found = context.get("lr_restarts")
    assert found.before < found.after < found.peak
    with pytest.raises(Unavailable):
        lr_restarts(*(Context(synth.healthy()).get(name) for name in ("lr", "schedule", "curve")))


@settings(deadline=None)
@given(arrays(np.float64, st.integers(1, 60), elements=st.one_of(
    st.floats(-1, 1), st.floats(allow_nan=True), st.sampled_from([0.0, 0.1, 1.0, 5e-324, 1e300]))))  # fmt: skip
def test_any_rates(rate):
    try:
        found = course(rate)
    except Unavailable:
        return
    assert found.jump >= 1
    assert 0 <= found.held <= 1
    assert 0 <= found.zero_share <= 1
