"""The rows of a delimited text, gathered into columns block by block; what had to be mended is counted."""

from __future__ import annotations

import copy
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.readers._cells import MISSING, is_number, to_floats, unique_names
from lrdoctor.readers._dialect import COMMENT_MARK, Dialect, split
from lrdoctor.readers._table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from lrdoctor.readers._lines import Lines

    Numbers = tuple[NDArray[np.float64], NDArray[np.bool_] | None]
    Column = Numbers | list[str]
    Part = tuple[int, NDArray[np.float64], NDArray[np.bool_] | None]

_MOST_PARTS = 64
_CUT_AFTER = 5  # lines before the last one that say whether it was cut


class Gathering:
    """The columns of a text, as far as it has been read.

    Parameters
    ----------
    dialect, encoding
        How the text is written.
    """

    def __init__(self, dialect: Dialect, encoding: str) -> None:
        self.dialect = dialect
        self.encoding = encoding
        names = dialect.names or tuple(f"column {j + 1}" for j in range(dialect.width))
        self._segments = [_Segment(names, 0)]
        self._mending = _Mending()
        self._skip = dialect.skip
        self._before: list[str] = []

    def copy(self) -> Gathering:
        """The same, to which lines can be added without changing this."""
        other = copy.copy(self)
        other._segments = [*self._segments[:-1], self._segments[-1].copy()]
        other._mending = _Mending(self._mending)
        return other

    def take(self, block: Lines) -> None:
        """Add lines."""
        lines, dialect = block.lines, self.dialect
        if self._skip:
            lines, self._skip = lines[self._skip :], max(0, self._skip - len(lines))
        kept = [line for line in lines if line and line[0] != COMMENT_MARK and not line.isspace()]
        if not block.ended and kept and is_cut([*self._before, *kept], self._segments[-1].names, dialect):
            kept.pop()
            self._mending["cut"] += 1
        self._before = [*self._before, *kept][-_CUT_AFTER:]
        for piece, header in _at_headers(kept, self._segments[-1].names, dialect):
            if header is not None and header != self._segments[-1].names:
                self._segments.append(_Segment(header, self._segments[-1].stop))
                self._mending["changed"] += 1
            elif header is not None:
                self._mending["header"] += 1
            if piece:
                width = len(self._segments[-1].names)
                self._segments[-1].add(_transpose(piece, width, dialect, self._mending), self._mending)

    @classmethod
    def of(
        cls, dialect: Dialect, encoding: str, columns: Sequence[Column], rows: int, last: Sequence[str]
    ) -> Gathering:
        """Columns of a text that another parser has read; `last` are its last lines."""
        made = cls(dialect, encoding)
        made._skip, made._before = 0, list(last[-_CUT_AFTER:])
        made._segments[0].add_parsed(columns, rows)
        return made

    def columns(self) -> tuple[Table, dict[str, list[str]], list[str]]:
        """Numeric columns, text columns, and notes on what had to be mended."""
        mending = _Mending(self._mending)
        table, text = _join(self._segments, mending)
        return table, text, mending.notes()


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

    def copy(self) -> _Segment:
        """The same columns, to which more can be added without changing these."""
        other = _Segment(self.names, self.start)
        other.stop = self.stop
        other.numbers = [list(parts) if len(parts) < _MOST_PARTS else [_one(parts)] for parts in self.numbers]
        other.words = [list(parts) for parts in self.words]
        return other

    def add_parsed(self, columns: Sequence[Column], rows: int) -> None:
        """Take columns, as numbers (and which of them were logged) or as words; an empty list stands for neither."""
        for j, column in enumerate(columns):
            if not isinstance(column, list):
                self.numbers[j].append((self.stop, *column))
            elif column:
                self.words[j].append((self.stop, column))
        self.stop += rows

    def add(self, columns: Sequence[list[str]], mending: _Mending) -> None:
        """Take one block of cells, a list for each column; none where no line held a cell."""
        if not columns:
            return
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


def _one(parts: Sequence[Part]) -> Part:
    """One part of many, in order."""
    begin, end = parts[0][0], parts[-1][0] + len(parts[-1][1])
    values, logged = np.full(end - begin, np.nan), np.zeros(end - begin, bool)
    for at, numbers, present in parts:
        some = slice(at - begin, at - begin + len(numbers))
        values[some], logged[some] = numbers, True if present is None else present
    return begin, values, None if logged.all() else logged


def is_cut(lines: Sequence[str], names: Sequence[str], dialect: Dialect) -> bool:
    """Whether the last line, which no newline ends, was cut by a crash."""
    rows = dialect.rows(lines[-6:])
    if not rows:  # delimiters alone
        return False
    *before, last = rows
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
        begin, part, present = numbers[0] if len(numbers) == 1 else _one(numbers)
        if len(part) == rows:
            values, logged = part, present
        else:
            values, logged = np.full(rows, np.nan), np.zeros(rows, bool)
            values[begin : begin + len(part)] = part
            logged[begin : begin + len(part)] = True if present is None else present
        table.columns[name] = values
        if logged is not None:
            table.logged[name] = logged
    return table, text
