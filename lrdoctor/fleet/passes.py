"""A whole pass as it was the last time: where nothing has changed, no reader has to be asked, and none is loaded.

What a pass has seen (every directory with its stamp) and what came of it (entries of the store, in order) is noted
while it goes on, and kept at its end. The next one looks at those directories alone: a new one would be a new name in
the one above it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

MOST_SEEN = 100_000
"""Directories beyond which a pass is not noted: it takes some 150 bytes for each, here and in the store."""


class Pass(msgspec.Struct, array_like=True):
    """What a pass has seen, and what came of it.

    Parameters
    ----------
    around
        The neighbours of what was named, where a reader looked at them.
    seen
        Directories, in the order of the walk, each with its stamp.
    answers
        What came of each log: the name and stamp under which the store has it, or the bytes themselves.
    """

    around: bytes = b""
    seen: list[tuple[str, bytes]] = []
    answers: list[tuple[bytes, bytes] | bytes] = []


class Noting:
    """Notes a pass while it goes on.

    Parameters
    ----------
    name
        Under which it is to be kept.
    roots
        What was named: directories.
    """

    def __init__(self, name: bytes, roots: list[Path]) -> None:
        self.name = name
        self._near = {*roots, *(root.parent for root in roots)}
        self.looked_beyond = False
        """Whether a reader looked at neighbours of what was named."""
        self.notes = Pass()
        self.good = True

    def saw(self, path: Path, stamp: bytes) -> None:
        """A directory; with an empty stamp it cannot be told later whether it has changed."""
        self.good = self.good and bool(stamp) and len(self.notes.seen) < MOST_SEEN
        if self.good:
            self.notes.seen.append((str(path), stamp))

    def looked_around(self, path: Path) -> None:
        """A reader looked at what is beside a directory, or beside the one above it."""
        self.looked_beyond |= path in self._near or path.parent in self._near

    def answered(self, answer: tuple[bytes, bytes] | bytes) -> None:
        """What came of a log, or where that is kept; without a stamp it is not."""
        self.good = self.good and (isinstance(answer, bytes) or bool(answer[1]))
        if self.good:
            self.notes.answers.append(answer)


_DECODER = msgspec.msgpack.Decoder(Pass)


def packed(notes: Pass) -> bytes:
    """Bytes for a pass."""
    return msgspec.msgpack.encode(notes)


def unpacked(data: bytes | None) -> Pass | None:
    """The inverse of `packed`; None for no bytes, or those of another version."""
    try:
        return None if data is None else _DECODER.decode(data)
    except msgspec.MsgspecError:
        return None
