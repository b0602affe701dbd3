"""The judged curve: which one it is, its scale, and its blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdoctor.errors import Unavailable
from lrdoctor.records import Series
from lrdoctor.signals.curve import MAX_BLOCKS, SHORT, prepare, windows


def series(value, step=None):
    step = np.arange(len(value)) if step is None else step
    return Series(tag="loss", step=np.array(step, dtype=np.int64), value=np.array(value, dtype=np.float64))


@given(st.integers(1, 30_000))
def test_windows_cover_every_point_in_order(n):
    starts, size = windows(n)
    assert starts[0] == 0
    assert starts[-1] + size == n
    assert (np.diff(starts) >= 1).all() or n == 1
    assert starts.size <= MAX_BLOCKS
    assert (np.diff(starts) <= size + 1).all()  # at most one point between two windows
    if n <= SHORT:
        assert size == 1
        assert starts.tolist() == list(range(n))


@pytest.mark.parametrize("n", [1, 2, 5, 39, 40, 41, 199, 1000, 1003, 5000])
def test_blocks_are_medians_of_windows(n):
    rng = np.random.default_rng(n)
    value, step = rng.lognormal(0, 2, n), np.sort(rng.integers(0, 10 * n, n))
    curve = prepare(series(value, step), is_train=True)
    starts, size = windows(n)
    blocks = [np.median(value[start : start + size]) for start in starts]
    assert curve.loss.tolist() == value.tolist()
    assert np.allclose(curve.block_z, np.log(blocks) if curve.scale == "log" else blocks, rtol=1e-12)
    assert curve.block_step.tolist() == [np.median(step[start : start + size]) for start in starts]
    assert curve.block_size == size


@pytest.mark.parametrize(
    ("value", "scale"),
    [
        ([9.0, 5.0, 1.0], "log"),
        ([3.0, 2.0, 1.0], "linear"),  # a factor of three is not more than three
        ([9.0, 5.0, 0.0], "linear"),
        ([9.0, 5.0, -1.0], "linear"),
        ([1e-310, 1e-300], "log"),
        ([1e-300, 1e300, 1.7e308], "log"),
        ([2.0], "linear"),
    ],
)
def test_scale(value, scale):
    curve = prepare(series(value), is_train=True)
    assert curve.scale == scale
    assert np.isfinite(curve.z).all()


def test_what_is_not_finite_is_left_out():
    curve = prepare(series([1.0, np.nan, np.inf, 2.0, -np.inf], [0, 1, 2, 3, 4]), is_train=True)
    assert curve.step.tolist() == [0, 3]
    assert curve.loss.tolist() == [1.0, 2.0]
    with pytest.raises(Unavailable, match="no finite value"):
        prepare(series([np.nan]), is_train=True)


@pytest.mark.parametrize("n", [1, 3, 40, 41, 700])
@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.4, 0.6), (0.8, 1.0), (0.999, 1.0), (0.333, 0.334), (0.5, 0.5)])
def test_level_is_the_median_of_blocks_between_two_positions(n, low, high):
    curve = prepare(series(np.random.default_rng(n).random(n) + 1), is_train=True)
    axis = curve.progress_axis
    inside = [z for at, z in zip(axis, curve.block_z, strict=True) if low <= at <= high]
    nearest = curve.block_z[min(range(axis.size), key=lambda i: abs(axis[i] - (low + high) / 2))]
    assert curve.level(low, high) == (np.median(inside) if inside else nearest)


def test_the_training_loss_is_judged_unless_validation_is_all_there_is(asked):
    assert asked(loss=[3, 2, 1], val=[3, 2, 1, 0]).get("curve").is_train
    assert not asked(loss=[3, 2], val=[3, 2, 1, 0]).get("curve").is_train
    assert asked(loss=[3, 2], val=[3, 2]).get("curve").is_train
    assert not asked(loss=[np.nan] * 9, val=[3, 2]).get("curve").is_train
    assert not asked(val=[3, 2]).get("curve").is_train
    for nothing in ({"lr": [1.0]}, {"loss": [np.nan]}, {"loss": [np.nan], "val": [np.inf]}):
        with pytest.raises(Unavailable):
            asked(**nothing).get("curve")


def test_loss_and_judged_scale_are_inverse():
    curve = prepare(series([8.0, 4.0, 1.0]), is_train=True)
    assert [curve.to_loss(z) for z in curve.z] == pytest.approx([8.0, 4.0, 1.0])
    assert 1e308 < curve.to_loss(1e9) < np.inf
    assert prepare(series([-1.0, 1.0]), is_train=True).to_loss(-1.0) == -1.0
