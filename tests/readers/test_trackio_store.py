"""Trackio's project files."""

from __future__ import annotations

import json
import sqlite3

import numpy as np
import pytest

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.readers._base import LogFile, Source
from lrdoctor.readers.trackio_store import READER

SCHEMA = """
CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, {run_id} timestamp TEXT NOT NULL,
                      run_name TEXT NOT NULL, step INTEGER NOT NULL, metrics TEXT NOT NULL);
CREATE TABLE configs (id INTEGER PRIMARY KEY AUTOINCREMENT, {run_id} run_name TEXT NOT NULL,
                      config TEXT NOT NULL, created_at TEXT NOT NULL);
"""


def project(path, runs, *, with_id=True):
    """Write a project as Trackio does: metrics as JSON bytes, what JSON has no number for in quotes."""
    with sqlite3.connect(path) as connection:
        connection.executescript(SCHEMA.format(run_id="run_id TEXT NOT NULL," if with_id else ""))
        for number, (name, rows) in enumerate(runs):
            ids = (f"{number:032x}",) if with_id else ()
            key, marks = ("run_id, ", "?, ") if with_id else ("", "")
            for step, metrics in rows:
                connection.execute(
                    f"INSERT INTO metrics ({key}timestamp, run_name, step, metrics) "
                    f"VALUES ({marks}?, ?, ?, ?)",
                    (*ids, "2025-01-01T00:00:00+00:00", name, step, metrics),
                )
            config = json.dumps({"lr": 0.1, "optimizer": "SGD", "_Created": "now"})
            connection.execute(
                f"INSERT INTO configs ({key}run_name, config, created_at) "
                f"VALUES ({marks}?, ?, '')",
                (*ids, name, config),
            )
    connection.close()
    return path


def read(path):
    claim = READER.claim(LogFile(path))
    assert claim is not None
    return list(READER.read(Source(path=path, files=(LogFile(path),))))


def rows(count):
    values = ['"NaN"' if n == 3 else '"Infinity"' if n == 4 else str(1 / (n + 1)) for n in range(count)]
    rest = '"img": {"_type": "trackio.image", "w": 3}'
    return [
        (n, f'{{"train/loss": {value}, "by": {{"a": {n}}}, {rest}}}'.encode())
        for n, value in enumerate(values)
    ]  # fmt: skip


@pytest.mark.parametrize("with_id", [True, False])
def test_runs_of_a_project(tmp_path, with_id):
    path = project(tmp_path / "p.db", [("calm-sun-1", rows(6)), ("wild-sea-2", rows(9))], with_id=with_id)
    runs = read(path)
    assert [run.id for run in runs] == ["calm-sun-1", "wild-sea-2"]
    np.testing.assert_array_equal(
        runs[0].series["train/loss"].value, [1, 1 / 2, 1 / 3, np.nan, np.inf, 1 / 6]
    )
    assert set(runs[1].series) == {"train/loss", "by.a"}
    assert len(runs[1].series["by.a"]) == 9
    assert runs[0].hyperparameters == {"lr": 0.1, "optimizer": "sgd"}


def test_a_single_run_needs_no_name(tmp_path):
    (run,) = read(project(tmp_path / "p.db", [("calm-sun-1", rows(6))]))
    assert run.id == ""


def test_rows_that_are_no_json_hold_nothing(tmp_path):
    bad = [(0, b"{"), (1, b'{"loss": 1}'), (2, b"[1]"), (3, b'{"loss": 0.5}'), (4, b"\xff\xfe")]
    (run,) = read(project(tmp_path / "p.db", [("a", bad)]))
    assert run.series["loss"].step.tolist() == [1, 3]


def test_empty_and_damaged(tmp_path):
    path = project(tmp_path / "p.db", [])
    with pytest.raises(NotALogError, match="no run has logged"):
        read(path)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(ReadError):
        list(READER.read(Source(path=path, files=(LogFile(path),))))


def test_equals_trackio_itself(tmp_path, monkeypatch):
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path))
    trackio = pytest.importorskip("trackio")
    trackio.init(project="p", name="r", config={"lr": 0.5}, auto_log_gpu=False)
    for step in range(5):
        trackio.log({"loss": float("nan") if step == 3 else 1 / (step + 1)})
    trackio.finish()
    (run,) = read(next(tmp_path.glob("*.db")))
    np.testing.assert_array_equal(run.series["loss"].value, [1, 1 / 2, 1 / 3, np.nan, 1 / 5])
    assert run.hyperparameters["lr"] == 0.5
