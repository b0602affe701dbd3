"""Logs that grow while they are read: what comes of each look is what a first reading of it all would give."""

from __future__ import annotations

import json
import os
import random

import numpy as np
import pytest

from lrdoctor.gather import Bookmarks, gather
from lrdoctor.readers import _columns, _json_table, mlflow_store
from lrdoctor.readers._text import following, scan
from lrdoctor.records import Run

STEPS = 900


def rows(seed=0):
    rng = random.Random(seed)
    for step in range(STEPS):
        yield step, 3 / (step + 1) ** 0.3 + 0.1 * rng.random(), 1e-3 * (1 - step / STEPS)


def csv(seed=0):
    body = "".join(
        f"{step},{'' if step % 50 else f'{loss + 0.1:.4f}'},{loss:.6f},{lr:.3e}\n" for step, loss, lr in rows(seed)
    )
    return "step,val_loss,train_loss,lr\n" + body


def appended_csv():
    return csv() + csv(1)


def json_lines():
    lines = ({"step": step, "loss": loss, "lr": lr, "mode": "train"} for step, loss, lr in rows())
    return "".join(json.dumps(line) + "\n" for line in lines)


def printed():
    lines = (
        f"step {step}/{STEPS} | loss {loss:.4f} | lr {lr:.3e}\n" + ("saving a checkpoint\n" if step % 100 == 99 else "")
        for step, loss, lr in rows()
    )
    return "lr: 0.001\n" + "".join(lines)


def bars():
    return "".join(
        f"\r{step}/{STEPS} [00:0{step % 7}<?, loss={loss:.3f}]" + "\n" * (step % 300 == 299) for step, loss, _ in rows()
    )


def mlperf():
    start = ':::MLLOG {"key": "opt_base_learning_rate", "value": 0.001, "metadata": {}}\n'
    lines = (
        f':::MLLOG {{"key": "train_loss", "value": {loss:.5f}, "metadata": {{"step_num": {step}}}}}\n'
        + (":::MLLOG {half a line\n" if step % 200 == 50 else "")
        for step, loss, _ in rows()
    )
    return start + "".join(lines)


def epochs():
    lines = (
        f"2024-01-01 00:00:00.1: Epoch {epoch}\n2024-01-01 00:00:00.2: Current learning rate: {lr:.5f}\n"
        f"2024-01-01 00:00:00.3: train_loss {-loss:.4f}\n2024-01-01 00:00:00.4: Pseudo dice [{loss / 4:.4f}]\n"
        for epoch, loss, lr in rows()
    )
    return "2024-01-01 00:00:00.0: nnU-Net\n" + "".join(lines)


def metric():
    """As MLflow writes it: time, value, step."""
    return "".join(
        f"{1_700_000_000_000 + step} {loss!r} {step}\n" + ("gibberish\n" if step == 700 else "")
        for step, loss, _ in rows()
    )


METRIC = "mlruns/1/0123abcd/metrics/train/loss"
LOGS = {
    "metrics.csv": csv,
    "history.csv": appended_csv,
    "metrics.jsonl": json_lines,
    "train.log": printed,
    "console.log": bars,
    "result_0.txt": mlperf,
    "training_log_2024_1_1_00_00_00.txt": epochs,
    METRIC: metric,
}


def place(root, name):
    """Where a log is to be written, with what belongs beside it."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if name == METRIC:
        (path.parents[2] / "meta.yaml").write_text("run_name: first\n")
    return path


def state(items):
    """What can be told of runs, by id."""
    runs = [item for item in items if isinstance(item, Run)]
    return {
        run.id: (
            run.format, run.notes, dict(run.hyperparameters),
            {
                tag: (curve.step.tolist(), [repr(value) for value in curve.value.tolist()], curve.unit,
                      None if curve.wall_time is None else curve.wall_time.tolist())
                for tag, curve in run.series.items()
            },
        )
        for run in runs
    }  # fmt: skip


@pytest.fixture(autouse=True)
def _small_heads(monkeypatch):
    """Files of some kilobytes are as well settled as large ones."""
    monkeypatch.setattr(_columns, "_SNIFF_BYTES", 1 << 9)
    monkeypatch.setattr(_json_table, "_HEAD_BYTES", 1 << 9)


@pytest.mark.parametrize("name", LOGS)
@pytest.mark.parametrize("seed", range(2))
def test_every_look_gives_what_a_first_reading_would(tmp_path, name, seed):
    content = LOGS[name]().encode()
    rng = random.Random(f"{name} {seed}")
    cuts = sorted(rng.sample(range(1, len(content)), 12))
    path, bookmarks = place(tmp_path, name), Bookmarks()
    for begin, end in zip([0, *cuts], [*cuts, len(content)], strict=True):
        with path.open("ab") as out:
            out.write(content[begin:end])
        assert state(gather([tmp_path], bookmarks=bookmarks)) == state(gather([tmp_path]))


@pytest.mark.parametrize("name", [name for name in LOGS if name != METRIC])
def test_only_what_is_new_is_read(tmp_path, name, monkeypatch):
    content = LOGS[name]().encode()
    path, bookmarks = place(tmp_path, name), Bookmarks()
    cut = content.rindex(b"\n", 0, len(content) - 5000) + 1
    path.write_bytes(content[:cut])
    list(gather([tmp_path], bookmarks=bookmarks))
    path.write_bytes(content)
    starts = []
    for module in (_columns, _json_table, scan, following):
        function = "line_blocks" if hasattr(module, "line_blocks") else "blocks"
        original = getattr(module, function)

        def noting(path, *args, original=original, **options):
            starts.append(options.get("start", args[-1] if args and isinstance(args[-1], int) else 0))
            return original(path, *args, **options)

        monkeypatch.setattr(module, function, noting)
    found = state(gather([tmp_path], bookmarks=bookmarks))
    assert starts == [cut]
    assert found == state(gather([tmp_path]))


def test_only_what_is_new_of_a_metric_is_parsed(tmp_path, monkeypatch):
    path, bookmarks = place(tmp_path, METRIC), Bookmarks()
    lines = metric().splitlines(keepends=True)
    path.write_text("".join(lines[:-20]))
    list(gather([tmp_path], bookmarks=bookmarks))
    path.write_text("".join(lines))
    parsed = []
    original = mlflow_store._table
    monkeypatch.setattr(mlflow_store, "_table", lambda rows, width: parsed.append(len(rows)) or original(rows, width))
    found = state(gather([tmp_path], bookmarks=bookmarks))
    assert parsed == [20]
    assert found == state(gather([tmp_path]))


def test_a_run_to_which_nothing_came_is_the_same_object(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "metrics.csv").write_text(csv())
    bookmarks = Bookmarks()
    before = {run.id: run for run in gather([tmp_path], bookmarks=bookmarks)}
    with (tmp_path / "b" / "metrics.csv").open("a") as out:
        out.write(f"{STEPS},,0.5,1e-6\n")
    after = {run.id: run for run in gather([tmp_path], bookmarks=bookmarks)}
    assert after["a"] is before["a"]
    assert after["b"] is not before["b"]
    assert len(after["b"].series["train_loss"]) == STEPS + 1


def replace_in_place(path, content):
    path.write_text(content)


def replace_by_renaming(path, content):
    other = path.with_suffix(".new")
    other.write_text(content)
    os.replace(other, path)  # noqa: PTH105


@pytest.mark.parametrize("replacing", [replace_in_place, replace_by_renaming])
@pytest.mark.parametrize("keep", [0.5, 1.0, 1.5])
@pytest.mark.parametrize("name", [name for name in LOGS if name not in ("history.csv", "console.log")])
def test_a_file_that_was_written_anew_is_read_anew(tmp_path, replacing, keep, name):
    path, bookmarks = place(tmp_path, name), Bookmarks()
    content = LOGS[name]()
    path.write_text(content)
    list(gather([tmp_path], bookmarks=bookmarks))
    lines = [line.replace("2", "3") for line in content.splitlines(keepends=True)]
    replacing(path, "".join((lines + lines[1:])[: int(keep * len(lines))]))
    assert state(gather([tmp_path], bookmarks=bookmarks)) == state(gather([tmp_path]))


def test_files_come_and_go(tmp_path):
    bookmarks = Bookmarks()
    assert state(gather([tmp_path], bookmarks=bookmarks)) == {}
    (tmp_path / "one.csv").write_text(csv())
    assert len(state(gather([tmp_path], bookmarks=bookmarks))) == 1
    (tmp_path / "two.csv").write_text(csv(1))
    assert len(state(gather([tmp_path], bookmarks=bookmarks))) == 2
    (tmp_path / "one.csv").unlink()
    (left,) = gather([tmp_path], bookmarks=bookmarks)
    np.testing.assert_array_equal(left.series["lr"].value, next(iter(gather([tmp_path]))).series["lr"].value)
    (tmp_path / "two.csv").unlink()
    assert list(gather([tmp_path], bookmarks=bookmarks)) == []
