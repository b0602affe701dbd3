"""Trains all members of a grid at once, as one batched model, and records what a logger would have seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from lrdoctor.trials.optimizers import make_optimizer
from lrdoctor.trials.schedules import multipliers

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor

    from lrdoctor.trials.problem import Batch, Loss, Problem

Recorded = dict[str, "NDArray[np.int64] | NDArray[np.float32] | None"]

_EVAL_CHUNK = 128


def logged_steps(steps: int, dense: int = 300) -> NDArray[np.int64]:
    """Steps at which the minibatch loss is kept: all below `dense` (300 or 150), then with a stride that
    doubles with
    each octave, starting at 4 (or 3)."""
    kept = [np.arange(min(steps, dense))]
    start, stride = dense, 4 if dense >= 300 else 3
    while start < steps:
        kept.append(np.arange(start, min(2 * start, steps), stride))
        start, stride = 2 * start, 2 * stride
    return np.concatenate(kept).astype(np.int64)


def evaluated_steps(steps: int) -> NDArray[np.int64]:
    """Numbers of updates after which the outcome is measured: three close together at the end of every budget
    of
    100, 178, 316, ... steps, and a dozen evenly between."""
    budgets = [b for b in (round(10 ** (2 + k / 4)) for k in range(20)) if b < 0.9 * steps]
    wanted = {0, 10, 30}
    for budget in [*budgets, steps]:
        wanted |= {round(budget * share) for share in (0.92, 0.96, 1.0)}
    wanted |= {round(share * steps) for share in np.arange(1, 13) / 12}
    return np.array(sorted(s for s in wanted if s <= steps), dtype=np.int64)


def window_ends(steps: int, steps_per_epoch: int) -> NDArray[np.int64]:
    """Ends of about 100 windows of whole epochs over which the minibatch losses are averaged."""
    width = max(1, round(steps / 100))
    if steps_per_epoch < steps / 4:
        width = max(1, round(width / steps_per_epoch)) * steps_per_epoch
    return np.arange(width, steps + 1, width, dtype=np.int64)


class Members:
    """Stacked parameters and gradients of the members that still live, each one flat tensor with views into
    it.

    Because parameters and gradients are flat, norms, clipping, updates and dropping dead members are a call
    each.
    """

    def __init__(self, flat: Tensor, shapes: list[torch.Size]):
        self.shapes = shapes
        self.bind(flat)

    def bind(self, flat: Tensor) -> None:
        self.flat, self.grads = flat.contiguous(), torch.zeros_like(flat)
        self.leaves: list[Tensor] = []
        start = 0
        for shape in self.shapes:
            stop = start + shape.numel()
            self.leaves.append(self.flat[:, start:stop].view(-1, *shape).detach().requires_grad_())
            start = stop

    def differentiate(self, losses: Tensor) -> None:
        """Gradients of each member's own loss into the flat `grads`."""
        parts = torch.autograd.grad(losses.sum(), self.leaves)
        torch.cat([part.reshape(losses.shape[0], -1) for part in parts], 1, out=self.grads)


def train_grid(
    problem: Problem,
    *,
    optimizer: str,
    lr: NDArray[np.float64],
    steps: int,
    seed: int,
    schedule: str = "constant",
    clip_norm: float | None = None,
    dense: int = 300,
    tick: Callable[[int], None] | None = None,
) -> Recorded:
    """Train one grid.

    Parameters
    ----------
    problem, optimizer, schedule
        What to train, and how.
    lr
        Peak learning rates [members].
    seed
        Of the minibatches; initial parameters belong to the problem.
    clip_norm
        Clip each member's gradient to this norm.
    dense
        How many steps at the start are logged each; see :func:`logged_steps`.
    tick
        Called with the number of steps done, about fifty times.

    Returns
    -------
    The arrays of a :class:`~lrdoctor.trials.grid.Grid`. Members whose parameters stop being finite are
    dropped from the batch at the next check, and read NaN from there on.
    """
    torch.set_flush_denormal(True)
    count = lr.size
    rate = torch.tensor(lr, dtype=torch.float32)[:, None]
    factor = multipliers(schedule, steps)
    start = torch.cat([p.reshape(-1) for p in problem.initial])
    members = Members(start.repeat(count, 1), [p.shape for p in problem.initial])
    rule = make_optimizer(optimizer, members.flat)
    alive = torch.arange(count)

    log_at, eval_at = logged_steps(steps, dense), evaluated_steps(steps)
    window_at = window_ends(steps, problem.steps_per_epoch)
    grad_at = log_at[(log_at < 60) | (np.arange(log_at.size) % 2 == 0)]
    kept = {
        "train_loss": torch.full((log_at.size, count), torch.nan),
        "grad_norm": torch.full((grad_at.size, count), torch.nan),
        "window_loss": torch.full((window_at.size, count), torch.nan),
        "full_train_loss": torch.full((eval_at.size, count), torch.nan),
        "val_loss": torch.full((eval_at.size, count), torch.nan),
        "val_accuracy": torch.full((eval_at.size, count), torch.nan),
    }
    logged = {int(s): i for i, s in enumerate(log_at)}
    grad_logged = {int(s): i for i, s in enumerate(grad_at)}
    evaluated = {int(s): i for i, s in enumerate(eval_at)}
    windows = {int(s): i for i, s in enumerate(window_at)}
    window_sum, window_count = torch.zeros(count), 0
    drawn = problem.batches(torch.Generator().manual_seed(seed))

    for t in range(steps + 1):
        if (row := windows.get(t)) is not None:
            kept["window_loss"][row, alive] = window_sum / window_count
            window_sum, window_count = torch.zeros_like(window_sum), 0
        if (row := evaluated.get(t)) is not None:
            finite = torch.isfinite(members.flat).all(1)
            if not finite.all():
                alive, rate, window_sum = alive[finite], rate[finite], window_sum[finite]
                members.bind(members.flat[finite])
                rule.state = [s[finite] for s in rule.state]
            if alive.numel() == 0:
                break
            _evaluate(problem, members.leaves, kept, row, alive)
            if tick:
                tick(t)
        if t == steps:
            break
        losses = problem.loss(members.leaves, next(drawn))
        members.differentiate(losses)
        losses = losses.detach()
        window_sum += losses
        window_count += 1
        if (row := logged.get(t)) is not None:
            kept["train_loss"][row, alive] = losses
        with torch.no_grad():
            row = grad_logged.get(t)
            if row is not None or clip_norm is not None:
                norm = torch.linalg.vector_norm(members.grads, dim=1)
                if row is not None:
                    kept["grad_norm"][row, alive] = norm
                if clip_norm is not None:
                    members.grads.mul_((clip_norm / (norm + 1e-6)).clamp(max=1.0)[:, None])
            rule.step(members.flat, members.grads, rate * float(factor[t]))
    recorded: Recorded = {name: values.T.contiguous().numpy() for name, values in kept.items()}
    if problem.accuracy is None:
        recorded["val_accuracy"] = None
    return recorded | {"step": log_at, "grad_step": grad_at, "eval_step": eval_at, "window_step": window_at}


def _evaluate(
    problem: Problem, params: list[Tensor], kept: dict[str, Tensor], row: int, alive: Tensor
) -> None:
    """Losses and accuracy on the fixed sets, into their row."""
    with torch.no_grad():
        kept["full_train_loss"][row, alive] = _chunked(problem.loss, params, problem.train_set)
        if problem.val_set is not None:
            kept["val_loss"][row, alive] = _chunked(problem.loss, params, problem.val_set)
            if problem.accuracy is not None:
                kept["val_accuracy"][row, alive] = _chunked(problem.accuracy, params, problem.val_set)


def _chunked(measure: Loss, params: list[Tensor], data: Batch) -> Tensor:
    """Mean of `measure` over the data, a chunk at a time, so that wide layers stay in the cache."""
    size = data[0].shape[0]
    total = torch.zeros(params[0].shape[0])
    for begin in range(0, size, _EVAL_CHUNK):
        part = tuple(d[begin : begin + _EVAL_CHUNK] for d in data)
        total += measure(params, part) * (part[0].shape[0] / size)
    return total
