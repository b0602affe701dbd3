"""Delimited text to columns: every number is read, what had to be mended is said.

Two roads, chosen by measurement. Splitting blocks of lines needs no import and takes every irregularity;
pandas' C parser costs 0.3 s to import and is then eight times as fast, so it pays from some megabytes on.
Where pandas meets anything irregular, the first road reads the file.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.readers._cells import MISSING, to_floats
from lrdoctor.readers._dialect import Dialect, sniff
from lrdoctor.readers._lines import LINE_BYTES, encoding_of, line_blocks, lines_of, refuse_pointer
from lrdoctor.readers._rows import Gathering

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from lrdoctor.readers._base import LogFile
    from lrdoctor.readers._rows import Column
    from lrdoctor.readers._table import Table

PANDAS_BYTES = 6_000_000
"""File size from which importing pandas pays."""
PANDAS_BYTES_IMPORTED = 300_000
"""The same where it has been imported already."""

JUDGE_BYTES = 1 << 22
"""File size from which a table is judged by its names before it is read; smaller ones get a better reason."""

_KEY = "columns"
_SNIFF_BYTES = 1 << 16
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
    notes: list[str]


def read_columns(file: LogFile, *, judge: Callable[[Sequence[str]], str | None] | None = None) -> Columns:
    """Read a delimited text file; of one that is followed only what is new.

    Parameters
    ----------
    file
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
        offset, kept = file.kept(_KEY) or _begun(file, judge)
        gathering = whole = kept.copy()
        for block in line_blocks(file.path, whole.encoding, offset):
            if block.ended:
                offset = block.stop
            else:
                gathering = gathering.copy()  # its last line may be half of one
            gathering.take(block)
    except OSError as error:
        raise ReadError(file.path, f"cannot be read: {error.strerror or error}") from None
    if offset >= _SNIFF_BYTES and whole.encoding != "utf-16":  # nothing that follows can change the dialect
        file.keep(_KEY, offset, whole)
    table, text, notes = gathering.columns()
    return Columns(table, text, gathering.dialect, notes)


def _begun(file: LogFile, judge: Callable[[Sequence[str]], str | None] | None) -> tuple[int, Gathering]:
    """What there is before the first line is split: nothing, or what pandas can read, up to which offset."""
    dialect, encoding, size = _look(file.path)
    reason = judge(dialect.names) if judge is not None and dialect.names and size > JUDGE_BYTES else None
    if reason is not None:
        raise NotALogError(file.path, reason)
    if size >= (PANDAS_BYTES_IMPORTED if "pandas" in sys.modules else PANDAS_BYTES):
        found = _read_with_pandas(file.path, dialect, encoding)
        if found is not None:
            return found
    return 0, Gathering(dialect, encoding)


def _look(path: Path) -> tuple[Dialect, str, int]:
    """Find dialect and encoding from the first lines, as many bytes of them as it takes."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(_SNIFF_BYTES)
        while len(head) < min(size, LINE_BYTES // 2) and head.count(b"\n") < 12:
            more = stream.read(max(3 * len(head), _SNIFF_BYTES))
            if not more:  # it has become shorter
                break
            head += more
    if not head.strip(b"\x00 \t\r\n"):
        raise NotALogError(path, "the file is empty" if len(head) in (0, size) else "the file holds nothing")
    refuse_pointer(path, head)
    encoding = encoding_of(head)
    text = head.decode(encoding, errors="replace").replace("\x00", "")
    dialect = sniff(text, whole=size <= len(head))
    if dialect is None or text.lstrip()[:1] == "<":
        raise NotALogError(path, "no table: its lines do not split into columns of numbers")
    return dialect, encoding, size


# --- The road through pandas --------------------------------------------------------------------------------


def _read_with_pandas(path: Path, dialect: Dialect, encoding: str) -> tuple[int, Gathering] | None:
    """Read the whole lines of a large, regular file; None where it turns out not to be regular."""
    if encoding == "utf-16" or dialect.delimiter in (None, "|") or not dialect.names:
        return None
    from io import BytesIO

    import pandas as pd

    body = path.read_bytes()
    stop = body.rfind(b"\n") + 1
    last = body[max(0, stop - _SNIFF_BYTES) : stop]
    if not stop or b"\x00" in last:
        return None
    body = body[:stop]
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
    columns: list[Column] = []
    for j in range(len(dialect.names)):
        column = frame[j]
        if j in wordy:
            columns.append(column.fillna("").tolist())
            continue
        if column.dtype.kind not in "iuf":
            return None
        values = column.to_numpy(np.float64)
        logged = ~np.isnan(values)
        if had_nan:
            values = np.where(values == float(_STANDS_FOR_NAN), np.nan, values)
        columns.append((values, None if logged.all() else logged) if logged.any() else [])
    lines = lines_of(last.decode(encoding.removesuffix("-sig"), errors="replace"))
    return stop, Gathering.of(dialect, encoding, columns, len(frame), lines)


def _is_text(cells: Sequence[tuple[str, ...]]) -> bool:
    filled = [cell[0] for cell in cells if cell and cell[0] not in MISSING]
    return bool(filled) and to_floats(filled) is None
