"""CRC-32C, for one record and for many records at once.

A CRC is linear over GF(2): ``crc(a ^ b) = crc(a) ^ crc(b) ^ crc(0)`` for messages of equal length, and what
one byte contributes depends on nothing but its value and its distance from the end. So records that share a
layout are checked together: one table look-up per column of bytes that differ, instead of a loop over the
bytes of each.

Polynomial 0x1EDC6F41 (Castagnoli), reflected, as in RFC 3720 B.4; the masking that TFRecord files store is a
rotation by 15 and an addition, see tensorflow/core/lib/hash/crc32c.h.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Words = NDArray[np.uint32]

_POLYNOMIAL = 0x82F63B78
_DELTA = 0xA282EAD8
_ONES = 0xFFFFFFFF
_ROW = 128  # bytes that are looked up together in a long message
_SHORT = 96  # below this a plain loop is quicker than numpy's overhead
LENGTHS = 1 << 16
"""Payload lengths below this have their header checksum in a table."""


@cache
def distance_tables(count: int) -> Words:
    """What each byte value contributes, by its distance from the end of the message.

    Returns
    -------
    uint32 [count, 256]; row `d` is for the byte that `d` bytes follow.
    """
    crc = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        crc = (crc >> np.uint32(1)) ^ np.where(crc & np.uint32(1), np.uint32(_POLYNOMIAL), np.uint32(0))
    tables = np.empty((count, 256), np.uint32)
    tables[0] = crc
    for distance in range(1, count):
        before = tables[distance - 1]
        tables[distance] = (before >> np.uint32(8)) ^ crc[before & np.uint32(255)]
    return tables


@cache
def _byte_list() -> list[int]:
    return [int(value) for value in distance_tables(1)[0]]


@cache
def _shift_lists() -> list[list[int]]:
    """Tables that carry a checksum over `_ROW` further bytes of zero, one per byte of the checksum."""
    tables = distance_tables(_ROW)
    return [[int(value) for value in tables[_ROW - 1 - byte]] for byte in range(4)]


def crc32c(data: bytes | bytearray | memoryview, crc: int = 0) -> int:
    """CRC-32C of one message; `crc` continues a message whose first part has this checksum."""
    table = _byte_list()
    state = crc ^ _ONES
    lead = len(data) if len(data) < _SHORT else len(data) % _ROW
    for byte in bytes(data[:lead]):
        state = table[(state ^ byte) & 255] ^ (state >> 8)
    if lead == len(data):
        return state ^ _ONES
    rows = np.frombuffer(data, np.uint8)[lead:].reshape(-1, _ROW)
    tables = distance_tables(_ROW)[::-1].ravel()
    offsets = np.arange(_ROW, dtype=np.int32) * 256
    s0, s1, s2, s3 = _shift_lists()
    for first in range(0, len(rows), 4096):  # in parts, so that the indices stay small
        sums = np.bitwise_xor.reduce(tables.take(rows[first : first + 4096] + offsets), axis=1)
        for part in sums.tolist():
            state = s0[state & 255] ^ s1[state >> 8 & 255] ^ s2[state >> 16 & 255] ^ s3[state >> 24] ^ part
    return state ^ _ONES


def masked(crc: int) -> int:
    """The form in which TFRecord files store a checksum."""
    return ((crc >> 15 | crc << 17) + _DELTA) & _ONES


def unmask(crc: Words) -> None:
    """Undo the addition in stored checksums, in place: what is left is a rotated checksum, which is linear."""
    crc -= np.uint32(_DELTA)


def rotated_many(crc: Words) -> Words:
    """Checksums, rotated as they are stored."""
    return crc >> np.uint32(15) | crc << np.uint32(17)


def masked_many(crc: Words) -> Words:
    """`masked` for an array; overwrites and returns it."""
    high = crc << np.uint32(17)
    crc >>= np.uint32(15)
    crc |= high
    crc += np.uint32(_DELTA)
    return crc


@cache
def known_header_checks() -> Words:
    """Masked checksums of record heads, for every payload length below `LENGTHS`."""
    return header_checks(np.arange(LENGTHS, dtype=np.uint32))


def header_checks(length: NDArray[np.uint32]) -> Words:
    """Masked checksums of the heads of records with these payload lengths (below 4 GiB)."""
    tables = distance_tables(8)
    crc = np.full(length.shape, crc32c(bytes(8)), np.uint32)
    for byte in range(4):
        column = tables[7 - byte]
        crc ^= column[(length >> np.uint32(8 * byte)) & np.uint32(255)] ^ column[0]
    return masked_many(crc)
