"""One event, field by field: where its step, tags and numbers lie.

A small reader of the protobuf wire format that knows the messages of event files and nothing else. It looks
only at what it needs, so it also works on a window into a file (see `filewindow`) and steps over an image
without touching it. Whatever is legal but unusual (a field given twice, an unknown field, a group) raises
`Odd` and goes to TensorBoard's own protobuf classes instead.

Field numbers: tensorflow/core/util/event.proto and
tensorflow/core/framework/{summary,tensor,tensor_shape}.proto.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol, overload

if TYPE_CHECKING:
    from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_VALUES = 1 << 16
_SESSION_START = 1

# TensorProto.dtype to the numpy name of one element in `tensor_content`; "bf" is bfloat16, which numpy lacks.
CONTENT_TYPES = {
    1: "f4", 2: "f8", 3: "i4", 4: "u1", 5: "i2", 6: "i1", 9: "i8", 10: "?", 14: "bf", 17: "u2", 19: "f2", 22:
    "u4", 23: "u8",
}  # fmt: skip
SIZES = {"f4": 4, "f8": 8, "i4": 4, "u1": 1, "i2": 2, "i1": 1, "i8": 8, "?": 1, "bf": 2, "u2": 2, "f2": 2,
"u4": 4,
         "u8": 8}  # fmt: skip
# dtype to the field that holds its elements when they are not in tensor_content.
_LIST_FIELDS = {1: 5, 2: 6, 3: 7, 4: 7, 5: 7, 6: 7, 9: 10, 10: 11, 14: 13, 17: 7, 19: 13, 22: 16, 23: 17}


class Odd(Exception):  # noqa: N818 - not an error: another parser's turn
    """The message is not of the plain kind that this parser knows."""


class Payload(Protocol):
    """What the parser needs of a message: bytes, or a window into a file."""

    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> bytes: ...


class What(Enum):
    """What an event is about."""

    NOTHING = auto()
    VERSION = auto()
    SUMMARY = auto()
    SESSION_START = auto()
    OTHER = auto()
    """A graph, run metadata, a log message, another session state."""


@dataclass(slots=True)
class Value:
    """One value of a summary; offsets are into the payload.

    `kind` names the bytes at `at` as in `SIZES`; it is "" for what is no scalar. `number` is the scalar where
    it is stored with variable length.
    """

    tag: tuple[int, int] = (0, 0)
    kind: str = ""
    at: int = 0
    number: float | None = None
    plugin: str = ""
    content: tuple[int, int] = (0, 0)
    text: tuple[int, int] = (0, 0)


@dataclass(slots=True)
class Event:
    """One event; offsets are into the payload, -1 where the field is absent."""

    wall_at: int = -1
    step: int = 0
    step_at: int = -1
    step_bytes: int = 0
    what: What = What.NOTHING
    version: str = ""
    values: list[Value] = field(default_factory=list)


def parse_event(data: Payload) -> Event:
    """Parse one event.

    Raises
    ------
    Odd
        The message is malformed or unusual.
    """
    event = Event()
    for number, wire, start, end in _fields(data, 0, len(data)):
        if number == 1 and wire == _FIXED64:
            event.wall_at = start
        elif number == 2 and wire == _VARINT:
            event.step, event.step_at, event.step_bytes = _signed(data, start, end), start, end - start
        elif number == 10 and wire == _BYTES:
            continue
        elif 3 <= number <= 9 and wire == _BYTES and event.what is What.NOTHING:
            _what(event, data, number, start, end)
        else:
            raise Odd
    return event


def _what(event: Event, data: Payload, number: int, start: int, end: int) -> None:
    event.what = What.OTHER
    if number == 3:
        event.what, event.version = What.VERSION, data[start : min(end, start + 64)].decode("latin-1")
    elif number == 5:
        event.what = What.SUMMARY
        event.values = [_value(data, *span) for span in _repeated(data, start, end)]
    elif number == 7:
        for inner, wire, begin, stop in _fields(data, start, end):
            if inner == 1 and wire == _VARINT and _varint(data, begin, stop)[0] == _SESSION_START:
                event.what = What.SESSION_START


def _repeated(data: Payload, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Spans of `Summary.value`."""
    position = start
    count = 0
    while position < end:
        key, position = _varint(data, position, end)
        if key != 0x0A:
            raise Odd
        size, position = _varint(data, position, end)
        if size > end - position or count == _MAX_VALUES:
            raise Odd
        yield position, position + size
        position += size
        count += 1


def _value(data: Payload, start: int, end: int) -> Value:
    value = Value()
    node = (0, 0)
    holds = 0
    tensor = (0, 0)
    for number, wire, begin, stop in _fields(data, start, end):
        if number == 1 and wire == _BYTES:
            value.tag = (begin, stop - begin)
        elif number == 2 and wire == _FIXED32:
            value.kind, value.at, holds = "f4", begin, holds + 1
        elif number == 7 and wire == _BYTES:
            node = (begin, stop - begin)
        elif number == 8 and wire == _BYTES:
            tensor, holds = (begin, stop), holds + 1
        elif number == 9 and wire == _BYTES:
            data_class = _metadata(value, data, begin, stop)
            if value.plugin not in ("", "scalars") and data_class == 1:
                value.plugin = "scalars"
        elif 3 <= number <= 6 and wire == _BYTES:
            holds += 1
        else:
            raise Odd
    if holds > 1:
        raise Odd
    if tensor[1]:
        if not value.tag[1]:
            value.tag = node
        _tensor(value, data, *tensor)
        if value.plugin not in ("", "scalars"):
            value.kind, value.number = "", None
    return value


def _metadata(value: Value, data: Payload, start: int, end: int) -> int:
    """Take plug-in name and content from a SummaryMetadata; return its data class."""
    data_class = 0
    for number, wire, begin, stop in _fields(data, start, end):
        if number == 1 and wire == _BYTES:
            for inner, kind, first, last in _fields(data, begin, stop):
                if kind != _BYTES or inner > 2:
                    raise Odd
                if inner == 1:
                    value.plugin = data[first : min(last, first + 64)].decode("latin-1")
                else:
                    value.content = (first, last - first)
        elif number == 4 and wire == _VARINT:
            data_class = _varint(data, begin, stop)[0]
        elif not (2 <= number <= 3 and wire == _BYTES):
            raise Odd
    return data_class


def _tensor(value: Value, data: Payload, start: int, end: int) -> None:
    """Find the number of a tensor that has one element; leave `kind` empty for any other tensor."""
    dtype, elements = 0, 1
    content = (0, 0)
    lists: dict[int, tuple[int, int, int]] = {}
    for number, wire, begin, stop in _fields(data, start, end):
        if number == 1 and wire == _VARINT:
            dtype = _varint(data, begin, stop)[0]
        elif number == 2 and wire == _BYTES:
            elements = _elements(data, begin, stop)
        elif number == 4 and wire == _BYTES:
            content = (begin, stop - begin)
        elif number == 3 and wire == _VARINT:
            continue
        elif number == 8 and wire == _BYTES and dtype == 7:
            value.text = (begin, stop - begin)
            return
        elif number in lists:
            raise Odd
        else:
            lists[number] = (wire, begin, stop)
        if elements != 1:
            return
    kind = CONTENT_TYPES.get(dtype, "")
    if content[1]:
        if lists:
            raise Odd
        if kind and content[1] == SIZES[kind]:
            value.kind, value.at = kind, content[0]
    elif kind and lists:
        _single(value, data, kind, lists.get(_LIST_FIELDS[dtype]))


def _single(value: Value, data: Payload, kind: str, span: tuple[int, int, int] | None) -> None:
    """Find the one element of a list field (packed or not)."""
    if span is None:
        raise Odd
    wire, begin, stop = span
    if kind in ("f4", "f8"):
        if stop - begin != SIZES[kind] or wire == _VARINT:
            raise Odd
        value.kind, value.at = kind, begin
        return
    if wire not in (_VARINT, _BYTES) or begin == stop:
        raise Odd
    number, after = _varint(data, begin, stop)
    if after != stop:
        raise Odd
    value.number = from_varint(number, kind)


def from_varint(number: int, kind: str) -> float:
    """Read what a varint list field stores as an element of type `kind`."""
    size = SIZES[kind]
    bits = (number & (1 << 8 * size) - 1).to_bytes(size, "little")
    if kind == "?":
        return float(number != 0)
    return scalar(bits, kind)


_CODES = {"f4": "<f", "f8": "<d", "i4": "<i", "u1": "<B", "i2": "<h", "i1": "<b", "i8": "<q", "?": "<?", "u2":
"<H",
          "f2": "<e", "u4": "<I", "u8": "<Q"}  # fmt: skip


def scalar(data: bytes, kind: str) -> float:
    """Read one number of type `kind` from its bytes."""
    if kind == "bf":
        return float(struct.unpack("<f", b"\0\0" + data)[0])
    return float(struct.unpack(_CODES[kind], data)[0])


def _elements(data: Payload, start: int, end: int) -> int:
    """Number of elements of a TensorShapeProto, or -1 if it is unknown."""
    count = 1
    for number, wire, begin, stop in _many(data, start, end):
        if number == 2 and wire == _BYTES:
            size = 0
            for inner, kind, first, last in _fields(data, begin, stop):
                if inner == 1 and kind == _VARINT:
                    size = _signed(data, first, last)
            count *= size
        elif number == 3 and wire == _VARINT:
            count = -1
        else:
            raise Odd
    return count


def _fields(data: Payload, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Fields of a message in which none occurs twice: number, wire type, span of the content."""
    seen = 0
    for item in _many(data, start, end):
        bit = 1 << item[0]
        if seen & bit:
            raise Odd
        seen |= bit
        yield item


def _many(data: Payload, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    position = start
    while position < end:
        key, position = _varint(data, position, end)
        number, wire = key >> 3, key & 7
        if wire == _BYTES:
            size, position = _varint(data, position, end)
            after = position + size
        elif wire == _VARINT:
            after = _varint(data, position, end)[1]
        elif wire == _FIXED64:
            after = position + 8
        elif wire == _FIXED32:
            after = position + 4
        else:
            raise Odd
        if after > end or not 0 < number < 64:
            raise Odd
        yield number, wire, position, after
        position = after


def _varint(data: Payload, position: int, end: int) -> tuple[int, int]:
    """Read a varint; return it (64 bits, unsigned) and the position behind it."""
    result = shift = 0
    while position < end and shift < 70:
        byte = data[position]
        position += 1
        result |= (byte & 127) << shift
        if byte < 128:
            return result & 0xFFFFFFFFFFFFFFFF, position
        shift += 7
    raise Odd


def _signed(data: Payload, position: int, end: int) -> int:
    value = _varint(data, position, end)[0]
    return value - (1 << 64) if value >> 63 else value
