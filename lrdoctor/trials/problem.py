"""What a task is to the training loop: parameters to stack, batches to draw, a loss per member."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Generator, Tensor

Batch = tuple["Tensor", ...]
Loss = Callable[[Sequence["Tensor"], Batch], "Tensor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One task, ready to be trained.

    Parameters
    ----------
    initial
        Initial parameters of one member; all members start from the same.
    loss
        ``loss(stacked parameters, batch) -> [members]``, the mean over the batch.
    batches
        ``batches(generator)`` yields minibatches for ever; all members see the same ones.
    train_set, val_set
        What the outcome is measured on (at most about a thousand samples), without noise from the model.
    accuracy
        As `loss`, but the share of right answers; None for regression and generative tasks.
    steps_per_epoch
        Batches per pass over the data; for endless data, a nominal number.
    loss_kind
        ``cross_entropy``, ``mse``, ``nll``, ...
    """

    initial: list[Tensor]
    loss: Loss
    batches: Callable[[Generator], Iterator[Batch]]
    train_set: Batch
    val_set: Batch | None
    accuracy: Loss | None = None
    batch_size: int = 32
    steps_per_epoch: int = 100
    loss_kind: str = "mse"


def epochs(data: Batch, batch_size: int) -> Callable[[Generator], Iterator[Batch]]:
    """Shuffled passes over a finite data set; a last, smaller batch is dropped."""
    size = data[0].shape[0]
    batch_size = min(batch_size, size)

    def draw(generator: Generator) -> Iterator[Batch]:
        while True:
            order = torch.randperm(size, generator=generator)
            for start in range(0, size - batch_size + 1, batch_size):
                index = order[start : start + batch_size]
                yield tuple(part[index] for part in data)

    return draw


def stream(
    sample: Callable[[Generator, int], Batch], batch_size: int
) -> Callable[[Generator], Iterator[Batch]]:
    """Endless fresh data: ``sample(generator, n)`` returns a batch of n."""

    def draw(generator: Generator) -> Iterator[Batch]:
        while True:
            yield sample(generator, batch_size)

    return draw
