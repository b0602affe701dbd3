"""Trains the grids that are asked for, one after another or in a few processes, and reports progress on
stderr."""

from __future__ import annotations

import logging
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

from lrdoctor.trials.grid import save_grid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lrdoctor.trials.protocol import Trial

_RELATIVE_COST = {"dear": 10.0, "medium": 2.5}


def run_one(job: tuple[Trial, Path]) -> tuple[float, int]:
    """Train one grid with a single thread and write it; seconds and bytes."""
    import torch

    torch.set_num_threads(1)
    trial, folder = job
    began = time.perf_counter()
    path = folder / f"{trial.name}.npz"
    try:
        save_grid(trial.run(), path)
    except Exception:  # one broken task must not end a night of work
        logging.getLogger(__name__).exception("%s failed", trial.name)
        return time.perf_counter() - began, 0
    return time.perf_counter() - began, path.stat().st_size


def run_all(trials: Sequence[Trial], folder: Path, jobs: int = 1) -> None:
    """Train all grids into `folder`; each is written when it is done, so that stopping loses one grid per
    process."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    folder.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True, soft_wrap=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    weight = [trial.steps * _RELATIVE_COST.get(trial.task.cost, 1.0) for trial in trials]
    began, done = time.perf_counter(), 0.0
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        shown = bar.add_task("grids", total=len(trials))
        for index, (seconds, size) in enumerate(_results([(trial, folder) for trial in trials], jobs)):
            trial = trials[index]
            done += weight[index]
            left = (time.perf_counter() - began) / done * (sum(weight) - done)
            console.print(
                f"{time.strftime('%H:%M:%S')} {index + 1}/{len(trials)} {trial.name}: {trial.steps} steps, "
                f"{seconds:.1f} s, {seconds / trial.steps * 1e3:.2f} ms/step, {size / 1000:.0f} kB, "
                f"{left / 60:.0f} min left",
                highlight=False,
            )
            bar.advance(shown)


def _results(work: list[tuple[Trial, Path]], jobs: int) -> Iterator[tuple[float, int]]:
    """Outcomes in order; one job needs no process of its own."""
    if jobs == 1:
        yield from map(run_one, work)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(run_one, work)
