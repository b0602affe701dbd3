from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lrdoctor.figures.sampling import downsample


def naive(step, value, width):
    """Extremes of each column, one column after the other."""
    reach = max(float(step[-1] - step[0]), 1.0)
    column = np.minimum((step - step[0]) * (width / reach), width - 1.0).astype(int)
    kept = set()
    for number in set(column.tolist()):
        own = np.flatnonzero(column == number)
        kept |= {own[0], own[-1]}
        known = own[np.isfinite(value[own])]
        if known.size:
            kept |= {known[value[known].argmin()], known[value[known].argmax()]}
    return kept

STRANGE = [np.nan, np.inf, -np.inf]


@given(
    hnp.arrays(np.float64, st.integers(50, 400), elements=st.floats(-10, 10) | st.sampled_from(STRANGE)),
    st.integers(2, 12),
    st.booleans(),
)
def test_extremes_ends_and_what_is_not_finite_stay(value, width, evenly):
    step = np.arange(value.size) * 7 if evenly else np.sort(np.random.default_rng(0).integers(0, 300, value.size))
    kept = downsample(step, value, width)
    assert np.all(np.diff(kept) > 0)
    assert naive(step, value, width) <= set(kept.tolist())
    if kept.size < value.size:
        assert kept.size <= 10 * width
    bad = ~np.isfinite(value)
    assert bad[kept].any() == bad.any()


def test_every_stretch_that_is_not_finite_keeps_its_ends():
    value = np.sin(np.arange(100_000) / 1000)
    for first, last in ((5, 5), (1000, 1003), (50_000, 80_000), (99_999, 99_999)):
        value[first : last + 1] = np.nan
    kept = set(downsample(np.arange(value.size), value, 300).tolist())
    assert {4, 5, 6, 999, 1000, 1003, 1004, 49_999, 50_000, 80_000, 80_001, 99_998, 99_999} <= kept
    assert len(kept) < 1400


def test_alternating_nan_is_bounded_and_seen_in_every_column():
    value = np.where(np.arange(100_000) % 2, np.nan, 1.0)
    kept = downsample(np.arange(value.size), value, 100)
    assert kept.size <= 1000
    assert np.unique(kept[np.isnan(value[kept])] // 1000).size == 100


def test_the_points_around_kept_steps_stay():
    step = np.arange(0, 100_000, 3)
    kept = step[downsample(step, np.zeros(step.size), 50, keep=(1000, 33_333, -5, 10**9))].tolist()
    assert {999, 1002, 33_330, 33_333, 0, 99_999} <= set(kept)


def test_a_short_curve_stays_as_it_is():
    assert downsample(np.arange(40), np.zeros(40), 10).tolist() == list(range(40))


@pytest.mark.parametrize("steps", [np.zeros(1000, np.int64), np.repeat([0, 2**62], 500)])
def test_strange_steps(steps):
    value = np.arange(1000.0)
    kept = downsample(steps, value, 10)
    assert {0, 999} <= set(kept.tolist())
