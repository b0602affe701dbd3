"""What a fuzzer starts from: the fixtures, the sample logs, and a few lines of each format that neither holds."""

from __future__ import annotations

import io
import json
import sqlite3
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from harness import BESIDE, PLACES

if TYPE_CHECKING:
    from collections.abc import Iterator

_TESTS = Path(__file__).resolve().parents[1]
_MOST_BYTES = 12_000
_BY_SUFFIX = {
    ".csv": ("metrics.csv", "results.csv", "progress.csv", "wandb_export_2024-01-05T10_15_00.000+01_00.csv"),
    ".tsv": ("log.tsv", "learn_error.tsv"), ".jsonl": ("history.jsonl", "trainer_log.jsonl"),
    ".json": ("history.json", "trainer_state.json", "all_scalars.json", "scalars.json", "result.json"),
    ".log": ("train.log",), ".txt": ("train.log",), ".parquet": ("0000.runhistory.parquet",), "": ("log",),
}  # fmt: skip


def seeds() -> Iterator[bytes]:
    """Inputs of the fuzzer."""
    for folder in (_TESTS / "fixtures", _TESTS.parent / "sample_logs"):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            if path.name == "expected.json" or path.suffix in (".py", ".md", ".yaml") or "fuzz" in path.parts:
                continue
            for name in _names(path):
                yield _input(name, path.read_bytes()[:_MOST_BYTES], b"lr: 0.1\noptimizer: {name: adam}\n")
    for name, content in _written():
        yield _input(name, content, b'{"lr": 0.1, "args": ["--lr", "0.1"]}')


def _names(path: Path) -> tuple[str, ...]:
    known = [name for name, _ in PLACES if name.rpartition("/")[2] == path.name]
    if known:
        return tuple(known)
    if "tfevents" in path.name:
        return ("events.out.tfevents.1700000000.host.1.0",)
    if path.suffix == ".wandb":
        return (next(name for name, _ in PLACES if name.endswith(".wandb")),)
    if path.name == "wandb-history.jsonl":
        return (next(name for name, _ in PLACES if name.endswith(path.name)),)
    return _BY_SUFFIX.get(path.suffix, ())


def _input(name: str, content: bytes, beside: bytes) -> bytes:
    place = [known for known, _ in PLACES].index(name)
    return bytes([place]) + content + (BESIDE + beside if PLACES[place][1] else b"")


def _written() -> Iterator[tuple[str, bytes]]:
    """Small logs of formats without a fixture."""
    n = range(8)
    yield "mlruns/1/0a1b/metrics/train_loss", b"".join(b"170000000%d 0.%d %d\n" % (k, 9 - k, k) for k in n)
    lines = [{"obj": {"type": "AssignFloat", "path": ["parameters", "lr"], "value": 0.1}, "version": 1}] + [
        {"obj": {"type": "LogFloats", "path": ["train", "loss"],
                 "values": [{"value": 1 / (k + 1), "step": k, "ts": 1.7e9 + k}]}, "version": 2} for k in n
    ]  # fmt: skip
    yield ".neptune/offline/run__1/data-1.log", "".join(json.dumps(line) + "\n" for line in lines).encode()
    messages = [{"payload": {"local_timestamp": 1.7e12, "metric": {"metricName": "loss", "metricValue": 1 / (k + 1),
                 "step": k}}, "type": "metric_msg"} for k in n]  # fmt: skip
    messages.append({"payload": {"param": {"paramName": "lr", "paramValue": 0.1}}, "type": "parameter_msg"})
    text = "\n".join(map(json.dumps, messages))
    yield "messages.json", text.encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("messages.json", text)
    yield "ecf684a8217e4be2ae235539c1c4a9a6.zip", packed.getvalue()
    for dtype in ("<f4", "<f8", ">i2"):
        array = io.BytesIO()
        np.save(array, np.linspace(9, 1, 8).astype(dtype))
        yield "losses.npy", array.getvalue()
    yield ".aim/run_metadata.sqlite", b"SQLite format 3\x00"
    cells = "".join(["step\tloss\n", *(f"{k}\t{1 / (k + 1)}\n" for k in n)])
    yield "dvclive/plots/metrics/train/loss.tsv", cells.encode()
    trials = [{"training_iteration": k, "loss": 1 / (k + 1), "time_total_s": k, "config": {"lr": 0.1}} for k in n]
    yield "result.json", "".join(json.dumps(trial) + "\n" for trial in trials).encode()
    yield "log.tsv", "".join(
        ["EPOCH\tTIMESTAMP\tLEARNING_RATE\tTRAIN_LOSS\n", *(f"{k}\t10:00:0{k}\t0.1\t{1 / (k + 1)}\n" for k in n)]
    ).encode()
    yield "mlflow.db", _database(
        "CREATE TABLE metrics (key TEXT, value FLOAT, timestamp INTEGER, run_uuid TEXT, step INTEGER, is_nan BOOLEAN);"
        "CREATE TABLE runs (run_uuid TEXT, name TEXT, lifecycle_stage TEXT);"
        "INSERT INTO runs VALUES ('r', 'n', 'active');"
        "CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT); INSERT INTO params VALUES ('lr', '0.1', 'r');"
        + "".join(f"INSERT INTO metrics VALUES ('loss', {1 / (k + 1)}, {k}, 'r', {k}, 0);" for k in n)
    )
    yield "trackio.db", _database(
        "CREATE TABLE metrics (id INTEGER, timestamp TEXT, run_name TEXT, step INTEGER, metrics TEXT);"
        "CREATE TABLE configs (id INTEGER, run_name TEXT, config TEXT, created_at TEXT);"
        + "".join(f"INSERT INTO metrics VALUES ({k}, '', 'r', {k}, '{{\"loss\": {1 / (k + 1)}}}');" for k in n)
    )
    yield from _tabled(n)
    for text in _PRINTED:
        yield "train.log", text.encode() * 8
    yield "training_log_2024_1_1_10_00_00.txt", _NNUNET.encode() * 8


def _tabled(n: range) -> Iterator[tuple[str, bytes]]:
    """Formats that are known by the names of their columns or keys."""
    tables = {
        "metrics.csv": "epoch,train_loss,valid_loss,accuracy,time\n0,{0},{0},0.5,00:10",
        "summary.csv": "epoch,train_loss,eval_loss,eval_top1,lr\n{1},{0},{0},70.1,0.05",
        "Train_Samples_train_loss.csv": "step,train_loss\n{1},{0}",
        "run-train-tag-loss.csv": "Wall time,Step,Value\n170000000{1}.5,{1},{0}",
        "results.csv": "epoch, train/box_loss, metrics/mAP50(B), val/box_loss, lr/pg0\n{1}, {0}, 0.5, {0}, 0.01",
        "learn_error.tsv": "iter\tRMSE\tAUC\n{1}\t{0}\t0.7",
        "progress.csv": "training_iteration,time_total_s,loss\n{1},{1},{0}",
        "0.monitor.csv": '#{"t_start": 1.7e9, "env_id": "a"}\nr,l,t\n{0},{1},{1}.5',
    }
    for name, text in tables.items():
        head, _, line = text.rpartition("\n")
        rows = [line.replace("{0}", f"{1 / (k + 1)}").replace("{1}", str(k)) for k in n]
        yield name, "\n".join([head, *rows]).encode()
    lines = {
        "metrics.json": lambda k, loss: {"iteration": k, "total_loss": loss, "lr": 0.1, "data_time": 0.1},
        "log.txt": lambda k, loss: {"train_lr": 0.1, "train_loss": loss, "test_loss": loss,
                                    "test_coco_eval_bbox": [0.4] * 12, "epoch": k, "n_parameters": 100},
        "trainer_log.jsonl": lambda k, loss: {"current_steps": k, "total_steps": 8, "loss": loss, "lr": 5e-5,
                                              "epoch": k / 8, "percentage": k, "elapsed_time": "0:00:01"},
        "20240101_000000.log.json": lambda k, loss: {"mode": "train" if k % 4 else "val", "epoch": 1 + k // 4,
                                                     "iter": k, "lr": 0.1, "loss": loss, "bbox_mAP": 0.1},
        "scalars.json": lambda k, loss: {"lr": 0.1, "loss": loss, "step": k, "epoch": 1, "iter": k},
        "wandb/run-20240101_000000-a1b2c3d4/wandb-history.jsonl":
            lambda k, loss: {"_step": k, "train/loss": loss, "_runtime": k, "nested": {"lr": 0.1}},
    }  # fmt: skip
    for name, line_of in lines.items():
        yield name, "".join(json.dumps(line_of(k, 1 / (k + 1))) + "\n" for k in n).encode()
    losses = [1 / (k + 1) for k in n]
    whole: dict[str, tuple[object, ...]] = {
        "history.json": (
            {"loss": losses, "val_loss": losses, "lr": [0.1] * 8}, {"history": {"loss": losses}, "epoch": list(n)},
            {"train": {"rmse": losses}, "valid": {"rmse": losses}},
            {"loss": {str(k): loss for k, loss in enumerate(losses)}},
        ),
        "run-train-tag-loss.json": ([[1.7e9 + k, k, loss] for k, loss in enumerate(losses)],),
        "all_scalars.json": ({"./run/loss": [[1.7e9 + k, k, loss] for k, loss in enumerate(losses)]},),
        "log": ([{"epoch": 1, "iteration": k, "elapsed_time": k, "main/loss": loss} for k, loss in enumerate(losses)],),
        "trainer_state.json": ({"log_history": [{"step": k, "epoch": k, "loss": loss, "learning_rate": 0.1}
                                                for k, loss in enumerate(losses)], "max_steps": 8},),
    }  # fmt: skip
    for name, contents in whole.items():
        for content in contents:
            yield name, json.dumps(content).encode()
    yield "results.txt", "".join(
        f"  {k}/7  3.1G  {1 / (k + 1):.4f}  0.02  0.01  0.1  50  640  0.5  0.5  0.4  0.3  0.05  0.02  0.01\n" for k in n
    ).encode()


def _database(script: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.db"
        connection = sqlite3.connect(path)
        connection.executescript("PRAGMA page_size = 512;" + script)
        connection.close()
        return path.read_bytes()


_NNUNET = """Starting...
2023-09-01 13:52:23.781775: Epoch 1
2023-09-01 13:52:23.781775: Current learning rate: 0.01
2023-09-01 13:52:23.781775: train_loss -0.1
2023-09-01 13:52:23.781775: val_loss -0.2
"""
_PRINTED = (
    "Epoch 3/10: 100%|####| 40/40 [00:03<00:00, 12.1it/s, loss=0.43, lr=1e-3]\r\n",
    "[2024-01-01 10:00:00] step 1,200 | loss: 2.31 (2.40) | val ppl 10.1 | lr 3e-4 | grad norm 1.2\n",
    " iteration       10/ 100 | consumed samples: 80 | learning rate: 1.5E-04 | lm loss: 1.1E+01 | loss scale: 1.0 |\n",
    "2023-01-01 | INFO | train_inner | epoch 001: 100 / 500 loss=9.1, ppl=500, lr=1e-05, gnorm=2.1\n",
    ':::MLLOG {"key": "train_loss", "value": 1.5, "time_ms": 1, "metadata": {"step_num": 3, "epoch_num": 1}}\n',
    "{'loss': 2.1, 'grad_norm': 1.1, 'learning_rate': 5e-05, 'epoch': 0.1}\n",
    "| epoch | train_loss | valid_loss | time |\n|---|---|---|---|\n| 1 | 0.5 | 0.6 | 00:10 |\n",
    "==> [1][10/40] Loss 0.5 Acc@1 70.1 (69.2) nan inf\n",
)
