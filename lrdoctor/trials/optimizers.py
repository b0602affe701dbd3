"""Optimizers over stacked parameters: every row of a flat [members, size] tensor is one training.

The update formulas are those of ``torch.optim`` with its default settings (a test compares them step by
step); what is ours is that one call updates all members of a grid, each with its own learning rate.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

__all__ = ["OPTIMIZERS", "Optimizer", "make_optimizer"]


class Optimizer(Protocol):
    """In-place update of all members at once; `state` holds tensors [members, size] that follow the
    members."""

    state: list[Tensor]

    def step(self, params: Tensor, grads: Tensor, lr: Tensor) -> None:
        """Update `params` [members, size] in place; `lr` is [members, 1]; `grads` may be overwritten."""


class Sgd:
    """Plain, heavy-ball or Nesterov gradient descent (no dampening); L2 weight decay as in torch."""

    def __init__(
        self, params: Tensor, momentum: float = 0.0, nesterov: bool = False, weight_decay: float = 0.0
    ):
        self.momentum, self.nesterov, self.weight_decay = momentum, nesterov, weight_decay
        self.state = [torch.zeros_like(params)] if momentum else []

    def step(self, params: Tensor, grads: Tensor, lr: Tensor) -> None:
        if self.weight_decay:
            grads.add_(params, alpha=self.weight_decay)
        if self.momentum:
            buffer = self.state[0].mul_(self.momentum).add_(grads)
            grads = grads.add_(buffer, alpha=self.momentum) if self.nesterov else buffer
        params.addcmul_(grads, lr, value=-1.0)


class Adam:
    """Adam (Kingma & Ba 2015); `decoupled` weight decay makes it AdamW (Loshchilov & Hutter 2019)."""

    def __init__(self, params: Tensor, weight_decay: float = 0.0, decoupled: bool = False):
        self.beta1, self.beta2, self.eps = 0.9, 0.999, 1e-8
        self.weight_decay, self.decoupled, self.count = weight_decay, decoupled, 0
        self.state = [torch.zeros_like(params), torch.zeros_like(params)]

    def step(self, params: Tensor, grads: Tensor, lr: Tensor) -> None:
        self.count += 1
        if self.weight_decay and self.decoupled:
            params.mul_(1.0 - lr * self.weight_decay)
        elif self.weight_decay:
            grads.add_(params, alpha=self.weight_decay)
        mean, square = self.state
        mean.lerp_(grads, 1.0 - self.beta1)
        square.mul_(self.beta2).addcmul_(grads, grads, value=1.0 - self.beta2)
        correction1 = 1.0 - self.beta1**self.count
        correction2 = math.sqrt(1.0 - self.beta2**self.count)
        denominator = torch.sqrt(square).div_(correction2).add_(self.eps)
        params.addcmul_(torch.div(mean, denominator, out=denominator), lr / correction1, value=-1.0)


class RmsProp:
    """RMSprop as in torch: decay 0.99, not centred, no momentum."""

    def __init__(self, params: Tensor):
        self.alpha, self.eps = 0.99, 1e-8
        self.state = [torch.zeros_like(params)]

    def step(self, params: Tensor, grads: Tensor, lr: Tensor) -> None:
        square = self.state[0].mul_(self.alpha).addcmul_(grads, grads, value=1.0 - self.alpha)
        denominator = torch.sqrt(square).add_(self.eps)
        params.addcmul_(torch.div(grads, denominator, out=denominator), lr, value=-1.0)


class Adagrad:
    """Adagrad (Duchi et al. 2011) as in torch: accumulator starts at zero, eps 1e-10."""

    def __init__(self, params: Tensor):
        self.eps = 1e-10
        self.state = [torch.zeros_like(params)]

    def step(self, params: Tensor, grads: Tensor, lr: Tensor) -> None:
        total = self.state[0].addcmul_(grads, grads)
        denominator = torch.sqrt(total).add_(self.eps)
        params.addcmul_(torch.div(grads, denominator, out=denominator), lr, value=-1.0)


OPTIMIZERS: dict[str, Callable[[Tensor], Optimizer]] = {
    "sgd": Sgd,
    "momentum": lambda p: Sgd(p, momentum=0.9),
    "nesterov": lambda p: Sgd(p, momentum=0.9, nesterov=True),
    "adam": Adam,
    "adamw": lambda p: Adam(p, weight_decay=0.01, decoupled=True),
    "rmsprop": RmsProp,
    "adagrad": Adagrad,
}


def make_optimizer(name: str, params: Tensor) -> Optimizer:
    """The optimizer of that name, ready for parameters [members, size]; KeyError if there is none."""
    return OPTIMIZERS[name](params)
