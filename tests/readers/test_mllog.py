"""MLPerf lines: points, settings, damage."""

from __future__ import annotations

import json

import pytest

from lrdoctor.errors import NotALogError
from lrdoctor.readers._base import LogFile, Source
from lrdoctor.readers.mllog import READER


def entry(key, value, **about):
    body = {
        "namespace": "",
        "time_ms": 1,
        "event_type": "POINT_IN_TIME",
        "key": key,
        "value": value,
        "metadata": about,
    }
    return f":::MLLOG {json.dumps(body)}\n"


def read(tmp_path, text):
    path = tmp_path / "result_0.txt"
    path.write_text(text)
    file = LogFile(path)
    assert READER.claim(file) is not None
    return list(READER.read(Source(path=path, files=(file,))))


def test_points_and_settings(tmp_path):
    text = "docker: pulling\n" * 3000 + entry("opt_base_learning_rate", 0.5, file="t.py", lineno=7)
    text += entry("global_batch_size", 4096) + entry("opt_name", "lamb")
    for k in range(1, 12):
        text += f"0: {entry('train_loss', 9 / k, step_num=k * 100, lineno=3)}"
        text += entry("eval_accuracy", k / 20, step_num=k * 100, epoch_num=k)
        text += entry("tracked_stats", {"throughput": 1.5}, step_num=k * 100)
    (run,) = read(tmp_path, text + ':::MLLOG {"key": "train_loss", "val\n')
    assert run.series["train_loss"].step.tolist() == list(range(100, 1101, 100))
    assert run.series["eval_accuracy"].value[-1] == 11 / 20
    assert dict(run.hyperparameters) == {"lr": 0.5, "batch_size": 4096, "optimizer": "lamb"}
    assert list(run.series) == ["train_loss", "eval_accuracy"]


def test_damaged_lines_are_counted(tmp_path):
    text = "".join(entry("eval_accuracy", k / 20, epoch_num=k) for k in range(1, 12)) + ":::MLLOG {oh}\n"
    (run,) = read(tmp_path, text)
    assert run.series["eval_accuracy"].unit == "epoch"
    assert any("1 damaged" in note for note in run.notes)


def test_numbers_that_no_float_holds(tmp_path):
    text = entry("eval_accuracy", 10**400, epoch_num=1) + "".join(
        entry("eval_accuracy", 0.5, epoch_num=k) for k in (2, 3)
    )
    (run,) = read(tmp_path, text)
    assert len(run.series["eval_accuracy"]) == 2


def test_settings_alone_are_no_log(tmp_path):
    with pytest.raises(NotALogError):
        read(tmp_path, entry("global_batch_size", 4096))
