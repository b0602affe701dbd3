"""How features are shown to the networks of the dose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.prescribing.network import MISSING, Ramps

if TYPE_CHECKING:
    from numpy.typing import NDArray

QUANTILES = np.array([[0, 5, np.nan, 1], [1, 5, np.nan, 1], [1, 5, np.nan, 3], [4, 5, np.nan, 7]], np.float64)
"""The second feature never differs, the third was never known."""


def naive(ramps: Ramps, row: NDArray[np.float64]) -> list[float]:
    shown = []
    for feature, low, width in zip(ramps.feature, ramps.low, ramps.width, strict=True):
        value = float(row[feature])
        known = value != MISSING
        shown.append(min(max((value - float(low)) / float(width), 0.0), 1.0) if known else 0.0)
    return shown + [float(value == MISSING) for value in row]


def test_there_is_a_ramp_between_distinct_quantiles() -> None:
    ramps = Ramps.between(QUANTILES)
    assert ramps.feature.tolist() == [0, 0, 3, 3]
    assert ramps.low.tolist() == [0.0, 1.0, 1.0, 3.0]
    assert ramps.width.tolist() == [1.0, 3.0, 2.0, 4.0]


def test_rows_are_shown_as_one_by_one() -> None:
    ramps = Ramps.between(QUANTILES)
    rng = np.random.default_rng(0)
    rows = rng.uniform(-2.0, 9.0, (50, 4))
    rows[rng.random(rows.shape) < 0.3] = MISSING
    shown = ramps(rows)
    assert shown.dtype == np.float32
    np.testing.assert_allclose(shown, [naive(ramps, row) for row in rows], atol=1e-6)


def test_a_feature_fills_its_ramps_one_after_the_other() -> None:
    ramps = Ramps.between(QUANTILES)
    rows = np.zeros((4, 4))
    rows[:, 0] = [-1.0, 0.5, 2.5, 1e9]
    np.testing.assert_array_equal(ramps(rows)[:, :2], [[0, 0], [0.5, 0], [1, 0.5], [1, 1]])
