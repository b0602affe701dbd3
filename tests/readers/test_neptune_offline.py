"""Neptune's operation logs."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.readers._base import LogFile, Source
from lrdoctor.readers.neptune_offline import READER


def assign(path, value, kind="AssignFloat"):
    return {"obj": {"type": kind, "path": path, "value": value}, "version": 1}


def log(path, value, step, when):
    entry = {"value": value, "step": step, "ts": 1_700_000_000.0 + when}
    return {"obj": {"type": "LogFloats", "path": path, "values": [entry]}, "version": 2}


def operations():
    yield assign(["sys", "hostname"], "box", "AssignString")
    yield assign(["parameters", "lr"], 0.1)
    yield assign(["parameters", "optimizer"], "Adam", "AssignString")
    for n in range(10):
        yield log(["train", "loss"], 1 / (n + 1), n * 2, n)
        yield log(["val", "loss"], 2 / (n + 1), None, n + 0.5)
        yield log(["monitoring", "abc", "cpu"], 3.0, None, n)


def written(folder, operations, name="data-1.log"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(json.dumps(each) + "\n" for each in operations))
    return folder / name


def read(*paths):
    claims = [READER.claim(LogFile(path)) for path in paths]
    assert all(claim is not None and claim.group == paths[0].parent for claim in claims)
    return list(READER.read(Source(path=paths[0].parent, files=tuple(LogFile(path) for path in paths))))


def test_series_and_settings(tmp_path):
    (run,) = read(written(tmp_path / ".neptune" / "offline" / "run__1", operations()))
    assert set(run.series) == {"train/loss", "val/loss"}
    np.testing.assert_array_equal(run.series["train/loss"].value, 1 / np.arange(1, 11))
    np.testing.assert_array_equal(run.series["train/loss"].step, np.arange(0, 20, 2))
    np.testing.assert_array_equal(run.series["val/loss"].step, np.arange(0, 20, 2))
    assert run.hyperparameters == {"lr": 0.1, "optimizer": "adam"}


def test_numbered_files_follow_one_another(tmp_path):
    everything = [log(["loss"], n, n, n) for n in range(30)]
    paths = [
        written(tmp_path, everything[a : a + 10], f"data-{b}.log") for a, b in ((0, 1), (20, 21), (10, 11))
    ]
    (run,) = read(*paths)
    np.testing.assert_array_equal(run.series["loss"].value, np.arange(30))


def test_other_logs_are_not_claimed(tmp_path):
    (tmp_path / "data-1.log").write_text("step 1 loss 0.5\n")
    assert READER.claim(LogFile(tmp_path / "data-1.log")) is None


def test_without_series(tmp_path):
    with pytest.raises(NotALogError, match="no series of numbers"):
        read(written(tmp_path, [assign(["parameters", "lr"], 0.1)]))


def test_cut_off(tmp_path):
    path = written(tmp_path, operations())
    path.write_bytes(path.read_bytes()[:-30])
    (run,) = read(path)
    assert len(run.series["train/loss"]) == 10
    assert any("cut off" in note for note in run.notes)


@pytest.mark.parametrize("seed", range(20))
def test_damage(tmp_path, seed):
    path = written(tmp_path, operations())
    content = bytearray(path.read_bytes())
    chance = random.Random(seed)
    for _ in range(40):
        content[chance.randrange(len(content))] = chance.randrange(256)
    path.write_bytes(content)
    try:
        runs = list(READER.read(Source(path=tmp_path, files=(LogFile(path),))))
    except ReadError:
        return
    assert len(runs) >= 1
