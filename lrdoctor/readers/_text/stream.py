"""A file of printed text as blocks of clean UTF-8 lines, whatever its encoding, however often overwritten."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

BLOCK_BYTES = 1 << 22
"""Bytes read at a time."""
LINE_BYTES = 1 << 23
"""A line that is longer than this is cut."""

# Colours, cursor movements, window titles; then what a cut-off terminal leaves behind.
_ANSI = pattern(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]{0,200}(?:\x07|\x1b\\)|[()][0-9A-Za-z]|[=>NOMDEHc78])")
_BACKSPACES = pattern(rb"\x08+")
# Records printed without a line end between them: "Score: 20.00Episode 2 ...".
GLUED = pattern(
    rb"(?<=[\d)\]%])(?=(?:Episode|Epoch|Iteration|Iter|Step|episode|epoch|iteration|step)[ :#=\[]{1,3}\d)"
)
_LOOK_BYTES = 1 << 16
# Same length in bytes, so that nothing moves: full-width punctuation, vertical box lines.
_SAME_WIDTH = (
    (b"\xef\xbc\x9a", b":  "), (b"\xef\xbc\x8c", b",  "), (b"\xe3\x80\x81", b",  "),
    (b"\xe2\x94\x82", b"|  "), (b"\xe2\x94\x83", b"|  "), (b"\xe2\x95\x91", b"|  "), (b"\xc2\xa0", b"  "),
    (b"\xe2\x86\x92", b"-> "), (b"\xef\xbd\x9c", b"|  "), (b"\xe2\x80\x93", b" - "),
    (b"\xe2\x80\x94", b" - "),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a text.

    Parameters
    ----------
    data
        UTF-8 (or anything else byte for byte), lines ended by a newline, free of colours and carriage
        returns.
    overwritten
        bool [lines]: the line ended in a carriage return or backspaces, so that a terminal showed it for a
        moment only (the states of a progress bar).
    stop
        Offset in bytes behind it, from which reading may go on when the file has grown; 0 if it may not.
    """

    data: bytes
    overwritten: NDArray[np.bool_]
    stop: int = 0


def blocks(path: Path, *, start: int = 0) -> Iterator[Block]:
    """Yield the text of a file block by block.

    Parameters
    ----------
    path
        The file. UTF-16 and UTF-32 are told by their mark (or by their zeros); anything else is taken byte
        for byte.
    start
        Offset in bytes, at the beginning of a line.
    """
    with path.open("rb") as stream:
        head = stream.read(4)
        encoding = _wide_encoding(head, path)
        decoder = codecs.getincrementaldecoder(encoding)(errors="replace") if encoding else None
        stop = stream.seek(start or (3 if head.startswith(codecs.BOM_UTF8) else 0))
        rest = b""
        while True:
            raw = stream.read(BLOCK_BYTES)
            last = not raw
            if decoder is not None:
                raw = decoder.decode(raw, final=last).lstrip("\ufeff").encode("utf-8", errors="replace")
            data = rest + raw
            if last:
                if data:
                    yield clean(data)
                return
            cut = _cut(data)
            rest = data[cut:]
            stop += cut
            if cut:
                yield clean(data[:cut], 0 if encoding else stop)


def clean(data: bytes, stop: int = 0) -> Block:
    """Take out colours, carriage returns and zeros; break up what was printed without line ends."""
    if b"\x00" in data:
        data = data.replace(b"\x00", b"")
    if b"\x1b" in data:
        data = _ANSI.sub(b"", data)
    if b"\x08" in data:
        data = _BACKSPACES.sub(b"\r", data)
    if not data.isascii():
        for old, new in _SAME_WIDTH:
            if old in data:
                data = data.replace(old, new)
    if b"\r" in data:
        data = data.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n")
    if not data.endswith((b"\n", b"\r")):
        data += b"\n"
    overwritten = b"\r" in data
    if overwritten:
        bytes_ = np.frombuffer(data, np.uint8)
        ends = bytes_[(bytes_ == 10) | (bytes_ == 13)]
        flags = ends == 13
        data = data.replace(b"\r", b"\n")
    else:
        flags = np.zeros(data.count(b"\n"), bool)
    if not overwritten and GLUED.search(data, 0, _LOOK_BYTES):
        data = GLUED.sub(b"\n", data)
        flags = np.zeros(data.count(b"\n"), bool)
    return Block(data, flags, stop)


def _cut(data: bytes) -> int:
    """Where the last whole line ends; 0 if there is none yet."""
    cut = data.rfind(b"\n") + 1
    if not cut:
        cut = data.rfind(b"\r", 0, len(data) - 1) + 1  # the last byte may be half of a \r\n
    return cut or (len(data) if len(data) > LINE_BYTES else 0)


def _wide_encoding(head: bytes, path: Path) -> str:
    if head[:4] in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        return "utf-32"
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    if b"\x00" in head:
        with path.open("rb") as stream:
            sample = stream.read(4096)
        if len(sample) > 8 and sample[1::2].count(0) > 0.4 * len(sample):
            return "utf-16-le"
        if len(sample) > 8 and sample[::2].count(0) > 0.4 * len(sample):
            return "utf-16-be"
    return ""
