"""A small protobuf scanner: the few messages of a `.wandb` file that matter, field by field.

It knows nothing of schemas: it answers ``(field number, wire type, value)`` and lets the caller choose.
Lengths are checked against the message, so that one that lies ends the scan and not the process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class Malformed(ValueError):  # noqa: N818 - says what the bytes are
    """The bytes are no protobuf message."""


def varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Read a varint; answers its value and the offset after it.

    Raises
    ------
    Malformed
        It does not end before `end`, or is longer than ten bytes.
    """
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
        shift += 7
    raise Malformed("a varint does not end")


def fields(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int, int, int]]:
    """Walk over the fields of a message.

    Yields
    ------
    Number, wire type, and two integers: the bounds of the content for wire types 1, 2 and 5 (offsets into
    `data`), the value and 0 for varints.

    Raises
    ------
    Malformed
        A length or a wire type is wrong; what came before stands.
    """
    if end is None:
        end = len(data)
    while start < end:
        tag, start = varint(data, start, end)
        number, wire = tag >> 3, tag & 7
        if wire == VARINT:
            value, start = varint(data, start, end)
            yield number, wire, value, 0
            continue
        if wire == BYTES:
            length, start = varint(data, start, end)
        elif wire == FIXED64:
            length = 8
        elif wire == FIXED32:
            length = 4
        else:
            raise Malformed(f"wire type {wire}")
        if length > end - start:
            raise Malformed("a field is longer than its message")
        yield number, wire, start, start + length
        start += length


def signed(value: int) -> int:
    """Take a varint as int64 (two's complement)."""
    return value - (1 << 64) if value >> 63 else value


def zigzag(value: int) -> int:
    """Take a varint as sint64."""
    return (value >> 1) ^ -(value & 1)
