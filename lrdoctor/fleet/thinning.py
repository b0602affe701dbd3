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
    kept = telling(series.value) if shaped else np.arange(0, len(series), max(len(series) - 1, 1))
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
    padded = np.full(rows * length, value[-1])
    padded[:n] = value
    block = padded.reshape(rows, length)
    begin = np.arange(0, rows * length, length)
    finite = np.isfinite(block)
    kept = np.zeros(n, np.bool_)
    kept[[0, -1]] = True
    if finite.all():
        low, high = block.argmin(axis=1), block.argmax(axis=1)
    else:
        low = np.where(finite, block, np.inf).argmin(axis=1)
        high = np.where(finite, block, -np.inf).argmax(axis=1)
        high[~finite.any(axis=1)] = length - 1  # two points of every stretch: each takes its share of a sparkline
        broken = np.flatnonzero(~finite.all(axis=1))
        kept[np.minimum(begin[broken] + (~finite[broken]).argmax(axis=1), n - 1)] = True
    for place in (low, high):
        kept[np.minimum(begin + place, n - 1)] = True
    return np.flatnonzero(kept)
