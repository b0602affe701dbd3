"""Where the records are.

A TFRecord is an eight-byte length, a masked checksum of those bytes, the payload, and a masked checksum of
the payload (tensorflow/core/lib/io/record_writer.h). Record heads are found by scanning a block at once for
what a head must look like, and then accepted only along the chain of lengths from a known boundary, so that a
record inside a payload is not taken for one. Where the chain breaks, the file is damaged; it is taken up
again at the next head whose checksum is right.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.readers._events.crc import LENGTHS, crc32c, header_checks, known_header_checks, masked
from lrdoctor.readers._events.layout import FOOT, HEAD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lrdoctor.readers._events.buffer import Buffer

    Ints = NDArray[np.int64]

PIECE = 1 << 20
"""Bytes that are scanned, and then decoded, together: what fits into a processor's cache."""
HEADS = 4
SPARSE = 512  # bytes per record above which hopping from head to head beats scanning
_PROBE = 8
_WALL_KEY = 9  # the first byte of an event that has a wall time
_HEAD = struct.Struct("<QI")
_SMALL = 4096


@dataclass(slots=True)
class Found:
    """Records found in a piece of a buffer.

    Parameters
    ----------
    start, length
        int64 [n]: first byte of each record's head, length of its payload.
    end
        Where the chain of lengths leads to: the head of the next record, possibly beyond the data.
    gaps
        Damage that was stepped over, as pairs of position and size.
    heads
        uint64 [4, n], the first `HEADS` words of each record, if they were gathered on the way.
    """

    start: Ints
    length: Ints
    end: int
    gaps: list[tuple[int, int]] = field(default_factory=list)
    heads: NDArray[np.uint64] | None = None

    def __getitem__(self, some: slice) -> Found:
        heads = None if self.heads is None else self.heads[:, some]
        return Found(self.start[some], self.length[some], self.end, heads=heads)


def merge(parts: Sequence[Found]) -> Found:
    """Several stretches of the same buffer as one."""
    if len(parts) == 1:
        return parts[0]
    start = np.concatenate([part.start for part in parts])
    heads = [part.heads for part in parts if part.heads is not None]
    return Found(
        start,
        np.concatenate([part.length for part in parts]),
        parts[-1].end,
        heads=np.concatenate(heads, axis=1) if len(heads) == len(parts) else None,
    )


def read_head(buffer: Buffer, at: int) -> int:
    """Payload length of the record whose head is at `at`; -1 if its checksum is wrong."""
    length, crc = _HEAD.unpack_from(buffer.bytes.data, at)
    if length >= LENGTHS:
        head = buffer.bytes[at : at + 8].tobytes()
        return int(length) if masked(crc32c(head)) == crc else -1
    return int(length) if int(known_header_checks()[length]) == crc else -1


def find_records(buffer: Buffer, at: int, fill: int, *, sparse: bool) -> Found:
    """Find the whole records in ``buffer.bytes[at:fill]``.

    Parameters
    ----------
    at
        A known record boundary.
    sparse
        Expect records that are long on average.
    """
    if fill - at < _SMALL:
        return _hop(buffer, at, fill, None) or _search(buffer, at, fill)
    if sparse:
        probe = _hop(buffer, at, fill, _PROBE)
        if probe is not None and (probe.start.size < _PROBE or probe.end - at > SPARSE * _PROBE):
            return _hop(buffer, at, fill, None) or _search(buffer, at, fill)
    return _scan(buffer, at, fill) or _search(buffer, at, fill)


def _hop(buffer: Buffer, at: int, fill: int, limit: int | None) -> Found | None:
    """Go from head to head; None if one is damaged."""
    starts: list[int] = []
    lengths: list[int] = []
    while at + HEAD + FOOT <= fill and len(starts) != limit:
        length = read_head(buffer, at)
        if length < 0:
            return None
        after = at + HEAD + length + FOOT
        if after > fill:
            break
        starts.append(at)
        lengths.append(length)
        at = after
    return Found(np.array(starts, np.int64), np.array(lengths, np.int64), at)


def _scan(buffer: Buffer, at: int, fill: int) -> Found | None:
    """Find records by scanning for their heads; None where these do not form one chain from `at`."""
    last = fill - HEAD - FOOT
    if at > last:
        return Found(np.empty(0, np.int64), np.empty(0, np.int64), at)
    data = buffer.bytes
    looks = data[at + HEAD : last + HEAD + 1] == _WALL_KEY
    looks &= data[at + 7 : last + 8] == 0
    start = np.flatnonzero(looks)
    start += at
    heads = gather_heads(buffer, start)
    right = heads[1].view("<u4")[::2] == known_header_checks().take(heads[0].view(np.int64), mode="clip")
    right &= heads[0] < LENGTHS
    if not right.all():
        chosen = np.flatnonzero(right)
        start, heads = start.take(chosen), heads.take(chosen, axis=1)
    if not start.size or start[0] != at:
        return None if _whole_or_damaged(buffer, at, fill) else Found(start[:0], start[:0], at)
    length = heads[0].view(np.int64)
    after = start + length
    after += HEAD + FOOT
    if not np.array_equal(after[:-1], start[1:]):
        return None
    end = int(after[-1])
    if end > fill:
        return Found(start[:-1], length[:-1], int(start[-1]), heads=heads[:, :-1])
    return None if end <= last and _whole_or_damaged(buffer, end, fill) else Found(start, length, end, heads=heads)


def gather_heads(buffer: Buffer, start: Ints) -> NDArray[np.uint64]:
    """The first `HEADS` words of each record: its length, head checksum, wall time and step are in them."""
    return buffer.rows(start, HEADS).T.copy()


def _whole_or_damaged(buffer: Buffer, at: int, fill: int) -> bool:
    """Say whether the scan has missed something at `at`: a record of another kind, or a damaged head."""
    length = read_head(buffer, at)
    return length < 0 or at + HEAD + length + FOOT <= fill


def _search(buffer: Buffer, at: int, fill: int) -> Found:
    """Find records of any kind, and step over damage.

    Where no head is right behind a record whose own checksum is wrong, its length is not believed either: it
    may have been cut off while the file went on, and reach over records that are whole.
    """
    last = fill - HEAD - FOOT
    data = buffer.bytes
    if not data[at:fill].any():  # as a disk that was full, or a machine that stopped, leaves it
        return Found(np.empty(0, np.int64), np.empty(0, np.int64), last + 1, [(at, last + 1 - at)])
    high = data[at + 4 : last + 5] | data[at + 5 : last + 6] | data[at + 6 : last + 7] | data[at + 7 : last + 8]
    candidates = np.flatnonzero(high == 0) + at
    length = buffer.u4[candidates]
    right = buffer.u4[candidates + 8] == header_checks(length)
    start, size = candidates[right], length[right].astype(np.int64)
    after = start + size + HEAD + FOOT
    links, afters, starts = np.searchsorted(start, after).tolist(), after.tolist(), start.tolist()
    chosen: list[int] = []
    gaps: list[tuple[int, int]] = []
    position, index = at, 0
    while position <= last:
        where = starts[index] if index < len(starts) else last + 1
        if where != position:
            if chosen and afters[chosen[-1]] == position and not _is_intact(buffer, starts[chosen[-1]], position):
                index = chosen.pop()
                position, index = starts[index], index + 1
                where = starts[index] if index < len(starts) else last + 1
            gaps.append((position, where - position))
            position = where
        if index >= len(starts) or afters[index] > fill:
            break
        chosen.append(index)
        position, index = afters[index], links[index]
    return Found(start[chosen], size[chosen], position, gaps)


def _is_intact(buffer: Buffer, start: int, after: int) -> bool:
    """Say whether a record's payload has the checksum that is stored behind it."""
    payload = buffer.bytes[start + HEAD : after - FOOT].tobytes()
    return int(buffer.u4[after - FOOT]) == masked(crc32c(payload))
