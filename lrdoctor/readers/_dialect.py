"""How a delimited text is written: delimiter, header, decimal sign, found from its first lines."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrdoctor.patterns import pattern
from lrdoctor.readers._cells import MISSING, is_number, unique_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    Rows = Sequence[tuple[int, list[str]]]

COMMENT_MARK = "#"
DELIMITERS = (",", ";", "\t", "|", None)

_HEAD_LINES, _BODY_LINES, _HEADER_WITHIN = 200, 50, 12
_NEWLINE = pattern(r"\r\n|\n|\r")
_DECIMAL_COMMA = pattern(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a delimited text is written.

    Parameters
    ----------
    delimiter
        One character; None for runs of blanks.
    names
        Column names, stripped, each once; empty for a text without a header.
    skip
        Number of lines up to and including the header.
    width
        Cells in a row.
    decimal_comma
        Numbers are written 0,5.
    comments
        Comment lines above the header, without their mark.
    sample
        The first rows, as text.
    """

    delimiter: str | None
    names: tuple[str, ...]
    skip: int
    width: int
    decimal_comma: bool = False
    comments: tuple[str, ...] = ()
    sample: tuple[tuple[str, ...], ...] = ()

    def rows(self, lines: Sequence[str]) -> list[list[str]]:
        """Cells of each line."""
        if self.decimal_comma:
            lines = [line.replace(",", ".") for line in lines]
        if self.delimiter is not None and any('"' in line for line in lines):
            return [split(line, self.delimiter) for line in lines]
        if self.delimiter == "|":
            lines = [line.strip().strip("|") for line in lines if set(line) - set("|-:+= ")]  # no rules
        return [line.split(self.delimiter) for line in lines]


def split(line: str, delimiter: str | None) -> list[str]:
    """Cells of one line, quotes honoured."""
    if delimiter is None:
        return line.split()
    if '"' in line:
        try:
            return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
        except csv.Error:  # a cell beyond csv's limit, a stray newline: take the line as it is
            pass
    if delimiter == "|":
        line = line.strip().strip("|")
    return line.split(delimiter)


def sniff(text: str, *, whole: bool = False) -> Dialect | None:
    """Find delimiter, header and decimal sign from the beginning of a text; None if it is no table.

    Parameters
    ----------
    text
        The beginning of the file.
    whole
        The text is all of it, so that its last line is not cut.
    """
    lines = _NEWLINE.split(text, maxsplit=_HEAD_LINES)
    if len(lines) > _HEAD_LINES or (not whole and len(lines) > 1):
        lines.pop()
    elif not whole:  # not even the header fits: its last name is cut
        lines[0] = lines[0][: max(lines[0].rfind(mark) for mark in ",;\t| ")]
    filled = [(i, line) for i, line in enumerate(lines[:_HEAD_LINES]) if line.strip()]
    comments = [(i, line) for i, line in filled if line.lstrip()[0] == COMMENT_MARK]
    body = [(i, line) for i, line in filled if line.lstrip()[0] != COMMENT_MARK][:_BODY_LINES]
    best: tuple[float, Dialect] | None = None
    for delimiter in DELIMITERS:
        scored = _try(delimiter, body, comments)
        if scored is not None and (best is None or scored[0] > best[0] + 1e-9):
            best = scored
    return None if best is None else best[1]


def _try(
    delimiter: str | None, body: Sequence[tuple[int, str]], comments: Sequence[tuple[int, str]]
) -> tuple[float, Dialect] | None:
    """Score one delimiter: rows of one width, most of their cells numbers."""
    rows = [(i, [cell.strip() for cell in split(line, delimiter)]) for i, line in body]
    if delimiter == "|":
        rows = [(i, row) for i, row in rows if set("".join(row)) - set("-:+= ")]  # rules between lines
    rows = [(i, row) for i, row in rows if any(row)]  # delimiters alone say nothing
    if not rows:
        return None
    marks = tuple(line.lstrip("# \t").strip() for _, line in comments)
    at = _find_header(rows)
    data = [row for _, row in (rows if at is None else rows[at + 1 :])]
    names = [] if at is None else _spoken_in_two(rows, at) or list(rows[at][1])
    skip = rows[0][0] if at is None else rows[at][0] + 1
    if at is None and delimiter == "\t" and data and not any(row[-1] for row in data):
        return None  # a tab that ends each line divides nothing
    if not data:
        empty = Dialect(delimiter, unique_names(names), skip, len(names), comments=marks)
        return (1e-6 * len(names), empty) if names else None
    width, share = Counter(map(len, data)).most_common(1)[0]
    if at is None and comments:  # numpy.savetxt writes its header as a comment
        above = split(comments[-1][1].lstrip("# \t"), delimiter)
        if len(above) == width and not any(map(is_number, above)):
            names = [cell.strip() for cell in above]
    comma = delimiter != "," and _has_decimal_comma(data)
    cells = [cell.replace(",", ".") if comma else cell for row in data if len(row) == width for cell in row]
    numeric = sum(map(is_number, cells))
    if not numeric:
        return None
    blank = sum(cell in MISSING for cell in cells)
    # A delimiter that leaves one column is right only if no other one makes more of the lines.
    score = share / len(data) * (numeric + 0.9 * blank) / len(cells) * (0.3 if width == 1 else 1.0)
    if names:
        names = _fit_names(names, width, data)
    sample = tuple(tuple(cell.replace(",", ".") if comma else cell for cell in row) for row in data[:50])
    width = max(width, len(names))
    return score, Dialect(delimiter, unique_names(names), skip, width, comma, marks, sample)


def _find_header(rows: Rows) -> int | None:
    """Index of the header: the first line of names above a line with numbers that is about as wide."""
    for index, (_, row) in enumerate(rows[:_HEADER_WITHIN]):
        filled = [cell for cell in row if cell]
        numbers = sum(map(is_number, filled))
        # Runs named by their learning rate make numeric names: allowed beside a first name that is a word.
        if not filled or (numbers and (index or is_number(filled[0]) or not _counts(filled[0]))):
            continue
        below = rows[index + 1][1] if index + 1 < len(rows) else None
        if below is None:
            return index if len(rows) == 1 else None
        about_as_wide = -1 <= len(below) - len(row) <= 1 or (len(row) > 2 and len(below) > len(row))
        if about_as_wide and any(is_number(cell.replace(",", ".")) for cell in below):
            return index
    return None


def _spoken_in_two(rows: Rows, at: int) -> list[str] | None:
    """Names that MATLAB breaks into two lines: "Validation" above "Loss"; None where the header is one line."""
    above, below = rows[at - 1][1] if at else [], rows[at][1]
    if len(above) != len(below) or all(below) or len(set(below)) == len(below) or any(map(is_number, above)):
        return None
    return [f"{first} {second}".strip() for first, second in zip(above, below, strict=True)]


def _has_decimal_comma(rows: Sequence[Sequence[str]]) -> bool:
    cells = [cell for row in rows for cell in row if "," in cell]
    return sum(_DECIMAL_COMMA.fullmatch(cell) is not None for cell in cells) > 0.9 * len(cells)


def _counts(name: str) -> bool:
    return name.lower().strip("#_ ") in (
        "step",
        "steps",
        "epoch",
        "epochs",
        "iter",
        "iteration",
        "iterations",
    )


def _fit_names(names: list[str], width: int, rows: Sequence[list[str]]) -> list[str]:
    """Give every cell of a row a name: pandas and R may leave out the name of the row numbers."""
    full = [row for row in rows if len(row) == width]
    if len(names) != width - 1:
        return names
    if not any(row[-1] for row in full):  # a delimiter at each line's end
        return [*names, ""]
    whole = all(is_number(row[0]) and float(row[0]).is_integer() for row in full if row[0].lower() != "nan")
    return ["", *names] if whole else names
