"""From columns to runs: the axis, the cells that were not logged, restarts and resumes.

Every tabular format (CSV, JSON lines, parquet, text lines) ends here, so that these questions have one
answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.patterns import pattern
from lrdoctor.readers._axis import Axis, choose_axis, is_axis_name, is_epoch_name, is_row_number, plain
from lrdoctor.readers._epochs import counted_on
from lrdoctor.records import Role, Run, Series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from lrdoctor.records import Hyperparameter, StepUnit

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

__all__ = ["Table", "is_axis_name", "labelled", "runs_from_table"]

_CLOCKS = pattern(r"timestamp|wall_time|walltime|time|unix_time|ts")
_NO_CURVE = pattern(r"timestamp|runtime|wall_time|walltime")  # names as `plain` writes them
_LOSS_WORDS = pattern(
    r"(?:^|_)(?:loss(?:es)?|nll|cost|grad|gradnorm|elbo|ce|bce|mse|mae|ppl|perplexity|objective)(?:_|$)"
)


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

    def points(self, name: str) -> int:
        """On how many rows the column was logged."""
        mask = self.logged.get(name)
        return self.rows if mask is None else int(np.count_nonzero(mask))

    def take(self, rows: NDArray[np.bool_] | Ints) -> Table:
        """The table of some of its rows."""
        return Table(
            {name: values[rows] for name, values in self.columns.items()},
            {name: mask[rows] for name, mask in self.logged.items()},
        )


@dataclass(frozen=True, slots=True)
class _Session:
    """The rows of one training within a table."""

    rows: Ints
    notes: tuple[str, ...] = ()


def runs_from_table(  # the one road from columns to runs
    table: Table,
    *,
    source: str,
    format_name: str,
    hyperparameters: Mapping[str, Hyperparameter] | None = None,
    roles: Mapping[str, tuple[Role, str]] | None = None,
    notes: Sequence[str] = (),
    axis: str | None = None,
    unit: StepUnit | None = None,
    blank_may_be_nan: bool = True,
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
    unit
        What the step counts, where the format says so.
    blank_may_be_nan
        The writer may have printed NaN as an empty cell (pandas does). False for formats that leave a key out
        when it was not logged (JSON).

    Returns
    -------
    Runs with local ids: "" for a single one, "1", "2"... for several; none if no column has a point.
    """
    notes = list(notes)
    names = [
        name for name in table.columns if not _NO_CURVE.fullmatch(plain(name)) and not is_row_number(name)
    ]
    if not names:
        return []
    found = choose_axis(table.columns, table.logged, table.present(_leader(table, names)), axis)
    notes += found.notes
    values = [name for name in names if name != found.name]
    if blank_may_be_nan:
        table = _with_blown_up(table, values, notes)
    leading = _leader(table, names)
    leader = table.present(leading)
    rows = np.flatnonzero(leader)
    epochs = counted_on(found, rows, table.columns[leading][rows])
    if epochs is not None:
        notes += epochs.notes[len(found.notes) :]
        found = epochs
    if unit is not None and (axis is None or found.name == axis):
        found.unit = unit
    found.clock = _clock(table)
    runs: list[Run] = []
    for session in _sessions(found, leader):
        series, duplicates = _melt(table, found, values, session.rows, roles or {})
        if not series:
            continue
        extra = list(session.notes)
        if duplicates:
            extra.append(f"{duplicates} points logged again at the same step: the last one counts")
        if runs and _same(runs[-1].series, series):
            runs[-1] = replace(
                runs[-1], notes=(*runs[-1].notes, "logged twice: the identical copy is left out")
            )
            continue
        runs.append(
            Run(id=str(len(runs) + 1), source=source, format=format_name, series=series,
                hyperparameters=hyperparameters or {}, notes=tuple(notes + extra))
        )  # fmt: skip
    if len(runs) == 1:
        return [replace(runs[0], id="")]
    return [
        replace(run, notes=(*run.notes, f"training starts from the beginning {len(runs)} times in this log; "
                                        f"this is number {run.id}"))
        for run in runs
    ]  # fmt: skip


def labelled(run: Run, label: str) -> Run:
    """The run, known by a label besides its own local id."""
    return replace(run, id="-".join(part for part in (label, run.id) if part))


def _leader(table: Table, names: Sequence[str]) -> str:
    """The column that tells how training ran: the loss with most points, or what has most points."""
    curves = [name for name in names if not is_axis_name(name)] or names
    most = max(curves, key=table.points)
    losses = [name for name in curves if _LOSS_WORDS.search(plain(name))]
    loss = max(losses, key=table.points, default=most)
    return loss if table.points(loss) > 0.1 * table.points(most) else most


def _with_blown_up(table: Table, values: Sequence[str], notes: list[str]) -> Table:
    """Take cells as NaN where a loss that was on every row falls silent while its row goes on.

    Writers such as pandas print NaN as an empty cell. A column with holes of its own (a validation loss) says
    nothing by being empty; one that was on each of the first rows and then on none of the last, beside others
    that are still there, has been NaN since. Not so where another loss goes on (a phase of training has
    ended), or where the writer spells NaN out.
    """
    rows = table.rows
    silent: list[tuple[str, int]] = []
    for name in values:
        mask = table.logged.get(name)
        if mask is None or not _LOSS_WORDS.search(plain(name)):
            continue
        count = int(np.count_nonzero(mask))
        if 1 <= count <= rows - 2 and mask[:count].all():
            silent.append((name, count))
    if not silent:
        return table
    full = [name for name in values if table.points(name) == rows]
    losses = [name for name in full if _LOSS_WORDS.search(plain(name))]
    spelt = any(np.isnan(table.columns[name][table.present(name)]).any() for name in values)
    if losses or spelt or not (full or len(values) < len(table.columns)):
        return table
    mended = Table(dict(table.columns), dict(table.logged))
    for name, count in silent:
        mended.logged.pop(name)
        notes.append(f"{name!r} is empty from row {count + 1} on while the log goes on: read as NaN")
    return mended


def _sessions(axis: Axis, leader: Bools) -> list[_Session]:
    """Split rows where training starts over, and drop what a resume has overwritten.

    The column with most points decides: others may be logged late or at steps of their own.
    """
    rows = np.flatnonzero(leader)
    every = np.arange(leader.size, dtype=np.int64)
    order = axis.order[rows]
    back = np.flatnonzero(np.diff(order) < 0) + 1
    if not back.size:
        return [_Session(every)]
    stride = max(float(np.median(np.abs(np.diff(order)))), 1.0)
    starts: list[int] = [0]
    resumes: list[list[tuple[int, float]]] = [[]]
    first = float(order[0])
    for index in back:
        row, back_to = int(rows[index]), float(order[index])
        gap = axis.order[rows[index - 1] + 1 : row]
        row -= int(np.argmax(np.append(gap[::-1] > back_to, True)))  # rows of other columns that came with it
        if back_to <= first + stride:
            starts.append(row)
            resumes.append([])
            first = back_to
        else:
            resumes[-1].append((row, back_to))
    sessions = []
    for begin, end, resumed in zip(starts, [*starts[1:], leader.size], resumes, strict=True):
        sessions.append(_superseded(every[begin:end], axis.order[begin:end], resumed, begin))
    return sessions


def _superseded(rows: Ints, order: Floats, resumed: Sequence[tuple[int, float]], begin: int) -> _Session:
    """The rows of a session without those that a later resume went back behind."""
    if not resumed:
        return _Session(rows)
    back_to = np.full(rows.size, np.inf)
    for row, step in resumed:
        back_to[row - begin] = min(step, back_to[row - begin])
    # The lowest step that any later resume returns to, for each row.
    later = np.append(np.minimum.accumulate(back_to[::-1])[::-1][1:], np.inf)
    keep = order < later
    lost = int(np.count_nonzero(~keep))
    where = ", ".join(f"{step:g}" for _, step in resumed[:3]) + ("..." if len(resumed) > 3 else "")
    note = f"resumed at {where}: {lost} earlier rows from there on are superseded"
    return _Session(rows[keep], (note,) if lost else ())


def _clock(table: Table) -> Floats | None:
    """Wall time in seconds since the epoch, where a column holds it."""
    for name, values in table.columns.items():
        if _CLOCKS.fullmatch(plain(name)) and table.points(name) == table.rows:
            for scale in (1.0, 1e-3):
                if np.all((values * scale > 6e8) & (values * scale < 6e9)):
                    return values * scale
    return None


def _melt(
    table: Table, axis: Axis, values: Sequence[str], rows: Ints, roles: Mapping[str, tuple[Role, str]]
) -> tuple[dict[str, Series], int]:
    """Each column on its own rows, sorted by step, the last of equal steps kept."""
    series: dict[str, Series] = {}
    duplicates = 0
    origin = rows[0] if axis.name is None and rows.size else 0  # row numbers begin again in each session
    for name in values:
        mask = table.logged.get(name)
        chosen = rows if mask is None else rows[mask[rows]]
        if not chosen.size:
            continue
        step = axis.step[chosen] - origin
        if np.any(np.diff(step) < 0):
            order = np.argsort(step, kind="stable")
            step, chosen = step[order], chosen[order]
        last = np.append(np.diff(step) != 0, True)
        if not last.all() and not is_axis_name(name):
            value = table.columns[name][chosen]
            duplicates += int(np.count_nonzero(~last[:-1] & (value[1:] != value[:-1])))
        tag = name.strip()
        role, reason = roles.get(name, (None, ""))
        if role is None and is_epoch_name(name):
            role, reason = Role.EPOCH, "counts epochs"
        chosen = chosen[last]
        wall_time = None if axis.clock is None else axis.clock[chosen]
        series[tag] = Series(tag=tag, step=step[last].copy(), value=table.columns[name][chosen], role=role,
                             role_reason=reason, wall_time=wall_time, unit=axis.unit)  # fmt: skip
    return series, duplicates


def _same(one: Mapping[str, Series], other: Mapping[str, Series]) -> bool:
    """Whether two sessions hold the same points, so that one is a copy of the other."""
    if one.keys() != other.keys() or max(map(len, one.values())) < 3:
        return False
    return all(
        np.array_equal(a.step, b.step) and np.array_equal(a.value, b.value, equal_nan=True)
        for a, b in ((one[tag], other[tag]) for tag in one)
    )
