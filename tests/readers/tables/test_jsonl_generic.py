"""JSON of which nothing is known but its keys."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.readers import _lines
from lrdoctor.readers._base import LogFile, Source
from lrdoctor.readers._json_table import load_records, read_json_table
from lrdoctor.readers._records import table_from_records
from lrdoctor.readers.jsonl_generic import READER

RECORDS = [{"step": i, "train": {"loss": 2 / (i + 1), "acc": i / 20}, "lr": 0.1} for i in range(20)]
LINES = "".join(json.dumps(record) + "\n" for record in RECORDS)


def loss(run):
    return run.series["train/loss"].value.tolist()


EXPECTED = [2 / (i + 1) for i in range(20)]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        pytest.param(LINES, "log.jsonl", id="lines"),
        pytest.param(LINES, "log.json", id="lines-called-json"),
        pytest.param(LINES, "train.log", id="lines-called-log"),
        pytest.param(LINES.replace("\n", "\r\n"), "log.jsonl", id="windows"),
        pytest.param(LINES.replace("\n", "\n\n"), "log.jsonl", id="empty-lines"),
        pytest.param(b"\xef\xbb\xbf" + LINES.encode(), "log.jsonl", id="utf-8-mark"),
        pytest.param(LINES.encode("utf-16"), "log.jsonl", id="utf-16"),
        pytest.param(json.dumps(RECORDS), "log.json", id="array"),
        pytest.param(json.dumps(RECORDS, indent=2), "log.json", id="printed-array"),
        pytest.param("\n".join(json.dumps(r, indent=1) for r in RECORDS), "log.jsonl", id="printed-objects"),
        pytest.param(LINES.replace("\n", " "), "log.jsonl", id="all-on-one-line"),
        pytest.param(json.dumps({"name": "x", "history": RECORDS}), "run.json", id="inside-an-object"),
        pytest.param(
            json.dumps({"config": {"lr": 0.1}}) + "\n" + LINES, "log.jsonl", id="configuration-first"
        ),
    ],
)
def test_shapes(read, write, content, name):
    (run,) = read(write(content, name))
    assert loss(run) == EXPECTED
    assert run.series["train/loss"].step.tolist() == list(range(20))


def test_a_configuration_before_the_lines(read, write):
    (run,) = read(write('{"args": {"lr": 0.5, "optim": "Adam"}}\n' + LINES, "log.jsonl"))
    assert {"lr": 0.5, "optimizer": "adam"}.items() <= run.hyperparameters.items()


def test_lists_side_by_side(read, write):
    content = {"lr": 0.1, "train_losses": [3, 2, 1], "val_losses": [4, 3], "note": "x"}
    (run,) = read(write(json.dumps(content), "results.json"))
    assert run.series["train_losses"].value.tolist() == [3, 2, 1]
    assert run.series["val_losses"].step.tolist() == [0, 1]
    assert run.hyperparameters["lr"] == 0.1


def test_what_json_does_not_know(read, write):
    values = ["NaN", "Infinity", "-Infinity", "null"]
    text = "".join(f'{{"step": {i}, "loss": {value}}}\n' for i, value in enumerate(values))
    (run,) = read(write(text, "log.jsonl"))
    np.testing.assert_array_equal(run.series["loss"].value, [np.nan, np.inf, -np.inf])


def test_numbers_as_text(read, write):
    text = "".join(
        json.dumps({"num_updates": str(i), "loss": f"{1 / (i + 1)}", "wps": "nan"}) + "\n" for i in range(5)
    )
    (run,) = read(write(text, "log.jsonl"))
    np.testing.assert_allclose(run.series["loss"].value, 1 / np.arange(1, 6))


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (LINES + '{"step": 20, "train": {"lo', "the last line is cut off: left out"),
        ("Starting\n" + LINES, "1 line without a JSON object: left out"),
    ],
)
def test_mended(write, content, note):
    path = write(content, "log.jsonl")
    records, notes = load_records(path)
    assert records == RECORDS
    assert notes == [note]


def test_an_array_that_is_cut_off(read, write):
    text = json.dumps(RECORDS)
    (run,) = read(write(text[:-30], "log.json"))
    assert loss(run) == EXPECTED[:19]
    assert "cut off" in run.notes[0]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ('{"name": "pkg", "version": 1}', "package.json"),
        ('{"loss": 0.5, "step": 3}', "all_results.json"),
        ('{"a": [1, 2, 3]}', "data.json"),
        ('[{"id": 1, "text": "x"}]', "data.json"),
        ("[1, 2, 3]", "x.json"),
        ("just words", "notes.txt"),
        ("", "log.txt"),
        ("{not json}", "a.txt"),
        ('{"lr": 0.1}', "config.json"),
    ],
)
def test_what_nobody_means_is_not_claimed(claim_of, write, content, name):
    found = claim_of(write(content, name))
    assert found is None or found[1].quiet


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"id": 1, "text": "a"}\n{"id": 2, "text": "b"}\n', "sample"),
        ("[]\n", "no JSON object"),
        ('{"prompt": "a", "score": 1}\n{"prompt": "b", "score": 2}\n', "no column is named"),
        ('{"step": 1}', "without a list"),
        ("nothing", "no JSON object"),
        ("[" * 100_000, "no JSON object|deeply"),
        ('{"a": ' * 10_000, "no JSON object|deeply"),
    ],
)
def test_refusals(write, content, reason):
    name = "log.json" if content == '{"step": 1}' else "log.jsonl"
    file = LogFile(write(content, name))
    with pytest.raises(ReadError, match=reason):
        list(READER.read(Source(path=file.path, files=(file,))))


def test_columns_against_the_obvious_way():
    rng = random.Random(0)
    records = [
        {
            key: rng.choice([1, 2.5, None, "3.5", float("nan"), [4], True])
            for key in rng.sample("abcdef", rng.randint(1, 6))
        }
        for _ in range(300)
    ]
    for record in records:
        if rng.random() < 0.3:
            record["deep"] = {"x": rng.random()}
    table, text = table_from_records(records)
    assert text == {}
    for name in [*"abcdef", "deep/x"]:
        expected = []
        for record in records:
            value = record.get("deep", {}).get("x") if name == "deep/x" else record.get(name)
            if isinstance(value, list):
                value = value[0]
            expected.append(None if value is None or value is True else float(value))
        logged = table.present(name)
        np.testing.assert_array_equal(logged, [value is not None for value in expected])
        np.testing.assert_array_equal(
            table.columns[name][logged], [value for value in expected if value is not None]
        )


def test_lists_of_one_number_and_numbers_too_large():
    table, _ = table_from_records([{"a": [1.5], "b": 10**400}, {"a": 2, "b": -(10**400)}])
    np.testing.assert_array_equal(table.columns["a"], [1.5, 2])
    np.testing.assert_array_equal(table.columns["b"], [np.inf, -np.inf])


def test_keys_that_come_once_each_do_not_fill_the_memory():
    table, _ = table_from_records([{"step": i, f"key{i}": 1.0} for i in range(20_000)])
    cells = sum(values.size for values in table.columns.values())
    assert cells < 60_000_000
    assert "step" in table.columns


@pytest.mark.parametrize("seed", range(200))
def test_hostile_bytes_raise_nothing_else(write, seed):
    rng = random.Random(seed)
    raw = bytearray(rng.choice([LINES, json.dumps(RECORDS), json.dumps({"h": RECORDS})]).encode())
    for _ in range(rng.choice([1, 5, 50])):
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    if rng.random() < 0.5:
        del raw[rng.randrange(len(raw)) :]
    file = LogFile(write(bytes(raw), rng.choice(["log.json", "log.jsonl"])))
    try:
        runs = list(READER.read(Source(path=file.path, files=(file,))))
    except ReadError:
        return
    assert runs


def test_no_object_is_a_reason(write):
    with pytest.raises(NotALogError):
        load_records(write("1\n2\n", "log.jsonl"))


@pytest.mark.parametrize("block", [200, 1 << 22])
def test_blocks_make_no_difference(write, monkeypatch, block):
    monkeypatch.setattr(_lines, "_BLOCK_BYTES", block)
    lines = [{"step": i, "loss": 1 / (i + 1), "note": "x"} for i in range(50)]
    lines += [{"step": i, "val": {"loss": i}, "note": i} for i in range(50, 60)] + [{"step": 60, "late": 1}]
    found = read_json_table(LogFile(write("".join(json.dumps(line) + "\n" for line in lines), "log.jsonl")))
    table, text = table_from_records(lines)
    assert set(found.table.columns) == set(table.columns)
    for name, values in table.columns.items():
        np.testing.assert_array_equal(found.table.columns[name], values)
        np.testing.assert_array_equal(found.table.present(name), table.present(name))
    assert found.text.keys() == text.keys()
    assert found.first == lines[:3]
