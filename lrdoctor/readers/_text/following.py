"""Lines of a log that grows, taken in by a reader that remembers what it has read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from lrdoctor.errors import ReadError
from lrdoctor.readers._text.stream import blocks

if TYPE_CHECKING:
    from lrdoctor.readers._base import LogFile


class Said(Protocol):
    """What the lines of a file say, as far as it has been read."""

    def copy(self) -> Self:
        """The same, to go on from here once more."""
        ...

    def take(self, data: bytes) -> None:
        """Take in some whole lines."""
        ...


S = TypeVar("S", bound=Said)


def followed(file: LogFile, name: str, nothing: S) -> S:
    """All that a file says; of one that is looked at again, only what is new is read.

    Parameters
    ----------
    name
        Of the reader, under which the file remembers.
    nothing
        What is known before the first line.

    Raises
    ------
    ReadError
        The file cannot be read.
    """
    offset, kept = file.kept(name) or (0, nothing)
    said = whole = kept.copy()
    try:
        for block in blocks(file.path, start=offset):
            if block.stop:
                offset = block.stop
            else:
                said = said.copy()  # its last line may be half of one
            said.take(block.data)
    except OSError as error:
        raise ReadError(file.path, f"cannot be read: {error.strerror or error}") from error
    if offset:
        file.keep(name, offset, whole)
    return said
