"""Columns from events with several scalars, or of unusual length: one group of equal layout at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.readers._events.crc import crc32c, distance_tables, masked_many
from lrdoctor.readers._events.layout import DECODE, HEAD
from lrdoctor.readers._events.parse import SIZES
from lrdoctor.readers._events.rows import Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrdoctor.readers._events.buffer import Buffer
    from lrdoctor.readers._events.layout import Field, Layout, Numbers
    from lrdoctor.readers._events.tags import TagTable

    Ints = NDArray[np.int64]
    Bytes = NDArray[np.uint8]

_MOST = 1 << 10


class WideDecoder:
    """Knows layouts of any kind by their length, and decodes groups of records of one length."""

    def __init__(self, tags: TagTable) -> None:
        self._tags = tags
        self._by_length: dict[int, list[Layout]] = {}
        self._count = 0

    @property
    def full(self) -> bool:
        """Say whether no more layouts are taken."""
        return self._count >= _MOST

    def add(self, layout: Layout) -> bool:
        """Take a layout, unless there are too many."""
        if self.full:
            return False
        self._count += 1
        self._by_length.setdefault(len(layout), []).insert(0, layout)
        return True

    def decode(
        self, buffer: Buffer, start: Ints, length: Ints, record: Ints, *, check: bool
    ) -> tuple[list[Rows], Ints, Ints]:
        """Decode records; as `NarrowDecoder.decode`."""
        done: list[Rows] = []
        damaged: list[Ints] = []
        unknown: list[Ints] = []
        if not start.size or not self._by_length:
            return done, start[:0], np.arange(len(start))
        order = np.argsort(length, kind="stable")
        bounds = np.flatnonzero(np.diff(length[order])) + 1
        for group in np.split(order, bounds):
            for layout in self._by_length.get(int(length[group[0]]), ()):
                rows, wrong, misfits = self._group(buffer, start[group], record[group], layout, check)
                if rows.record.size:
                    done.append(rows)
                damaged.append(group[wrong])
                group = group[misfits]
                if not group.size:
                    break
            unknown.append(group)
        empty = np.empty(0, np.int64)
        return done, np.concatenate([empty, *damaged]), np.sort(np.concatenate([empty, *unknown]))

    def _group(self, buffer: Buffer, start: Ints, record: Ints, layout: Layout, check: bool) -> tuple[Rows, Ints, Ints]:
        size = len(layout)
        payload = buffer.rows(start + HEAD, (size + 7) >> 3).view(np.uint8)[:, :size]
        differs = payload ^ np.frombuffer(layout.template, np.uint8)
        fits = ~(differs & layout.fixed).any(axis=1)
        misfits = np.flatnonzero(~fits)
        good = np.flatnonzero(fits)
        wrong = np.empty(0, np.int64)
        if check and good.size:
            right = _checksums(layout, differs[good]) == buffer.u4[start[good] + HEAD + size]
            wrong, good = good[~right], good[right]
        payload, record = payload[good], record[good]
        count = len(layout.fields)
        wall = _words(payload, layout.wall_at, 8).view(np.float64) if layout.wall_at >= 0 else np.zeros(len(good))
        value: NDArray[np.float64] = np.stack(
            [_numbers(payload, tag).astype(np.float64) for tag in layout.fields], axis=1
        )
        rows = Rows(
            record=np.repeat(record, count),
            tag=np.stack([self._tag(payload, tag) for tag in layout.fields], axis=1).ravel(),
            step=np.repeat(_steps(payload, layout), count),
            wall=np.repeat(wall, count),
            value=value.ravel(),
        )
        return rows, wrong, misfits

    def _tag(self, payload: Bytes, field: Field) -> NDArray[np.int32]:
        """Tag numbers of one field; mostly every record has the same tag there."""
        span = slice(field.tag_at, field.tag_at + field.tag_bytes)
        if not payload.size or not field.tag_bytes:
            return np.full(len(payload), self._tags.number(b"") if len(payload) else 0, np.int32)
        if not (payload[:, span] != payload[0, span]).any():
            return np.full(len(payload), self._tags.number(payload[0, span].tobytes()), np.int32)
        names = np.ascontiguousarray(payload[:, span]).view(f"V{field.tag_bytes}").ravel()
        known: dict[bytes, int] = {}
        return np.array([known.setdefault(name, self._tags.number(name)) for name in names.tolist()], np.int32)


def _words(payload: Bytes, at: int, size: int) -> NDArray[np.uint64]:
    """The `size` bytes at one offset of each payload, as 64-bit words."""
    words = np.zeros((len(payload), 8), np.uint8)
    words[:, :size] = payload[:, at : at + size]
    return words.view("<u8").ravel()


def _numbers(payload: Bytes, field: Field) -> Numbers:
    return DECODE[field.kind](_words(payload, field.at, SIZES[field.kind]))


def _steps(payload: Bytes, layout: Layout) -> Ints:
    steps = np.zeros(len(payload), np.uint64)
    for byte in range(layout.step_bytes):
        steps |= (payload[:, layout.step_at + byte] & np.uint8(127)).astype(np.uint64) << np.uint64(7 * byte)
    return steps.view(np.int64)


def _checksums(layout: Layout, differs: Bytes) -> NDArray[np.uint32]:
    """Masked checksums of the payloads, from the bytes in which they differ from the template."""
    size = len(layout)
    tables = distance_tables(1 << (size - 1).bit_length())
    crc = np.full(len(differs), crc32c(layout.template), np.uint32)
    for column in np.flatnonzero(np.bitwise_or.reduce(differs, axis=0)).tolist():
        crc ^= tables[size - 1 - column].take(differs[:, column])
    return masked_many(crc)
