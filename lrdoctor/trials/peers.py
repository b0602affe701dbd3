"""Other programs that read such logs, asked about the same runs, and their advice turned into a factor.

Each is called through its own Python interface on the run's log and imported only when asked. Where a program names
a factor it is taken, where it names a range, its geometric middle; where it only says "reduce" or "increase", the
middle of the range that its other advice uses, else `_UNSAID`. What concerns no learning rate is 0.
"""

from __future__ import annotations

import csv
import math
import tempfile
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lrdoctor.records import Run

__all__ = ["PEERS", "ask", "versions"]

_UNSAID = math.sqrt(10.0)
"""Change of a rate where only its direction is said: half a decade."""
_RUNMEDIC_CUT = math.sqrt(2.0 * 10.0)
"""runmedic: "lower the peak learning rate 2-10x"."""


def write_log(run: Run, path: Path, loss: str = "train_loss") -> None:
    """Write a run as the CSV that a simple logger would: one line per step, empty cells where nothing was logged."""
    names = [tag for tag in ("train_loss", "val_loss", "lr", "grad_norm") if tag in run.series]
    table: dict[int, dict[str, float]] = {}
    for tag in names:
        series = run.series[tag]
        for step, value in zip(series.step.tolist(), series.value.tolist(), strict=True):
            table.setdefault(step, {})[loss if tag == "train_loss" else tag] = value
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["step", *(loss if tag == "train_loss" else tag for tag in names)])
        writer.writeheader()
        for step in sorted(table):
            writer.writerow({"step": step, **table[step]})


def runmedic(run: Run) -> float:
    """First finding of the gravest kind whose fixes change the rate."""
    loaders, roles, checks = (import_module(f"runmedic.{part}") for part in ("loaders", "roles", "checks"))
    with tempfile.TemporaryDirectory() as folder:
        write_log(run, Path(folder) / "metrics.csv")
        loaded = loaders.load(folder)[0]
    for finding in checks.run_checks(loaded, roles.detect(loaded)):
        words = " ".join(finding.fixes).lower()
        if "10x higher learning rate" in words:
            return 1.0
        if "lower the peak l" in words:
            return -math.log10(_RUNMEDIC_CUT)
    return 0.0


def training_doctor(run: Run) -> float:
    """Surest of its diagnoses of the rate, asked at the end of the log: it says x 0.3 or x 3."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "metrics.csv"
        write_log(run, path, loss="loss")  # its rules for the rate read a column of this name only
        found = import_module("training_doctor").Doctor().load(path).check()
    sides = {"lr_too_high": math.log10(0.3), "lr_too_low": math.log10(3.0)}
    about = [diagnosis for diagnosis in found if diagnosis.detector_name in sides]
    if not about:
        return 0.0
    surest = max(about, key=lambda diagnosis: (diagnosis.confidence, diagnosis.severity.value == "critical"))
    return sides[surest.detector_name]


def sk_autod(run: Run) -> float:
    """First finding, by its own order, whose recommendation changes the rate."""
    program = import_module("sk_autod")
    if "val_loss" not in run.series:
        return 0.0
    train, val = run.series["train_loss"], run.series["val_loss"]
    at = np.interp(val.step, train.step, train.value)
    try:
        report = program.diagnose(at.tolist(), val.value.tolist())
    except ValueError:  # too short, or not finite: it refuses
        return 0.0
    for finding in report.findings:
        words = finding.recommendation.lower()
        if "reduce the learning rate" in words:
            return -math.log10(_UNSAID)
        if "increase the learning rate" in words:
            return math.log10(_UNSAID)
    return 0.0


PEERS: Mapping[str, Callable[[Run], float]] = {
    "runmedic": runmedic, "training-doctor": training_doctor, "sk-autod": sk_autod,
}  # fmt: skip


def versions() -> dict[str, str]:
    """Versions of the programs that are installed, by name."""
    found: dict[str, str] = {}
    for name in PEERS:
        try:
            found[name] = version(name)
        except ImportError:
            continue
    return found


def ask(name: str, run: Run) -> float:
    """log10 of the factor that a program advises for a run; 0 where it advises none.

    Raises
    ------
    ImportError
        It is not installed.
    """
    answer: Any = PEERS[name](run)
    return float(answer)
