"""A count of steps that begins again in every epoch of one training, in a log that does not number its epochs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrdoctor.readers._axis import Axis

    Floats = NDArray[np.float64]

_FEWEST, _SHORTEST = 3, 5
"""Epochs, and points in one, below which nothing can be told."""
_MOST = 0.8
"""Share of the epochs that have to begin where the one before ended."""


def counted_on(axis: Axis, rows: NDArray[np.int64], value: Floats) -> Axis | None:
    """The axis counted on over epochs; None where its restarts are those of training, or cannot be told from them.

    Parameters
    ----------
    axis
        The axis of a table.
    rows, value
        int64 [n], float64 [n]: the rows on which the leading curve was logged, and its values.

    Notes
    -----
    A training that starts over is back at its first level each time; an epoch begins where the last one ended. Epochs
    log the same steps, but for the last one, which may be cut.
    """
    order = axis.order[rows]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(order) < 0) + 1, [order.size]])
    length = int(starts[1])
    if axis.name is None or axis.unit != "step" or starts.size - 1 < _FEWEST or length < _SHORTEST:
        return None
    if (np.diff(starts)[:-1] != length).any() or order.size - starts[-2] > length:
        return None
    if not np.array_equal(order, np.resize(order[:length], order.size)) or not np.array_equal(order, axis.step[rows]):
        return None
    whole = order.size // length
    few = max(length // 5, 1)
    pieces = value[: whole * length].reshape(whole, length)
    begins, ends = np.median(pieces[:, :few], axis=1), np.median(pieces[:, -few:], axis=1)
    goes_on = np.abs(begins[1:] - ends[:-1]) < np.abs(begins[1:] - begins[0])
    scatter = float(np.median(np.abs(np.diff(value))))
    if whole < _FEWEST or goes_on.mean() < _MOST or not np.median(np.abs(begins[1:] - begins[0])) > scatter:
        return None
    stride = float(np.median(np.diff(order[:length])))
    period = int(order[length - 1] - order[0] + stride)
    epoch = np.searchsorted(rows[starts[1:-1]], np.arange(axis.step.size), side="right")
    step = axis.step + epoch * period
    note = f"{axis.name!r} starts again {whole - 1} times while the curve goes on: counted on over epochs of {period}"
    return replace(axis, step=step, order=step.astype(np.float64), notes=[*axis.notes, note])
