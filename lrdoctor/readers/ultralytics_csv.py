"""Ultralytics YOLO: `results.csv` with losses in parts, beside `args.yaml` (v8 on) or `opt.yaml` and
`hyp.yaml` (v5).

Column names are padded in older versions. Before there was a `results.csv`, YOLOv5 and v7 wrote a
`results.txt` without a header.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lrdoctor.errors import NotALogError
from lrdoctor.patterns import pattern
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._beside import read_companion_yaml
from lrdoctor.readers._cells import to_floats
from lrdoctor.readers._hyper import find_hyperparameters
from lrdoctor.readers._records import read_text
from lrdoctor.readers._sheet import header_names, runs_from_sheet
from lrdoctor.readers._table import Table, runs_from_table
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lrdoctor.records import Hyperparameter, Run

_TEXT_LINE = pattern(r"\s*\d+/\d+\s+[\d.]+G(?:\s+[\d.naife+-]+){6,15}\s*")
_TEXT_NAMES = (
    "train/box_loss", "train/obj_loss", "train/cls_loss", "train/loss", "labels", "img_size",
    "metrics/precision", "metrics/recall", "metrics/mAP_0.5", "metrics/mAP_0.5:0.95",
    "val/box_loss", "val/obj_loss", "val/cls_loss",
)  # fmt: skip


class UltralyticsReader:
    """Reads `results.csv` (and the old `results.txt`) of a YOLO training."""

    name = "ultralytics-csv"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim a table of train/*_loss and metrics/* by epoch, whatever its name."""
        if file.suffix == ".txt":
            first = file.head_text.partition("\n")[0]
            sure = file.name.startswith("results") and _TEXT_LINE.fullmatch(first)
            return Claim(strength=Strength.FORMAT) if sure else None
        if file.suffix != ".csv":
            return None
        names = header_names(file)
        if not names or names[0] != "epoch":
            return None
        has_loss = any(re.fullmatch(r"train/(?:\w+_)?loss", name) for name in names)
        known = any(name.startswith("metrics/") for name in names)
        return Claim(strength=Strength.FORMAT) if has_loss and known else None

    def read(self, source: Source) -> Iterator[Run]:
        """Read the run; see `Reader.read`."""
        file = source.files[0]
        settings = _settings(file.path.parent)
        runs = _from_text(file, settings) if file.suffix == ".txt" else runs_from_sheet(
            file, format_name=self.name, role=_role, hyperparameters=settings, axis="epoch", unit="epoch"
        )  # fmt: skip
        for run in runs:
            yield _with_rate(run)


def _settings(home: Path) -> dict[str, Hyperparameter]:
    """The arguments of the training; the learning rate only where it was the user's."""
    content: dict[str, Any] = {}
    for name in ("hyp.yaml", "opt.yaml", "args.yaml"):
        content |= read_companion_yaml(home / name)
    if not content:
        return {}
    settings = find_hyperparameters(content)
    if settings.get("optimizer") == "auto":  # sets the rate by itself and ignores lr0
        del settings["optimizer"]
        settings["lr0"] = settings.pop("lr", None)
    elif "optimizer" not in settings and "adam" in content:
        settings["optimizer"] = "adam" if content["adam"] else "sgd"
    if "cos_lr" in content:
        settings["schedule"] = "cosine" if content["cos_lr"] else "linear"
    elif "linear_lr" in content:
        settings["schedule"] = "linear" if content["linear_lr"] else "cosine"
    if settings.get("batch_size") == -1:
        del settings["batch_size"]
    return settings


def _with_rate(run: Run) -> Run:
    """The run with its peak learning rate, where only the log knows it."""
    if "lr" in run.hyperparameters or not run.hyperparameters:
        return run
    logged = [float(np.nanmax(one.value)) for one in run.with_role(Role.LR) if np.isfinite(one.value).any()]
    rates = [rate for rate in logged if rate > 0]
    return replace(run, hyperparameters={**run.hyperparameters, "lr": min(rates)}) if rates else run


def _from_text(file: LogFile, settings: dict[str, Hyperparameter]) -> list[Run]:
    rows = [line.split() for line in read_text(file.path).split("\n") if _TEXT_LINE.fullmatch(line)]
    names = _TEXT_NAMES[: max(map(len, rows), default=2) - 2]
    rows = [row for row in rows if len(row) == len(names) + 2]
    if not rows:
        raise NotALogError(file.path, "no line of a YOLO training")
    table = Table({"epoch": np.array([float(row[0].partition("/")[0]) for row in rows])})
    for j, name in enumerate(names, 2):
        converted = to_floats([row[j] for row in rows])
        if converted is not None and name not in ("labels", "img_size"):
            table.columns[name] = converted[0]
    roles = {name: role for name in table.columns if (role := _role(name)) is not None}
    return runs_from_table(table, source=str(file.path), format_name=UltralyticsReader.name, roles=roles,
                           hyperparameters=settings, axis="epoch", unit="epoch")  # fmt: skip


def _role(name: str) -> tuple[Role, str] | None:
    if name == "train/loss":
        return Role.TRAIN_LOSS, "Ultralytics: the training loss"
    if name in ("val/loss", "test/loss"):
        return Role.VAL_LOSS, "Ultralytics: the validation loss"
    if re.fullmatch(r"train/\w+_loss", name):
        return Role.TRAIN_LOSS_PART, "Ultralytics: one term of the training loss"
    if re.fullmatch(r"val/\w+_loss", name):
        return Role.VAL_LOSS_PART, "Ultralytics: one term of the validation loss"
    if name.startswith("metrics/"):
        return Role.VAL_METRIC, "Ultralytics: a score on the validation data"
    if re.fullmatch(r"x/lr\d+|lr/(?:pg)?\d+", name):
        return Role.LR, "Ultralytics: the learning rate of a parameter group"
    return None


READER = UltralyticsReader()
