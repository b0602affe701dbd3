"""History records of a `.wandb` file to columns, many records at a time.

A record holds one item per metric, in an order of its own (the Go writer walks a hash map), each a key and a
number spelled out as JSON. Instead of a loop over records, the n-th item of all records is found at once,
then the key and value of all items, the distinct keys by hash, and the numbers by length of text. What does
not have the plain shape goes through the scalar scanner, which understands everything.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lrdoctor.readers._json_rows import UNUSED
from lrdoctor.readers._wandb.batch import ODD, Batch
from lrdoctor.readers._wandb.batch import number as number_in
from lrdoctor.readers._wandb.proto import BYTES, FIXED64, VARINT, Malformed, fields, signed, zigzag

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

MAX_METRICS = 10_000
"""As many metrics are kept; a log can name a new one in every few bytes."""

_MAX_JSON = 8192


@dataclass(slots=True)
class History:
    """Collects the scalars of history records, batch by batch."""

    rows: int = 0
    """Records so far."""
    left_out: int = 0
    """Metrics beyond `MAX_METRICS`, those with the fewest points."""
    _sections: dict[bytes, int] = field(default_factory=dict)
    _names: dict[str, int] = field(default_factory=dict)
    _order: list[str] = field(default_factory=list)
    _chunks: list[tuple[NDArray[np.int32], Ints, Floats]] = field(default_factory=list)
    _steps: list[Ints] = field(default_factory=list)
    _single: list[tuple[int, int, float]] = field(default_factory=list)

    def copy(self) -> History:
        """The same, to go on from here once more."""
        return replace(
            self, _sections=dict(self._sections), _names=dict(self._names), _order=list(self._order),
            _chunks=list(self._chunks), _steps=list(self._steps), _single=list(self._single),
        )  # fmt: skip

    def add(self, data: bytes, begin: Ints, end: Ints) -> None:
        """Take history messages.

        Parameters
        ----------
        data
            A buffer, with at least 16 bytes behind the last message.
        begin, end
            Where in it each message lies.
        """
        if not begin.size:
            return
        batch = Batch(data)
        row, start, stop, step, odd = batch.items(begin, end)
        self._steps.append(step)
        split = batch.split(start, stop)
        column = np.full(start.size, -1, np.int32)
        plain = np.flatnonzero(split.kind != ODD)
        column[plain] = self._columns_of(batch, start[plain], split.key_end[plain])
        value, known, documents = batch.values(split, column >= 0)
        keep = known & (column >= 0)
        self._chunks.append((column[keep], row[keep] + self.rows, value[keep]))
        for index in documents.tolist():
            self._document(column[index], int(row[index]), data[split.start[index] : split.stop[index]])
        for index in np.flatnonzero(split.kind == ODD).tolist():
            self._item(int(row[index]), data, int(start[index]), int(stop[index]))
        for index in odd.tolist():
            step[index] = self._record(index, data, int(begin[index]), int(end[index]))
        self.rows += int(begin.size)

    def columns(self) -> tuple[dict[str, tuple[Ints, Floats]], Ints]:
        """Answer what was collected.

        Returns
        -------
        By name, row numbers (non-decreasing) and values; and the step of each row, -1 where the record has
        none.
        """
        if self._single:
            numbers, at, singles = zip(*self._single, strict=True)
            self._chunks.append(
                (np.array(numbers, np.int32), np.array(at, np.int64), np.array(singles, float))
            )
            self._single.clear()
        steps = np.concatenate(self._steps) if self._steps else np.empty(0, np.int64)
        if not self._chunks:
            return {}, steps
        columns = np.concatenate([chunk[0] for chunk in self._chunks])
        rows = np.concatenate([chunk[1] for chunk in self._chunks])
        values = np.concatenate([chunk[2] for chunk in self._chunks])
        # Radix sort where the numbers fit.
        names = self._order
        order = np.argsort(columns.astype(np.uint16) if len(names) < 65_536 else columns, kind="stable")
        bounds = np.searchsorted(columns[order], np.arange(len(names) + 1))
        media = {name.removesuffix("_type") for name in names if name.endswith("._type")}
        found: dict[str, tuple[Ints, Floats]] = {}
        kept = np.arange(len(names))
        if kept.size > MAX_METRICS:
            fullest = np.argsort(-np.diff(bounds), kind="stable")[:MAX_METRICS]
            self.left_out = kept.size - fullest.size
            kept = np.sort(fullest)
        for number in kept.tolist():
            name = names[number]
            chosen = order[bounds[number] : bounds[number + 1]]
            if not chosen.size or (media and _inside(name, media)):
                continue
            row, value = rows[chosen], values[chosen]
            if np.any(np.diff(row) < 0):
                back = np.argsort(row, kind="stable")
                row, value = row[back], value[back]
            found[name] = row, value
        return found, steps

    def _columns_of(self, batch: Batch, start: Ints, end: Ints) -> NDArray[np.int32]:
        """Number of the column that each key belongs to; -1 for what is not collected."""
        group, representatives = batch.group(start, end)
        numbers = np.fromiter(
            (self._section(batch.data[start[index] : end[index]]) for index in representatives.tolist()),
            np.int32,
            representatives.size,
        )
        return numbers[group] if group.size else np.empty(0, np.int32)

    def _section(self, section: bytes) -> int:
        """Column of a key as it stands in the file: its fields, tags and lengths included."""
        number = self._sections.get(section)
        if number is None:
            parts = [section[a:b] for _, wire, a, b in fields(section) if wire == BYTES]
            number = self._sections[section] = self._named(_join(parts))
        return number

    def _named(self, name: str) -> int:
        number = self._names.get(name)
        if number is None:
            number = self._names[name] = -1 if name in UNUSED else len(self._order)
            if number >= 0:
                self._order.append(name)
        return number

    def _record(self, row: int, data: bytes, begin: int, end: int) -> int:
        """Read a whole history message with the scalar scanner; answers its step."""
        step = -1
        try:
            for number, wire, a, b in fields(data, begin, end):
                if number == 1 and wire == BYTES:
                    self._item(row, data, a, b)
                elif number == 2 and wire == BYTES:
                    step = next((signed(v) for n, w, v, _ in fields(data, a, b) if n == 1 and w == VARINT), 0)
        except Malformed:
            pass  # the record was whole by its checksum; what could be read of it stands
        return step

    def _item(self, row: int, data: bytes, start: int, stop: int) -> None:
        """Read one item with the scalar scanner."""
        plain, nested = b"", list[bytes]()
        value: float | None = None
        text: bytes | None = None
        try:
            for number, wire, a, b in fields(data, start, stop):
                if number == 1 and wire == BYTES:
                    plain = data[a:b]
                elif number == 2 and wire == BYTES:
                    nested.append(data[a:b])
                elif number == 5 and wire == VARINT:
                    value = float(zigzag(a))
                elif number == 6 and wire == FIXED64:
                    value = float(np.frombuffer(data, "<f8", 1, a)[0])
                elif number in (8, 16) and wire == BYTES:
                    text = data[a:b]
        except Malformed:
            return
        if value is None and text is None:
            return
        column = self._named(_join(nested or [plain]))
        if column < 0:
            return
        if value is not None:
            self._single.append((column, row + self.rows, value))
        elif text is not None and text[:1] == b"{":
            self._document(column, row, text)
        elif text is not None:
            number_ = number_in(text)
            if number_ is not None:
                self._single.append((column, row + self.rows, number_))

    def _document(self, column: int, row: int, text: bytes) -> None:
        """A nested dictionary, as Python writers before 0.17 logged it: its numbers become columns."""
        if len(text) > _MAX_JSON or b'"_type"' in text:
            return
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            return
        for path, value in _leaves(content, self._order[column]):
            number = self._named(path)
            if number >= 0:
                self._single.append((number, row + self.rows, value))


def _join(parts: Iterable[bytes]) -> str:
    return ".".join(part.decode("utf-8", errors="replace") for part in parts)


def _leaves(content: Any, path: str, depth: int = 0) -> Iterator[tuple[str, float]]:
    """Numbers of a nested dictionary, by dotted path."""
    if isinstance(content, dict) and depth < 8:
        for key, inner in content.items():
            yield from _leaves(inner, f"{path}.{key}", depth + 1)
    elif isinstance(content, float) or (type(content) is int and abs(content) < 1 << 63):
        yield path, float(content)


def _inside(name: str, prefixes: set[str]) -> bool:
    """Say whether a column belongs to a media object (the width of an image is no metric)."""
    return any(name[: at + 1] in prefixes for at, letter in enumerate(name) if letter == ".")
