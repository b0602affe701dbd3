"""Convolutional networks on digits and on bars that are drawn afresh."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from lrdoctor.trials import data
from lrdoctor.trials.networks import conv_net
from lrdoctor.trials.tasks import endless, supervised, task

if TYPE_CHECKING:
    from torch import Generator

    from lrdoctor.trials.problem import Batch, Problem


@task("conv", cost="medium")
def conv_digits(seed: int) -> Problem:
    net = conv_net(8, [1, 8, 16], 10, kernels=[3, 3])
    return supervised(net, data.digits_unit(), seed, loss="cross_entropy", batch=32)


@task("conv", cost="medium")
def conv_digits_deep(seed: int) -> Problem:
    net = conv_net(8, [1, 8, 12, 24], 10, kernels=[3, 2, 3])
    return supervised(net, data.bundled("digits"), seed, loss="cross_entropy", batch=16)


@task("conv", cost="medium")
def conv_digits_batch_norm(seed: int) -> Problem:
    net = conv_net(8, [1, 8, 16], 10, kernels=[3, 2], norm=True)
    return supervised(net, data.digits_unit(), seed, loss="cross_entropy", batch=32)


@task("conv", cost="medium")
def conv_bars(seed: int) -> Problem:
    """Noisy waves of six directions, endless."""

    def sample(generator: Generator, count: int) -> Batch:
        y = torch.randint(0, 6, (count,), generator=generator)
        phase = torch.rand(count, 1, 1, generator=generator) * 2 * math.pi
        angle = (y * math.pi / 6)[:, None, None]
        rows, columns = torch.arange(8.0)[:, None], torch.arange(8.0)[None, :]
        wave = torch.sin(1.3 * (rows * angle.cos() + columns * angle.sin()) + phase)
        return (wave + torch.randn(count, 8, 8, generator=generator)).view(count, 64), y

    return endless(conv_net(8, [1, 8, 16], 6, kernels=[3, 3]), sample, seed, loss="cross_entropy", batch=32)


@task("conv", cost="medium")
def conv_counting(seed: int) -> Problem:
    """How many bright pixels: a regression."""

    def sample(generator: Generator, count: int) -> Batch:
        share = torch.rand(count, 1, generator=generator)
        bright = (torch.rand(count, 64, generator=generator) < share).float()
        return bright + 0.3 * torch.randn(count, 64, generator=generator), bright.mean(1, keepdim=True) * 4

    return endless(conv_net(8, [1, 8, 8], 1, kernels=[3, 3]), sample, seed, loss="mse", batch=16)
