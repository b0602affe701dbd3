"""Curves that stand at lines of a text into the rows of one table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.readers._table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lrdoctor.readers._text.axis import Axis
    from lrdoctor.readers._text.curves import Curve, Roles

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_MOST_COLUMNS = 400


@dataclass(slots=True)
class Piece:
    """A table with what is known of it.

    Parameters
    ----------
    table, axis
        The columns, and the name of the one that counts.
    roles
        Roles that the text itself settles.
    notes
        What had to be found out or mended.
    name
        What the log calls this training where it announces it; "" otherwise.
    begins
        The first line of the longest curve.
    """

    table: Table
    axis: str
    roles: Roles = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    name: str = ""
    begins: int = 0


def tabled(curves: Sequence[Curve], axis: Axis) -> Piece | None:
    """Put curves into a table: one row for each step, and a new one where the longest curve goes on.

    Parameters
    ----------
    curves
        At least one; the longest decides what a row is.
    axis
        What counts the training.
    """
    if not curves:
        return None
    curves = sorted(curves, key=lambda curve: -curve.lines.size)[:_MOST_COLUMNS]
    leader = curves[0]
    row, count, counts = _rows(curves)
    columns: dict[str, Floats] = {axis.name: counts}
    logged: dict[str, NDArray[np.bool_]] = {}
    if axis.epochs is not None and axis.name != "epoch":
        epoch = np.full(count, np.nan)
        at = np.searchsorted(axis.lines, leader.lines, side="right") - 1
        epoch[row[: leader.lines.size]] = axis.epochs[np.maximum(at, 0)]
        columns["epoch"], logged["epoch"] = epoch, np.isfinite(epoch)
    start = 0
    for curve in curves:
        stop = start + curve.lines.size
        tag = curve.tag if curve.tag not in columns else f"{curve.tag} [value]"
        column, there = np.full(count, np.nan), np.zeros(count, bool)
        column[row[start:stop]] = curve.values
        there[row[start:stop]] = True
        columns[tag] = column
        if not there.all():
            logged[tag] = there
        start = stop
    return Piece(Table(columns, logged), axis.name, begins=int(leader.lines[0]))


def _rows(curves: Sequence[Curve]) -> tuple[Ints, int, Floats]:
    """The row of every point (curve after curve), how many rows there are, and the step of each."""
    lines = np.concatenate([curve.lines for curve in curves])
    steps = np.concatenate([curve.steps for curve in curves])
    order = np.argsort(lines, kind="stable")
    ordered = steps[order]
    change = np.concatenate(([False], np.diff(ordered) != 0))
    leads = (order < curves[0].lines.size).astype(np.int64)
    seen = np.cumsum(leads)
    # Points of the longest curve that came before the present stretch of equal steps.
    before = np.maximum.accumulate(np.where(change, seen - leads, 0))
    again = (leads == 1) & (seen - before > 1)
    in_order = np.cumsum(change | again)
    row = np.empty_like(in_order)
    row[order] = in_order
    count = int(in_order[-1]) + 1
    counts = np.empty(count)
    counts[in_order] = ordered
    return row, count, counts
