"""Framing: blocks, records over several blocks, damage."""

from __future__ import annotations

import io
import random
import struct

import numpy as np
import pytest

from lrdoctor.readers._wandb.leveldb import Damage, Joiner, read_records

EVERYTHING = staticmethod(lambda view, begin, end: np.ones(begin.size, bool))


def read(content, wanted=EVERYTHING):
    joiner = Joiner()
    records = []
    for data, begin, end, _ in read_records(io.BytesIO(content), wanted, joiner):
        records += [data[a:b] for a, b in zip(begin, end, strict=True)]
    return records, joiner.damage


def some_records(sizes, seed=0):
    chance = random.Random(seed)
    return [bytes([number % 251]) + chance.randbytes(size) for number, size in enumerate(sizes)]


@pytest.mark.parametrize(
    "sizes",
    [
        [10] * 20,
        [0, 1, 2, 32_700, 40_000, 3, 100_000, 5],
        [200] * 6_000,  # more than a dozen blocks: their chains are followed together
        [32_768 * 14, 100, 32_768 * 140, 50, 7],  # records longer than a window
        [32_747, 5, 32_740, 8],  # a block's rest of seven bytes holds an empty piece, of less nothing
    ],
)
def test_records_come_back_whole(sizes, tools):
    records = some_records(sizes)
    found, damage = read(tools.frame(records))
    assert found == records
    assert damage == Damage(search_bytes=damage.search_bytes)


def test_only_wanted_records_come_back_in_their_order(tools):
    records = some_records([300] * 3_000 + [50_000, 10, 70_000])
    wanted = lambda view, begin, end: view[begin] % 3 == 1  # noqa: E731
    found, _ = read(tools.frame(records), wanted)
    assert found == [record for record in records if record[0] % 3 == 1]


@pytest.mark.parametrize("size", [200, 5_000])
def test_damage_costs_the_record_it_hits(size, tools):
    records = some_records([size] * (2_000_000 // size))
    content = bytearray(tools.frame(records))
    chance = random.Random(1)
    for _ in range(10):
        content[chance.randrange(7, len(content))] ^= 0xFF
    found, damage = read(bytes(content))
    assert len(records) - 20 <= len(found) < len(records)
    assert set(found) <= set(records)
    assert damage.bad_pieces


def test_a_block_of_zeros_is_stepped_over(tools):
    records = some_records([200] * 1_000)
    content = bytearray(tools.frame(records))
    content[2 * 32_768 : 3 * 32_768] = bytes(32_768)
    found, _ = read(bytes(content))
    assert set(found) <= set(records)
    assert len(found) > 800


def test_a_truncated_tail_is_no_damage(tools):
    content = tools.frame(some_records([500] * 10))
    found, damage = read(content[:-100])
    assert len(found) == 9
    assert damage.truncated
    assert not damage.bad_pieces


def test_a_file_where_every_byte_looks_like_a_piece_ends_in_time():
    head = struct.pack("<IHB", 0, 0x0101, 1)
    content = b":W&B\xe1\xbe\x00" + (b"\x01" * 32_768 * 40) + head
    damage = Damage(search_bytes=1 << 24)
    for data, begin, *_ in read_records(io.BytesIO(content), EVERYTHING, Joiner(damage)):
        assert data
        assert not begin.size
    assert damage.search_bytes < 0


def test_random_bytes_are_no_records():
    content = b":W&B\xe1\xbe\x00" + random.Random(3).randbytes(700_000)
    found, damage = read(content)
    assert found == []
    assert damage.bad_pieces
