"""Payload checksums of many records at once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.readers._events.crc import distance_tables, rotated_many, unmask
from lrdoctor.readers._events.layout import FOOT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Words = NDArray[np.uint64]

_SUMMED = (64, 32, 16)  # records whose checksums are checked in one sum
_FEW = 1024


def checksums_agree(records: Words, zeros_crc: NDArray[np.uint32]) -> Bools | None:
    """Say which records have the checksum that is stored with them.

    Parameters
    ----------
    records
        uint64 [words, n]: payloads and masked checksums, aligned to their ends, zero before their beginning.
        What stands for the checksums is overwritten.
    zeros_crc
        For each record the checksum of as many zeros as its payload is long, rotated as it would be stored.

    Returns
    -------
    bool [n]; None if all agree.

    Notes
    -----
    The checksum of a XOR of records is the XOR of their checksums. So a big batch is first checked in sums,
    each over every `m`-th record, and again for ``m - 1``. A record that is damaged shows in both of its sums
    unless others of them are damaged in exactly the same bits; since no two records share both sums, that
    takes at least four, placed at the corners of a rectangle. Only a batch that fails is checked record by
    record.
    """
    target = records[-1].view("<u4")[1::2]
    unmask(target)
    target ^= zeros_crc
    count = len(target)
    stride = next((count // many for many in _SUMMED if (count // many - 1) ** 2 > count), 0)
    if stride:
        sums = np.concatenate([_sums(records, stride), _sums(records, stride - 1)], axis=1)
        if (_rotated_checksums(sums) == sums[-1].view("<u4")[1::2]).all():
            return None
    right = _rotated_checksums(records) == target
    return None if right.all() else right


def _sums(rows: Words, stride: int) -> Words:
    """XOR of every `stride`-th column."""
    whole = rows.shape[1] // stride * stride
    sums: Words = np.bitwise_xor.reduce(rows[:, :whole].reshape(len(rows), -1, stride), axis=1)
    sums[:, : rows.shape[1] - whole] ^= rows[:, whole:]
    return sums


def _rotated_checksums(records: Words) -> NDArray[np.uint32]:
    """What the bytes contribute to the checksums: a table look-up for each, summed over the record."""
    size = 8 * len(records) - FOOT
    count = records.shape[1]
    tables = _tables_for(size)
    if count > _FEW:  # a column of bytes at a time
        parts = records.view(np.uint8)
        crc = np.zeros(count, np.uint32)
        for at in range(size):
            crc ^= tables[at].take(parts[at >> 3, at & 7 :: 8])
        return rotated_many(crc)
    index = records.T.copy().view(np.uint8)[:, :size] + np.arange(0, 256 * size, 256, dtype=np.int64)
    return rotated_many(np.bitwise_xor.reduce(tables.ravel().take(index), axis=1))


@cache
def _tables_for(size: int) -> NDArray[np.uint32]:
    """Look-up tables for the bytes of a message of `size` bytes, first byte first."""
    return distance_tables(size)[::-1].copy()
