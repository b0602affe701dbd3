"""Cells of text to numbers: what is a number, what is a hole, what is neither."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

MISSING = frozenset(
    case(word)
    for word in ("", "na", "n/a", "none", "null", "-", "--", "_", "#n/a", "<na>", "nil", "nat")
    for case in (str, str.upper, str.capitalize)
) | {"NaT", "<NA>"}
"""Cells that say "nothing was logged". ``nan`` is not among them: it was logged."""

_NUMBER = pattern(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_PRINTED = pattern(
    r"(?:tensor|array|np\.float\d+|\[)[(\[\s]*([+-]?(?:[\d.]+(?:e[+-]?\d+)?|nan|inf))", re.IGNORECASE
)
_THOUSANDS = pattern(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_GIVE_UP_AFTER = 200


def is_number(cell: str) -> bool:
    """Say whether a cell is written like a number (NaN and infinity included)."""
    return _NUMBER.fullmatch(cell.strip()) is not None


def to_floats(cells: Sequence[str]) -> tuple[Floats, Bools | None, int] | None:
    """Read the cells of one column.

    Parameters
    ----------
    cells
        As written; surrounding blanks do not matter.

    Returns
    -------
    float64 [n], NaN where nothing was logged; bool [n], where something was (None: everywhere); the number of
    cells that are neither number nor hole, taken as holes. None where that is most of them: the column is
    text.
    """
    try:
        return np.array(list(map(float, cells)), dtype=np.float64), None, 0
    except ValueError:
        pass
    values = np.full(len(cells), np.nan)
    try:
        filled = list(map(float, filter(None, cells)))
        present = np.fromiter(map(bool, cells), bool, len(cells))
        values[present] = filled
        return values, present, 0
    except ValueError:
        pass
    return _odd_floats(cells, values)


def _odd_floats(cells: Sequence[str], values: Floats) -> tuple[Floats, Bools | None, int] | None:
    """As `to_floats`, for columns with more than numbers and empty cells."""
    stripped = [cell.strip() for cell in cells]
    present = np.fromiter((cell not in MISSING for cell in stripped), bool, len(stripped))
    filled = [cell for cell in stripped if cell not in MISSING]
    try:
        values[present] = list(map(float, filled))
        return values, present, 0
    except ValueError:
        pass
    numbers: list[float] = []
    odd = 0
    for count, cell in enumerate(filled):
        number = _mend(cell)
        odd += number is None
        if count == _GIVE_UP_AFTER and odd > 0.9 * count:
            return None
        numbers.append(np.nan if number is None else number)
    if odd > 0.5 * len(filled):
        return None
    values[present] = numbers
    if odd:
        good = np.array([_mend(cell) is not None for cell in filled], bool)
        present[np.flatnonzero(present)[~good]] = False
    return values, present, odd


def _mend(cell: str) -> float | None:
    """Read a number that is written with something around it: quotes, a percent sign, a printed tensor."""
    cell = cell.strip("\"' ")
    try:
        return float(cell.removesuffix("%"))
    except ValueError:
        pass
    printed = _PRINTED.match(cell)
    try:
        if printed is not None:
            return float(printed[1])
        return float(cell.replace(",", "")) if _THOUSANDS.fullmatch(cell) else None
    except ValueError:
        return None


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """Column names, each once: a second ``loss`` becomes ``loss.1``, an empty third one ``column 3``."""
    seen: Counter[str] = Counter()
    unique: list[str] = []
    for position, name in enumerate(names):
        if not name and position:
            name = f"column {position + 1}"
        unique.append(f"{name}.{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return tuple(unique)
