"""All numbers of a text: each shape of line is read once, its numbers are taken from all lines at once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.readers._text.grammar import read_line
from lrdoctor.readers._text.shapes import NUMBER, shapes
from lrdoctor.readers._text.stream import blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lrdoctor.readers._text.nouns import Field, Line

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Reading = Callable[[bytes], Line | None]

HEAD_BYTES = 1 << 21
"""How much of the text is kept for finding hyperparameters in it."""
_MOST_SHAPES = 60_000
_THOUSANDS = re.compile(rb"[-+]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?(?:[eE][-+]?\d+)?")


@dataclass(slots=True, eq=False)
class Group:
    """Lines that say the same with other numbers.

    Parameters
    ----------
    what, fields, split, bar
        As the grammar read them, see `Line`; fields of kind ``total`` are columns as well.
    overwritten
        The lines were states of a progress bar, gone in the next moment.
    lines
        int64 [n], numbers of the lines, increasing.
    values
        float64 [n, fields].
    """

    what: str
    fields: tuple[Field, ...]
    split: str
    bar: str
    overwritten: bool
    lines: Ints
    values: Floats

    def column(self, number: int) -> Floats:
        """One field of all lines."""
        column: Floats = self.values[:, number]
        return column

    def take(self, rows: Ints | NDArray[np.bool_]) -> Group:
        """Some of the lines."""
        return Group(
            self.what,
            self.fields,
            self.split,
            self.bar,
            self.overwritten,
            self.lines[rows],
            self.values[rows],
        )


@dataclass(slots=True)
class Scan:
    """What a text holds.

    Parameters
    ----------
    groups
        The lines with numbers, by what they say.
    events
        Lines that structure the others: (line, what, name) for headings, sections, rules, headers and sessions.
    names
        Column names by the line of their header.
    lines
        How many lines there are.
    head
        The beginning of the text, cleaned.
    """

    groups: list[Group] = field(default_factory=list)
    events: list[tuple[int, str, str]] = field(default_factory=list)
    names: dict[int, tuple[str, ...]] = field(default_factory=dict)
    lines: int = 0
    head: bytes = b""

    def at(self, what: str) -> list[tuple[int, str]]:
        """Line and name of all events of one kind."""
        return [(line, name) for line, kind, name in self.events if kind == what]


def scan(path: Path, *, start: int = 0, reading: Reading = read_line) -> Scan:
    """Read a file of printed text.

    Parameters
    ----------
    path
        The file.
    start
        Offset in bytes at which to begin, for what was added since last time.
    reading
        The grammar.
    """
    return _Scanner(reading).run(block for block in blocks(path, start=start))


class _Scanner:
    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.known: dict[bytes, int] = {}
        self.read: list[tuple[Line | None, int]] = [(None, 0)]  # with the count of numbers on such a line
        self.parts: dict[tuple[object, ...], list[tuple[Line, bool, Ints, Floats]]] = {}
        self.found = Scan()

    def run(self, stream: Iterable[object]) -> Scan:
        from lrdoctor.readers._text.stream import Block

        for block in stream:
            assert isinstance(block, Block)
            self._block(block.data, block.overwritten)
        for parts in self.parts.values():
            line, overwritten = parts[0][:2]
            lines = np.concatenate([part[2] for part in parts])
            values = np.concatenate([part[3] for part in parts])
            if np.any(np.diff(lines) < 0):
                order = np.argsort(lines, kind="stable")
                lines, values = lines[order], values[order]
            self.found.groups.append(
                Group(line.what, line.fields, line.split, line.bar, overwritten, lines, values)
            )
        self.found.events.sort()
        self.found.groups.sort(key=lambda group: int(group.lines[0]))
        return self.found

    def _block(self, data: bytes, overwritten: NDArray[np.bool_]) -> None:
        raw = data.split(b"\n")
        raw.pop()
        shaped = shapes(data)
        ids = list(map(self.known.get, shaped))
        for place, number in enumerate(ids):
            if number is None:
                ids[place] = self._learn(shaped[place], raw[place])
        chosen = np.array(ids, np.int64)
        at = np.flatnonzero(chosen)
        order = at[np.argsort(chosen[at], kind="stable")]
        cuts = np.flatnonzero(np.diff(chosen[order])) + 1
        for rows in np.split(order, cuts) if order.size else ():
            line, count = self.read[int(chosen[rows[0]])]
            assert line is not None
            if line.what in ("data", "box", "row"):
                if line.what != "row" or self.found.names:
                    self._numbers(line, count, raw, rows, overwritten)
            else:
                self._event(line, rows)
        if len(self.found.head) < HEAD_BYTES:
            self.found.head += data[: HEAD_BYTES - len(self.found.head)]
        self.found.lines += len(raw)
        if len(self.known) > _MOST_SHAPES:
            self.known.clear()
            self.read = [(None, 0)]

    def _learn(self, shape: bytes, raw: bytes) -> int:
        number = self.known.get(shape)  # met earlier in this block
        if number is not None:
            return number
        line = self.reading(raw)
        number = 0
        if line is not None:
            number = len(self.read)
            self.read.append((line, sum(1 for _ in NUMBER.finditer(raw))))
        self.known[shape] = number
        if line is not None and line.what == "header":
            self.found.names.setdefault(-1, line.names)  # rows count from now on
        return number

    def _event(self, line: Line, rows: Ints) -> None:
        name = line.split or (line.names[0] if line.names else "")
        for row in rows.tolist():
            at = self.found.lines + row
            self.found.events.append((at, line.what, name))
            if line.what == "header":
                self.found.names[at] = line.names

    def _numbers(
        self, line: Line, count: int, raw: Sequence[bytes], rows: Ints, overwritten: NDArray[np.bool_]
    ) -> None:
        lines = [raw[row] for row in rows.tolist()]
        tokens = NUMBER.findall(b"\n".join(lines))
        if len(tokens) != count * len(lines):  # the shape was not faithful: read line by line
            for row, text in zip(rows.tolist(), lines, strict=True):
                alone = self.reading(text)
                found = NUMBER.findall(text)
                if alone is not None and alone.what == line.what and alone.fields:
                    self._keep(alone, len(found), found, np.array([row]), overwritten)
            return
        self._keep(line, count, tokens, rows, overwritten)

    def _keep(
        self, line: Line, count: int, tokens: list[bytes], rows: Ints, overwritten: NDArray[np.bool_]
    ) -> None:
        values = np.empty((rows.size, len(line.fields)))
        for number, wanted in enumerate(line.fields):
            column = floats(tokens[wanted.token :: count])
            if wanted.over >= 0:
                with np.errstate(divide="ignore", invalid="ignore"):
                    column = column / floats(tokens[wanted.over :: count])
            elif wanted.scale != 1.0:
                column = column * wanted.scale
            values[:, number] = column
        gone = overwritten[rows]
        for flag in (False, True):
            some = gone if flag else ~gone
            if some.any():
                key = (line.what, tuple((f.tag, f.kind) for f in line.fields), line.split, line.bar, flag,
                       line.names if line.what == "row" else ())  # fmt: skip
                self.parts.setdefault(key, []).append(
                    (line, flag, self.found.lines + rows[some], values[some])
                )


def floats(tokens: list[bytes]) -> Floats:
    """Convert printed numbers; commas separate thousands if all of them can, and decimals otherwise."""
    try:
        return np.fromiter(map(float, tokens), float, len(tokens))
    except ValueError:
        pass
    with_comma = [token for token in tokens if b"," in token]
    if all(_THOUSANDS.fullmatch(token) for token in with_comma):
        tokens = [token.replace(b",", b"") for token in tokens]
    else:
        tokens = [
            token.replace(b",", b".") if token.count(b",") == 1 and b"." not in token else token
            for token in tokens
        ]
    return np.fromiter(map(_float, tokens), float, len(tokens))


def _float(token: bytes) -> float:
    try:
        return float(token)
    except ValueError:
        return np.nan
