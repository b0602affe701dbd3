"""From points to a table: trackers store every metric on its own, with the step at which it was logged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.readers._table import Table, runs_from_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from lrdoctor.records import Hyperparameter, Run, StepUnit

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

MAX_CELLS = 30_000_000
"""Largest table that is laid out in full (270 MB); a log of many sparse metrics can be made to ask for any
size."""

_FEW_CELLS, _CELLS_A_POINT = 1_000_000, 40
STEP = "step"


@dataclass(frozen=True, slots=True)
class Points:
    """One metric, in the order in which it was logged.

    Parameters
    ----------
    step
        int64 [n]; None where the writer keeps no step.
    value
        float64 [n].
    time
        float64 [n], any clock that all metrics of the run share; None where there is none.
    """

    step: Ints | None
    value: Floats
    time: Floats | None = None


def table_from_rows(
    rows: int, columns: Mapping[str, tuple[Ints, Floats]], *, first: Sequence[str] = ()
) -> tuple[Table, list[str]]:
    """Lay out columns of which each is on some rows only.

    Parameters
    ----------
    rows
        Number of rows.
    columns
        By name, row numbers and values; the last of equal row numbers counts.
    first
        Columns that are to be kept if there is no room for all.

    Returns
    -------
    The table, and notes on what was left out.
    """
    names = list(columns)
    notes = []
    points = sum(row.size for row, _ in columns.values())
    room = max(min(MAX_CELLS, max(_FEW_CELLS, _CELLS_A_POINT * points)) // max(rows, 1), 1)
    if len(names) > room:
        ranked = sorted(names, key=lambda name: (name not in first, -columns[name][0].size))
        kept = set(ranked[:room])
        names = [name for name in names if name in kept]
        notes.append(
            f"{len(columns) - room} of {len(columns)} metrics, those with the fewest points, are left out"
        )
    table = Table({})
    for name in names:
        row, value = columns[name]
        column = np.full(rows, np.nan)
        column[row] = value
        table.columns[name] = column
        if row.size < rows or np.any(np.diff(row) != 1):
            logged = np.zeros(rows, bool)
            logged[row] = True
            table.logged[name] = logged
    return table, notes


def runs_from_points(
    points: Mapping[str, Points],
    *,
    source: str,
    format_name: str,
    hyperparameters: Mapping[str, Hyperparameter] | None = None,
    notes: Sequence[str] = (),
    unit: StepUnit | None = None,
) -> list[Run]:
    """Turn metrics that were stored one by one into runs.

    Where the writer was given no step (all are equal), the time of logging beside metrics that have one tells
    it, else the order of logging stands in for it. Points are put
    on common rows by their step; where a metric's step goes back, by the time at which they were logged, so
    that training that started again is seen.

    Parameters
    ----------
    points
        By metric.
    source, format_name, hyperparameters, notes
        Passed on to `Run`.
    unit
        What the step counts, if not steps.

    Returns
    -------
    Runs with local ids, as `runs_from_table` answers them.
    """
    points = {name: some for name, some in points.items() if some.value.size}
    if not points:
        return []
    notes = list(notes)
    steps, counted, placed = _steps(points)
    for names, how in ((counted, "the order of logging is used"), (placed, "placed by the time of logging")):
        if names:
            listed = ", ".join(repr(name) for name in names[:3]) + (", ..." if len(names) > 3 else "")
            notes.append(f"{listed} logged without a step: {how}")
    rows, step_of_row = _rows(points, steps)
    columns = {
        STEP if STEP not in points else "\0step": (
            np.arange(step_of_row.size),
            step_of_row.astype(np.float64),
        )
    }
    axis = next(iter(columns))
    columns.update((name, (rows[name], some.value)) for name, some in points.items())
    table, left_out = table_from_rows(step_of_row.size, columns, first=[axis])
    return runs_from_table(
        table, source=source, format_name=format_name, hyperparameters=hyperparameters,
        notes=notes + left_out, axis=axis, unit=unit, blank_may_be_nan=False,
    )  # fmt: skip


def _steps(points: Mapping[str, Points]) -> tuple[dict[str, Ints], list[str], list[str]]:
    """Step of every point; the metrics for which it had to be counted, and those placed by their time."""
    known = {name: some.step for name, some in points.items() if some.step is not None and _varies(some.step)}
    steps: dict[str, Ints] = {}
    counted, placed = list[str](), list[str]()
    for name, some in points.items():
        if name in known:
            steps[name] = known[name]
            continue
        if some.step is not None and some.value.size == 1 and some.step[0] != 0:
            steps[name] = some.step
            continue
        beside = _step_at(some, {other: points[other] for other in known})
        steps[name] = np.arange(some.value.size, dtype=np.int64) if beside is None else beside
        if some.value.size > 1:
            (counted if beside is None else placed).append(name)
    return steps, counted, placed


def _varies(step: Ints) -> bool:
    return bool(step.size > 1 and np.any(step != step[0]))


def _step_at(some: Points, others: Mapping[str, Points]) -> Ints | None:
    """Steps at which other metrics were when this one was logged; None where that does not tell points
    apart."""
    clocks = [other.time for other in others.values() if other.time is not None]
    if some.time is None or not clocks or len(clocks) < len(others):
        return None
    time = np.concatenate(clocks)
    step = np.concatenate([other.step for other in others.values() if other.step is not None])
    order = np.argsort(time, kind="stable")
    time, step = time[order], step[order]
    if np.any(np.diff(step) < 0):
        return None
    found = step[np.clip(np.searchsorted(time, some.time, side="right") - 1, 0, None)]
    if np.any(np.diff(found) < 0) or np.unique(found).size < 0.9 * found.size:
        return None
    return found


def _rows(points: Mapping[str, Points], steps: Mapping[str, Ints]) -> tuple[dict[str, Ints], Ints]:
    """Row of every point, and the step of each row."""
    every = np.concatenate([steps[name] for name in points])
    backward = any(np.any(np.diff(steps[name]) < 0) for name in points)
    times = [some.time for some in points.values() if some.time is not None]
    clock = np.concatenate(times) if len(times) == len(points) else None
    if backward and clock is not None:
        order = np.lexsort((np.arange(every.size), clock))
        new = np.append(True, np.diff(every[order]) != 0)
        row = np.empty(every.size, np.int64)
        row[order] = np.cumsum(new) - 1
        step_of_row = every[order][new]
    elif backward:
        # No clock: the n-th time that a metric goes back is the n-th session for all.
        session = np.concatenate([np.cumsum(np.append(0, np.diff(steps[name]) < 0)) for name in points])
        order = np.lexsort((every, session))
        new = np.append(True, (np.diff(every[order]) != 0) | (np.diff(session[order]) != 0))
        row = np.empty(every.size, np.int64)
        row[order] = np.cumsum(new) - 1
        step_of_row = every[order][new]
    else:
        step_of_row, inverse = np.unique(every, return_inverse=True)
        row = inverse.astype(np.int64).reshape(-1)
    bounds = np.cumsum([0, *(some.value.size for some in points.values())])
    return {name: row[a:b] for name, a, b in zip(points, bounds[:-1], bounds[1:], strict=True)}, step_of_row
