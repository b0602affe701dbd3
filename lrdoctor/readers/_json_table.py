"""Files of JSON objects: one on each line, one after another however they are broken, or an array of them.

Lines are parsed some megabytes at a time, joined into one array, which is twice as fast as one by one; only
columns of numbers are kept of each block, so that a log of gigabytes does not become objects of ten times
its size.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.readers._columns import JUDGE_BYTES
from lrdoctor.readers._lines import encoding_of, line_blocks, refuse_pointer
from lrdoctor.readers._records import MAX_JSON_BYTES, read_text, table_from_records
from lrdoctor.readers._table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from lrdoctor.readers._base import LogFile

    Piece = tuple[Table, dict[str, list[str]], int]

_HEAD_BYTES = 1 << 16
_FIRST = 3
_MOST_PIECES = 64


@dataclass(slots=True)
class JsonTable:
    """What a file of JSON objects held.

    Parameters
    ----------
    table
        Its numeric columns.
    text
        Its text columns, a string for each row.
    first
        The first objects, as they were.
    notes
        What had to be mended.
    """

    table: Table
    text: dict[str, list[str]]
    first: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class _Block(NamedTuple):
    """Some objects of a file, how many lines between them are none, and whether the last line is one of these."""

    records: list[dict[str, Any]]
    bad: int = 0
    bad_end: bool = False
    stop: int = 0
    """Offset from which reading may go on when the file has grown; 0 if it may not."""


@dataclass(slots=True)
class _Read:
    """The objects of a file, laid out as far as they have been read."""

    encoding: str
    first: list[dict[str, Any]] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    bad: int = 0
    bad_end: bool = False

    def copy(self) -> _Read:
        pieces = list(self.pieces) if len(self.pieces) < _MOST_PIECES else [_joined(self.pieces)]
        return _Read(self.encoding, list(self.first), pieces, self.bad)

    def add(self, block: _Block, prepare: Callable[[dict[str, Any]], None] | None) -> None:
        records = block.records
        self.first += [dict(record) for record in records[: _FIRST - len(self.first)]]
        if prepare is not None:
            for record in records:
                prepare(record)
        if records:
            self.pieces.append((*table_from_records(records), len(records)))
        self.bad += block.bad
        self.bad_end = block.bad_end

    def notes(self) -> list[str]:
        if self.bad == 1 and self.bad_end:
            return ["the last line is cut off: left out"]
        return [f"{self.bad} line{'s' if self.bad > 1 else ''} without a JSON object: left out"] if self.bad else []


def read_json_table(
    file: LogFile,
    *,
    prepare: Callable[[dict[str, Any]], None] | None = None,
    judge: Callable[[Sequence[str]], str | None] | None = None,
) -> JsonTable:
    """Read a file of JSON objects into columns; of one that is followed only the lines that are new.

    Parameters
    ----------
    file
        The file.
    prepare
        Called on each object before it is laid out, to drop or unfold what is in it.
    judge
        Says of the names in the first block why this is not what the caller looks for, before the rest is
        read.

    Raises
    ------
    NotALogError
        No object is in it.
    ReadError
        It cannot be read.
    """
    path, key = file.path, (read_json_table, prepare)
    offset, whole = file.kept(key) or (0, None)
    notes: list[str] = []
    try:
        if whole is None:
            encoding, blocks = _blocks(path, notes)
            whole = _Read(encoding)
        else:
            blocks = _by_line(path, whole.encoding, offset)
        found = whole = whole.copy()
        for block in blocks:
            if block.stop:
                offset = block.stop
            else:
                found = found.copy()  # its last line may be half of one
            begins = not found.pieces
            found.add(block, prepare)
            if judge is not None and begins and found.pieces and file.size > JUDGE_BYTES:
                reason = judge([*found.pieces[0][0].columns, *found.pieces[0][1]])
                if reason is not None:
                    raise NotALogError(path, reason)
    except OSError as error:
        raise ReadError(path, f"cannot be read: {error.strerror or error}") from None
    if not found.pieces:
        raise NotALogError(path, "no JSON object in it")
    if offset >= _HEAD_BYTES:
        file.keep(key, offset, whole)
    table, text, _ = _joined(found.pieces)
    return JsonTable(table, text, found.first, notes + found.notes())


def load_records(path: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Read all objects of a file; errors as for `read_json_table`.

    Returns
    -------
    The objects in order, and notes on what had to be mended.
    """
    notes: list[str] = []
    records: list[dict[str, Any]] = []
    found = _Read("")
    try:
        for block in _blocks(path, notes)[1]:
            records += block.records
            found.add(block._replace(records=[]), None)
    except OSError as error:
        raise ReadError(path, f"cannot be read: {error.strerror or error}") from None
    if not records:
        raise NotALogError(path, "no JSON object in it")
    return records, notes + found.notes()


def _blocks(path: Path, notes: list[str]) -> tuple[str, Iterator[_Block]]:
    """The encoding of a file and its objects in blocks; what else had to be mended is put to the notes."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    refuse_pointer(path, head)
    encoding = encoding_of(head)
    start = head.decode(encoding, errors="replace").lstrip()[:1]
    if not start:
        raise NotALogError(path, "the file is empty")
    if start == "[":
        return encoding, iter([_Block(_array(path, notes))])
    if _is_printed(path, encoding):
        return encoding, iter([_Block(_whole(path, notes))])
    return encoding, _by_line(path, encoding)


def _is_printed(path: Path, encoding: str) -> bool:
    """Whether objects are printed over several lines: most of the first lines are no JSON by themselves."""
    for lines, *_ in line_blocks(path, encoding):
        filled = [line for line in lines if line and not line.isspace()][:200]
        good = sum(isinstance(_parsed(line), dict) for line in filled)
        return 2 * good < len(filled) or (good == 0 and len(filled) > 0)
    return False


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _by_line(path: Path, encoding: str, start: int = 0) -> Iterator[_Block]:
    for lines, ended, stop in line_blocks(path, encoding, start):
        block = [line for line in lines if line and not line.isspace()]
        try:
            content = json.loads("[" + ",".join(block) + "]")
            if len(content) != len(block):  # several objects on a line: not what was joined
                raise ValueError
        except (ValueError, RecursionError):
            content = [_parsed(line) for line in block]
        records = [entry for entry in content if isinstance(entry, dict)]
        if block:
            resume = stop if ended and encoding != "utf-16" else 0
            yield _Block(records, len(block) - len(records), not isinstance(content[-1], dict), resume)


def _whole(path: Path, notes: list[str]) -> list[dict[str, Any]]:
    """Objects one after another, each over as many lines as it likes."""
    text = _small(path)
    try:
        records = [entry for entry in _one_after_another(text) if isinstance(entry, dict)]
    except RecursionError:
        raise ReadError(path, "JSON nested too deeply to be a log") from None
    if not records:
        lines = [_parsed(line) for line in text.split("\n")]
        records = [entry for entry in lines if isinstance(entry, dict)]
        if records:
            notes.append(f"{len(lines) - len(records)} lines without a JSON object: left out")
    if not records:
        raise NotALogError(path, "no JSON object in it")
    return records


def _array(path: Path, notes: list[str]) -> list[dict[str, Any]]:
    text = _small(path)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        try:
            content = list(_one_after_another(text.lstrip()[1:]))
        except RecursionError:
            raise ReadError(path, "JSON nested too deeply to be a log") from None
        notes.append("the JSON array is cut off: what is whole was read")
    records = [entry for entry in content if isinstance(entry, dict)] if isinstance(content, list) else []
    if not records:
        raise NotALogError(path, "no JSON object in it")
    return records


def _small(path: Path) -> str:
    if path.stat().st_size > MAX_JSON_BYTES:
        raise ReadError(path, f"a JSON document of more than {MAX_JSON_BYTES >> 20} MB")
    return read_text(path)


def _one_after_another(text: str) -> Iterator[Any]:
    """Decode values that follow one another, up to the first that is cut off or damaged."""
    decoder = json.JSONDecoder()
    position = 0
    while True:
        while position < len(text) and text[position] in " \t\r\n,":
            position += 1
        try:
            value, position = decoder.raw_decode(text, position)
        except ValueError:
            return
        yield value


def _joined(pieces: Sequence[Piece]) -> Piece:
    """One table of all blocks; a column is what it is in the block that has most of it."""
    if len(pieces) == 1:
        return pieces[0]
    rows = sum(count for _, _, count in pieces)
    names = list(dict.fromkeys(name for table, text, _ in pieces for name in (*table.columns, *text)))
    joined, words = Table({}), dict[str, list[str]]()
    for name in names:
        numeric = sum(table.points(name) for table, _, _ in pieces if name in table.columns)
        worded = sum(sum(map(bool, text[name])) for _, text, _ in pieces if name in text)
        if worded > numeric:
            words[name] = [cell for _, text, count in pieces for cell in text.get(name, [""] * count)]
            continue
        values, logged = np.full(rows, np.nan), np.zeros(rows, bool)
        begin = 0
        for table, _, count in pieces:
            if name in table.columns:
                values[begin : begin + count] = table.columns[name]
                logged[begin : begin + count] = table.present(name)
            begin += count
        joined.columns[name] = values
        if not logged.all():
            joined.logged[name] = logged
    return joined, words, rows
