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
    room = max(MAX_CELLS // max(rows, 1), 1)
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

    Where the writer was given no step (all are equal), the order of logging stands in for it. Points are put
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
    steps, stepless = _steps(points)
    if stepless:
        listed = ", ".join(repr(name) for name in stepless[:3]) + (", ..." if len(stepless) > 3 else "")
        notes.append(f"{listed} logged without a step: the order of logging is used")
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


def _steps(points: Mapping[str, Points]) -> tuple[dict[str, Ints], list[str]]:
    """Step of every point, and the metrics for which it had to be counted."""
    steps: dict[str, Ints] = {}
    stepless = []
    for name, some in points.items():
        if some.step is None or (some.step.size > 1 and np.all(some.step == some.step[0])):
            steps[name] = np.arange(some.value.size, dtype=np.int64)
            if some.value.size > 1:
                stepless.append(name)
        else:
            steps[name] = some.step
    return steps, stepless


def _rows(points: Mapping[str, Points], steps: Mapping[str, Ints]) -> tuple[dict[str, Ints], Ints]:
    """Row of every point, and the step of each row."""
    every = np.concatenate([steps[name] for name in points])
    backward = any(np.any(np.diff(steps[name]) < 0) for name in points)
    times = [some.time for some in points.values()]
    clock = np.concatenate([time for time in times if time is not None]) if None not in times else None
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
