"""All numbers of a text: each shape of line is read once, its numbers are taken from all lines at once."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.readers._text.grammar import read_line
from lrdoctor.readers._text.numbers import Taking
from lrdoctor.readers._text.shapes import shapes
from lrdoctor.readers._text.stream import blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from lrdoctor.readers._base import LogFile
    from lrdoctor.readers._text.nouns import Field, Line
    from lrdoctor.readers._text.stream import Block

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Reading = Callable[[bytes], Line | None]

HEAD_BYTES = 1 << 21
"""How much of the text is kept for finding hyperparameters in it."""
_MOST_SHAPES = 60_000
_MOST_SHAPE_BYTES = 1 << 25
_MOST_KINDS = 4000
_LONGEST = 20_000
# After so many shapes a text is taken for prose: a new shape is then read only if it comes more often than
# so in
# one block, or begins like a line that counts.
_PATIENCE = 8000
_OFTEN = 2
_PREFIX = 10
_MOST_EVENTS = 2_000_000


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
        Lines that structure the others, as (line, what, name): headings, sections, rules, headers, sessions.
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


def scan(file: LogFile, *, reading: Reading = read_line) -> Scan:
    """Read a file of printed text; of one that is followed only what is new.

    Parameters
    ----------
    file
        The file.
    reading
        The grammar.
    """
    key = (scan, reading)
    offset, whole = file.kept(key) or (0, _Scanner(reading))
    found = whole = whole.copy()
    for block in blocks(file.path, start=offset):
        if block.stop:
            offset = block.stop
        else:
            found = found.copy()  # its last line may be half of one
        found.take(block)
    result = found.result()
    if offset:
        file.keep(key, offset, whole)
    return result


class _Scanner:
    """What has been read of a text; the shapes of lines once learnt serve its copies as well."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.known: dict[bytes, int] = {}
        self.takings: list[Taking | Line | None] = [None]
        self.parts: dict[tuple[object, ...], list[tuple[Line, Ints, Floats]]] = {}
        self.found = Scan()
        self.kept_bytes = self.learned = 0
        self.prefixes: set[bytes] = set()
        self.tabled = False

    def copy(self) -> _Scanner:
        """The same, to which more can be added without changing this."""
        other = copy.copy(self)
        other.parts = {key: list(parts) for key, parts in self.parts.items()}
        other.found = replace(self.found, events=list(self.found.events), names=dict(self.found.names))
        return other

    def result(self) -> Scan:
        """What has been found so far."""
        groups = []
        for (*_, overwritten), parts in self.parts.items():
            line = parts[0][0]
            lines = np.concatenate([part[1] for part in parts])
            values = np.concatenate([part[2] for part in parts])
            if np.any(np.diff(lines) < 0):
                order = np.argsort(lines, kind="stable")
                lines, values = lines[order], values[order]
            parts[:] = [(line, lines, values)]
            groups.append(Group(line.what, line.fields, line.split, line.bar, bool(overwritten), lines, values))
        groups.sort(key=lambda group: int(group.lines[0]))
        return replace(self.found, groups=groups, events=sorted(self.found.events))

    def take(self, block: Block) -> None:
        """Add a block of whole lines, or the rest of a text."""
        raw = block.data.split(b"\n")
        raw.pop()
        shaped = shapes(block.data)
        ids = list(map(self.known.get, shaped))
        news = [place for place, number in enumerate(ids) if number is None]
        often: Counter[bytes] | None = None
        for place in news:
            shape = shaped[place]
            if often is None and self.learned > _PATIENCE:
                often = Counter(shaped[place] for place in news)
            if often is None or often[shape] > _OFTEN or shape[:_PREFIX] in self.prefixes:
                ids[place] = self._learn(shape, raw[place])
            else:
                ids[place] = 0
        chosen = np.array(ids, np.int64)
        at = np.flatnonzero(chosen)
        order = at[np.argsort(chosen[at], kind="stable")]
        cuts = np.flatnonzero(np.diff(chosen[order])) + 1
        for rows in np.split(order, cuts) if order.size else ():
            taking = self.takings[int(chosen[rows[0]])]
            if not isinstance(taking, Taking):
                assert taking is not None
                self._event(taking, raw, rows)
            elif taking.line.what != "row" or self.tabled:
                self._numbers(taking, raw, rows, block.overwritten)
        if len(self.found.head) < HEAD_BYTES:
            self.found.head += block.data[: HEAD_BYTES - len(self.found.head)]
        self.found.lines += len(raw)
        if len(self.known) > _MOST_SHAPES or self.kept_bytes > _MOST_SHAPE_BYTES:
            self.known.clear()
            self.takings = [None]
            self.kept_bytes = 0
        if len(self.parts) > _MOST_KINDS:  # prose: what is said once is no curve
            self.parts = {key: parts for key, parts in self.parts.items() if sum(p[1].size for p in parts) > 1}

    def _learn(self, shape: bytes, raw: bytes) -> int:
        number = self.known.get(shape)  # met earlier in this block
        if number is not None:
            return number
        if len(raw) > _LONGEST:
            return 0
        line = self.reading(raw)
        number = 0
        self.kept_bytes += len(shape)
        self.learned += 1
        if line is not None:
            if any(field.kind in ("epoch", "step") for field in line.fields):
                self.prefixes.add(shape[:_PREFIX])
            number = len(self.takings)
            self.takings.append(Taking.learn(raw, line) if line.fields else line)
            self.tabled |= line.what == "header"  # rows of numbers count from now on
        self.known[shape] = number
        return number

    def _event(self, line: Line, raw: Sequence[bytes], rows: Ints) -> None:
        if line.what in ("session", "rule") and len(self.found.events) > _MOST_EVENTS:
            return
        for row in rows.tolist():
            at = self.found.lines + row
            name = line.split or (line.names[0] if line.names else "")
            if line.what == "session":
                name = raw[row][:200].decode("utf-8", errors="replace").strip()
            self.found.events.append((at, line.what, name))
            if line.what == "header":
                self.found.names[at] = line.names

    def _numbers(self, taking: Taking, raw: Sequence[bytes], rows: Ints, overwritten: NDArray[np.bool_]) -> None:
        lines = [raw[row] for row in rows.tolist()]
        values = taking.take(lines)
        if values is not None:
            self._keep(taking.line, rows, values, overwritten)
            return
        for row, text in zip(rows.tolist(), lines, strict=True):  # the shape was not faithful
            line = self.reading(text)
            alone = None if line is None or not line.fields else Taking.learn(text, line).take([text])
            if line is not None and alone is not None:
                self._keep(line, np.array([row]), alone, overwritten)

    def _keep(self, line: Line, rows: Ints, values: Floats, overwritten: NDArray[np.bool_]) -> None:
        gone = overwritten[rows]
        cells = line.names if line.what == "row" else ()
        for flag in (False, True):
            some = gone if flag else ~gone
            if some.any():
                named = tuple((field.tag, field.kind) for field in line.fields)
                key = (line.what, named, line.split, line.bar, cells, flag)
                whole = some.all()
                self.parts.setdefault(key, []).append(
                    (
                        line,
                        self.found.lines + (rows if whole else rows[some]),
                        values if whole else values[some],
                    )
                )
