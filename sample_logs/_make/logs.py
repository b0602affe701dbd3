"""What is done with a training: how its log is written, in each layout that a case needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import torch

from _make import detection, frameworks, loop, tasks, writers
from _make.loop import Training

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOSS = {
    "step": "step",
    "train_loss": "train_loss",
    "val_loss": "val_loss",
    "lr": "lr",
    "grad_norm": "grad_norm",
}


def logged(write: Callable[[Path, Training, loop.Row], object], **fixed: object) -> Callable[..., Training]:
    """A run of the plain loop whose outcome `write` puts into the folder."""

    def run(folder: Path, **settings: object) -> Training:
        training = loop.train(**fixed | settings)
        write(folder, training, settings)
        return training

    return run


def resumed(folder: Path, training: Training, _settings: object) -> None:
    """Stopped at step 830 and resumed from the checkpoint of step 800: two event files that overlap."""
    tags = {
        "train_loss": "Loss/train",
        "val_loss": "Loss/validation",
        "val_accuracy": "Accuracy/validation",
        "lr": "lr",
    }
    before = [row for row in training.rows if row["step"] <= 830]
    writers.event_file(folder, before, tags)
    writers.event_file(
        folder, [row for row in training.rows if row["step"] >= 800], tags, start=writers.CLOCK + 3600
    )


def cut_off(folder: Path, training: Training, _settings: object) -> None:
    """Copied while it was being written: the last record is incomplete."""
    tags = {
        "train_loss": "train/loss",
        "grad_norm": "train/grad_norm",
        "lr": "train/lr",
        "val_loss": "val/loss",
    }
    path = writers.event_file(folder, training.rows, tags)
    path.write_bytes(path.read_bytes()[:-17])


def spiky_events(folder: Path, training: Training, _settings: object) -> None:
    for row in training.rows:
        if (row["step"] + 1) % 10:
            del row["lr"], row["grad_norm"]
    writers.event_file(
        folder,
        training.rows,
        {"train_loss": "loss/train", "val_loss": "loss/val", "lr": "lr", "grad_norm": "grad_norm"},
    )


def history(folder: Path, training: Training, settings: loop.Row, *, kind: str) -> None:
    """What people keep of `run.history()` or `run.scan_history()`."""
    tags = {
        "epoch": "epoch",
        "train_loss": "train/loss",
        "lr": "train/lr",
        "val_loss": "val/loss",
        "val_accuracy": "val/acc",
    }
    frame = pd.DataFrame(writers.wandb_history(training.rows, tags))
    if kind == "csv":
        frame.to_csv(folder / "history.csv")
    elif kind == "jsonl":
        frame.to_json(folder / "history.jsonl", orient="records", lines=True, double_precision=12)
    else:
        frame.to_parquet(folder / "0000.runhistory.parquet")


def offline(folder: Path, training: Training, settings: loop.Row) -> None:
    tags = {
        "train_loss": "train/loss",
        "grad_norm": "train/grad_norm",
        "lr": "train/lr",
        "val_loss": "val/loss",
    }
    config = {"optimizer": "sgd", "batch_size": 32, "model": "rnn", "lr": settings["lr"]}
    frameworks.wandb_offline(folder, training, tags, config, run_id="m4x0q7ze", name="rnn-sgd")


def legacy(folder: Path, training: Training, settings: loop.Row) -> None:
    tags = {"train_loss": "loss", "val_loss": "val_loss", "lr": "lr"}
    config = {
        "learning_rate": settings["lr"],
        "optimizer": "SGD",
        "batch_size": 16,
        "scheduler": "MultiStepLR",
    }
    writers.wandb_directory(folder / "wandb" / "run-20200611_093012-k3j2h1g0", training.rows, tags, config)


def printed(folder: Path, training: Training, settings: loop.Row) -> None:
    def line(row: loop.Row) -> str:
        begin = f"step {row['step'] + 1:5d} | loss {row['train_loss']:.4f} | lr {row['lr']:.2e} | "
        if "val_loss" in row:
            return begin + f"val loss {row['val_loss']:.4f}"
        return begin + f"grad norm {row['grad_norm']:.3f}"

    head = f"character model, 2 blocks, width 32\noptimizer adamw, peak lr {settings['lr']:g}, batch 32\n"
    path = folder / "train.log"
    writers.text_lines(path, training.rows, line)
    path.write_text(head + path.read_text(encoding="utf-8") + "done, model saved\n", encoding="utf-8")


def csv_log(
    folder: Path,
    training: Training,
    _settings: object,
    *,
    name: str,
    tags: writers.Tags,
    decimal_comma: bool = False,
) -> None:
    writers.csv_table(folder / name, training.rows, tags, decimal_comma=decimal_comma)


def broken_from_start(folder: Path, *, lr: float, fixed: bool = False) -> Training:
    """The logarithm of pixels that are zero: NaN from the first step; `fixed` takes log(1 + x)."""

    def task() -> tasks.Task:
        data = tasks.digits(scale=1.0)
        take = torch.log1p if fixed else torch.log
        return tasks.Task(
            data.model, data.loss, take(data.x), data.y, torch.log1p(data.x_val), data.y_val, classes=10
        )

    training = loop.train(task, lr=lr, steps=200, optimizer="adam")
    names = {
        "step": "global_step",
        "epoch": "epoch",
        "train_loss": "loss",
        "lr": "learning_rate",
        "grad_norm": "grad_norm",
    }
    writers.json_lines(folder / "train_log.jsonl", training.rows, names)
    return training


def detect_v8(folder: Path, *, lr: float, epochs: int = 50) -> Training:
    """Ultralytics layout; every epoch sees the digits in other places."""
    kind = detection.AnchorFree()
    result = detection.train(kind, lr=lr, epochs=epochs)
    arguments = {
        "task": "detect",
        "mode": "train",
        "model": "tiny.yaml",
        "data": "digits.yaml",
        "epochs": epochs,
        "batch": 32,
        "imgsz": 24,
        "device": "cpu",
        "pretrained": False,
        "optimizer": "SGD",
        "seed": 0,
        "cos_lr": False,
        "lr0": lr,
        "lrf": 0.01,
        "momentum": 0.9,
        "weight_decay": 0.0005,
        "warmup_epochs": 3.0,
        "box": 7.5,
        "cls": 0.5,
        "dfl": 1.5,
    }
    writers.ultralytics(folder, result, kind, arguments)
    return Training(final=result.final, final_val=result.final_val, best_val=result.best_val)


def detect_v5(folder: Path, *, lr: float, train_size: int, epochs: int = 60) -> Training:
    """YOLOv5 layout; the same few images in every epoch."""
    kind = detection.AnchorBased()
    result = detection.train(kind, lr=lr, epochs=epochs, train_size=train_size, augment=False)
    options = {
        "weights": "",
        "cfg": "tiny.yaml",
        "data": "digits.yaml",
        "epochs": epochs,
        "batch_size": 32,
        "imgsz": 24,
        "optimizer": "SGD",
    }
    hyper = {
        "lr0": lr,
        "lrf": 0.01,
        "momentum": 0.9,
        "weight_decay": 0.0005,
        "warmup_epochs": 3.0,
        "box": 0.5,
        "cls": 0.5,
        "obj": 1.0,
    }
    writers.yolov5(folder, result, kind, options, hyper)
    return Training(final=result.final, final_val=result.final_val, best_val=result.best_val)
