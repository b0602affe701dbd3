"""History in whatever form a run directory keeps it, in one shape; parts of one run as one; its axis."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.readers._json_rows import read_json_lines
from lrdoctor.readers._wandb.log import read_log

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lrdoctor.readers._base import LogFile

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

_STEP = "_step"
# What trainers log beside their metrics; `_step` counts calls of `wandb.log`, of which one training step may
# make two.
_TRAINER_STEPS = ("trainer/global_step", "train/global_step", "global_step")
_EPOCHS = ("epoch", "train/epoch", "trainer/epoch")


@dataclass(slots=True)
class Logged:
    """The history of a run, or of a part of one.

    Parameters
    ----------
    rows
        Number of history records.
    columns
        By metric, row numbers and values; one is `_step`.
    config
        Settings that the log itself holds.
    axes
        Metrics that the user named as the x axis of others, by those others' names.
    notes
        What had to be mended.
    """

    rows: int
    columns: dict[str, tuple[Ints, Floats]]
    config: dict[str, Any] = field(default_factory=dict)
    axes: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def from_log(file: LogFile) -> Logged:
    """Read a `.wandb` file.

    Raises
    ------
    NotALogError
        Nothing was logged.
    ReadError
        It cannot be read.
    """
    path, log = file.path, read_log(file)
    notes = []
    damage = log.damage
    if damage.bad_pieces:
        notes.append(
            f"damaged: {damage.bad_pieces} pieces ({damage.skipped_bytes} bytes) with a wrong checksum or "
            "length are left out, the rest is read"
        )
    if damage.truncated:
        notes.append("the log ends in the middle of a record: the run was killed or is still going on")
    if log.left_out:
        notes.append(f"{log.left_out} metrics, those with the fewest points, are left out")
    rows = int(log.steps.size)
    if not rows:
        if damage.bad_pieces:
            raise ReadError(path, "damaged: no history record in it can be read")
        failed = f" exit code {log.exit_code}" if log.exit_code else ""
        raise NotALogError(path, f"no history was logged (crashed before the first log call?{failed})")
    if log.name and log.name != log.run_id:
        notes.append(f"named {log.name!r} in W&B")
    if _STEP not in log.columns:
        known = bool(np.all(log.steps >= 0))
        step = log.steps if known else np.arange(rows, dtype=np.int64) + log.starting_step
        log.columns[_STEP] = np.arange(rows, dtype=np.int64), step.astype(np.float64)
    return Logged(rows, log.columns, log.config, log.axes, notes)


def from_json_lines(path: Path) -> Logged:
    """Read a `wandb-history.jsonl`, which wandb wrote before it had a binary log.

    Raises
    ------
    NotALogError
        Nothing was logged.
    ReadError
        It cannot be read.
    """
    try:
        with path.open("rb") as stream:
            found = read_json_lines(stream)
    except OSError as error:
        raise ReadError(path, f"cannot be read: {error.strerror or error}") from None
    if not found.rows:
        if found.bad or found.cut:
            raise ReadError(path, "no line of it is a whole JSON dictionary")
        raise NotALogError(path, "no history was logged (crashed before the first log call?)")
    found.columns.setdefault(_STEP, (np.arange(found.rows), np.arange(found.rows, dtype=np.float64)))
    return Logged(found.rows, found.columns, notes=found.notes())


def concatenate(parts: Sequence[Logged]) -> Logged:
    """Put the parts of a run behind one another."""
    if len(parts) == 1:
        return parts[0]
    whole = Logged(0, {})
    collected: dict[str, list[tuple[Ints, Floats]]] = {}
    for part in parts:
        for name, (row, value) in part.columns.items():
            collected.setdefault(name, []).append((row + whole.rows, value))
        whole.rows += part.rows
        whole.config |= part.config
        whole.axes |= part.axes
        whole.notes += [note for note in part.notes if note not in whole.notes]
    for name, pieces in collected.items():
        rows, values = zip(*pieces, strict=True)
        whole.columns[name] = np.concatenate(rows), np.concatenate(values)
    return whole


def choose_step(logged: Logged) -> tuple[dict[str, tuple[Ints, Floats]], str]:
    """Find the column that counts training, and the columns that are left beside it.

    The x axis that the user named for most metrics, else the trainer's own step, else `_step`; one of the
    first two only if it runs as a step does: forward, or back to the start together with the epoch (training
    started over).
    """
    columns = logged.columns
    named = [name for name, _ in Counter(logged.axes.values()).most_common()]
    for name in (*named, *_TRAINER_STEPS):
        if name in columns and name != _STEP and _counts(name, logged):
            return {other: column for other, column in columns.items() if other != _STEP}, name
    return columns, _STEP


def _counts(name: str, logged: Logged) -> bool:
    row, value = logged.columns[name]
    if row.size < 0.3 * logged.rows or not np.all(np.isfinite(value)) or np.any(value != np.round(value)):
        return False
    if row.size > 1 and value.min() == value.max():
        return False
    if name not in _TRAINER_STEPS and np.unique(value).size < 0.5 * row.size:
        return False  # an epoch that many rows share: they would fall on one point
    back = np.flatnonzero(np.diff(value) < 0) + 1
    if not back.size:
        return True
    for epochs in _EPOCHS:
        if epochs in logged.columns:
            at, epoch = logged.columns[epochs]
            before = epoch[np.clip(np.searchsorted(at, row[back]) - 1, 0, None)]
            after = epoch[np.clip(np.searchsorted(at, row[back]), None, epoch.size - 1)]
            return bool(
                np.all(after < before) and np.all(value[back] <= value[0] + np.median(np.diff(value)))
            )
    return False
