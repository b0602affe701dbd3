"""Fewer points that draw the same picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def downsample(step: Ints, value: Floats, width: int, keep: Sequence[int] = ()) -> Ints:
    """Choose points that draw the same picture in `width` columns.

    Parameters
    ----------
    step, value
        int64 [n] non-decreasing, float64 [n].
    width
        Columns of the picture.
    keep
        Steps at which a point must stay: those around each of them are kept.

    Returns
    -------
    int64 [m], increasing indices: in each column of equally many steps the first, last, smallest and largest
    finite point; both ends of every stretch of points that are not finite and its neighbours, or the first and last
    such point of each column where there are more stretches than columns; and the points around `keep`.
    m is at most ``10 * width + 2 * len(keep)``.
    """
    n = value.size
    if n <= 4 * width:
        return np.arange(n, dtype=np.int64)
    reach = max(float(step[-1]) - float(step[0]), 1.0)
    column = np.minimum((step.astype(np.float64) - float(step[0])) * (width / reach), width - 1.0).astype(np.int64)
    finite = np.isfinite(value)
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    lengths = np.diff(starts, append=n)
    kept = [starts, starts + lengths - 1]
    for extreme, worst in ((np.minimum, np.inf), (np.maximum, -np.inf)):
        known = np.where(finite, value, worst)
        at = np.flatnonzero(known == np.repeat(extreme.reduceat(known, starts), lengths))
        kept.append(_firsts(at, column))
    if not finite.all():
        kept += _unusual(finite, column, width)
    if keep:
        place = np.searchsorted(step, np.asarray(keep, dtype=np.int64))
        kept.append(np.clip(np.concatenate([place - 1, place]), 0, n - 1))
    return np.unique(np.concatenate(kept)).astype(np.int64)


def _unusual(finite: NDArray[np.bool_], column: Ints, width: int) -> list[Ints]:
    """Ends of the stretches that are not finite, with their neighbours."""
    edges = np.flatnonzero(np.diff(finite.astype(np.int8)))
    if edges.size <= 2 * width:
        return [edges, edges + 1]
    bad = np.flatnonzero(~finite)
    return [_firsts(bad, column), bad[::-1][_first_places(column[bad[::-1]])]]


def _firsts(at: Ints, column: Ints) -> Ints:
    """The first of some points in each column that has any."""
    return at[_first_places(column[at])]


def _first_places(columns: Ints) -> Ints:
    return np.flatnonzero(np.diff(columns, prepend=-1)) if columns.size else columns
