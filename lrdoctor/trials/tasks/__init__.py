"""The tasks: one small function each, decorated with :func:`task`, in the module of its kind."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from lrdoctor.trials import networks
from lrdoctor.trials.problem import Batch, Problem, epochs, stream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Generator, Tensor

    from lrdoctor.trials.networks import Net

__all__ = ["Task", "all_tasks", "endless", "register", "supervised", "task"]

_EVAL_TRAIN, _EVAL_VAL = 512, 256


@dataclass(frozen=True, slots=True)
class Task:
    """A task by name; ``build(seed)`` draws its initial parameters with that seed (its data do not change).

    `shift` moves the grid of learning rates by that many decades for losses that are scaled badly; `cost` is
    "long" (cheapest, trained longest), "cheap", "medium" or "dear" and decides the number of steps
    unless `steps` does; "drawn" and "lasting" are those of the modules of that name.
    """

    name: str
    family: str
    build: Callable[[int], Problem]
    cost: str = "cheap"
    shift: float = 0.0
    steps: int | None = None


_TASKS: dict[str, Task] = {}


def task(
    family: str, *, cost: str = "cheap", shift: float = 0.0, steps: int | None = None
) -> Callable[[Callable[[int], Problem]], Callable[[int], Problem]]:
    """Register a task under its function's name."""

    def decorate(build: Callable[[int], Problem]) -> Callable[[int], Problem]:
        register(Task(build.__name__, family, build, cost, shift, steps))
        return build

    return decorate


def register(made: Task) -> None:
    """Add a task under its name."""
    if made.name in _TASKS:
        raise ValueError(f"two tasks are called {made.name}")
    _TASKS[made.name] = made


def all_tasks() -> dict[str, Task]:
    """All tasks by name; imports every module of this package."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(_TASKS)


_LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cross_entropy": networks.cross_entropy,
    "mse": networks.mean_square,
    "bce": networks.binary_cross_entropy,
    "huber": networks.huber,
    "poisson_nll": networks.poisson_nll,
}


def supervised(
    net: Net,
    data: tuple[Tensor, Tensor, Tensor, Tensor],
    seed: int,
    *,
    loss: str,
    batch: int,
    smoothing: float = 0.0,
    augment: Callable[[Batch, Generator], Batch] | None = None,
) -> Problem:
    """A network on a finite data set ``(x, y, x_val, y_val)``.

    `augment` changes each minibatch (input noise, masks); the loss is one of the names above.
    """
    x, y, x_val, y_val = data

    def measure(params: Sequence[Tensor], part: Batch) -> Tensor:
        output = net.forward(params, part[0])
        if smoothing:
            return networks.cross_entropy(output, part[1], smoothing)
        return _LOSSES[loss](output, part[1])

    draw = epochs((x, y), batch)
    if augment is not None:
        plain, change = draw, augment
        draw = lambda generator: (change(part, generator) for part in plain(generator))  # noqa: E731
    return Problem(
        initial=net.initial(seed),
        loss=measure,
        batches=draw,
        train_set=(x[:_EVAL_TRAIN], y[:_EVAL_TRAIN]),
        val_set=(x_val[:_EVAL_VAL], y_val[:_EVAL_VAL]),
        accuracy=_accuracy(net, loss),
        batch_size=min(batch, len(x)),
        steps_per_epoch=max(1, len(x) // batch),
        loss_kind=loss,
    )


def endless(
    net: Net,
    sample: Callable[[Generator, int], Batch],
    seed: int,
    *,
    loss: str,
    batch: int,
    epoch: int = 200,
    val_sample: Callable[[Generator, int], Batch] | None = None,
    measured: tuple[int, int] = (_EVAL_TRAIN, _EVAL_VAL),
) -> Problem:
    """A network on fresh data for ever; `epoch` is a nominal number of steps per epoch.

    Validation data come from `val_sample`, or from the same source. The outcome is measured on `measured`
    samples of each (fewer where one sample is a sequence of many predictions).
    """
    sets = (
        sample(torch.Generator().manual_seed(1000), measured[0]),
        (val_sample or sample)(torch.Generator().manual_seed(1001), measured[1]),
    )

    def measure(params: Sequence[Tensor], part: Batch) -> Tensor:
        return _LOSSES[loss](net.forward(params, part[0]), part[1])

    return Problem(
        initial=net.initial(seed),
        loss=measure,
        batches=stream(sample, batch),
        train_set=sets[0],
        val_set=sets[1],
        accuracy=_accuracy(net, loss),
        batch_size=batch,
        steps_per_epoch=epoch,
        loss_kind=loss,
    )


def _accuracy(net: Net, loss: str) -> Callable[[Sequence[Tensor], Batch], Tensor] | None:
    if loss == "cross_entropy":
        return lambda params, part: networks.share_right(net.forward(params, part[0]), part[1])
    if loss == "bce":
        return lambda params, part: (
            ((net.forward(params, part[0]) > 0).float() == part[1]).float().flatten(1).mean(1)
        )
    return None
