"""Order statistics of finite numbers, without numpy's checks for what cannot be here: several times as fast.

The values are those of `numpy.median` and `numpy.quantile`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MAD_TO_SIGMA = 1.4826
"""Of a normal distribution; Rousseeuw & Croux, JASA 1993."""

_LONG, _SAMPLE, _MARGIN = 1 << 15, 2048, 100
"""Length from which a sample is looked at first, its size, and how many of it to either side are taken to be safe: more
than four standard deviations of a rank in it."""

_LARGEST = 1e100
"""Beyond it a value is only "huge": so that differences and products of what is judged stay finite."""
_SORTED = 512
"""Length up to which a row is sorted faster than it is partitioned at two places (up to seven times)."""


def bounded(values: Floats) -> Floats:
    """Finite values, none beyond +-1e100; the same array where that is so already."""
    if values.size and max(float(values.max()), -float(values.min())) > _LARGEST:
        return np.clip(values, -_LARGEST, _LARGEST)
    return values


def unit_of(values: Floats) -> float:
    """A power of two near the largest magnitude of [n] values: dividing by it is exact, and squares keep in range."""
    largest = max(float(values.max()), -float(values.min()))
    return math.ldexp(1.0, min(max(math.frexp(largest)[1], -1021), 1023)) if largest > 0 else 1.0


def median(values: Floats) -> float:
    """Median of [n] finite values, n at least 1."""
    half, odd = divmod(values.size, 2)
    return _middle(*_ranked(values, half - 1 + odd, half))


def _ranked(values: Floats, low: int, high: int) -> tuple[float, float]:
    """The values at two ranks that are next to one another, or at the same one.

    A long array is not partitioned: an evenly spaced sample says between which values they must lie, and only what is
    there is partitioned (Floyd & Rivest, CACM 1975). Should they not lie there, the whole array is.
    """
    below = 0
    if values.size >= _LONG:
        sample = np.sort(values[:: values.size // _SAMPLE])
        place = low * sample.size // values.size
        floor, ceiling = sample[max(place - _MARGIN, 0)], sample[min(place + _MARGIN, sample.size - 1)]
        under = values < floor
        count = int(np.count_nonzero(under))
        under |= values > ceiling
        between = values[~under]
        if count <= low and high < count + between.size:
            values, below = between, count
    part = np.partition(values, (low - below, high - below))
    return float(part[low - below]), float(part[high - below])


def _middle(low: float, high: float) -> float:
    """Mean of two numbers, also where their sum is beyond what a double holds."""
    total = low + high
    return total / 2.0 if math.isfinite(total) else low / 2.0 + high / 2.0


def row_medians(values: Floats) -> Floats:
    """Median of each row of [m, n] finite values, n at least 1; [m]."""
    n = values.shape[1]
    if n == 1:
        return values[:, 0]
    half = n // 2
    if n % 2:
        return np.partition(values, half, axis=1)[:, half]
    short = n <= _SORTED
    part = np.sort(values, axis=1) if short else np.partition(values, (half - 1, half), axis=1)
    low, high = part[:, half - 1], part[:, half]
    with np.errstate(over="ignore"):
        total = low + high
    return np.where(np.isfinite(total), total, low) / 2.0 + np.where(np.isfinite(total), 0.0, high) / 2.0


def quantile(values: Floats, share: float) -> float:
    """Quantile of [n] finite values, linear between the two nearest."""
    below, above, weight = _ranks(values.size, share)
    low, high = _ranked(values, below, above)
    return high - (high - low) * (1.0 - weight) if weight >= 0.5 else low + (high - low) * weight


def _ranks(n: int, share: float) -> tuple[int, int, float]:
    position = (n - 1) * share
    below = int(position)
    return below, min(below + 1, n - 1), position - below


def robust_sigma(values: Floats) -> float:
    """Median absolute deviation from the median, as the standard deviation of a normal distribution; 0 of nothing."""
    return MAD_TO_SIGMA * median(np.abs(values - median(values))) if values.size else 0.0
