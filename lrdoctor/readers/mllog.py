"""MLPerf's ``:::MLLOG {...}`` lines, among whatever else a training printed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from lrdoctor.errors import NotALogError
from lrdoctor.patterns import pattern
from lrdoctor.readers._base import Claim, Strength
from lrdoctor.readers._hyper import find_hyperparameters
from lrdoctor.readers._table import Table, runs_from_table
from lrdoctor.readers._text.claims import samples
from lrdoctor.readers._text.following import followed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.readers._base import LogFile, Source
    from lrdoctor.records import Run, StepUnit

_MARK = b":::MLLOG"
_LINE = pattern(rb":::MLLOG\s+(\{.*\})")
# Where in training a point was logged, most trusted first.
_COUNTS: tuple[tuple[str, StepUnit], ...] = (
    ("step_num", "step"), ("step", "step"), ("iteration", "step"), ("samples_count", "sample"),
    ("epoch_num", "epoch"), ("epoch", "epoch"),
)  # fmt: skip
_SETTINGS = {
    "opt_base_learning_rate": "lr", "opt_name": "optimizer", "global_batch_size": "batch_size",
    "opt_weight_decay": "weight_decay",
    "opt_learning_rate_warmup_steps": "warmup_steps", "opt_learning_rate_training_steps": "max_steps",
    "opt_gradient_clip_norm": "clip_norm",
    "max_steps": "max_steps", "sgd_opt_base_learning_rate": "lr", "lars_opt_base_learning_rate": "lr",
    "lamb_opt_base_learning_rate": "lr",
    "opt_learning_rate_decay_schedule": "schedule", "opt_momentum": "momentum",
}  # fmt: skip
_NO_CURVES = frozenset(("throughput", "tracked_stats", "step_time", "samples_per_second"))
_LONGEST = 100_000


class MlLogReader:
    """Points and settings of an MLPerf training."""

    name = "mllog"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim text that holds the mark at its beginning, in its middle or at its end."""
        if file.suffix in (".json", ".jsonl", ".py", ".csv") or not any(_MARK in sample for sample in samples(file)):
            return None
        return Claim(strength=Strength.FORMAT)

    def read(self, source: Source) -> Iterator[Run]:
        """Read the run of one file.

        Raises
        ------
        NotALogError
            There is no measurement in its lines.
        ReadError
            The file cannot be read.
        """
        for file in source.files:
            yield from _read(file, str(source.path))


@dataclass(slots=True)
class _Said:
    """What the lines of a file say, as far as it has been read."""

    points: list[tuple[str, float, dict[str, Any]]] = field(default_factory=list)
    settings: dict[str, object] = field(default_factory=dict)
    damaged: int = 0

    def copy(self) -> _Said:
        """The same, to go on from here once more."""
        return _Said(list(self.points), dict(self.settings), self.damaged)

    def take(self, data: bytes) -> None:
        """Take in some whole lines."""
        for match in _LINE.finditer(data):
            try:
                entry = json.loads(match[1][:_LONGEST])
            except (ValueError, RecursionError):
                self.damaged += 1
                continue
            if isinstance(entry, dict):
                _take(entry, self.points, self.settings)


def _read(file: LogFile, source: str) -> list[Run]:
    said = followed(file, READER.name, _Said())
    points, settings = said.points, said.settings
    count, unit = _count(points)
    names = list(dict.fromkeys(name for name, _, _ in points))
    kept = [(name, value, about[count]) for name, value, about in points if count in about] if count else []
    columns = {name: np.full(len(kept), np.nan) for name in names}
    step = np.array([at for _, _, at in kept], float)
    for row, (name, value, _) in enumerate(kept):
        columns[name][row] = value
    logged = {name: np.array([name == other for other, _, _ in kept], bool) for name in names}
    notes = (f"{said.damaged} damaged lines were left out",) if said.damaged else ()
    runs = runs_from_table(
        Table({count: step, **columns}, logged), source=source, format_name=READER.name, notes=notes,
        axis=count, unit=unit,
        hyperparameters=find_hyperparameters(settings), blank_may_be_nan=False,
    ) if kept else []  # fmt: skip
    if not runs:
        raise NotALogError(source, "holds MLPerf lines, but none with a measurement at a step or an epoch")
    return runs


def _take(entry: dict[str, Any], points: list[tuple[str, float, dict[str, Any]]], settings: dict[str, object]) -> None:
    key, value, about = entry.get("key"), entry.get("value"), entry.get("metadata")
    if not isinstance(key, str) or value is None:
        return
    if key in _SETTINGS:
        settings.setdefault(_SETTINGS[key], value)
        return
    where = {name: float(at) for name, at in about.items() if _is_number(at)} if isinstance(about, dict) else {}
    if not any(name in where for name, _ in _COUNTS):
        return
    values = value if isinstance(value, dict) else {key: value}
    for name, number in values.items():
        if _is_number(number) and name not in _NO_CURVES and not str(name).endswith(("_num", "_count")):
            points.append((str(name), float(number), where))


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return isinstance(value, float) or abs(value) < 10**300  # a whole number may be too large for a float


def _count(points: list[tuple[str, float, dict[str, Any]]]) -> tuple[str, StepUnit]:
    """What counts the training: the most trusted of what most points carry."""
    for name, unit in _COUNTS:
        if points and sum(name in about for _, _, about in points) > 0.5 * len(points):
            return name, unit
    return "", "step"


READER = MlLogReader()
