"""Metrics as JSON dictionaries, a row each, as trackers and their web APIs write them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    Columns = dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]

_MAX_LINE = 64 << 20
_MAX_DEPTH = 8
_MAX_COLUMNS = 100_000
UNUSED = frozenset(("_runtime",))
"""On every record, and no curve; the other clock, `_timestamp`, becomes the wall time."""
NON_FINITE = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}
"""The web API quotes what JSON has no number for."""


@dataclass(slots=True)
class JsonLines:
    """What a file of JSON lines held.

    Parameters
    ----------
    rows
        Number of dictionaries.
    columns
        By dotted path, row numbers and values of its numbers.
    bad
        Lines that are no dictionary; the last one, cut off, not counted.
    cut
        Whether the last line is cut off.
    """

    rows: int = 0
    columns: Columns = field(default_factory=dict)
    bad: int = 0
    cut: bool = False

    def notes(self) -> list[str]:
        """What had to be mended."""
        notes = [f"{self.bad} lines are no JSON dictionaries: left out"] if self.bad else []
        return [*notes, "the last line is cut off: left out"] if self.cut else notes


def read_json_lines(stream: BinaryIO) -> JsonLines:
    """Read dictionaries, one a line; lines beyond 64 MB are left out."""
    found = JsonLines()

    def dictionaries() -> Iterator[dict[str, Any]]:
        while line := stream.readline(_MAX_LINE):
            ended = line.endswith(b"\n")
            while not ended and len(line) == _MAX_LINE:
                line = stream.readline(_MAX_LINE)
                ended = line.endswith(b"\n") or not line
                if ended:
                    line = b"too long"
            if not line.strip(b" \t\r\n\0"):
                continue
            try:
                content = json.loads(line)
            except (ValueError, RecursionError):
                content = None
            if isinstance(content, dict):
                found.rows += 1
                yield content
            elif ended:
                found.bad += 1
            else:
                found.cut = True

    found.columns = columns_of(dictionaries())
    return found


def columns_of(rows: Iterable[dict[str, Any]]) -> Columns:
    """Numbers of dictionaries by dotted path; media objects, text, flags and the clocks go."""
    parts: dict[str, tuple[list[int], list[float]]] = {}
    for number, content in enumerate(rows):
        for path, value in numbers(content):
            part = parts.get(path)
            if part is None:
                if path in UNUSED or len(parts) >= _MAX_COLUMNS:
                    continue
                part = parts[path] = [], []
            part[0].append(number)
            part[1].append(value)
    return {path: (np.array(row, np.int64), np.array(value, float)) for path, (row, value) in parts.items()}


def numbers(content: dict[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, float]]:
    """Numbers of a nested dictionary, by dotted path."""
    if "_type" in content:
        return
    for key, value in content.items():
        kind = type(value)
        if kind is float or (kind is int and -(1 << 63) < value < 1 << 63):
            yield prefix + key, value
        elif kind is str and value in NON_FINITE:
            yield prefix + key, NON_FINITE[value]
        elif kind is dict and depth < _MAX_DEPTH:
            yield from numbers(value, f"{prefix}{key}.", depth + 1)
