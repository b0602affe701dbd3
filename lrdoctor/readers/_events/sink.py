"""Collects the blocks of one pass over a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lrdoctor.readers._events.columns import Columns
from lrdoctor.readers._events.parse import What
from lrdoctor.readers._events.purge import mark_late
from lrdoctor.readers._events.rows import Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrdoctor.readers._events.decoder import Block, Decoder
    from lrdoctor.readers._events.layout import Numbers

    Bools = NDArray[np.bool_]

_FEW = 1 << 16


class Sink:
    """The rows and events that one pass has decoded so far."""

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder
        self.count = 0
        self.records = 0
        self.damaged = 0
        self.lost_bytes = 0
        self.restarts: list[tuple[int, int]] = []
        self.settings: list[bytes] = []
        self.texts: list[tuple[bytes, bytes]] = []
        self._code: list[NDArray[np.uint16] | NDArray[np.int32]] = []
        self._step: list[NDArray[np.int64]] = []
        self._wall: list[NDArray[np.float64]] = []
        self._value: list[Numbers] = []
        self._lost_until = -1
        self._flags: list[tuple[int, Bools, Bools]] = []  # where in the rows, late, ghost

    def add(self, rows: Rows) -> None:
        """Keep the rows of a block."""
        few = len(self.decoder.tags.names) < _FEW
        self._code.append(rows.tag.astype(np.uint16) if few else rows.tag)
        self._step.append(rows.step)
        self._wall.append(rows.wall)
        self._value.append(rows.value)
        self.count += len(rows.step)

    def lose(self, offset: int, lost: int) -> None:
        """Note bytes that were stepped over; stretches that touch are one damage."""
        self.damaged += offset != self._lost_until
        self._lost_until = offset + lost
        self.lost_bytes += lost

    def mark(self, block: Block, highest: int) -> int:
        """Mark what is late in a block of a file without a version; return the highest step so far.

        Values that are no scalars purge scalars of their tag as well: they are put among the rows as ghosts.
        """
        ahead = next((n for n, reading in block.readings if reading.what is What.VERSION), None)
        before = [(n, r) for n, r in block.readings if ahead is None or n < ahead]
        if ahead == 0:
            return highest
        rows = block.rows
        mine = len(rows.record) if ahead is None else int(np.searchsorted(rows.record, ahead))
        record = np.concatenate([rows.record[:mine], np.array([n for n, _ in before], np.int64)])
        step = np.concatenate([rows.step[:mine], np.array([r.step for _, r in before], np.int64)])
        summary = np.ones(len(record), bool)
        summary[mine:] = [r.what is What.SUMMARY for _, r in before]
        events, index = np.unique(record, return_index=True)
        late, highest = mark_late(step[index], summary[index], highest)
        if not late.any():
            return highest
        lately = set(events[late].tolist())
        ghosts = [
            (number, self.decoder.tags.number(tag), reading.step)
            for number, reading in before
            if number in lately
            for tag, value in reading.scalars
            if value is None
        ]
        flags = np.zeros(len(rows.record), bool)
        flags[:mine] = late[np.searchsorted(events, rows.record[:mine])]
        ghost = np.zeros(len(rows.record) + len(ghosts), bool)
        if ghosts:
            block.rows, flags, ghost = _with_ghosts(rows, flags, ghosts)
        flags &= ~_again(block.rows)
        self._flags.append((self.count, flags, ghost))
        return highest

    def columns(self, *, tail: int) -> Columns:
        """Everything."""
        if not self._code:
            return self._with_events(Columns(), tail)
        columns = Columns(
            names=self.decoder.tags.names,
            code=_taken(self._code),
            step=_taken(self._step),
            wall=_taken(self._wall),
            value=_taken(self._value),
        )
        if self._flags:
            columns.late, columns.ghost = np.zeros(self.count, bool), np.zeros(self.count, bool)
            for at, late, ghost in self._flags:
                columns.late[at : at + len(late)] = late
                columns.ghost[at : at + len(ghost)] = ghost
        return self._with_events(columns, tail)

    def _with_events(self, columns: Columns, tail: int) -> Columns:
        columns.restarts, columns.settings = self.restarts, self.settings
        columns.texts = {tag.decode("utf-8", "backslashreplace"): text for tag, text in reversed(self.texts)}
        columns.records, columns.damaged = self.records, self.damaged
        columns.lost_bytes, columns.tail_bytes = self.lost_bytes, tail
        return columns


def _taken(parts: list[Any]) -> Any:
    """The parts as one, given up one column after the other: a fresh page costs more than what is done in it."""
    whole = parts[0] if len(parts) == 1 else np.concatenate(parts)
    parts.clear()
    return whole


def _with_ghosts(rows: Rows, late: Bools, ghosts: list[tuple[int, int, int]]) -> tuple[Rows, Bools, Bools]:
    """Put ghosts among the rows; they are late by definition."""
    number, tag, step = (np.array(column) for column in zip(*ghosts, strict=True))
    record = np.concatenate([rows.record, number])
    order = np.argsort(record, kind="stable")
    nothing = np.full(len(ghosts), np.nan)
    mixed = Rows(
        record[order],
        np.concatenate([rows.tag, tag.astype(np.int32)])[order],
        np.concatenate([rows.step, step])[order],
        np.concatenate([rows.wall, nothing])[order],
        np.concatenate([rows.value, nothing])[order],
    )
    ones = np.ones(len(ghosts), bool)
    return mixed, np.concatenate([late, ones])[order], np.concatenate([late & False, ones])[order]


def _again(rows: Rows) -> Bools:
    """Rows whose event has the same tag already: what is late about them has been done."""
    again = np.zeros(len(rows.record), bool)
    order = np.lexsort((rows.tag, rows.record))
    record, tag = rows.record[order], rows.tag[order]
    again[order[1:]] = (record[1:] == record[:-1]) & (tag[1:] == tag[:-1])
    return again
