"""Where the loss came from, how far it got, and whether it is still on its way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.signals._stats import median, row_medians

if TYPE_CHECKING:
    from lrdoctor.signals.curve import Curve
    from lrdoctor.signals.noise import Noise

_APART = 4.0
"""Robust sigma between the first point and the level after it above which the first point is no noise."""


@dataclass(frozen=True, slots=True)
class Descent:
    """The course of the level; z is the judged scale (log loss or loss).

    Parameters
    ----------
    start, best, end
        z at the beginning, at the lowest smoothed point and over the last tenth.
    best_at
        Where the lowest smoothed level is reached, 0 to 1 of the run; `best_step` in steps.
    progress
        start - best, in z; at least 0.
    significance
        progress over the standard error of a level.
    reduction
        1 - end loss / start loss for a positive loss, NaN otherwise.
    give_back
        (end - best) / progress: 0 when the run ends at its best, 1 when it has lost everything; NaN without progress.
    late_gain
        Fall of the level from the middle (40 to 60 %) to the end (last fifth), as a share of progress.
    late_error
        Standard error of `late_gain`.
    late_rate
        Rate of fall over the second half over the mean rate of the whole run: 1 for a straight line, about 0.1 for a
        power law, 0 for a plateau.
    slope, slope_low, slope_high
        Theil-Sen slope of the last half, z per run length, with its 90 % interval (Sen 1968).
    """

    start: float
    best: float
    end: float
    best_at: float
    best_step: int
    progress: float
    significance: float
    reduction: float
    give_back: float
    late_gain: float
    late_error: float
    late_rate: float
    slope: float
    slope_low: float
    slope_high: float


def descent(curve: Curve, noise: Noise) -> Descent:
    """Measure the course of the judged curve."""
    axis, level = curve.progress_axis, curve.block_z
    smooth = running_median(level, 5 if level.size >= 20 else 3 if level.size >= 8 else 1)
    start = starting_level(curve, noise)
    lowest = int(np.argmin(smooth))
    best = float(smooth[lowest])
    end = curve.level(0.9, 1.0)
    best = min(best, end)
    progress = max(start - best, 0.0)
    tail_points = max(len(curve) * 0.1, 1.0)
    error = 1.2533 * noise.sigma / math.sqrt(tail_points) + 1e-12 * (abs(start) + 1e-300)
    middle, late = curve.level(0.4, 0.6), curve.level(0.8, 1.0)
    late_error = 1.2533 * noise.sigma / math.sqrt(max(len(curve) * 0.2, 1.0)) * math.sqrt(2.0)
    mean_rate = (start - late) / 0.9
    tail = axis >= 0.5
    slope, low, high = theil_sen(axis[tail], level[tail])
    positive = bool(curve.loss.min() > 0.0)
    return Descent(
        start=start,
        best=best,
        end=end,
        best_at=float(axis[lowest]),
        best_step=int(curve.block_step[lowest]),
        progress=progress,
        significance=progress / error,
        reduction=1.0 - curve.to_loss(end) / curve.to_loss(start) if positive else float("nan"),
        give_back=(end - best) / progress if progress > 0 else float("nan"),
        late_gain=(middle - late) / progress if progress > 0 else 0.0,
        late_error=late_error / progress if progress > 0 else float("inf"),
        late_rate=((middle - late) / 0.4) / mean_rate if mean_rate > 0 else 0.0,
        slope=slope,
        slope_low=low,
        slope_high=high,
    )


def starting_level(curve: Curve, noise: Noise) -> float:
    """Level at the beginning.

    The median of the first 0.5 % of a long log, but the first point itself where it stands apart from them: a run that
    explodes or plunges within its first steps began at that point.
    """
    few = max(1, min(len(curve) // 200, 20))
    first, level = float(curve.z[0]), median(curve.z[:few])
    return first if abs(first - level) > _APART * max(noise.sigma, noise.early_sigma) else level


def running_median(values: np.ndarray, width: int) -> np.ndarray:
    """Centred running median [n] of odd width; the ends use what is there."""
    if width < 3 or values.size < 3:
        return values
    half = width // 2
    padded = np.concatenate([np.full(half, values[0]), values, np.full(half, values[-1])])
    return row_medians(padded[np.arange(values.size)[:, None] + np.arange(width)])


def theil_sen(x: np.ndarray, y: np.ndarray, level: float = 0.9) -> tuple[float, float, float]:
    """Median of all pairwise slopes, and its interval.

    Parameters
    ----------
    x, y
        float64 [n], at most a few hundred points (all pairs are formed).
    level
        Coverage of the interval.

    Returns
    -------
    slope, low, high: Sen's estimate and rank interval (Sen, JASA 1968); zeros for fewer than three points.
    """
    if x.size < 3:
        return 0.0, 0.0, 0.0
    i, j = _pairs(x.size)
    dx, dy = x[j] - x[i], y[j] - y[i]
    apart = dx > 0
    slopes = np.sort(dy / dx if apart.all() else dy[apart] / dx[apart])
    if not slopes.size:
        return 0.0, 0.0, 0.0
    n, m = x.size, slopes.size
    quantile = {0.8: 1.2816, 0.9: 1.6449, 0.95: 1.96}[level]
    width = quantile * np.sqrt(n * (n - 1) * (2 * n + 5) / 18.0)
    low = slopes[int(np.clip((m - width) / 2, 0, m - 1))]
    high = slopes[int(np.clip((m + width) / 2, 0, m - 1))]
    return median(slopes), float(low), float(high)


@lru_cache(maxsize=4)
def _pairs(n: int) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of n indices; the number of blocks is nearly always one of a few."""
    i, j = np.triu_indices(n, 1)
    return i, j


SIGNALS = (descent,)
