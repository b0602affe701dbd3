"""nnU-Net's ``training_log_<date>.txt``: lines for each epoch, a file for each attempt of one training."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import NotALogError
from lrdoctor.patterns import pattern
from lrdoctor.readers._base import Claim, Strength
from lrdoctor.readers._beside import read_companion_json
from lrdoctor.readers._hyper import find_hyperparameters
from lrdoctor.readers._table import Table, runs_from_table
from lrdoctor.readers._text.following import followed
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lrdoctor.readers._base import LogFile, Source
    from lrdoctor.records import Hyperparameter, Run

_NAME = pattern(r"training_log_(\d+(?:_\d+)*)\.txt")
_VALUE = r"(-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|nan|-?inf)"
# Version 1 says "epoch:  3", "train loss : -0.5" and, at the end of an epoch, the rate of the next one;
# version 2 "Epoch 3", "Current learning rate: 0.01", "train_loss -0.5".
_LINE = pattern(
    rf"(?:^|: ?)(?:[eE]poch:?\s+(?P<epoch>\d+)\s*$|(?P<next>lr): {_VALUE}"
    rf"|(?P<rate>Current learning rate): {_VALUE}"
    rf"|(?P<tag>(?:train|validation|val)[ _]loss(?: \(train=(?:True|False)\))?) ?:? {_VALUE}"
    r"|(?P<dice>Average global foreground Dice: |Pseudo dice )\[(?P<dices>[^\]]{0,2000})\])"
)
_ROLES = {
    "train loss": (Role.TRAIN_LOSS, "nnU-Net: the mean training loss of the epoch"),
    "train_loss": (Role.TRAIN_LOSS, "nnU-Net: the mean training loss of the epoch"),
    "validation loss": (Role.VAL_LOSS, "nnU-Net: the mean validation loss of the epoch"),
    "val_loss": (Role.VAL_LOSS, "nnU-Net: the mean validation loss of the epoch"),
    "lr": (Role.LR, "nnU-Net: the learning rate of the epoch"),
}
_LONGEST = 4000


class NnUNetReader:
    """The logs of one nnU-Net fold."""

    name = "nnunet"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim by name and first lines; all logs in a directory are attempts of one training."""
        if _NAME.fullmatch(file.name) is None:
            return None
        text = file.head_text
        known = "nnU-Net" in text or "split file" in text or "Desired fold" in text or "Starting..." in text
        if not known and _LINE.search(text[:8000]) is None:
            return None
        return Claim(strength=Strength.FORMAT, group=file.path.parent)

    def read(self, source: Source) -> Iterator[Run]:
        """Read all attempts in the order of their dates.

        Raises
        ------
        NotALogError
            No attempt came to its first epoch.
        ReadError
            A file cannot be read.
        """
        rows: list[dict[str, float]] = []
        idle: list[list[dict[str, float]]] = []
        for file in sorted(source.files, key=lambda file: _date(file.name)):
            attempt = followed(file, self.name, _Attempt()).rows
            if any("train loss" in row or "train_loss" in row for row in attempt):
                rows += attempt
            else:
                idle.append(attempt)
        notes = []
        if idle and rows:
            notes.append(f"{len(idle)} of {len(source.files)} attempts ended before their first epoch was over")
        elif idle:
            rows = max(idle, key=len)
            notes.append("ended before its first epoch was over")
        names = dict.fromkeys(name for row in rows for name in row)
        columns = {name: np.array([row.get(name, np.nan) for row in rows]) for name in names}
        logged = {name: np.array([name in row for row in rows], bool) for name in names}
        runs = runs_from_table(
            Table(columns, {name: mask for name, mask in logged.items() if not mask.all()}),
            source=str(source.path), format_name=self.name,
            hyperparameters=_settings(source.files[0].path.parent, rows),
            roles={name: role for name, role in _ROLES.items() if name in columns}, notes=notes, axis="epoch",
            unit="epoch", blank_may_be_nan=False,
        )  # fmt: skip
        if not runs:
            raise NotALogError(source.path, "nnU-Net started here, but no epoch is logged")
        yield from runs


@dataclass(slots=True)
class _Attempt:
    """The epochs of a file, as far as it has been read, and the rate that was said for the next one."""

    rows: list[dict[str, float]] = field(default_factory=list)
    rate: float | None = None

    def copy(self) -> _Attempt:
        """The same, to go on from here once more: more may be said of the last epoch."""
        return _Attempt([*self.rows[:-1], *map(dict, self.rows[-1:])], self.rate)

    def take(self, data: bytes) -> None:
        """Take in some whole lines."""
        for line in data.decode("utf-8", errors="replace").split("\n"):
            match = _LINE.search(line[:_LONGEST].rstrip())
            if match is None:
                continue
            if match["epoch"] is not None:
                self.rows.append({"epoch": float(match["epoch"])})
                if self.rate is not None:
                    self.rows[-1]["lr"] = self.rate
            elif match["next"] is not None:
                self.rate = float(match[3])
            elif self.rows:
                self.rows[-1].update(_said(match))


def _said(match: re.Match[str]) -> dict[str, float]:
    if match["rate"] is not None:
        return {"lr": float(match[5])}
    if match["tag"] is not None:
        return {match["tag"]: float(match[7])}
    name = match["dice"].rstrip(": ")
    found = re.findall(rf"(?<![\w.]){_VALUE}(?![\w.])", re.sub(r"np\.float\d+", "", match["dices"]))
    return {f"{name}[{number}]": float(value) for number, value in enumerate(found[:20])}


def _date(name: str) -> tuple[int, ...]:
    match = _NAME.fullmatch(name)
    return tuple(int(part) for part in match[1].split("_")) if match else ()


def _settings(folder: Path, rows: list[dict[str, float]]) -> dict[str, Hyperparameter]:
    """What debug.json beside the logs says; the trainer writes every value as text."""
    content = read_companion_json(folder / "debug.json")
    text = str(content.get("optimizer", ""))
    printed: dict[str, object] = dict(re.findall(r"(momentum|weight_decay|nesterov): ([\w.+-]+)", text))
    given = {
        name: content[name] for name in ("initial_lr", "batch_size", "weight_decay", "num_epochs") if name in content
    }
    if "max_num_epochs" in content:
        given["num_epochs"] = content["max_num_epochs"]
    if text:
        printed["optimizer"] = text.partition(" ")[0]
    found = find_hyperparameters(printed | given)
    first = next((row["lr"] for row in rows if "lr" in row), None)
    if first is not None:
        found.setdefault("lr", first)
        found.setdefault("schedule", "polynomial")
    return found


READER = NnUNetReader()
