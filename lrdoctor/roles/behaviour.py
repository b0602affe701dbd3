"""What values say where a name does not: direction, plausibility as a rate, one curve the sum of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lrdoctor.records import Series

Direction = Literal["falls", "rises", "neither"]

FEWEST_POINTS = 4
"""With fewer finite values no direction is read from a curve."""
LARGEST_RATE = 10.0
"""Above this, values whose name only contains "lr" are not taken for a learning rate."""


def finite(series: Series) -> NDArray[np.float64]:
    """The finite values, in order."""
    return series.value[np.isfinite(series.value)]


def direction(series: Series) -> Direction:
    """Where a curve went: median of its last quarter against that of its first.

    A change below a twentieth of the curve's interquartile range, or none at all, is "neither".
    """
    values = finite(series)
    if values.size < FEWEST_POINTS:
        return "neither"
    quarter = max(values.size // 4, 1)
    with np.errstate(over="ignore", invalid="ignore"):
        change = float(np.median(values[-quarter:]) - np.median(values[:quarter]))
        low, high = np.quantile(values, [0.25, 0.75])
        spread = float(high) - float(low)
    if abs(change) <= 0.05 * spread or change == 0.0:
        return "neither"
    return "falls" if change < 0 else "rises"


def positive(series: Series) -> bool:
    """True if at least 95 % of the finite values are above zero."""
    values = finite(series)
    return bool(values.size) and float(np.mean(values > 0)) >= 0.95


def behaves_like_a_loss(series: Series) -> bool:
    """Positive and falling, on at least five points, and not made of whole numbers (a counter, a flag)."""
    values = finite(series)
    if values.size < FEWEST_POINTS + 1 or bool(np.all(values == np.round(values))):
        return False
    return positive(series) and direction(series) == "falls"


def behaves_like_a_score(series: Series) -> bool:
    """Rising, within [0, 1] or [0, 100]."""
    values = finite(series)
    return (
        values.size > FEWEST_POINTS
        and direction(series) == "rises"
        and bool(np.all((values >= 0) & (values <= 100)))
    )


def could_be_a_rate(series: Series) -> bool:
    """Values that a rate can have: from 0 (a little below, after a faulty resume) to `LARGEST_RATE`."""
    values = finite(series)
    if not values.size:
        return True
    low, high = float(values.min()), float(values.max())
    return high <= LARGEST_RATE and low >= -0.01 * high and high >= 0.0


def total_among(members: Sequence[Series]) -> int | None:
    """Index of the curve that is the sum of all others at their common steps, if there is one.

    Parameters
    ----------
    members
        Three or more curves. Those that are not logged at the first one's steps rule the question out.
    """
    if not 3 <= len(members) <= 32:
        return None
    step = members[0].step
    if any(not np.array_equal(series.step, step) for series in members[1:]):
        return None
    values = np.stack([series.value for series in members])
    values = values[:, np.isfinite(values).all(axis=0)]
    if values.shape[1] < 2:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        everything = values.sum(axis=0)
        off = np.abs(2.0 * values - everything) / np.maximum(np.abs(everything), 1e-300)
    best = np.median(off, axis=1)
    index = int(np.argmin(best))
    varied = bool(np.ptp(values[index]) > 0)
    return index if varied and best[index] < 2e-3 else None
