"""Framing of a `.wandb` file: LevelDB's log format behind a header of seven bytes, damage and all.

The file is cut into blocks of 32 KiB. A block is a chain of pieces, each ``crc32 (4 bytes) length (2) type
(1) data``; the checksum is zlib's, over type and data. A record is one FULL piece, or FIRST, MIDDLE..., LAST
over several blocks.

Blocks do not depend on one another, so the chains of many are followed at once, a piece of each at a time.
Only what is wanted is checked then. A block in which anything is odd is read again piece by piece, with every
checksum.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Wanted = Callable[[NDArray[np.uint8], Ints, Ints], NDArray[np.bool_]]

MAGIC = b":W&B\xe1\xbe"
"""First bytes of a `.wandb` file; a version byte follows."""
PAD = 16
"""Zero bytes behind every buffer, so that a few bytes may be looked at beyond a record's end."""

_HEADER = 7
_BLOCK = 32_768
_PIECE = 7
_WINDOW = _BLOCK * 128
_FEW_BLOCKS = 12
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_SEED = [zlib.crc32(bytes([kind])) for kind in range(5)]
_HEAD = struct.Struct("<IHB")
_MAX_RECORD = 256 << 20


@dataclass(slots=True)
class Damage:
    """What reading the frame had to step over."""

    bad_pieces: int = 0
    """Pieces whose checksum or length is wrong, or that belong to a record of which a part is missing."""
    skipped_bytes: int = 0
    """Bytes without a readable piece."""
    truncated: bool = False
    """The file ends inside a record, as it does while a run is going on or after a kill."""
    search_bytes: int = 1 << 30
    """How much checksumming may still be spent on finding the next piece after a bad one; a file can be made
    so that every byte looks like one."""


@dataclass(slots=True)
class _Pieces:
    """Where the data of each piece lies in a window, in the order of the file."""

    begin: Ints
    end: Ints
    kind: Ints


@dataclass(slots=True)
class Joiner:
    """Puts the pieces of a record together; knows only what has come so far."""

    damage: Damage = field(default_factory=Damage)
    parts: list[bytes] = field(default_factory=list)
    open: bool = False
    keep: bool = False
    size: int = 0

    def copy(self) -> Joiner:
        """The same, to go on from here once more."""
        return replace(self, damage=replace(self.damage), parts=list(self.parts))

    def add(self, kind: int, data: bytes, *, keep: bool) -> bytes | None:
        """Take the next piece of a record in several; answer it when it is whole and to be kept."""
        if kind == _FIRST:
            self.lose()
            self.open, self.keep, self.parts, self.size = True, keep, [data], len(data)
            return None
        if not self.open:  # its beginning was lost
            self.damage.bad_pieces += 1
            return None
        self.size += len(data)
        self.keep = self.keep and self.size <= _MAX_RECORD
        if self.keep:
            self.parts.append(data)
        if kind != _LAST:
            return None
        self.open = False
        return b"".join(self.parts) if self.keep else None

    def lose(self) -> None:
        """Give up the record that is under way."""
        if self.open and self.keep:
            self.damage.bad_pieces += 1
        self.open, self.parts = False, []


def read_records(stream: BinaryIO, wanted: Wanted, joiner: Joiner) -> Iterator[tuple[bytes, Ints, Ints, int]]:
    """Read the records of a `.wandb` file that are wanted, four MiB of file at a time.

    Parameters
    ----------
    stream
        The file, at its beginning or at a `stop`.
    wanted
        Says from a buffer's bytes and the bounds of records in it which are of interest; it may look `PAD`
        bytes beyond the buffer's content. Checksums of other records are only looked at where something is
        wrong already: they make up most of the file.
    joiner
        Holds the record that is under way, and what had to be stepped over.

    Yields
    ------
    A buffer (followed by `PAD` zero bytes), begin and end of each record in it, in the order of the file, and its
    `stop`: the offset from which, with the joiner as it is now, reading may go on when the file has grown; 0 if not.
    """
    at = stream.tell()
    window = stream.read(_WINDOW)
    while window:
        following = stream.read(_WINDOW) if len(window) == _WINDOW else b""
        found = _window(window, 0 if at else _HEADER, wanted, joiner, final=not following)
        at += len(window)
        yield *found, at if following else 0
        window = following
    if joiner.open:
        joiner.damage.truncated = True


def _window(
    window: bytes, start: int, wanted: Wanted, joiner: Joiner, *, final: bool
) -> tuple[bytes, Ints, Ints]:
    """Records that end in this window."""
    padded = window + bytes(PAD)
    view = np.frombuffer(padded, np.uint8)
    size = len(window)
    pieces = _pieces(window, view, start, wanted, joiner.damage, final=final)
    keep = wanted(view, pieces.begin, pieces.end)
    whole = pieces.kind == _FULL
    begin, end, place = pieces.begin, pieces.end, np.arange(whole.size)
    joined: list[bytes] = []
    joined_at: list[int] = []
    before = -1
    for index in np.flatnonzero(~whole).tolist():
        if index != before + 1:
            joiner.lose()
        before = index
        data = window[begin[index] : end[index]]
        record = joiner.add(int(pieces.kind[index]), data, keep=bool(keep[index]))
        if record is not None:
            joined.append(record)
            joined_at.append(index)
    if before != whole.size - 1:
        joiner.lose()
    chosen = whole & keep
    begin, end, place = begin[chosen], end[chosen], place[chosen]
    if joined:
        lengths = np.fromiter(map(len, joined), np.int64, len(joined))
        ends = size + np.cumsum(lengths)
        order = np.argsort(np.concatenate([place, np.array(joined_at)]), kind="stable")
        begin = np.concatenate([begin, ends - lengths])[order]
        end = np.concatenate([end, ends])[order]
        padded = b"".join([window, *joined, bytes(PAD)])
    return padded, begin, end


def _pieces(
    window: bytes, view: NDArray[np.uint8], start: int, wanted: Wanted, damage: Damage, *, final: bool
) -> _Pieces:
    """Sound pieces of a window."""
    size = len(window)
    starts = np.arange(0, size, _BLOCK)
    ends = np.minimum(starts + _BLOCK, size)
    starts[0] += start
    if starts.size < _FEW_BLOCKS:
        found = _none()
        odd = np.ones(starts.size, bool)
    else:
        found, block, odd = _follow(window, view, starts, ends)
        need = wanted(view, found.begin, found.end) | (found.kind != _FULL)
        need[np.flatnonzero(np.diff(block, append=-1))] = True  # a chain is true if its end is
        need &= ~odd[block]
        unpack, crc32 = _HEAD.unpack_from, zlib.crc32
        checked = zip(found.begin[need].tolist(), found.end[need].tolist(), block[need].tolist(), strict=True)
        for begin, end, number in checked:
            checksum, _, kind = unpack(window, begin - _PIECE)
            if crc32(window[begin:end], _SEED[kind]) != checksum:
                odd[number] = True
        sound = ~odd[block]
        found = _Pieces(found.begin[sound], found.end[sound], found.kind[sound])
    if not odd.any():
        return found
    careful: list[tuple[int, int, int]] = []
    for index in np.flatnonzero(odd).tolist():
        last = final and int(ends[index]) == size
        careful += _careful_chain(window, int(starts[index]), int(ends[index]), damage, final=last)
    if not careful:
        return found
    extra = np.array(careful, np.int64)
    begin = np.concatenate([found.begin, extra[:, 0]])
    order = np.argsort(begin, kind="stable")
    end = np.concatenate([found.end, extra[:, 1]])
    return _Pieces(begin[order], end[order], np.concatenate([found.kind, extra[:, 2]])[order])


def _none() -> _Pieces:
    empty = np.empty(0, np.int64)
    return _Pieces(empty, empty, empty)


def _follow(
    window: bytes, view: NDArray[np.uint8], starts: Ints, ends: Ints
) -> tuple[_Pieces, Ints, NDArray[np.bool_]]:
    """Follow the chains of all blocks together, checksums unseen.

    Returns
    -------
    Pieces in the order of the file, the block of each, and the blocks whose chain does not come out.
    """
    lengths: NDArray[np.uint16] = np.ndarray((view.size - 1,), "<u2", view, strides=(1,))
    odd = np.zeros(starts.size, bool)
    active = np.arange(starts.size)
    cursor, limit = starts.copy(), ends - _PIECE
    found: list[tuple[Ints, Ints, Ints, Ints]] = []
    while active.size:
        begin = cursor + _PIECE
        kind = view[cursor + 6].astype(np.int64)
        end = begin + lengths[cursor + 4]
        good = (kind >= _FULL) & (kind <= _LAST) & (end <= limit + _PIECE)
        if not good.all():
            for index in np.flatnonzero(~good).tolist():
                if window[cursor[index] : ends[active[index]]].strip(b"\0"):
                    odd[active[index]] = True  # else zeros fill the rest of the block
            active, begin, end, kind, limit = active[good], begin[good], end[good], kind[good], limit[good]
        found.append((begin, end, kind, active))
        going = end <= limit
        if going.all():
            cursor = end
        else:
            active, cursor, limit = active[going], end[going], limit[going]
    begin, end, kind, block = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.argsort(begin)
    return _Pieces(begin[order], end[order], kind[order]), block[order], odd


def _careful_chain(
    window: bytes, start: int, end: int, damage: Damage, *, final: bool
) -> list[tuple[int, int, int]]:
    """Pieces of one block (begin, end, type): every checksum is looked at, what cannot be read is stepped
    over."""
    pieces = []
    while start + _PIECE <= end:
        checksum, length, kind = _HEAD.unpack_from(window, start)
        begin = start + _PIECE
        stop = begin + length
        if 1 <= kind <= 4 and stop <= end and zlib.crc32(window[begin:stop], _SEED[kind]) == checksum:
            pieces.append((begin, stop, kind))
            start = stop
            continue
        if not window[start:end].strip(b"\0"):
            return pieces
        resume = _next_piece(window, start + 1, end, damage)
        if resume is None:
            # Only the very end of the file may be cut short without anything being wrong with it.
            if final and 1 <= kind <= 4 and stop > end:
                damage.truncated = True
            else:
                damage.bad_pieces += 1
                damage.skipped_bytes += end - start
            return pieces
        damage.bad_pieces += 1
        damage.skipped_bytes += resume - start
        start = resume
    if final and window[start:end].strip(b"\0"):
        damage.truncated = True
    return pieces


def _next_piece(window: bytes, start: int, end: int, damage: Damage) -> int | None:
    """Offset of the next piece with a right checksum in this block; None if there is none."""
    if end - start < _PIECE:
        return None
    block = np.frombuffer(window, np.uint8, end - start, start)
    kinds = block[6:]
    lengths = block[4:-2].astype(np.int64) + (block[5:-1].astype(np.int64) << 8)
    plausible = (kinds >= 1) & (kinds <= 4) & (np.arange(kinds.size) + _PIECE + lengths <= block.size)
    for offset in np.flatnonzero(plausible).tolist():
        at = start + int(offset)
        checksum, length, kind = _HEAD.unpack_from(window, at)
        damage.search_bytes -= length
        if damage.search_bytes < 0:
            return None
        if zlib.crc32(window[at + _PIECE : at + _PIECE + length], _SEED[kind]) == checksum:
            return at
    return None
