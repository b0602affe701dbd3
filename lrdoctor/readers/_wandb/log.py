"""A whole `.wandb` file: its history, and how the run was set up."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lrdoctor.errors import ReadError
from lrdoctor.readers._wandb.batch import Batch
from lrdoctor.readers._wandb.history import History
from lrdoctor.readers._wandb.leveldb import MAGIC, Damage, Joiner, read_records
from lrdoctor.readers._wandb.proto import BYTES, VARINT, Malformed, fields

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrdoctor.readers._base import LogFile

    Ints = NDArray[np.int64]

_MAX_SETTING = 100_000
# Tags of one byte that stand for record types nobody needs here: summary, output, files, stats, artifact,
# tbrecord, alert, telemetry, raw output. All else is kept: a record may begin with fields that do not tell
# its type.
_UNWANTED = np.zeros(256, bool)
_UNWANTED[[0x1A, 0x22, 0x32, 0x3A, 0x42, 0x4A, 0x52, 0x5A, 0x6A]] = True
_HISTORY = 0x12


@dataclass(slots=True)
class WandbLog:
    """What a `.wandb` file holds.

    Parameters
    ----------
    columns
        By metric, the numbers of the rows on which it was logged, and its values.
    steps
        W&B's own step of each row, -1 where it is not known.
    config, name, run_id, starting_step, exit_code
        From the records of the run; empty or None where they are missing.
    axes
        Metrics that were named as the x axis of others, with the others' names (may end in ``*``).
    damage
        What had to be stepped over.
    left_out
        Number of metrics that are not in `columns`, there being too many.
    """

    columns: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]] = field(default_factory=dict)
    steps: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    config: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    run_id: str = ""
    starting_step: int = 0
    exit_code: int | None = None
    axes: dict[str, str] = field(default_factory=dict)
    damage: Damage = field(default_factory=Damage)
    left_out: int = 0


@dataclass(slots=True)
class _Found:
    """What has been found so far; unfinished history counts only where there is no other."""

    log: WandbLog = field(default_factory=WandbLog)
    history: History = field(default_factory=History)
    partial: History = field(default_factory=History)
    joiner: Joiner = field(default_factory=Joiner)

    def copy(self) -> _Found:
        """The same, to go on from here once more."""
        log = replace(self.log, config=dict(self.log.config), axes=dict(self.log.axes))
        return _Found(log, self.history.copy(), self.partial.copy(), self.joiner.copy())


def read_log(file: LogFile) -> WandbLog:
    """Read a `.wandb` file; of one that is followed only what is new, and the last few megabytes.

    Raises
    ------
    ReadError
        It is none, or nothing in it can be read.
    """
    offset, whole = file.kept(read_log) or (0, _Found())
    found = whole.copy()
    with file.path.open("rb") as stream:
        if stream.read(len(MAGIC)) != MAGIC:
            raise ReadError(file.path, "does not begin like a .wandb file")
        stream.seek(offset)
        for data, begin, end, stop in read_records(stream, _is_wanted, found.joiner):
            _sort(data, begin, end, found)
            if stop and file.followed:
                offset, whole = stop, found.copy()
    if offset:
        file.keep(read_log, offset, whole)
    history = found.history if found.history.rows else found.partial
    log = found.log
    log.columns, log.steps = history.columns()
    log.left_out, log.damage = history.left_out, found.joiner.damage
    return log


def _type_at(view: NDArray[np.uint8], begin: Ints) -> Ints:
    """Where the field begins that tells a record's type: behind its number, which most begin with."""
    at = begin.copy()
    numbered = np.flatnonzero(view[begin] == 0x08)
    at[numbered] += 2
    for _ in range(9):
        numbered = numbered[view[at[numbered] - 1] >= 0x80]
        if not numbered.size:
            break
        at[numbered] += 1
    return at


def _is_wanted(view: NDArray[np.uint8], begin: Ints, end: Ints) -> NDArray[np.bool_]:
    """Say from their first bytes which records are worth checking and keeping."""
    at = _type_at(view, begin)
    return ~(_UNWANTED[view[at]] & (at < end))  # the first piece of a record may be too short to tell


def _sort(data: bytes, begin: Ints, end: Ints, found: _Found) -> None:
    """Give each record to whom it concerns."""
    if not begin.size:
        return
    batch = Batch(data)
    at = _type_at(batch.bytes, begin)
    plain = (batch.bytes[at] == _HISTORY) & (at < end)
    length, start = batch.varints(at[plain] + 1)
    stop = np.minimum(start + length, end[plain])
    start = np.minimum(start, stop)
    history, partial = list[tuple[int, int]](), list[tuple[int, int]]()
    for a, b in zip(begin[~plain].tolist(), end[~plain].tolist(), strict=True):
        with suppress(Malformed):
            _other(data, a, b, found.log, history, partial)
    if history:  # their number, or something else, came in another order than usual
        more = np.array(history, np.int64)
        start, stop = np.concatenate([start, more[:, 0]]), np.concatenate([stop, more[:, 1]])
        order = np.argsort(start, kind="stable")
        start, stop = start[order], stop[order]
    found.history.add(data, start, stop)
    if partial:
        unfinished = np.array(partial, np.int64)
        found.partial.add(data, unfinished[:, 0], unfinished[:, 1])


def _other(
    data: bytes,
    begin: int,
    end: int,
    log: WandbLog,
    history: list[tuple[int, int]],
    partial: list[tuple[int, int]],
) -> None:
    """Read a record that does not begin with a history message."""
    for number, wire, a, b in fields(data, begin, end):
        if wire != BYTES:
            continue
        if number == 2:
            history.append((a, b))
        elif number == 5:
            _config(data, a, b, log)
        elif number == 12:
            _metric(data, a, b, log)
        elif number == 17:
            _run(data, a, b, log)
        elif number == 18:
            codes = [value for n, w, value, _ in fields(data, a, b) if n == 1 and w == VARINT]
            log.exit_code = codes[0] if codes else 0
        elif number == 100:
            partial += [(c, d) for n, w, c, d in fields(data, a, b) if n == 10 and w == BYTES]


def _run(record: bytes, start: int, end: int, log: WandbLog) -> None:
    for number, wire, a, b in fields(record, start, end):
        if number == 1 and wire == BYTES:
            log.run_id = record[a:b].decode("utf-8", errors="replace")
        elif number == 4 and wire == BYTES:
            _config(record, a, b, log)
        elif number == 8 and wire == BYTES:
            log.name = record[a:b].decode("utf-8", errors="replace")
        elif number == 14 and wire == VARINT:
            log.starting_step = a


def _config(record: bytes, start: int, end: int, log: WandbLog) -> None:
    """Apply a configuration record: settings changed and settings removed."""
    for number, wire, a, b in fields(record, start, end):
        if wire != BYTES or number not in (1, 2):
            continue
        plain, nested, text = "", list[str](), b""
        for n, w, c, d in fields(record, a, b):
            if w != BYTES:
                continue
            if n == 1:
                plain = record[c:d].decode("utf-8", errors="replace")
            elif n == 2:
                nested.append(record[c:d].decode("utf-8", errors="replace"))
            elif n == 16 and d - c <= _MAX_SETTING:
                text = record[c:d]
        path = ".".join(nested or [plain])
        if number == 2:
            log.config.pop(path, None)
            continue
        if path.startswith("_wandb") or not text:
            continue
        try:
            log.config[path] = json.loads(text)
        except (ValueError, RecursionError):
            continue


def _metric(record: bytes, start: int, end: int, log: WandbLog) -> None:
    """Note the x axis that the user named for a metric."""
    texts = {
        n: record[c:d].decode("utf-8", errors="replace")
        for n, w, c, d in fields(record, start, end)
        if w == BYTES
    }
    name, axis = texts.get(1) or texts.get(2), texts.get(4)
    if name and axis:
        log.axes[name] = axis
