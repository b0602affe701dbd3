"""Curves of a few points that still show what happened, for when thousands of them are held or sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.records import Role, Run

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrdoctor.records import Series

STRETCHES = 64
"""Stretches of equally many points; each keeps its smallest, its largest and its first broken point."""
_MOST_DRAWN = 12
"""Curves of a run that keep their shape; of any others only the ends are kept."""
_SHAPELESS = frozenset({None, Role.OTHER, Role.AVERAGE, Role.EPOCH})


def thin(run: Run) -> Run:
    """The same run with the curves that a report may draw thinned, and only the ends of all others.

    Each curve still knows how many points were logged; wall-clock times are dropped.
    """
    drawn = [tag for tag, series in run.series.items() if series.role not in _SHAPELESS] or list(run.series)[:1]
    shaped = set(drawn[:_MOST_DRAWN])
    return replace(run, series={tag: _thinned(series, tag in shaped) for tag, series in run.series.items()})


def _thinned(series: Series, shaped: bool) -> Series:
    if series.logged is not None:  # once is enough
        return series
    kept = telling(series.value) if shaped else np.unique([0, len(series) - 1]) if len(series) else np.arange(0)
    return replace(series, step=series.step[kept], value=series.value[kept], wall_time=None, logged=series.points)


def telling(value: NDArray[np.float64]) -> NDArray[np.int64]:
    """Choose points that draw the same picture.

    Parameters
    ----------
    value
        float64 [n].

    Returns
    -------
    int64 [m], increasing indices: the ends, and of each of `STRETCHES` stretches the smallest and the largest finite
    point and the first that is not finite; all of them where n is at most twice the number of stretches.
    """
    n = value.size
    if n <= 2 * STRETCHES:
        return np.arange(n, dtype=np.int64)
    length = -(-n // STRETCHES)
    rows = -(-n // length)
    index = np.minimum(np.arange(rows * length), n - 1).reshape(rows, length)
    block = value[index]
    finite = np.isfinite(block)
    low = np.where(finite, block, np.inf).argmin(axis=1)
    high = np.where(finite, block, -np.inf).argmax(axis=1)
    high[~finite.any(axis=1)] = length - 1  # two points of every stretch, so that each takes its share of a sparkline
    broken = np.flatnonzero(~finite.all(axis=1))
    every = np.arange(rows)
    picked = [index[every, low], index[every, high], index[broken, (~finite[broken]).argmax(axis=1)]]
    kept: NDArray[np.int64] = np.unique(np.concatenate([*picked, [0, n - 1]])).astype(np.int64)
    return kept
