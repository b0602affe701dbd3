"""From columns to runs: the axis, the cells that were not logged, restarts and resumes.

Every tabular format (CSV, JSON lines, parquet, text lines) ends here, so that these questions have one answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.records import Role, Run, Series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from lrdoctor.records import Hyperparameter, StepUnit

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

# In the order of trust. "samples" and "tokens" count something else, but they grow with training all the same.
_STEP_NAMES = (
    r"_?(?:trainer/|train/)?global[ _-]?step",
    r"_?(?:trainer/|train/)?steps?",
    r"(?:train/)?(?:iteration|iterations|iter|iters|itr|it|n_iter|niter|num_updates|n_updates|updates?)",
    r"current_steps|total_steps|num_steps|training_steps?|train_steps?",
    r"(?:time/)?(?:total_)?(?:timesteps|env_steps|num_timesteps|totalenvinteracts)",
    r"batch(?:es)?|minibatch|round|boosting_round|generation",
    r"frames?|episodes?|training_iteration",
)
_EPOCH_NAME = r"(?:train/|trainer/)?_?(?:num_|current_)?epochs?"
_SAMPLE_NAME = r"(?:consumed[_ ])?(?:train[_ ])?samples(?:_seen)?"
_TOKEN_NAME = r"(?:consumed[_ ])?(?:train[_ ])?tokens(?:_seen)?"
_STEP_PATTERNS = [re.compile(pattern, re.IGNORECASE) for pattern in _STEP_NAMES]
_EPOCH_PATTERN = re.compile(_EPOCH_NAME, re.IGNORECASE)
_SAMPLE_PATTERN = re.compile(_SAMPLE_NAME, re.IGNORECASE)
_TOKEN_PATTERN = re.compile(_TOKEN_NAME, re.IGNORECASE)
# Never a curve: clocks, row numbers.
_NO_CURVE = re.compile(r"|unnamed: 0|index|_?timestamp|_?runtime|wall[ _]?time", re.IGNORECASE)


@dataclass(slots=True)
class Table:
    """Columns of equal length; what was not logged is told apart from what was logged as NaN.

    Parameters
    ----------
    columns
        float64 [n] each, in the order of the log.
    logged
        bool [n] for columns with holes; a column that is not named here was logged on every row.
    """

    columns: dict[str, Floats]
    logged: dict[str, Bools] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def present(self, name: str) -> Bools:
        """Rows on which the column was logged."""
        mask = self.logged.get(name)
        return np.ones(self.rows, bool) if mask is None else mask


def is_axis_name(name: str) -> bool:
    """Say whether a column of this name counts training (steps, epochs, samples, tokens)."""
    name = name.strip()
    patterns = (*_STEP_PATTERNS, _EPOCH_PATTERN, _SAMPLE_PATTERN, _TOKEN_PATTERN)
    return any(pattern.fullmatch(name) for pattern in patterns)


def runs_from_table(  # the one road from columns to runs
    table: Table,
    *,
    source: str,
    format_name: str,
    hyperparameters: Mapping[str, Hyperparameter] | None = None,
    roles: Mapping[str, tuple[Role, str]] | None = None,
    notes: Sequence[str] = (),
    axis: str | None = None,
    blank_is_nan: bool = True,
) -> list[Run]:
    """Turn columns into runs: usually one, several where training started again from the beginning.

    Parameters
    ----------
    table
        What was read.
    source, format_name, hyperparameters, notes
        Passed on to `Run`.
    roles
        Roles that the format itself defines, by column, each with its reason.
    axis
        The column to take as the step, where the format says so; otherwise it is found by name.
    blank_is_nan
        Whether a column that falls silent for good may have been NaN since (writers of delimited text print NaN as
        an empty cell); False for stores that keep NaN as such.

    Returns
    -------
    Runs with local ids: "" for a single one, "1", "2"... for several; none if no column has a point.
    """
    notes = list(notes)
    steps, unit, axis_name, axis_notes = _choose_axis(table, axis)
    notes += axis_notes
    values = [name for name in table.columns if name != axis_name and not _NO_CURVE.fullmatch(name.strip())]
    if blank_is_nan:
        _restore_blown_up(table, values, notes)
    sessions = _sessions(table, steps, values)
    runs = []
    for number, (rows, session_notes) in enumerate(sessions, 1):
        series, duplicates = _melt(table, steps, unit, values, rows, roles or {})
        if not series:
            continue
        extra = list(session_notes)
        if duplicates:
            extra.append(f"{duplicates} points logged again at the same step: the last one counts")
        if len(sessions) > 1:
            extra.append(f"training starts from the beginning {len(sessions)} times in this log; this is number {number}")
        runs.append(
            Run(
                id=str(number) if len(sessions) > 1 else "",
                source=source,
                format=format_name,
                series=series,
                hyperparameters=hyperparameters or {},
                notes=tuple(notes + extra),
            )
        )
    if len(runs) == 1 and len(sessions) > 1:
        runs = [Run(id="", source=source, format=format_name, series=runs[0].series,
                    hyperparameters=runs[0].hyperparameters, notes=runs[0].notes)]  # fmt: skip
    return runs


def _choose_axis(table: Table, wanted: str | None) -> tuple[Ints, StepUnit, str | None, list[str]]:
    """Find the column that counts training; fall back to the row number."""
    epoch = next((name for name in table.columns if _EPOCH_PATTERN.fullmatch(name.strip())), None)
    candidates: list[tuple[str, StepUnit]] = [] if wanted is None else [(wanted, "step")]
    if wanted is not None and _EPOCH_PATTERN.fullmatch(wanted.strip()):
        candidates = [(wanted, "epoch")]
    for pattern in _STEP_PATTERNS:
        candidates += [(name, "step") for name in table.columns if pattern.fullmatch(name.strip())]
    if epoch is not None:
        candidates.append((epoch, "epoch"))
    candidates += [(name, "sample") for name in table.columns if _SAMPLE_PATTERN.fullmatch(name.strip())]
    candidates += [(name, "token") for name in table.columns if _TOKEN_PATTERN.fullmatch(name.strip())]
    notes: list[str] = []
    for name, unit in candidates:
        values = _filled(table.columns[name], table.present(name))
        if values is None:
            continue
        if table.rows > 2 and np.all(values == values[0]):
            notes.append(f"column {name!r} is {values[0]:g} on every row: not used as the step")
            continue
        if unit == "step" and epoch is not None and name != epoch:
            combined = _within_epoch(values, _filled(table.columns[epoch], table.present(epoch)))
            if combined is not None:
                notes.append(f"{name!r} starts again in every epoch: counted on over epochs")
                return combined, "step", name, notes
        if unit == "epoch":
            whole = np.floor(values + 1e-9)
            if np.mean(np.diff(whole) == 0) > 0.2:
                continue  # several rows per epoch: the row number tells them apart
            return whole.astype(np.int64), unit, name, notes
        if np.any(values != np.round(values)):
            continue
        if np.mean(np.diff(values) < 0) > 0.25:
            notes.append(f"column {name!r} goes back too often to be the step: the row number is used")
            continue
        return values.astype(np.int64), unit, name, notes
    return np.arange(table.rows, dtype=np.int64), "step", None, notes


def _filled(values: Floats, present: Bools) -> Floats | None:
    """Carry the last known axis value over rows that lack it; None if it is mostly missing or not finite."""
    good = present & np.isfinite(values) & (np.abs(values) < 2**53)
    if not good.any() or good.mean() < 0.3:
        return None
    index = np.maximum.accumulate(np.where(good, np.arange(values.size), -1))
    index[index < 0] = np.flatnonzero(good)[0]
    return values[index]


def _within_epoch(step: Floats, epoch: Floats | None) -> Ints | None:
    """Global step where the step starts again in each epoch; None where it does not."""
    if epoch is None or step.size < 4:
        return None
    back = np.diff(step) < 0
    whole = np.floor(epoch)
    if not back.any() or np.any(np.diff(whole) < 0) or not np.all(np.diff(whole)[back] > 0):
        return None
    if back.sum() < 0.5 * np.unique(whole).size - 1:
        return None
    length = step.max() - min(step.min(), 1.0) + (1.0 if step.min() == 0 else 0.0)
    return np.round((whole - whole.min()) * length + step).astype(np.int64)


def _restore_blown_up(table: Table, values: Sequence[str], notes: list[str]) -> None:
    """Take cells as NaN where a column that was on every row falls silent while its companions go on.

    Writers such as pandas print NaN as an empty cell. A column with holes of its own (a validation loss) says
    nothing by being empty; one that was on each of the first rows and then on none of the last, beside others
    that are still there, has been NaN since.
    """
    rows = table.rows
    for name in values:
        present = table.present(name)
        count = int(np.count_nonzero(present))
        if count == rows or count < 1 or not present[:count].all():
            continue
        blank = slice(count, rows)
        companions = [
            other for other in values
            if other != name and table.present(other)[:count].all() and table.present(other)[blank].all()
        ]  # fmt: skip
        if rows - count < 2 or not companions:
            continue
        mask = np.ones(rows, bool)
        column = table.columns[name].copy()
        column[blank] = np.nan
        table.columns[name] = column
        table.logged[name] = mask
        notes.append(f"{name!r} is empty from row {count + 1} on while {companions[0]!r} goes on: read as NaN")


def _sessions(table: Table, steps: Ints, values: Sequence[str]) -> list[tuple[Ints, list[str]]]:
    """Split rows where training starts over, and drop what a resume has overwritten.

    The column with most points decides: others may be logged late or at steps of their own.
    """
    if not values:
        return []
    leader = max(values, key=lambda name: int(np.count_nonzero(table.present(name))))
    rows = np.flatnonzero(table.present(leader))
    every = np.arange(table.rows, dtype=np.int64)
    axis = steps[rows]
    if axis.size < 2 or np.all(np.diff(axis) >= 0):
        return [(every, [])]
    stride = max(int(np.median(np.abs(np.diff(axis)))), 1)
    sessions: list[tuple[Ints, list[str]]] = []
    begin, first, keep, notes = 0, int(axis[0]), np.ones(table.rows, bool), list[str]()
    for index in np.flatnonzero(np.diff(axis) < 0) + 1:
        row, back_to = int(rows[index]), int(axis[index])
        if back_to <= first + stride:
            sessions.append((every[begin:row][keep[begin:row]], notes))
            begin, first, notes = row, back_to, []
            continue
        undone = keep[begin:row] & (steps[begin:row] >= back_to)
        keep[begin:row] &= ~undone
        if undone.any():
            notes.append(f"resumed at step {back_to}: {int(undone.sum())} earlier rows from there on are superseded")
    sessions.append((every[begin:][keep[begin:]], notes))
    return sessions


def _melt(
    table: Table, steps: Ints, unit: StepUnit, values: Sequence[str], rows: Ints, roles: Mapping[str, tuple[Role, str]]
) -> tuple[dict[str, Series], int]:
    """Each column on its own rows, sorted by step, the last of equal steps kept."""
    series: dict[str, Series] = {}
    duplicates = 0
    for name in values:
        chosen = rows[table.present(name)[rows]]
        if not chosen.size:
            continue
        step, value = steps[chosen], table.columns[name][chosen]
        if np.any(np.diff(step) < 0):
            order = np.argsort(step, kind="stable")
            step, value = step[order], value[order]
        last = np.append(np.diff(step) != 0, True)
        duplicates += int(np.count_nonzero(~last))
        tag = name.strip()
        role, reason = roles.get(name, (None, ""))
        if role is None and _EPOCH_PATTERN.fullmatch(tag):
            role, reason = Role.EPOCH, "counts epochs"
        series[tag] = Series(tag=tag, step=step[last].copy(), value=value[last].copy(), role=role,
                             role_reason=reason, unit=unit)  # fmt: skip
    return series, duplicates
