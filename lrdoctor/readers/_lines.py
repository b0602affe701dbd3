"""A file of text as blocks of whole lines, from its beginning or from where it was read to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lrdoctor.errors import NotALogError, ReadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BLOCK_BYTES = 1 << 22
LINE_BYTES = 1 << 26
"""A line beyond this is refused."""


class Lines(NamedTuple):
    """Some lines of a file.

    Parameters
    ----------
    lines
        Without their ends.
    ended
        Whether the last of them is ended; only at the end of a file it may not be.
    stop
        Offset in bytes behind them.
    """

    lines: list[str]
    ended: bool
    stop: int


def refuse_pointer(path: Path, head: bytes) -> None:
    """Say so where git-lfs has left a note in place of the file."""
    if head.startswith(b"version https://git-lfs"):
        raise NotALogError(path, "a Git LFS pointer in place of the file: fetch it with `git lfs pull`")


def encoding_of(head: bytes) -> str:
    """The encoding of a text by its first bytes: UTF-16 and UTF-8 by their mark or sense, else Latin-1."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    try:
        head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            return "latin-1"
    return "utf-8-sig"


def line_blocks(path: Path, encoding: str, start: int = 0) -> Iterator[Lines]:
    """Yield whole lines, some megabytes at a time.

    Parameters
    ----------
    path, encoding
        The file, and what `encoding_of` says of it.
    start
        Offset of a line's beginning; 0 for UTF-16.

    Raises
    ------
    ReadError
        A line is beyond 64 MB.
    """
    with path.open("rb") as stream:
        if encoding == "utf-16":
            raw = stream.read()
            text = raw.decode("utf-16", errors="replace")
            yield Lines(lines_of(text), text.endswith(("\n", "\r")), len(raw))
            return
        encoding = encoding.removesuffix("-sig")
        carry, stop = b"", start
        stream.seek(start)
        while chunk := stream.read(_BLOCK_BYTES):
            carry += chunk
            end = carry.rfind(b"\n") + 1
            if end:
                stop += end
                yield Lines(lines_of(carry[:end].decode(encoding, errors="replace")), True, stop)
                carry = carry[end:]
            elif len(carry) > LINE_BYTES:
                raise ReadError(
                    path, f"a line of more than {LINE_BYTES >> 20} MB: this is no table of numbers"
                )
        if carry.strip(b"\x00 "):
            text = carry.decode(encoding, errors="replace")
            yield Lines(lines_of(text), carry.endswith(b"\r"), stop + len(carry))


def lines_of(text: str) -> list[str]:
    """Lines of a text, however they end."""
    if "\x00" in text:  # a machine that lost power leaves zeros where the file system had reserved room
        text = text.replace("\x00", "")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.rstrip("\n").removeprefix("\ufeff").split("\n")
