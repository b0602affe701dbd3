"""The training loop that the plain cases share; what it saw comes back as rows, one per step or per epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from _make.tasks import Task

Row = dict[str, float]


@dataclass
class Training:
    """What a training logged, and how good its network was in the end.

    Parameters
    ----------
    rows
        One per logged step: step, epoch, train_loss, lr, grad_norm; val_loss and val_accuracy where
        they were measured.
    final
        Mean loss over the whole training part after the last step (infinite if not finite).
    """

    rows: list[Row] = field(default_factory=list)
    final: float = math.inf
    final_val: float = math.inf
    best_val: float = math.inf


def _cosine(done: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * done))


def _steps(*edges: float) -> Callable[[float], float]:
    return lambda done: 0.1 ** sum(done >= edge for edge in edges)


SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda done: 1.0,
    "warmup": lambda done: min((done + 0.002) / 0.3, 1.0),
    "cosine": _cosine,
    "warmup_cosine": lambda done: (done + 0.002) / 0.1 if done < 0.098 else _cosine((done - 0.1) / 0.9),
    "linear": lambda done: 1 - 0.99 * done,
    "step": _steps(0.5, 0.75),
    "step_too_early": _steps(0.1, 0.2, 0.3),
}
"""The factor on the peak LR, by the fraction of the training that is done."""


def optimizer_of(name: str, model: torch.nn.Module, lr: float, **more: float) -> torch.optim.Optimizer:
    """Make an optimizer by its short name."""
    kinds = {
        "sgd": torch.optim.SGD,
        "adam": torch.optim.Adam,
        "adamw": torch.optim.AdamW,
        "rmsprop": torch.optim.RMSprop,
    }
    return kinds[name](model.parameters(), lr=lr, **more)


def train(  # the settings of a training are many, and each case changes others
    make_task: Callable[[], Task],
    *,
    lr: float,
    steps: int,
    optimizer: str = "sgd",
    batch_size: int | None = 32,
    schedule: str = "constant",
    log_every: int = 1,
    validate_every: int | None = None,
    clip_norm: float = math.inf,
    seed: int = 0,
    **optimizer_settings: float,
) -> Training:
    """Train, and return what a log of it holds; `batch_size` None takes all data at each step."""
    torch.manual_seed(seed)
    task = make_task()
    model = task.model
    stepper = optimizer_of(optimizer, model, lr, **optimizer_settings)
    training = Training()
    count = len(task.x)
    batches = 1 if batch_size is None else count // batch_size
    recent: list[float] = []
    for step in range(steps):
        if step % batches == 0:
            order = torch.randperm(count)
        pick = order if batch_size is None else order[step % batches * batch_size :][:batch_size]
        for group in stepper.param_groups:
            group["lr"] = lr * SCHEDULES[schedule](step / steps)
        loss = task.loss(model(task.x[pick]), task.y[pick])
        stepper.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
        stepper.step()
        recent.append(loss.item())
        row: Row = {}
        if (step + 1) % log_every == 0:
            row = {
                "train_loss": sum(recent) / len(recent),
                "lr": stepper.param_groups[0]["lr"],
                "grad_norm": norm.item(),
            }
            recent.clear()
        if validate_every and (step + 1) % validate_every == 0:
            row |= validate(task)
            training.best_val = min(training.best_val, row["val_loss"])
        if row:
            training.rows.append({"step": step, "epoch": step // batches} | row)
    training.final = finite(mean_loss(task, task.x, task.y))
    training.final_val = finite(mean_loss(task, task.x_val, task.y_val))
    return training


def finite(value: float) -> float:
    """A loss to compare: infinite where it is not a number."""
    return value if math.isfinite(value) else math.inf


@torch.no_grad()
def mean_loss(task: Task, x: torch.Tensor, y: torch.Tensor) -> float:
    """Loss over a whole part of the data, without dropout and the like."""
    task.model.eval()
    value = task.loss(task.model(x), y).item()
    task.model.train()
    return value


@torch.no_grad()
def validate(task: Task) -> Row:
    """Loss, and for classes accuracy, on the held-out part."""
    row = {"val_loss": mean_loss(task, task.x_val, task.y_val)}
    if task.classes:
        task.model.eval()
        row["val_accuracy"] = (task.model(task.x_val).argmax(1) == task.y_val).float().mean().item()
        task.model.train()
    return row
