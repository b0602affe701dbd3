"""The pictures of the README: drawn from the sample logs, and a range test from `lrdoctor.synth`."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lrdoctor as lrd
from lrdoctor.figures import overview_figure, range_test_figure, run_figure, svg, sweep_figure
from lrdoctor.synth import range_test

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.figures import Figure
    from lrdoctor.records import Run

LOGS = Path(__file__).resolve().parent.parent / "sample_logs"
_BEST = 0.1
"""Left out of the picture of a sweep: the rate that would end it."""


def gallery() -> dict[str, str]:
    """Every picture: its path below docs, and its SVG."""
    return {f"pictures/{name}.svg": svg.paint(figure, standalone=True) for name, figure in _figures()}


def _figures() -> Iterator[tuple[str, Figure]]:
    with contextlib.chdir(LOGS):  # runs are named as they are below it
        yield "run", run_figure(lrd.diagnose("sustained-oscillation").runs[0])
        yield "diverged", run_figure(lrd.diagnose("nan-after-warmup").runs[0])
        runs = [_with_rate(run) for run in lrd.read("sweep-export")]
    yield "overview", overview_figure(lrd.diagnose(runs).runs)
    yield "sweep", sweep_figure(lrd.sweep([run for run in runs if run.hyperparameters["lr"] != _BEST])[0])
    yield "range-test", range_test_figure(_ramp())


def _with_rate(run: Run) -> Run:
    """A run of that export with its rate, which stands in its name only."""
    name = run.id.rpartition("#")[2]
    return replace(run, id=name, hyperparameters={**run.hyperparameters, "lr": float(name.rpartition("lr")[2])})


def _ramp() -> Any:
    from lrdoctor.studies.range_test import judge

    run = range_test()
    return judge(run.series["lr"].value.copy(), run.series["train_loss"].value.copy())

