"""What training loops hand over, as numbers: Python's, numpy's, tensors of one element, nested dictionaries."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any, SupportsFloat

from lrdoctor.errors import UsageError

_DEEPEST = 8


def number(value: object) -> float | None:
    """A single number as a float; None for everything else (text, pictures, tensors of several elements)."""
    if isinstance(value, float | int):
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")
    if value is None or isinstance(value, str | bytes):
        return None
    detach = getattr(value, "detach", None)
    try:
        single = detach() if callable(detach) else value
        item = getattr(single, "item", None)
        found = item() if callable(item) else single
        return float(found) if isinstance(found, SupportsFloat) else None
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None


def numbers_of(values: Mapping[str, Any], prefix: str = "", depth: int = 0) -> dict[str, float]:
    """The numbers of a dictionary; what is nested is named with slashes."""
    found: dict[str, float] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            if depth < _DEEPEST:
                found |= numbers_of(value, f"{prefix}{key}/", depth + 1)
        elif (single := number(value)) is not None:
            found[f"{prefix}{key}"] = single
    return found


def whole(step: object, default: int) -> int:
    """A step as an int; `default` for None.

    Raises
    ------
    UsageError
        It is no whole number, or beyond 64 bits.
    """
    if step is None:
        return default
    try:
        value = operator.index(step)  # type: ignore[arg-type]
    except TypeError:
        single = number(step)
        if single is None or not single.is_integer():
            raise UsageError(f"a step must be a whole number, not {step!r}") from None
        value = int(single)
    if not -(2**53) < value < 2**53:
        raise UsageError(f"step {value} is beyond what can be counted")
    return value
