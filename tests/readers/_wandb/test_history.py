"""History records to columns: every form of key and value, and what has no plain shape."""

from __future__ import annotations

import json
import math
import random

import numpy as np
import pytest

from lrdoctor.readers._base import LogFile
from lrdoctor.readers._wandb.log import read_log


@pytest.fixture
def log_of(tmp_path, tools):
    def make(records):
        path = tmp_path / "run-x.wandb"
        path.write_bytes(tools.frame(records))
        return read_log(LogFile(path))

    return make


def rows_of(log, name):
    row, value = log.columns[name]
    return list(zip(row.tolist(), value.tolist(), strict=True))


@pytest.mark.parametrize("form", [{}, {"nested": True}, {"typed": True}, {"nested": True, "typed": True}])
@pytest.mark.parametrize("count", [1, 5, 300, 9_000])
def test_every_form_of_item(form, count, tools, log_of):
    records = []
    for step in range(count):
        word = "x" if form.get("typed") else '"x"'
        values = {"loss": 1.0 / (step + 1), "big": -3 * step, "flag": True, "word": word, "none": None}
        row = [tools.item(key, value, **form) for key, value in values.items()]
        random.Random(step).shuffle(row)
        records.append(tools.history(step + 1, row, step))
    log = log_of(records)
    assert set(log.columns) == {"loss", "big"}
    np.testing.assert_array_equal(log.columns["loss"][0], np.arange(count))
    np.testing.assert_array_equal(log.columns["loss"][1], 1.0 / np.arange(1, count + 1))
    np.testing.assert_array_equal(log.columns["big"][1], -3.0 * np.arange(count))
    np.testing.assert_array_equal(log.steps, np.arange(count))


def test_tokens_beside_json(tools, log_of):
    tokens = [
        "NaN",
        "Infinity",
        "-Infinity",
        '"NaN"',
        '"-Infinity"',
        "1e-7",
        "-0.5",
        "3",
        "null",
        '"text"',
        "[1]",
        "-",
        "1.2.3",
    ]
    log = log_of([tools.history(n + 1, [tools.item("x", token)], n) for n, token in enumerate(tokens)])
    row, value = log.columns["x"]
    assert row.tolist() == list(range(8))
    np.testing.assert_array_equal(value, [math.nan, math.inf, -math.inf, math.nan, -math.inf, 1e-7, -0.5, 3])


def test_nested_dictionaries_become_dotted_names(tools, log_of):
    log = log_of(
        [
            tools.history(
                1, [tools.item("train", json.dumps({"loss": 1.5, "by": {"a": 2}, "s": "x", "b": True}))], 0
            ),
            tools.history(2, [tools.item(("train", "loss"), 2.5), tools.item(("train", "by", "a"), 3)], 1),
        ]
    )
    assert rows_of(log, "train.loss") == [(0, 1.5), (1, 2.5)]
    assert rows_of(log, "train.by.a") == [(0, 2.0), (1, 3.0)]
    assert set(log.columns) == {"train.loss", "train.by.a"}


def test_media_are_no_metrics(tools, log_of):
    old = tools.item("image", json.dumps({"_type": "image-file", "width": 32}))
    new = [tools.item(("picture", "_type"), '"image-file"'), tools.item(("picture", "width"), 32)]
    huge = tools.item("table", json.dumps({"data": "x" * 200_000}))
    log = log_of([tools.history(1, [old, *new, huge, tools.item("loss", 1.0)], 0)])
    assert "loss" in log.columns
    assert not {"image.width", "table.data"} & set(log.columns)


def test_the_step_of_a_record(tools, log_of):
    rows = [
        tools.history(n, [tools.item("x", 1.0)], step)
        for n, step in enumerate([0, 1, 200, 70_000, 2**40, -5])
    ]
    assert log_of(rows).steps.tolist() == [0, 1, 200, 70_000, 2**40, -5]
    assert log_of([tools.history(1, [tools.item("x", 1.0)])]).steps.tolist() == [-1]


def test_fields_in_another_order(tools, log_of):
    content = tools.field(2, tools.field(1, 7)) + tools.field(
        1, tools.field(16, "0.5") + tools.field(1, "late")
    )
    odd = [tools.field(19, "uuid") + tools.field(2, content) + tools.field(1, 4)]
    unknown = [tools.field(1, 5) + tools.field(2, tools.field(1, tools.item("x", 1.0)) + tools.field(9, 3))]
    log = log_of([tools.history(1, [tools.item("late", 0.25)], 6), *odd, *unknown])
    assert rows_of(log, "late") == [(0, 0.25), (1, 0.5)]
    assert rows_of(log, "x") == [(2, 1.0)]
    assert log.steps.tolist() == [6, 7, -1]


def test_many_and_long_keys(tools, log_of):
    names = [f"layer{number}/{'w' * (number % 90)}" for number in range(3_000)] + ["k" * 600, "ключ", "a\0b"]
    log = log_of([tools.history(n + 1, [tools.item(name, float(n)) for name in names], n) for n in range(3)])
    assert set(log.columns) == set(names)
    for name in names:
        assert rows_of(log, name) == [(0, 0.0), (1, 1.0), (2, 2.0)]


def test_a_record_with_very_many_items(tools, log_of):
    wide = tools.history(2, [tools.item(f"m{number}", number) for number in range(2_000)], 1)
    log = log_of(
        [tools.history(1, [tools.item("m0", 5)], 0), wide, tools.history(3, [tools.item("m0", 6)], 2)]
    )
    assert rows_of(log, "m0") == [(0, 5.0), (1, 0.0), (2, 6.0)]
    assert len(log.columns) == 2_000


def test_lengths_that_lie(tools, log_of):
    good = tools.history(1, [tools.item("x", 1.0)], 0)
    lies = [
        b"\x12\xff\xff\xff\xff\x0f" + tools.item("x", 2.0),  # a message longer than its record
        b"\x12\x05\x0a\x7f\x0a\x01x",  # an item longer than its message
        b"\x12\x06\x0a\x04\x0a\x7f\x78\x78",  # a key longer than its item
        b"\x12\x0a\x0a\x08\x0a\x01x\x82\x01\xff\xff\xff",
        b"\x12" + b"\xff" * 12,
        b"\x08" + b"\xff" * 30,
        b"\x08\x01\x12\x03\x0b\x0b\x0b",  # a wire type that does not exist
        b"\x12\x02\x0a\x00",
        b"\x12\x00",
        b"",
    ]
    log = log_of([good, *lies, good])
    values = log.columns["x"][1]
    assert values[0] == values[-1] == 1.0


def test_settings(tools, log_of):
    config = tools.field(1, tools.field(1, "lr") + tools.field(16, "0.1")) + tools.field(
        1, tools.field(2, "opt") + tools.field(2, "name") + tools.field(16, '"adam"')
    )
    change = tools.field(1, tools.field(1, "lr") + tools.field(16, "0.2")) + tools.field(
        2, tools.field(1, "gone")
    )
    log = log_of(
        [
            tools.field(17, tools.field(1, "id7") + tools.field(4, config) + tools.field(8, "name 7")),
            tools.field(1, 2) + tools.field(5, change),
            tools.field(1, 3) + tools.field(18, tools.field(1, 3)),
            tools.field(1, 4) + tools.field(12, tools.field(2, "val/*") + tools.field(4, "epoch")),
        ]
    )
    assert log.config == {"lr": 0.2, "opt.name": "adam"}
    assert (log.run_id, log.name, log.exit_code) == ("id7", "name 7", 3)
    assert log.axes == {"val/*": "epoch"}


def test_unfinished_rows_count_where_there_are_no_others(tools, log_of):
    content = tools.field(1, tools.item("x", 1.0)) + tools.field(2, tools.field(1, 4))
    request = tools.field(1, 2) + tools.field(100, tools.field(10, content))
    assert rows_of(log_of([request]), "x") == [(0, 1.0)]
    whole = tools.history(3, [tools.item("x", 2.0)], 4)
    assert rows_of(log_of([request, whole]), "x") == [(0, 2.0)]


@pytest.mark.parametrize("seed", range(20))
def test_random_records_equal_the_scalar_reading(seed, tools, log_of):
    chance = random.Random(seed)
    names = [("a",), ("loss",), ("train/loss",), ("n", "x"), ("n", "y", "z"), ("w" * 40,)]
    expected, records = {}, []
    for row in range(chance.choice((3, 50, 400))):
        items = []
        for name in chance.sample(names, chance.randrange(len(names) + 1)):
            value = chance.choice(
                (chance.random(), chance.randrange(-(10**12), 10**12), chance.gauss(0, 1e-30))
            )
            items.append(tools.item(name, value, typed=chance.random() < 0.3))
            expected.setdefault(".".join(name), []).append((row, float(value)))
        records.append(tools.history(row, items, row if chance.random() < 0.9 else None))
        if chance.random() < 0.3:
            records.append(tools.field(1, 9) + tools.field(3, chance.randbytes(50)))  # a summary
    log = log_of(records)
    assert {name: rows_of(log, name) for name in log.columns} == expected


def test_too_many_metrics(tools, log_of, monkeypatch):
    monkeypatch.setattr("lrdoctor.readers._wandb.history.MAX_METRICS", 5)
    rows = [[tools.item("loss", 1.0), tools.item(f"once/{n}", 1.0)] for n in range(20)]
    log = log_of([tools.history(n + 1, row, n) for n, row in enumerate(rows)])
    assert len(log.columns) == 5
    assert log.columns["loss"][0].size == 20
    assert log.left_out == 16
