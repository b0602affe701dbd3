"""What records of one kind have in common: which bytes are fixed, and where step, tag and number lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.readers._events.parse import SIZES, What

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from lrdoctor.readers._events.parse import Event

    Words = NDArray[np.uint64]
    Numbers = NDArray[np.float32] | NDArray[np.float64]

HEAD, FOOT = 12, 4
"""Bytes of a record before and after its payload."""
MOST_LAYOUT_BYTES = 1 << 14
MOST_LAYOUT_VALUES = 512


@dataclass(frozen=True, slots=True)
class Field:
    """One number in a payload: its tag's span, and what lies where."""

    tag_at: int
    tag_bytes: int
    kind: str
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The shape of an event that holds scalars and nothing else; offsets are into the payload.

    A record has this layout if it equals the template in every byte under `fixed`. What is left free are the
    wall time, the seven low bits of each byte of the step, the tags and the numbers, so a match means: the
    same fields in the same places, whoever wrote it.
    """

    template: bytes
    fixed: NDArray[np.uint8]
    wall_at: int
    step_at: int
    step_bytes: int
    fields: tuple[Field, ...]

    def __len__(self) -> int:
        return len(self.template)


def learn(payload: bytes, event: Event) -> Layout | None:
    """Take the layout from one record; None if it holds anything but numbers of fixed size."""
    if event.what is not What.SUMMARY or not 0 < len(event.values) <= MOST_LAYOUT_VALUES:
        return None
    if len(payload) > MOST_LAYOUT_BYTES or not all(value.kind for value in event.values):
        return None
    fixed = np.full(len(payload), 255, np.uint8)
    if event.wall_at >= 0:
        fixed[event.wall_at : event.wall_at + 8] = 0
    if event.step_at >= 0:
        fixed[event.step_at : event.step_at + event.step_bytes] = 128
    for value in event.values:
        fixed[value.tag[0] : value.tag[0] + value.tag[1]] = 0
        fixed[value.at : value.at + SIZES[value.kind]] = 0
    fields = tuple(Field(*value.tag, value.kind, value.at) for value in event.values)
    return Layout(payload, fixed, event.wall_at, event.step_at, event.step_bytes, fields)


def _wide(code: str) -> Callable[[Words], Numbers]:
    return lambda words: words.astype(code).astype(np.float64)


# From 64 bits, of which the low ones are the number, to numbers.
DECODE: dict[str, Callable[[Words], Numbers]] = {
    "f4": lambda words: words.astype(np.uint32).view(np.float32),
    "f8": lambda words: words.view(np.float64),
    "f2": lambda words: words.astype(np.uint16).view(np.float16).astype(np.float64),
    "bf": lambda words: (words.astype(np.uint32) << np.uint32(16)).view(np.float32),
    "?": lambda words: (words & np.uint64(255) != 0).astype(np.float64),
    **{code: _wide(code) for code in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")},
}
