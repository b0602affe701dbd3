"""Range tests that were really run: exponential ramps of the rate on the tasks of the recorded grids."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.trials.outcomes import outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from lrdoctor.trials.grid import Grid
    from lrdoctor.trials.problem import Problem

    Floats = NDArray[np.float64]

__all__ = ["DESIGNS", "RAMPS", "Design", "Ramp", "load_ramps", "record", "save_ramps"]

RAMPS = Path(__file__).parent / "rows" / "ramps.npz"


@dataclass(frozen=True, slots=True)
class Design:
    """A range test as someone sets it up: from which rate to which, in how many steps, after how much training."""

    low: float
    high: float
    steps: int
    trained: int = 0
    """Steps at the best rate of the grid before the ramp begins."""

    def rates(self) -> Floats:
        """float64 [steps]."""
        return np.geomspace(self.low, self.high, self.steps)


DESIGNS = (
    Design(1e-7, 10.0, 100),  # fastai
    Design(1e-8, 1.0, 100),  # Lightning
    Design(1e-6, 10.0, 200),
    Design(1e-7, 100.0, 300),
    Design(1e-5, 100.0, 100),
    Design(1e-6, 10.0, 60),
    Design(1e-7, 10.0, 30),
    Design(1e-6, 10.0, 15),
    Design(1e-7, 10.0, 200, trained=300),
)


@dataclass(frozen=True, slots=True, eq=False)
class Ramp:
    """One recorded range test: losses [n] before each update, NaN after a blow-up."""

    grid: str
    design: Design
    loss: NDArray[np.float32]


def record(problem: Problem, optimizer: str, best: float, seed: int) -> list[NDArray[np.float32]]:
    """Run every design on one task; all at once, as one batched model.

    Parameters
    ----------
    problem, optimizer, seed
        What to train, as for `training.train_grid`.
    best
        Rate of the training before a ramp, where a design asks for one.

    Returns
    -------
    For each of `DESIGNS`, the minibatch loss before each update of its ramp, float32 [steps].
    """
    import torch

    from lrdoctor.trials.optimizers import make_optimizer
    from lrdoctor.trials.training import Members

    torch.set_flush_denormal(True)
    total = max(design.trained + design.steps for design in DESIGNS)
    rates = np.full((len(DESIGNS), total), np.nan)
    for row, design in zip(rates, DESIGNS, strict=True):
        row[: design.trained] = best
        row[design.trained : design.trained + design.steps] = design.rates()
    members = Members(
        torch.cat([p.reshape(-1) for p in problem.initial]).repeat(len(DESIGNS), 1),
        [p.shape for p in problem.initial],
    )
    rule = make_optimizer(optimizer, members.flat)
    alive = torch.arange(len(DESIGNS))
    lr = torch.from_numpy(rates.astype(np.float32))
    kept = torch.full(lr.shape, torch.nan)
    drawn = problem.batches(torch.Generator().manual_seed(seed))
    for t in range(total):
        going = torch.isfinite(members.flat).all(1) & torch.isfinite(lr[alive, t])
        if not going.all():
            alive = alive[going]
            members.bind(members.flat[going])
            rule.state = [state[going] for state in rule.state]
        if not alive.numel():
            break
        losses = problem.loss(members.leaves, next(drawn))
        members.differentiate(losses)
        kept[alive, t] = losses.detach()
        with torch.no_grad():
            rule.step(members.flat, members.grads, lr[alive, t][:, None])
    return [row[d.trained : d.trained + d.steps].numpy() for row, d in zip(kept, DESIGNS, strict=True)]


def record_all(grids: Sequence[Grid], path: Path = RAMPS) -> list[Ramp]:
    """Run every design for each grid with a constant rate and no clipping, and keep them in one file."""
    import torch

    from lrdoctor.trials.tasks import all_tasks

    torch.set_num_threads(1)
    tasks = all_tasks()
    ramps: list[Ramp] = []
    for number, grid in enumerate(grids, 1):
        began = time.perf_counter()
        best = float(grid.lr[outcome(grid, min(grid.steps, 1_000)).best])
        losses = record(tasks[grid.task].build(grid.seed), grid.optimizer, best, 2_000 + grid.seed)
        ramps += [Ramp(grid.name, design, loss) for design, loss in zip(DESIGNS, losses, strict=True)]
        spent = time.perf_counter() - began
        print(f"{number}/{len(grids)} {grid.name}: {spent:.1f} s", file=sys.stderr, flush=True)
        if number % 20 == 0:
            save_ramps(ramps, path)
    save_ramps(ramps, path)
    return ramps


def save_ramps(ramps: Sequence[Ramp], path: Path = RAMPS) -> None:
    """Write ramps in half precision of their logarithm where positive, else as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    meta = [
        {"grid": r.grid, "low": r.design.low, "high": r.design.high, "steps": r.design.steps,
         "trained": r.design.trained}
        for r in ramps
    ]  # fmt: skip
    packed = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    np.savez_compressed(path, meta=packed, loss=np.concatenate([r.loss for r in ramps]).astype(np.float32))


def load_ramps(path: Path = RAMPS) -> Iterator[Ramp]:
    """Ramps that `save_ramps` wrote."""
    with np.load(path, allow_pickle=False) as archive:
        meta, loss = json.loads(archive["meta"].tobytes()), archive["loss"]
    start = 0
    for row in meta:
        design = Design(row["low"], row["high"], row["steps"], row["trained"])
        yield Ramp(row["grid"], design, loss[start : start + design.steps])
        start += design.steps
