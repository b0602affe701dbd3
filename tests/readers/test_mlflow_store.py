"""MLflow: the file store and the SQLite store."""

from __future__ import annotations

import random
import sqlite3
import sys

import numpy as np
import pytest

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.readers._base import LogFile, Source
from lrdoctor.readers.mlflow_store import READER

META = "experiment_id: '1'\nlifecycle_stage: active\nrun_id: {0}\nrun_name: lucky-ram-1\nstatus: 3\n"


def sources(root):
    groups = {}
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        claim = READER.claim(LogFile(path))
        if claim is not None:
            groups.setdefault(claim.group or path, []).append(LogFile(path))
    return [Source(path=path, files=tuple(files)) for path, files in groups.items()]


def read(root):
    return [run for source in sources(root) for run in READER.read(source)]


def file_store(root, run="0a1b", **metrics):
    directory = root / "mlruns" / "1" / run
    for name, text in metrics.items():
        path = directory / "metrics" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (directory / "params").mkdir()
    (directory / "params" / "lr").write_text("0.01")
    (directory / "params" / "optimizer").write_text("AdamW")
    (directory / "meta.yaml").write_text(META.format(run))
    (root / "mlruns" / "1" / "meta.yaml").write_text("name: exp\n")
    return directory


def lines(steps, value=lambda n: 2.0 / (n + 1), extra=""):
    return "".join(f"{1_700_000_000_000 + n * 10} {value(n)} {step}{extra}\n" for n, step in enumerate(steps))


SCHEMA = """
CREATE TABLE runs (run_uuid VARCHAR(32) PRIMARY KEY, name VARCHAR(250), lifecycle_stage VARCHAR(20));
CREATE TABLE params ("key" VARCHAR(250), value VARCHAR(8000), run_uuid VARCHAR(32));
CREATE TABLE metrics ("key" VARCHAR(250), value FLOAT, timestamp BIGINT, run_uuid VARCHAR(32),
                      step BIGINT DEFAULT 0, is_nan BOOLEAN DEFAULT 0);
"""


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "mlflow.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(SCHEMA)
        for run, name in (("aa" * 16, "first"), ("bb" * 16, "second")):
            connection.execute("INSERT INTO runs VALUES (?, ?, 'active')", (run, name))
            connection.execute("INSERT INTO params VALUES ('learning_rate', '0.5', ?)", (run,))
            for step in range(10):
                value, nan = (
                    (0.0, 1) if step == 7 else (sys.float_info.max if step == 8 else 1.0 / (step + 1), 0)
                )
                connection.execute(
                    "INSERT INTO metrics VALUES ('train/loss', ?, ?, ?, ?, ?)",
                    (value, 1000 + step, run, step, nan),
                )
                connection.execute("INSERT INTO metrics VALUES ('system/cpu', 3, 1, ?, ?, 0)", (run, step))
    connection.close()
    return path


def test_file_store(tmp_path):
    values = {0: 2.0, 1: float("nan"), 2: float("inf")}
    metrics = {
        "train/loss": lines([0, 5, 10], values.__getitem__),
        "val": lines([0, 10], extra=" set abc"),
        "system/gpu": lines([0, 5]),
    }
    directory = file_store(tmp_path, **metrics)
    (run,) = read(tmp_path)
    assert run.source == str(directory)
    np.testing.assert_array_equal(run.series["train/loss"].value, [2.0, np.nan, np.inf])
    np.testing.assert_array_equal(run.series["train/loss"].step, [0, 5, 10])
    np.testing.assert_array_equal(run.series["val"].step, [0, 10])
    assert set(run.series) == {"train/loss", "val"}
    assert run.hyperparameters == {"lr": 0.01, "optimizer": "adamw"}
    assert any("lucky-ram-1" in note for note in run.notes)


def test_one_run_for_each_directory(tmp_path):
    file_store(tmp_path, "aaaa", loss=lines([0, 1]))
    file_store(tmp_path, "bbbb", loss=lines([0, 1, 2]))
    assert [len(run.series["loss"]) for run in read(tmp_path)] == [2, 3]


def test_metrics_without_a_step(tmp_path):
    file_store(tmp_path, loss=lines([0] * 20))
    (run,) = read(tmp_path)
    assert run.series["loss"].step.tolist() == list(range(20))
    file_store(tmp_path, "old", loss="1 0.5\n2 0.25\n")  # before steps were kept
    assert {len(run.series["loss"]) for run in read(tmp_path)} == {20, 2}


def test_a_cut_last_line_is_left_out(tmp_path):
    file_store(tmp_path, loss=lines(range(5)) + "17000")
    (run,) = read(tmp_path)
    assert len(run.series["loss"]) == 5
    assert any("left out" in note for note in run.notes)


def test_a_metric_of_the_users_own_called_metrics(tmp_path):
    file_store(tmp_path, **{"metrics/loss": lines([0, 1])})
    (run,) = read(tmp_path)
    assert set(run.series) == {"metrics/loss"}


def test_other_files_are_not_claimed(tmp_path):
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "loss").write_text(lines([0, 1]))  # no run directory
    directory = file_store(tmp_path, loss=lines([0, 1]), **{"note.txt": "text of the user\n"})
    (directory / "artifacts").mkdir()
    (directory / "artifacts" / "loss.csv").write_text("step,loss\n0,1\n")
    (source,) = sources(tmp_path)
    assert [file.name for file in source.files] == ["loss"]


def test_params_that_are_links_are_not_followed(tmp_path):
    directory = file_store(tmp_path, loss=lines([0, 1]))
    secret = tmp_path / "elsewhere"
    secret.write_text("secret")
    (directory / "params" / "batch_size").symlink_to(secret)
    (run,) = read(tmp_path)
    assert "secret" not in run.hyperparameters.values()


def test_database(database):
    runs = read(database.parent)
    assert [run.id for run in runs] == ["first", "second"]
    for run in runs:
        loss = run.series["train/loss"]
        expected = [1.0 / (step + 1) for step in range(10)]
        expected[7:9] = [np.nan, np.inf]
        np.testing.assert_array_equal(loss.value, expected)
        np.testing.assert_array_equal(loss.step, range(10))
        assert run.hyperparameters["lr"] == 0.5
        assert set(run.series) == {"train/loss"}


def test_nothing_is_written_beside_the_database(database):
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("INSERT INTO metrics VALUES ('train/loss', 0.01, 99, ?, 10, 0)", ("aa" * 16,))
    connection.commit()  # still open: the last row is in the write-ahead file only
    before = {path: path.read_bytes() for path in database.parent.iterdir() if not path.name.endswith("-shm")}
    runs = read(database.parent)
    after = {path: path.read_bytes() for path in database.parent.iterdir() if not path.name.endswith("-shm")}
    connection.close()
    assert before == after
    assert [len(run.series["train/loss"]) for run in runs] == [11, 10]


def test_a_database_of_something_else_is_not_claimed(tmp_path):
    path = tmp_path / "app.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE metrics (a, b)")
    connection.close()
    assert READER.claim(LogFile(path)) is None
    path.write_bytes(b"not a database at all")
    assert READER.claim(LogFile(path)) is None


def test_a_view_in_place_of_the_table_is_not_run(tmp_path):
    path = tmp_path / "mlflow.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "CREATE TABLE runs (run_uuid, name, lifecycle_stage);"
            "CREATE VIEW metrics AS WITH RECURSIVE n(key) AS (SELECT 1 UNION ALL SELECT key + 1 FROM n) "
            "SELECT key, 1.0 AS value, 1 AS timestamp, 'a' AS run_uuid, 1 AS step, 0 AS is_nan FROM n;"
        )
    connection.close()
    assert READER.claim(LogFile(path)) is None


def test_an_empty_store(database):
    with sqlite3.connect(database) as connection:
        connection.execute("DELETE FROM metrics")
    connection.close()
    with pytest.raises(NotALogError, match="no run has logged"):
        read(database.parent)


def test_damaged_databases(database):
    content = database.read_bytes()
    chance = random.Random(0)
    for number in range(60):
        damaged = bytearray(content)
        for _ in range(30):
            damaged[chance.randrange(16, len(damaged))] = chance.randrange(256)
        database.write_bytes(damaged if number % 2 else content[: chance.randrange(len(content))])
        try:
            runs = list(READER.read(Source(path=database, files=(LogFile(database),))))
        except ReadError:
            continue
        assert all(run.series for run in runs)


@pytest.mark.parametrize("seed", range(5))
def test_damaged_metric_files(tmp_path, seed):
    chance = random.Random(seed)
    content = bytearray(lines(range(50)).encode())
    for _ in range(20):
        content[chance.randrange(len(content))] = chance.randrange(256)
    directory = file_store(tmp_path, loss="")
    (directory / "metrics" / "loss").write_bytes(content)
    source = Source(path=directory, files=(LogFile(directory / "metrics" / "loss"),))
    try:
        runs = list(READER.read(source))
    except ReadError:
        return
    assert sum(len(run.series["loss"]) for run in runs) >= 10


@pytest.mark.slow
def test_equals_mlflow_itself(tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    client = mlflow.tracking.MlflowClient(tracking_uri=(tmp_path / "mlruns").as_uri())
    experiment = client.create_experiment("exp")
    run_id = client.create_run(experiment).info.run_id
    for step, value in enumerate([2.0, 1.0, float("nan"), float("inf"), 0.1]):
        client.log_metric(run_id, "train/loss", value, step=step * 5)
    client.log_param(run_id, "lr", 0.25)
    (run,) = read(tmp_path)
    reference = client.get_metric_history(run_id, "train/loss")
    np.testing.assert_array_equal(run.series["train/loss"].value, [metric.value for metric in reference])
    np.testing.assert_array_equal(run.series["train/loss"].step, [metric.step for metric in reference])
    assert run.hyperparameters["lr"] == 0.25
