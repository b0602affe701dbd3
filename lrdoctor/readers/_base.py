"""What a reader is offered and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator
    from pathlib import Path

    from lrdoctor.records import Run

HEAD_BYTES = 16_384
"""How much of a file a reader may look at before it claims it."""
_SEAM_BYTES = 256  # on either end of what was read, by which a file that was written anew is known


class LogFile:
    """A file that might be a log: its path, size and first bytes, read once and only when asked for.

    Parameters
    ----------
    path
        Where it is.
    named
        True when the user named this very file, so that a refusal must be said aloud.
    followed
        True when it will be read again while it grows: readers then `keep` what they have read.
    """

    def __init__(self, path: Path, *, named: bool = False, followed: bool = False) -> None:
        self.path = path
        self.named = named
        self.followed = followed
        self._kept: dict[Hashable, tuple[int, bytes, Any]] = {}

    def __repr__(self) -> str:
        return f"LogFile({str(self.path)!r})"

    def __getstate__(self) -> dict[str, Any]:
        """What travels to other processes: not the first bytes, which are read there as quickly as sent."""
        return {name: value for name, value in vars(self).items() if name not in ("head", "head_text")}

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def suffix(self) -> str:
        """The name's last extension, lower case, with its dot."""
        return self.path.suffix.lower()

    @cached_property
    def stamp(self) -> tuple[int, int, int, int]:
        """Device, inode, size in bytes and time of the last change: what differs when the file has changed."""
        status = self.path.stat()
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns

    @property
    def size(self) -> int:
        """Size in bytes."""
        return self.stamp[2]

    @cached_property
    def head(self) -> bytes:
        """The first `HEAD_BYTES` bytes."""
        with self.path.open("rb") as stream:
            return stream.read(HEAD_BYTES)

    @cached_property
    def head_text(self) -> str:
        """The first bytes as text (UTF-8 or UTF-16 by their mark, anything else byte for byte); "" if binary."""
        head = self.head
        if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return head[: len(head) // 2 * 2].decode("utf-16", errors="replace")
        if b"\x00" in head:
            return ""
        try:
            return head.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if error.start >= len(head) - 4 and self.size > len(head):  # a character cut by the window's end
                return head[: error.start].decode("utf-8-sig")
            return head.decode("latin-1")

    def look_again(self) -> None:
        """Forget size and first bytes, which may have changed, but not what readers have kept."""
        for name in ("stamp", "head", "head_text"):
            self.__dict__.pop(name, None)

    def keep(self, key: Hashable, offset: int, state: Any) -> None:
        """Keep what was read of the first `offset` bytes, if the file is followed.

        `state` must not be changed afterwards by what follows: what comes behind a whole line may be half a line.
        """
        if self.followed:
            self._kept[key] = (offset, self._seams(offset), state)

    def kept(self, key: Hashable) -> tuple[int, Any] | None:
        """Offset and state that were kept under a key; None if there is none, or the file has been replaced since."""
        offset, seams, state = self._kept.get(key, (0, b"", None))
        if not offset or self._seams(offset) != seams:
            self._kept.pop(key, None)
            return None
        return offset, state

    def _seams(self, offset: int) -> bytes:
        with self.path.open("rb") as stream:
            opening = stream.read(_SEAM_BYTES)
            stream.seek(max(0, offset - _SEAM_BYTES))
            return opening[:offset] + stream.read(min(_SEAM_BYTES, offset))


class Strength(IntEnum):
    """How sure a reader is that a file is its own; the strongest claim reads it."""

    FALLBACK = 1
    """Could be anything of this shape (a generic table, a text log)."""
    SHAPE = 2
    """The content has the shape of this format (column names, keys)."""
    FORMAT = 3
    """Name and content, or a magic number, say so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A reader's wish to read a file.

    Parameters
    ----------
    strength
        How sure it is.
    group
        Files that the same reader claims with the same group are one source and are read together (the event
        files below one run directory, the checkpoints of one training); a directory at or above the file.
        None: the file stands alone.
    quiet
        If reading shows that it is no training log, nothing is said, unless the user named the file itself
        (for claims on `.txt` or `.json` files that are usually something else).
    """

    strength: Strength
    group: Path | None = None
    quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a reader reads in one go: one file, or all files of one group, sorted by path.

    Parameters
    ----------
    path
        The group's directory, or the file itself: what error messages and `Run.source` name.
    files
        The claimed files.
    """

    path: Path
    files: tuple[LogFile, ...]


class Reader(Protocol):
    """One log format."""

    name: str
    """Format name as it appears in the report, e.g. ``"lightning-csv"``."""

    def claim(self, file: LogFile) -> Claim | None:
        """Answer whether `file` is of this format, from its name, siblings and first bytes alone."""
        ...

    def read(self, source: Source) -> Iterator[Run]:
        """Read every run of a source, all of it.

        `Run.id` is local: "" where the source holds a single run, a name (or "1", "2"...) where it holds several.

        A source whose files are followed is read again and again while they grow. A reader that can go on where it
        stopped keeps its state with the file (`LogFile.keep`) and yields what it would have yielded for all of it;
        one that keeps nothing reads all of it again.

        Raises
        ------
        ReadError
            The source is damaged beyond use, with the reason in words.
        NotALogError
            It is intact but holds no training curve.
        """
        ...
