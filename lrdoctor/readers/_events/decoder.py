"""From record positions to columns: fast where the layout is known, learning it where it is not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.readers._events.crc import crc32c, masked
from lrdoctor.readers._events.fallback import Reading, Undecodable, is_media, read_event
from lrdoctor.readers._events.framing import gather_heads
from lrdoctor.readers._events.layout import HEAD, learn
from lrdoctor.readers._events.narrow import LONGEST, NarrowDecoder
from lrdoctor.readers._events.rows import Rows, in_order, no_rows
from lrdoctor.readers._events.tags import TagTable
from lrdoctor.readers._events.wide import WideDecoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrdoctor.readers._events.buffer import Buffer
    from lrdoctor.readers._events.framing import Found
    from lrdoctor.readers._events.layout import Layout

    Ints = NDArray[np.int64]

_MANY_TAGS = 1 << 14
_PATIENCE = 64  # layouts per block that may turn out to fit few records, before learning is given up
_WORTH = 2
_SMALL_MEDIA = 200  # below this a picture is checked like anything else: it may be a damaged scalar
_ALWAYS_CHECKED = 4096


@dataclass(slots=True)
class Block:
    """What one piece of a file holds.

    Parameters
    ----------
    rows
        Scalars by the number of their record in the piece, ascending.
    readings
        Events that were read one by one, by record number: file versions, session starts, media, settings.
    damaged
        Numbers of records whose payload is not what its checksum says, or no event.
    """

    rows: Rows
    readings: list[tuple[int, Reading]] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)


class Decoder:
    """Decodes blocks of records; what it learns about layouts and tags serves every file it is used for."""

    def __init__(self) -> None:
        self.tags = TagTable()
        self._narrow = NarrowDecoder(self.tags)
        self._wide = WideDecoder(self.tags)

    def decode(self, buffer: Buffer, found: Found, *, check: bool, everything: bool) -> Block:
        """Decode records, in the order of the file.

        Parameters
        ----------
        check
            Compare payload checksums (of what is used; pictures are not read).
        everything
            Report every event that holds no scalar, pictures too: needed where steps that go back purge.
        """
        start, length = found.start, found.length
        heads = gather_heads(buffer, start) if found.heads is None else found.heads
        number = np.arange(len(start))
        block = Block(no_rows())
        done: list[Rows] = []

        def run(some: Ints, *, narrow: bool) -> Ints:
            """Decode some records with what is known; return those of unknown layout."""
            whole = len(some) == len(start)
            if narrow:
                head = heads if whole else heads.take(some, axis=1)
                rows, wrong, unknown = self._narrow.decode(
                    buffer, start if whole else start[some], head, some, check=check
                )
            else:
                rows, wrong, unknown = self._wide.decode(buffer, start[some], length[some], some, check=check)
            done.extend(rows)
            block.damaged += some[wrong].tolist()
            return np.sort(some[unknown])

        short = length <= LONGEST
        if len(start) == 1:
            queue = number
        elif short.all():
            queue = run(number, narrow=True)
        else:
            queue = np.union1d(run(number[short], narrow=True), number[~short])
        if queue.size:
            queue = run(queue, narrow=False)
        patience = _PATIENCE
        while queue.size:
            first, queue = int(queue[0]), queue[1:]
            layout = self._one(buffer, found, first, block, check=check, everything=everything)
            if layout is None or patience <= 0:
                continue
            same = length[queue] == len(layout)
            alike = queue[same]
            narrow = self._narrow.add(layout)
            if not narrow and not (alike.size and self._wide.add(layout)):
                continue
            left = run(alike, narrow=narrow) if alike.size else alike
            patience -= alike.size - left.size < _WORTH
            queue = np.sort(np.concatenate([queue[~same], left]))
        single = self.rows_of(block.readings)
        block.rows = in_order([*done, single] if single.record.size else done)
        return block

    def _one(
        self, buffer: Buffer, found: Found, number: int, block: Block, *, check: bool, everything: bool
    ) -> Layout | None:
        """Read one event by itself; return its layout if that can be used for others."""
        at, size = int(found.start[number]) + HEAD, int(found.length[number])
        payload = buffer.bytes[at : at + size].tobytes()
        if not everything and size > _SMALL_MEDIA and is_media(payload, size):
            return None
        try:
            reading, event = read_event(payload)
        except Undecodable:
            block.damaged.append(number)
            return None
        checked = check and (reading.matters or size <= _ALWAYS_CHECKED)
        if checked and int(buffer.u4[at + size]) != masked(crc32c(payload)):
            block.damaged.append(number)
            return None
        block.readings.append((number, reading))
        return None if event is None else learn(payload, event)

    @property
    def crowded(self) -> bool:
        """Say whether so much was learnt that a fresh decoder does better."""
        return self._narrow.full or self._wide.full or len(self.tags.names) > _MANY_TAGS

    def rows_of(self, readings: list[tuple[int, Reading]]) -> Rows:
        """The scalars of events that were read one by one."""
        single = [
            (number, self.tags.number(tag), reading.step, reading.wall, value)
            for number, reading in readings
            for tag, value in reading.scalars
            if value is not None
        ]
        if not single:
            return no_rows()
        record, tag, step, wall, value = zip(*single, strict=True)
        return Rows(np.array(record, np.int64), np.array(tag, np.int32), np.array(step, np.int64),
                    np.array(wall, np.float64), np.array(value, np.float64))  # fmt: skip
