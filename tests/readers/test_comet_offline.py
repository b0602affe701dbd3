"""Comet's offline archives."""

from __future__ import annotations

import json
import random
import zipfile

import numpy as np
import pytest

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.readers._base import LogFile, Source
from lrdoctor.readers.comet_offline import READER

KEY = "ecf684a8217e4be2ae235539c1c4a9a6"


def metric(name, value, step, context=None, when=0):
    payload = {"local_timestamp": 1_700_000_000_000 + when, "message_id": 1,
               "metric": {"epoch": 0, "metricName": name, "metricValue": value, "step": step}}  # fmt: skip
    if context:
        payload["context"] = context
    return {"payload": payload, "type": "metric_msg"}


def param(name, value):
    return {
        "payload": {"param": {"paramName": name, "paramValue": value, "step": None}},
        "type": "parameter_msg",
    }


def messages():
    yield {"payload": {"key": "offline_experiment", "value": True}, "type": "log_other"}
    yield from (param("lr", 0.1), param("nested|optimizer", "Adam"), param("curr_step", 3))
    for n in range(8):
        yield metric("train_loss", "NaN" if n == 5 else 1 / (n + 1), n * 3, when=n)
        yield metric("loss", 2 / (n + 1), n * 3, context="validate", when=n)
    yield metric("sys.cpu", 3.0, 1)


def archive(path, lines=None, name="messages.json"):
    text = "\n".join(json.dumps(each) for each in (messages() if lines is None else lines))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("experiment.json", json.dumps({"offline_id": KEY}))
        packed.writestr(name, text)
    return path


def read(path):
    claim = READER.claim(LogFile(path))
    assert claim is not None
    return list(READER.read(Source(path=claim.group or path, files=(LogFile(path),))))


@pytest.mark.parametrize("packed", [True, False])
def test_metrics_and_settings(tmp_path, packed):
    path = archive(tmp_path / f"{KEY}.zip")
    if not packed:
        zipfile.ZipFile(path).extractall(tmp_path / "open")
        path = tmp_path / "open" / "messages.json"
    (run,) = read(path)
    assert set(run.series) == {"train_loss", "validate_loss"}
    np.testing.assert_array_equal(run.series["train_loss"].step, np.arange(0, 24, 3))
    np.testing.assert_array_equal(run.series["train_loss"].value[4:7], [1 / 5, np.nan, 1 / 7])
    assert run.hyperparameters == {"lr": 0.1, "optimizer": "adam"}


def test_other_archives_are_not_claimed(tmp_path):
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as packed:
        packed.writestr("data.csv", "a,b\n1,2\n")
    assert READER.claim(LogFile(tmp_path / "data.zip")) is None
    with zipfile.ZipFile(tmp_path / f"{KEY}.zip", "w") as packed:
        packed.writestr("data.csv", "a,b\n1,2\n")
    assert READER.claim(LogFile(tmp_path / f"{KEY}.zip")) is None


def test_an_archive_that_unpacks_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("lrdoctor.readers.comet_offline._FREE_BYTES", 0)
    path = tmp_path / f"{KEY}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("messages.json", json.dumps(metric("a", 1, 1)) + "\n" + (" " * 999 + "\n") * 20_000)
    with pytest.raises(ReadError, match="unpacks to more than"):
        read(path)


def test_without_metrics(tmp_path):
    with pytest.raises(NotALogError, match="without a metric"):
        read(archive(tmp_path / f"{KEY}.zip", [param("lr", 0.1)]))


def test_damage(tmp_path):
    path = archive(tmp_path / f"{KEY}.zip")
    content = path.read_bytes()
    chance = random.Random(0)
    outcomes = set()
    for number in range(200):
        damaged = bytearray(content)
        for _ in range(1 + number % 5):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged if number % 2 else content[: chance.randrange(4, len(content))])
        try:
            outcomes.add(len(list(READER.read(Source(path=path, files=(LogFile(path),))))))
        except ReadError as error:
            outcomes.add(type(error).__name__)
    assert "ReadError" in outcomes


def test_odd_messages_are_counted(tmp_path):
    odd = [{"payload": None}, [], 3, {"payload": {"metric": {"metricName": "x"}}}, metric("x", "abc", 1),
           metric("x", 1.0, 2), metric("x", 2.0, 4)]  # fmt: skip
    (run,) = read(archive(tmp_path / f"{KEY}.zip", odd))
    assert run.series["x"].step.tolist() == [2, 4]
    assert any("5 messages" in note for note in run.notes)
