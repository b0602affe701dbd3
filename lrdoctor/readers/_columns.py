"""Delimited text to columns: every number is read, what had to be mended is said.

Two roads, chosen by measurement. Splitting blocks of lines needs no import and takes every irregularity;
pandas' C parser costs 0.3 s to import and is then eight times as fast, so it pays from some megabytes on.
Where pandas meets anything irregular, the first road reads the file.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.readers._cells import MISSING, is_number, to_floats, unique_names
from lrdoctor.readers._dialect import COMMENT_MARK, Dialect, sniff, split
from lrdoctor.readers._table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Part = tuple[int, NDArray[np.float64], NDArray[np.bool_] | None]

PANDAS_BYTES = 6_000_000
"""File size from which importing pandas pays."""
PANDAS_BYTES_IMPORTED = 300_000
"""The same where it has been imported already."""

JUDGE_BYTES = 1 << 22
"""File size from which a table is judged by its names before it is read; smaller ones get a better reason."""

_SNIFF_BYTES = 1 << 16
_BLOCK_BYTES = 1 << 22
_LINE_BYTES = 1 << 26
_STANDS_FOR_NAN = b"17976931348623157e292"  # no loss is that large and finite


@dataclass(slots=True)
class Columns:
    """What a delimited text held.

    Parameters
    ----------
    table
        Its numeric columns.
    text
        Its other columns, a string for each row.
    dialect
        How it was written.
    notes
        What had to be mended.
    """

    table: Table
    text: dict[str, list[str]]
    dialect: Dialect
    notes: list[str] = field(default_factory=list)


def read_columns(path: Path, *, judge: Callable[[Sequence[str]], str | None] | None = None) -> Columns:
    """Read a delimited text file.

    Parameters
    ----------
    path
        The file.
    judge
        Says of the column names why this is not what the caller looks for, before the rest is read.

    Raises
    ------
    NotALogError
        The file is empty or no table.
    ReadError
        It cannot be read.
    """
    try:
        dialect, encoding, size = _look(path)
        reason = judge(dialect.names) if judge is not None and dialect.names and size > JUDGE_BYTES else None
        if reason is not None:
            raise NotALogError(path, reason)
        if size >= (PANDAS_BYTES_IMPORTED if "pandas" in sys.modules else PANDAS_BYTES):
            columns = _read_with_pandas(path, dialect, encoding)
            if columns is not None:
                return columns
        return _read_blocks(path, dialect, encoding)
    except OSError as error:
        raise ReadError(path, f"cannot be read: {error.strerror or error}") from None


def _look(path: Path) -> tuple[Dialect, str, int]:
    """Find dialect and encoding from the first lines, as many bytes of them as it takes."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(_SNIFF_BYTES)
        while len(head) < min(size, _LINE_BYTES // 2) and head.count(b"\n") < 12:
            head += stream.read(3 * len(head))
    if not head.strip(b"\x00 \t\r\n"):
        raise NotALogError(path, "the file is empty" if len(head) == size else "the file holds nothing")
    refuse_pointer(path, head)
    encoding = encoding_of(head)
    text = head.decode(encoding, errors="replace").replace("\x00", "")
    dialect = sniff(text, whole=size <= len(head))
    if dialect is None or text.lstrip()[:1] == "<":
        raise NotALogError(path, "no table: its lines do not split into columns of numbers")
    return dialect, encoding, size


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


# --- The road through blocks of lines -----------------------------------------------------------------------


def line_blocks(path: Path, encoding: str) -> Iterator[tuple[list[str], bool]]:
    """Whole lines, some megabytes at a time, and whether the last of them is ended."""
    with path.open("rb") as stream:
        if encoding == "utf-16":
            text = stream.read().decode("utf-16", errors="replace")
            yield _lines(text), text.endswith(("\n", "\r"))
            return
        encoding = encoding.removesuffix("-sig")
        carry = b""
        while chunk := stream.read(_BLOCK_BYTES):
            carry += chunk
            end = carry.rfind(b"\n") + 1
            if end:
                yield _lines(carry[:end].decode(encoding, errors="replace")), True
                carry = carry[end:]
            elif len(carry) > _LINE_BYTES:
                raise ReadError(
                    path, f"a line of more than {_LINE_BYTES >> 20} MB: this is no table of numbers"
                )
        if carry.strip(b"\x00 "):
            yield _lines(carry.decode(encoding, errors="replace")), carry.endswith(b"\r")


def _lines(text: str) -> list[str]:
    if "\x00" in text:  # a machine that lost power leaves zeros where the file system had reserved room
        text = text.replace("\x00", "")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.rstrip("\n").removeprefix("\ufeff").split("\n")


class _Mending(Counter[str]):
    """Counts what had to be mended, and says it."""

    def notes(self) -> list[str]:
        """A sentence for each kind."""
        said = {
            "cut": "the last line is cut off: left out",
            "header": f"the header comes {_times(self['header'], 'more time')}: the file was appended to",
            "changed": "the header changes on the way: columns are joined by name",
            "short": f"{_times(self['short'], 'line')} with fewer cells than names: the rest was not logged",
            "long": f"{_times(self['long'], 'line')} with more cells than names: the surplus is left out",
        }
        odd = [f"{_times(count, 'cell')} of {name[4:]!r} without a number: left out"
               for name, count in self.items() if name.startswith("odd:")]  # fmt: skip
        return [text for kind, text in said.items() if self[kind]] + odd


def _times(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


class _Segment:
    """Columns under one header, gathered block by block."""

    def __init__(self, names: Sequence[str], start: int) -> None:
        self.names = list(names)
        self.start = self.stop = start
        self.numbers: list[list[Part]] = [[] for _ in names]
        self.words: list[list[tuple[int, list[str]]]] = [[] for _ in names]

    def add(self, columns: Sequence[list[str]], mending: _Mending) -> None:
        """Take one block of cells, a list for each column."""
        for j, cells in enumerate(columns):
            converted = to_floats(cells)
            if converted is None:
                self.words[j].append((self.stop, cells))
                continue
            values, present, odd = converted
            if odd:
                mending[f"odd:{self.names[j]}"] += odd
            if present is None or present.any():
                self.numbers[j].append((self.stop, values, present))
        self.stop += len(columns[0])


def _read_blocks(path: Path, dialect: Dialect, encoding: str) -> Columns:
    mending = _Mending()
    names = dialect.names or tuple(f"column {j + 1}" for j in range(dialect.width))
    segments = [_Segment(names, 0)]
    skip = dialect.skip
    before: list[str] = []
    for lines, ended in line_blocks(path, encoding):
        if skip:
            lines, skip = lines[skip:], max(0, skip - len(lines))
        kept = [line for line in lines if line and line[0] != COMMENT_MARK and not line.isspace()]
        if not ended and kept and _is_cut([*before, *kept], segments[-1].names, dialect):
            kept.pop()
            mending["cut"] += 1
        before = kept[-5:]
        for piece, header in _at_headers(kept, segments[-1].names, dialect):
            if header is not None and header != segments[-1].names:
                segments.append(_Segment(header, segments[-1].stop))
                mending["changed"] += 1
            elif header is not None:
                mending["header"] += 1
            if piece:
                segments[-1].add(_transpose(piece, len(segments[-1].names), dialect, mending), mending)
    table, text = _join(segments, mending)
    return Columns(table, text, dialect, mending.notes())


def _is_cut(lines: Sequence[str], names: Sequence[str], dialect: Dialect) -> bool:
    """Whether the last line, which no newline ends, was cut by a crash."""
    *before, last = dialect.rows(lines[-6:])
    if len(last) < len(names):
        return len(last) < min(map(len, before), default=len(names))
    cell = last[-1].strip()
    above = [row[-1].strip() for row in before if len(row) == len(last)]
    if not is_number(cell):
        return cell not in above and all(is_number(other) or other in MISSING for other in above)
    if cell.endswith(".") and not any(other.endswith(".") for other in above):
        return True
    # 5.3e-0 of 5.3e-05 is a number as well: an unended last cell that is much shorter than all others is cut.
    return bool(above) and min(map(len, above)) - len(cell) >= 3


def _at_headers(
    lines: Sequence[str], names: Sequence[str], dialect: Dialect
) -> Iterator[tuple[Sequence[str], list[str] | None]]:
    """Cut a block where the header comes again, perhaps with more columns; each piece with its new header."""
    begin, header = 0, None
    if not dialect.names:
        yield lines, None
        return
    known = set(names)
    wordy = [i for i, line in enumerate(lines) if line[0].isalpha() or line[0] in "\"'_"]
    if len(wordy) > 50 and 10 * len(wordy) > len(lines):  # the first column is text
        first = names[0]
        wordy = [i for i in wordy if lines[i].lstrip("\"' ").startswith(first)]
    for i in wordy:
        cells = [cell.strip() for cell in split(lines[i], dialect.delimiter)]
        filled = [cell for cell in cells if cell]
        if any(map(is_number, filled)) or 2 * len(known.intersection(filled)) < min(len(filled), len(known)):
            continue
        yield lines[begin:i], header
        begin, header = i + 1, list(unique_names(cells))
        if len(cells) == len(names) - 1 and not names[0]:
            header = ["", *cells]
        known = set(header)
    yield lines[begin:], header


def _transpose(lines: Sequence[str], width: int, dialect: Dialect, mending: _Mending) -> list[list[str]]:
    """Lines to a list of cells for each column."""
    mark = dialect.delimiter
    if mark is not None and mark != "|" and not dialect.decimal_comma:
        text = mark.join(lines)
        if '"' not in text and all(line.count(mark) == width - 1 for line in lines):
            cells = text.split(mark)
            return [cells[j::width] for j in range(width)]
    rows = dialect.rows(lines)
    if any(len(row) != width for row in rows):
        for row in rows:
            missing = width - len(row)
            if missing > 0:
                mending["short"] += 1
                row.extend([""] * missing)
            elif missing < 0:
                mending["long"] += any(cell.strip() for cell in row[width:])
                del row[width:]
    return [list(column) for column in zip(*rows, strict=True)]


def _join(segments: Sequence[_Segment], mending: _Mending) -> tuple[Table, dict[str, list[str]]]:
    """One table of all segments, columns joined by name; a column that is mostly words is text."""
    rows = segments[-1].stop
    names = list(dict.fromkeys(name for segment in segments for name in segment.names))
    table, text = Table({}), dict[str, list[str]]()
    for name in names:
        numbers: list[Part] = []
        words: list[tuple[int, list[str]]] = []
        for segment in segments:
            if name in segment.names:
                j = segment.names.index(name)
                numbers += segment.numbers[j]
                words += segment.words[j]
        if sum(len(cells) for _, cells in words) > sum(len(values) for _, values, _ in numbers):
            column = [""] * rows
            for begin, cells in words:
                column[begin : begin + len(cells)] = [cell.strip() for cell in cells]
            text[name] = column
            continue
        if not numbers:
            continue
        if words:
            mending[f"odd:{name}"] += sum(cell.strip() not in MISSING for _, cells in words for cell in cells)
        values, logged = np.full(rows, np.nan), np.zeros(rows, bool)
        for begin, part, present in numbers:
            values[begin : begin + part.size] = part
            logged[begin : begin + part.size] = True if present is None else present
        table.columns[name] = values
        if not logged.all():
            table.logged[name] = logged
    return table, text


# --- The road through pandas --------------------------------------------------------------------------------


def _read_with_pandas(path: Path, dialect: Dialect, encoding: str) -> Columns | None:
    """Read a large, regular file; None where it turns out not to be regular."""
    if encoding == "utf-16" or dialect.delimiter in (None, "|") or not dialect.names:
        return None
    from io import BytesIO

    import pandas as pd

    body = path.read_bytes()
    tail = _lines(body[-_SNIFF_BYTES:].decode("latin-1"))
    if b"\x00" in body[-_SNIFF_BYTES:] or dialect.delimiter == "|":
        return None
    notes: list[str] = []
    if not body.endswith((b"\n", b"\r")) and _is_cut(tail[1:], dialect.names, dialect):
        body = body[: body.rfind(b"\n") + 1]
        notes = _Mending(cut=1).notes()
    # pandas takes ``nan`` for a hole: put a number in its place and take it out again below.
    had_nan = any(word in body for word in (b"nan", b"NaN", b"NAN", b"Nan"))
    if had_nan:
        body = re.sub(rb"(?i)(?<![\w.])[+-]?nan(?![\w.])", _STANDS_FOR_NAN, body)
    wordy = {
        j for j, name in enumerate(dialect.names) if _is_text([row[j : j + 1] for row in dialect.sample])
    }
    try:
        frame = pd.read_csv(
            BytesIO(body), header=None, skiprows=dialect.skip, names=list(range(len(dialect.names))),
            sep=dialect.delimiter, index_col=False, decimal="," if dialect.decimal_comma else ".",
            na_values=sorted(MISSING), keep_default_na=False, dtype=dict.fromkeys(wordy, str),
            encoding=encoding, encoding_errors="replace", engine="c", low_memory=False, on_bad_lines="error",
            skipinitialspace=True,
        )  # fmt: skip
    except (ValueError, TypeError, OverflowError):  # ParserError is a ValueError
        return None
    table, text = Table({}), dict[str, list[str]]()
    for j, name in enumerate(dialect.names):
        column = frame[j]
        if j in wordy:
            text[name] = column.fillna("").str.strip().tolist()
            continue
        if column.dtype.kind not in "iuf":
            return None
        values = column.to_numpy(np.float64)
        logged = ~np.isnan(values)
        if had_nan:
            values = np.where(values == float(_STANDS_FOR_NAN), np.nan, values)
        if logged.any():
            table.columns[name] = values
            if not logged.all():
                table.logged[name] = logged
    return Columns(table, text, dialect, notes)


def _is_text(cells: Sequence[tuple[str, ...]]) -> bool:
    filled = [cell[0] for cell in cells if cell and cell[0] not in MISSING]
    return bool(filled) and to_floats(filled) is None
