"""Tasks drawn at random that are larger than the others, and trained for longer.

The larger a network, the lower its best rates (Yang et al. 2022), and the same holds for losses that are summed over
many pixels. What a diverged run of a long training should start again with is known only from trainings like it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from lrdoctor.trials import data
from lrdoctor.trials.grid import LARGE
from lrdoctor.trials.networks import conv_net, gru, lstm, mlp, residual_mlp, rnn, transformer
from lrdoctor.trials.problem import Problem
from lrdoctor.trials.tasks import Task, endless, register, supervised
from lrdoctor.trials.tasks.drawn import Dice, characters
from lrdoctor.trials.tasks.generative import vae

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Generator, Tensor

    from lrdoctor.trials.networks import Net
    from lrdoctor.trials.problem import Batch

COUNT = 48
_FIRST = 10_000
"""Number of the first one's dice: those of `drawn` come before."""


def _digits(side: int, noise: float, wrong: float, *, val: bool = False) -> Callable[[Generator, int], Batch]:
    """Sampler of moved, noisy digits, a share of whose labels is `wrong`."""
    x, y = data.moved_digits(side)[2:] if val else data.moved_digits(side)[:2]

    def sample(generator: Generator, count: int) -> Batch:
        which = torch.randint(0, len(y), (count,), generator=generator)
        place = torch.randint(0, 9, (count,), generator=generator)
        swap = torch.rand(count, generator=generator) < wrong
        labels = torch.where(swap, torch.randint(0, 10, (count,), generator=generator), y[which])
        return x[place, which] + noise * torch.randn(count, x.shape[2], generator=generator), labels

    return sample


def _images(dice: Dice, net: Net, side: int, seed: int, batch: int) -> Problem:
    """Classify digits: a finite set of them, or always new ones; sometimes with a penalty on the weights."""
    if dice.chance(0.35):
        problem = supervised(net, data.digits_large(side), seed, loss="cross_entropy", batch=batch)
    else:
        noise, wrong = dice.between(0.1, 0.8), dice.one((0.0, 0.0, 0.05, 0.2))
        problem = endless(
            net, _digits(side, noise, wrong), seed, loss="cross_entropy", batch=batch, epoch=1347 // batch,
            val_sample=_digits(side, noise, wrong, val=True),
        )  # fmt: skip
    return _penalised(problem, dice.between(1e-4, 3e-3)) if dice.chance(0.4) else problem


def _penalised(plain: Problem, strength: float) -> Problem:
    """The same with a penalty on the squared weights in the loss, as regularised losses are logged."""

    def loss(params: Sequence[Tensor], part: Batch) -> Tensor:
        weights = (p.square().flatten(1).sum(1) for p in params if p.shape[1] > 1)
        return plain.loss(params, part) + strength * sum(weights, torch.zeros(()))

    return Problem(
        initial=plain.initial, loss=loss, batches=plain.batches, train_set=plain.train_set, val_set=plain.val_set,
        accuracy=plain.accuracy, batch_size=plain.batch_size, steps_per_epoch=plain.steps_per_epoch,
        loss_kind=plain.loss_kind,
    )  # fmt: skip


def _wide(dice: Dice, seed: int) -> Problem:
    side = dice.one((16, 16, 20))
    hidden = [dice.whole(96, 224) for _ in range(int(dice.rng.integers(1, 4)))]
    net = mlp([side * side, *hidden, 10], dice.activation(), norm=dice.one((None, None, "batch")))
    return _images(dice, net, side, seed, dice.one((16, 32, 64)))


def _conv(dice: Dice, seed: int) -> Problem:
    side, kernels = dice.one(((14, (3, 2, 2)), (12, (3, 2)), (14, (5, 2)), (12, (5, 2, 2)), (16, (5, 3))))
    channels = [1, *(dice.whole(8, 16) * 2**depth for depth in range(len(kernels)))]
    net = conv_net(side, channels, 10, kernels=list(kernels), norm=dice.chance(0.4))
    return _images(dice, net, side, seed, dice.one((16, 24, 32)))


def _residual(dice: Dice, seed: int) -> Problem:
    net = residual_mlp(256, dice.whole(40, 96), int(dice.rng.integers(2, 6)), 10, norm=dice.chance(0.6))
    return _images(dice, net, 16, seed, dice.one((16, 32)))


def _vae(dice: Dice, seed: int) -> Problem:
    side = dice.one((14, 16, 20))
    x, _, x_val, _ = data.digits_large(side)
    return vae(
        x, x_val, seed, hidden=dice.whole(48, 128), latent=dice.whole(4, 16), batch=dice.one((32, 64)),
        binary=dice.chance(0.7), scale=1.0,
    )  # fmt: skip


def _recurrent(dice: Dice, seed: int) -> Problem:
    cell: Callable[..., Net] = dice.one((lstm, lstm, gru, rnn))
    time, width, batch = dice.whole(8, 16), dice.whole(32, 64), dice.one((8, 16))
    net = cell(20, width, 20, each_step=True)
    return endless(net, characters(time), seed, loss="cross_entropy", batch=batch, measured=(160, 96))


def _transformer(dice: Dice, seed: int) -> Problem:
    time, width = dice.whole(6, 10), dice.one((24, 32))
    net = transformer(20, time, width, 2, dice.one((1, 2)), causal=True, pre_norm=dice.chance(0.7))
    return endless(
        net, lambda g, n: data.text_windows(g, n, time), seed, loss="cross_entropy", batch=8, measured=(160, 96)
    )


def _autoencoder(dice: Dice, seed: int) -> Problem:
    """Digits back from noisy ones; always new."""
    side, noise, outer = 16, dice.between(0.1, 0.6), dice.whole(64, 160)
    act = dice.activation()

    def sampler(images: Tensor) -> Callable[[Generator, int], Batch]:
        def sample(generator: Generator, count: int) -> Batch:
            place = torch.randint(0, 9, (count,), generator=generator)
            clean = images[place, torch.randint(0, images.shape[1], (count,), generator=generator)]
            return clean + noise * torch.randn(clean.shape, generator=generator), clean

        return sample

    x, _, x_val, _ = data.moved_digits(side)
    net = mlp([side * side, outer, dice.whole(8, 24), outer, side * side], act)
    loss, batch = dice.one(("mse", "bce")), dice.one((16, 32))
    return endless(net, sampler(x), seed, loss=loss, batch=batch, val_sample=sampler(x_val))


def _teacher(dice: Dice, seed: int) -> Problem:
    """Regression on what another network says, with noise."""
    inputs, spread = dice.whole(24, 96), dice.between(0.1, 1.0)
    first, second = (torch.from_numpy(dice.rng.normal(size=s)).float() for s in ((inputs, 64), (64, 1)))
    scale = dice.scale(0.4, 0.2, 10.0) / (4 * inputs**0.5)
    mean = dice.between(0.5, 3.0) if dice.chance(0.3) else 0.0

    def sample(generator: Generator, count: int) -> Batch:
        x = torch.randn(count, inputs, generator=generator)
        y = scale * (torch.relu(x @ first) @ second) + mean
        return x, y + spread * scale * inputs**0.5 * torch.randn(count, 1, generator=generator)

    hidden = [dice.whole(64, 192) for _ in range(int(dice.rng.integers(1, 4)))]
    net = mlp([inputs, *hidden, 1], dice.activation(), gain=dice.scale(0.3, 0.5, 2.0))
    return endless(net, sample, seed, loss=dice.one(("mse", "mse", "huber")), batch=dice.one((16, 32, 64)))


_KINDS: tuple[tuple[str, Callable[[Dice, int], Problem], int], ...] = (
    ("conv", _conv, 8_000), ("vae", _vae, 16_000), ("recurrent", _recurrent, 6_000),
    ("mlp_classification", _wide, 16_000), ("residual", _residual, 12_000), ("autoencoder", _autoencoder, 12_000),
    ("transformer", _transformer, 5_000), ("mlp_regression", _teacher, 16_000),
)  # fmt: skip
"""Family, kind and number of steps, in turn."""


def _build(number: int, seed: int) -> Problem:
    return _KINDS[number % len(_KINDS)][1](Dice(_FIRST + number), seed)


for _number in range(COUNT):
    _family, _, _steps = _KINDS[_number % len(_KINDS)]
    register(Task(f"{LARGE}{_number:02d}", _family, partial(_build, _number), "lasting", steps=_steps))
