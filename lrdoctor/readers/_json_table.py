"""Files of JSON objects: one on each line, one after another however they are broken, or an array of them.

Lines are parsed some megabytes at a time, joined into one array, which is twice as fast as one by one; only
columns of numbers are kept of each block, so that a log of gigabytes does not become objects of ten times
its size.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.readers._columns import JUDGE_BYTES, encoding_of, line_blocks, refuse_pointer
from lrdoctor.readers._records import MAX_JSON_BYTES, read_text, table_from_records
from lrdoctor.readers._table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    Piece = tuple[Table, dict[str, list[str]], int]

_HEAD_BYTES = 1 << 16
_FIRST = 3


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


def read_json_table(
    path: Path,
    *,
    prepare: Callable[[dict[str, Any]], None] | None = None,
    judge: Callable[[Sequence[str]], str | None] | None = None,
) -> JsonTable:
    """Read a file of JSON objects into columns.

    Parameters
    ----------
    path
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
    blocks, notes = _blocks(path)
    large = path.stat().st_size > JUDGE_BYTES
    pieces: list[Piece] = []
    first: list[dict[str, Any]] = []
    for records in blocks:
        first += [dict(record) for record in records[: _FIRST - len(first)]]
        if prepare is not None:
            for record in records:
                prepare(record)
        table, text = table_from_records(records)
        reason = judge([*table.columns, *text]) if judge is not None and large and not pieces else None
        if reason is not None:
            raise NotALogError(path, reason)
        pieces.append((table, text, len(records)))
    if not pieces:
        raise NotALogError(path, "no JSON object in it")
    table, text = _joined(pieces)
    return JsonTable(table, text, first, notes)


def load_records(path: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Read all objects of a file; errors as for `read_json_table`.

    Returns
    -------
    The objects in order, and notes on what had to be mended.
    """
    blocks, notes = _blocks(path)
    records = [record for block in blocks for record in block]
    if not records:
        raise NotALogError(path, "no JSON object in it")
    return records, notes


def _blocks(path: Path) -> tuple[Iterator[list[dict[str, Any]]], list[str]]:
    """The objects of a file in blocks, and the notes, which are complete when the blocks are used up."""
    notes: list[str] = []
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
        refuse_pointer(path, head)
        encoding = encoding_of(head)
        start = head.decode(encoding, errors="replace").lstrip()[:1]
        if not start:
            raise NotALogError(path, "the file is empty")
        if start != "[":
            printed = _is_printed(path, encoding)
            return (iter([_whole(path, notes)]) if printed else _by_line(path, encoding, notes)), notes
        return iter([_array(path, notes)]), notes
    except OSError as error:
        raise ReadError(path, f"cannot be read: {error.strerror or error}") from None


def _is_printed(path: Path, encoding: str) -> bool:
    """Whether objects are printed over several lines: most of the first lines are no JSON by themselves."""
    for lines, _ in line_blocks(path, encoding):
        filled = [line for line in lines if line and not line.isspace()][:200]
        good = sum(isinstance(_parsed(line), dict) for line in filled)
        return 2 * good < len(filled) or (good == 0 and len(filled) > 0)
    return False


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _by_line(path: Path, encoding: str, notes: list[str]) -> Iterator[list[dict[str, Any]]]:
    bad, last_is_bad = 0, False
    for lines, _ in line_blocks(path, encoding):
        block = [line for line in lines if line and not line.isspace()]
        try:
            content = json.loads("[" + ",".join(block) + "]")
            if len(content) != len(block):  # several objects on a line: not what was joined
                raise ValueError
        except (ValueError, RecursionError):
            content = [_parsed(line) for line in block]
        records = [entry for entry in content if isinstance(entry, dict)]
        if block:
            bad += len(block) - len(records)
            last_is_bad = not isinstance(content[-1], dict)
        if records:
            yield records
    if bad == 1 and last_is_bad:
        notes.append("the last line is cut off: left out")
    elif bad:
        notes.append(f"{bad} line{'s' if bad > 1 else ''} without a JSON object: left out")


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


def _joined(pieces: Sequence[Piece]) -> tuple[Table, dict[str, list[str]]]:
    """One table of all blocks; a column is what it is in the block that has most of it."""
    if len(pieces) == 1:
        return pieces[0][0], pieces[0][1]
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
    return joined, words
