"""JSON to columns: lines, arrays and objects of any nesting, with the numbers that JSON does not know (NaN,
Infinity).

The standard library reads bare NaN and Infinity, which the faster parsers refuse. Objects with the same
keys in the same order are turned into columns together.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.readers._cells import to_floats
from lrdoctor.readers._lines import refuse_pointer
from lrdoctor.readers._table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Column = tuple[list[int], list[Any]]

MAX_JSON_BYTES = 1 << 29
"""Largest JSON document that is read as a whole: its objects take ten times the room."""

_DEPTH = 8
_SPARSE_CELLS = 50_000_000


def load_json(path: Path) -> Any:
    """Read a whole JSON document, NaN and Infinity included.

    Raises
    ------
    ReadError
        It is no JSON, is cut off, or is larger than `MAX_JSON_BYTES`.
    """
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise ReadError(path, f"a JSON document of more than {MAX_JSON_BYTES >> 20} MB")
        text = read_text(path)
    except OSError as error:
        raise ReadError(path, f"cannot be read: {error.strerror or error}") from None
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if not text.strip():
            raise NotALogError(path, "the file is empty") from None
        ended = text.rstrip()[-1:] in ("}", "]")
        where = error.msg if ended else "it ends too early: was the file cut off?"
        raise ReadError(path, f"no valid JSON at line {error.lineno}: {where}") from None
    except (RecursionError, ValueError) as error:
        raise ReadError(path, f"JSON that cannot be read: {error}") from None


def read_text(path: Path) -> str:
    """The text of a file in UTF-8 or UTF-16; bytes that are neither become replacement characters."""
    raw = path.read_bytes()
    refuse_pointer(path, raw[:64])
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", errors="replace")
    return raw.decode("utf-8-sig", errors="replace").replace("\x00", "")


def table_from_records(
    records: Sequence[Mapping[str, Any]], *, separator: str = "/"
) -> tuple[Table, dict[str, list[str]]]:
    """Lay objects out as columns, a row for each.

    Parameters
    ----------
    records
        Objects; nested ones become columns with joined names.
    separator
        What joins the names.

    Returns
    -------
    Numeric columns (numbers, numbers written as text, lists of one number), and the text columns that are
    not. A key that is absent or null was not logged. Lists, flags and empty objects are left out.
    """
    gathering = _Gathering(separator)
    gathering.add(records, range(len(records)))
    return _lay_out(gathering.columns, len(records))


class _Gathering:
    """Columns in the making: for each name the rows that have it, and what they have."""

    def __init__(self, separator: str) -> None:
        self.separator = separator
        self.columns: dict[str, Column] = {}

    def add(
        self, records: Sequence[Mapping[str, Any]], rows: Iterable[int], prefix: str = "", depth: int = 0
    ) -> None:
        """Append the values of some objects, all those with the same keys at once."""
        shapes: defaultdict[tuple[str, ...], Column] = defaultdict(lambda: ([], []))
        for row, record in zip(rows, records, strict=True):
            where, what = shapes[tuple(record)]
            where.append(row)
            what.append(record)
        for keys, (where, what) in shapes.items():
            transposed = zip(*(record.values() for record in what), strict=True)
            for key, values in zip(keys, transposed, strict=True):
                name = f"{prefix}{self.separator}{key}" if prefix else str(key)
                if any(issubclass(kind, Mapping) for kind in set(map(type, values))):
                    inner = [i for i, value in enumerate(values) if isinstance(value, Mapping)]
                    if depth < _DEPTH:
                        self.add([values[i] for i in inner], [where[i] for i in inner], name, depth + 1)
                    continue
                at, cells = self.columns.setdefault(name, ([], []))
                at.extend(where)
                cells.extend(values)


def _lay_out(columns: Mapping[str, Column], rows: int) -> tuple[Table, dict[str, list[str]]]:
    table, text = Table({}), dict[str, list[str]]()
    budget = _SPARSE_CELLS + 40 * sum(len(at) for at, _ in columns.values())
    for name, (at, cells) in sorted(columns.items(), key=lambda item: -len(item[1][0])):
        budget -= rows
        if budget < 0:
            break  # thousands of keys on a row each: the frequent ones are kept
        numbers = _numbers(cells)
        if numbers is None:
            words = [""] * rows
            for row, cell in zip(at, cells, strict=True):
                words[row] = cell if isinstance(cell, str) else ""
            if any(words):
                text[name] = words
            continue
        values, present = numbers
        where = np.asarray(at, dtype=np.int64)
        if present is not None:
            where, values = where[present], values[present]
        if not where.size:
            continue
        column = np.full(rows, np.nan)
        column[where] = values
        table.columns[name] = column
        if where.size < rows:
            logged = np.zeros(rows, bool)
            logged[where] = True
            table.logged[name] = logged
    order = [name for name in columns if name in table.columns]
    table.columns = {name: table.columns[name] for name in order}
    return table, text


def _numbers(cells: list[Any]) -> tuple[NDArray[np.float64], NDArray[np.bool_] | None] | None:
    """float64 values and which cells hold one; None where the column is text, flags or lists."""
    kinds = set(map(type, cells))
    try:
        if kinds <= {int, float}:
            return np.array(cells, dtype=np.float64), None
    except OverflowError:
        pass
    if kinds <= {bool, type(None)}:
        return None
    if str in kinds:
        words = [
            cell if isinstance(cell, str) else "" if cell is None or isinstance(cell, bool) else repr(cell)
            for cell in cells
        ]
        converted = to_floats(words)
        if converted is None:
            return None
        values, present, _ = converted
        return values, present
    values = np.full(len(cells), np.nan)
    present = np.zeros(len(cells), bool)
    for i, cell in enumerate(cells):
        if isinstance(cell, list) and len(cell) == 1:
            cell = cell[0]
        if isinstance(cell, (int, float)) and not isinstance(cell, bool):
            try:
                values[i], present[i] = float(cell), True
            except OverflowError:
                values[i], present[i] = np.inf if cell > 0 else -np.inf, True
    return (values, present) if present.any() else None


def table_from_lists(
    content: Mapping[str, Any], *, separator: str = "/"
) -> tuple[Table, dict[str, list[str]]] | None:
    """Lay out an object of lists, ``{"loss": [..], "val_loss": [..]}``; None if it holds no lists of numbers.

    Lists of other lengths than the longest are aligned at the beginning: a metric that was logged less often.
    """
    lists: dict[str, list[Any]] = {}
    _find_lists(content, "", separator, lists, 0)
    columns: dict[str, Column] = {
        name: (list(range(len(cells))), cells) for name, cells in lists.items() if cells
    }
    if not columns:
        return None
    return _lay_out(columns, max(len(cells) for _, cells in columns.values()))


def _find_lists(
    content: Mapping[str, Any], prefix: str, separator: str, lists: dict[str, list[Any]], depth: int
) -> None:
    for key, value in content.items():
        name = f"{prefix}{separator}{key}" if prefix else str(key)
        if isinstance(value, Mapping):
            if depth < _DEPTH:
                _find_lists(value, name, separator, lists, depth + 1)
        elif isinstance(value, (list, tuple)) and value and not isinstance(value[0], (Mapping, list, tuple)):
            lists[name] = list(value)
