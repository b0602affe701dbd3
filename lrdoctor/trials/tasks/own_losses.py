"""Tasks with a loss of their own, by dice: likelihoods, pairs, ranks, residuals, margins."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F  # noqa: N812 - the name it is known by

from lrdoctor.trials import data
from lrdoctor.trials.networks import Net, mlp
from lrdoctor.trials.problem import Problem, stream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Generator, Tensor

    from lrdoctor.trials.networks import Activation
    from lrdoctor.trials.problem import Batch, Loss
    from lrdoctor.trials.tasks.drawn import Dice

    Sample = Callable[[Generator, int], Batch]


def _own(
    net: Net, loss: Loss, sample: Sample, seed: int, batch: int, kind: str, most: int | None = None
) -> Problem:  # fmt: skip
    """A network on fresh data with a loss that has no name; measured on `most` samples, or on all that there are."""
    train_set, val_set = (
        tuple(part[:most] for part in sample(torch.Generator().manual_seed(number), size))
        for number, size in ((1_000, 512), (1_001, 256))
    )
    return Problem(
        initial=net.initial(seed), loss=loss, batches=stream(sample, batch), train_set=train_set, val_set=val_set,
        batch_size=batch, steps_per_epoch=200, loss_kind=kind,
    )  # fmt: skip


def smooth(dice: Dice) -> Activation:
    """Of the hidden layers; smooth ones more often than relu."""
    return dice.one((torch.tanh, F.gelu, F.silu, torch.relu))  # type: ignore[no-any-return]


def spread(dice: Dice, seed: int) -> Problem:
    """Mean and log variance of a noisy wave; the loss goes below zero."""
    inputs, speed, least = dice.whole(1, 4), dice.between(1, 8), dice.between(0.02, 0.3)
    net = mlp([inputs, *[dice.whole(12, 48) for _ in range(dice.whole(1, 3))], 2], smooth(dice))

    def sample(generator: Generator, count: int) -> Batch:
        x = torch.rand(count, inputs, generator=generator) * 2 - 1
        width = least * (1 + 3 * x[:, :1].abs())
        return x, torch.sin(speed * x.mean(1, keepdim=True)) + width * torch.randn(count, 1, generator=generator)

    def loss(params: Sequence[Tensor], part: Batch) -> Tensor:
        mean, log_var = net.forward(params, part[0]).chunk(2, -1)
        return 0.5 * (log_var + (part[1] - mean).square() * torch.exp(-log_var)).mean((1, 2))

    return _own(net, loss, sample, seed, dice.batch(), "nll")


def mixture(dice: Dice, seed: int) -> Problem:
    """Several normals for each input (Bishop 1994)."""
    parts, wiggle, noise = dice.whole(2, 8), dice.between(0.1, 0.6), dice.between(0.02, 0.2)
    net = mlp([1, dice.whole(12, 48), 3 * parts], smooth(dice))

    def sample(generator: Generator, count: int) -> Batch:
        y = torch.rand(count, 1, generator=generator) * 2 - 1
        return y + wiggle * torch.sin(6 * y) + noise * torch.randn(count, 1, generator=generator), y

    def loss(params: Sequence[Tensor], part: Batch) -> Tensor:
        weight, mean, log_sd = net.forward(params, part[0]).chunk(3, -1)
        each = -0.5 * ((part[1] - mean) * torch.exp(-log_sd)).square() - log_sd - 0.5 * math.log(2 * math.pi)
        return (torch.logsumexp(weight, -1) - torch.logsumexp(each + weight, -1)).mean(1)

    return _own(net, loss, sample, seed, dice.batch(), "nll")


def moons(generator: Generator, count: int, noise: float) -> Tensor:
    """Points of two interleaved half circles, [count, 2]."""
    angle = math.pi * torch.rand(count, generator=generator)
    side = torch.randint(0, 2, (count,), generator=generator) * 2.0 - 1.0
    moon = torch.stack([side * torch.cos(angle) + 0.5 * (1 - side) - 0.5, side * torch.sin(angle)], -1)
    return moon + noise * torch.randn(count, 2, generator=generator)


def flow(dice: Dice, seed: int) -> Problem:
    """Affine couplings on two half circles (Dinh, Sohl-Dickstein & Bengio 2017)."""
    layers, width, noise = dice.whole(2, 5), dice.whole(12, 32), dice.between(0.05, 0.2)
    nets = [mlp([1, width, 2], torch.tanh) for _ in range(layers)]
    size = len(nets[0].inits)
    net = Net([init for each in nets for init in each.inits], lambda _p, x: x)

    def loss(params: Sequence[Tensor], part: Batch) -> Tensor:
        kept, moved = part[0].expand(params[0].shape[0], *part[0].shape).chunk(2, -1)
        volume: Tensor | float = 0.0
        for index, each in enumerate(nets):
            log_scale, shift = each.forward(params[index * size : (index + 1) * size], kept).chunk(2, -1)
            log_scale = torch.tanh(log_scale)
            kept, moved = moved * log_scale.exp() + shift, kept
            volume = volume + log_scale
        return (0.5 * (kept.square() + moved.square()) + math.log(2 * math.pi) - volume).mean((1, 2))

    return _own(net, loss, lambda g, n: (moons(g, n, noise),), seed, dice.batch(), "nll")


def pairs(dice: Dice, seed: int) -> Problem:
    """Which noisy view belongs to which (InfoNCE; van den Oord, Li & Vinyals 2018)."""
    inputs, hidden, noise = dice.whole(8, 32), dice.whole(2, 8), dice.between(0.2, 1.0)
    net = mlp([inputs, dice.whole(16, 48), dice.whole(6, 16)], smooth(dice))
    basis, sharp = torch.from_numpy(dice.rng.normal(size=(hidden, inputs))).float(), dice.between(2, 15)
    batch = dice.one((16, 32, 64))

    def sample(generator: Generator, count: int) -> Batch:
        meaning = torch.randn(count, hidden, generator=generator) @ basis
        views = meaning[None] + noise * torch.randn(2, count, inputs, generator=generator)
        return views[0], views[1]

    def loss(params: Sequence[Tensor], part: Batch) -> Tensor:
        left, right = (F.normalize(net.forward(params, view), dim=-1) for view in part)
        scores = torch.bmm(left, right.transpose(1, 2)) * sharp
        return (torch.logsumexp(scores, -1) - scores.diagonal(dim1=1, dim2=2)).mean(1)

    # a loss among the members of a batch is measured on a set of the batch's size
    return _own(net, loss, sample, seed, batch, "info_nce", most=batch)


def triplets(dice: Dice, seed: int) -> Problem:
    """Nearer to one of its class than to another, by a margin (Schroff, Kalenichenko & Philbin 2015)."""
    x, y, _, _ = data.digits_unit()
    net, margin = mlp([64, dice.whole(16, 48), dice.whole(4, 16)], smooth(dice)), dice.between(0.2, 1.0)
    of = [torch.nonzero(y == label)[:, 0] for label in range(10)]

    def sample(generator: Generator, count: int) -> Batch:
        label = torch.randint(0, 10, (count,), generator=generator)
        other = (label + torch.randint(1, 10, (count,), generator=generator)) % 10
        u = torch.rand(3, count, generator=generator)
        picked = [
            torch.stack([of[int(k)][int(p * len(of[int(k)]))] for k, p in zip(which, place, strict=True)])
            for which, place in ((label, u[0]), (label, u[1]), (other, u[2]))
        ]
        return tuple(x[index] for index in picked)

    def loss(params: Sequence[Tensor], part: Batch) -> Tensor:
        anchor, same, strange = (net.forward(params, view) for view in part)
        gap = (anchor - same).square().sum(-1) - (anchor - strange).square().sum(-1)
        return torch.relu(gap + margin).mean(1)

    return _own(net, loss, sample, seed, dice.one((16, 32)), "triplet")


def ranked(dice: Dice, seed: int) -> Problem:
    """Which of two is better (Burges et al. 2005)."""
    inputs, noise = dice.whole(4, 30), dice.between(0.05, 1.0)
    net = mlp([inputs, *[dice.whole(8, 48) for _ in range(dice.whole(1, 3))], 1], smooth(dice))
    first, second = (torch.from_numpy(dice.rng.normal(size=s)).float() for s in ((inputs, 12), (12, 1)))

    def sample(generator: Generator, count: int) -> Batch:
        x = torch.randn(2, count, inputs, generator=generator)
        worth = torch.relu(x @ first / inputs**0.5) @ second + noise * torch.randn(2, count, 1, generator=generator)
        return x[0], x[1], (worth[0] > worth[1]).float()

    def loss(params: Sequence[Tensor], part: Batch) -> Tensor:
        margin = net.forward(params, part[0]) - net.forward(params, part[1])
        return (F.softplus(margin) - margin * part[2]).mean((1, 2))

    return _own(net, loss, sample, seed, dice.batch(), "rank")


def equation(dice: Dice, seed: int) -> Problem:
    """u'' = f with u = 0 at both ends, in differences, as physics-informed networks (Raissi et al. 2019)."""
    net = mlp([1, *[dice.whole(12, 32) for _ in range(dice.whole(1, 3))], 1], dice.one((torch.tanh, torch.sin)))
    waves, ends, h = dice.whole(1, 3), dice.between(1, 100), 0.05

    def sample(generator: Generator, count: int) -> Batch:
        x = torch.rand(count, 1, generator=generator) * 2 - 1
        return x, -((math.pi * waves) ** 2) * torch.sin(math.pi * waves * x) / 10

    def loss(params: Sequence[Tensor], part: Batch) -> Tensor:
        left, mid, right = (net.forward(params, part[0] + by) for by in (-h, 0.0, h))
        edge = net.forward(params, torch.tensor([[-1.0], [1.0]]))
        return ((left - 2 * mid + right) / h**2 - part[1]).square().mean((1, 2)) + ends * edge.square().mean((1, 2))

    return _own(net, loss, sample, seed, dice.batch(), "residual")


def quantile(dice: Dice, seed: int) -> Problem:
    """Several quantiles at once (pinball loss; Koenker & Bassett 1978)."""
    inputs = dice.whole(1, 8)
    levels, noise = torch.tensor([0.1, 0.5, 0.9]), dice.between(0.05, 1.0)
    net = mlp([inputs, *[dice.whole(12, 48) for _ in range(dice.whole(1, 3))], 3], smooth(dice))
    weight = torch.from_numpy(dice.rng.normal(size=(inputs, 1))).float() * dice.between(1, 4)

    def sample(generator: Generator, count: int) -> Batch:
        x = torch.randn(count, inputs, generator=generator)
        return x, torch.sin(x @ weight) + noise * torch.randn(count, 1, generator=generator)

    def loss(params: Sequence[Tensor], part: Batch) -> Tensor:
        gap = part[1] - net.forward(params, part[0])
        return torch.maximum(levels * gap, (levels - 1) * gap).mean((1, 2))

    return _own(net, loss, sample, seed, dice.batch(), "pinball")


def distilled(dice: Dice, seed: int) -> Problem:
    """What a wider network says, softened (Hinton, Vinyals & Dean 2015)."""
    inputs, classes, heat = dice.whole(6, 40), dice.whole(3, 12), dice.between(0.5, 4)
    first, second = (torch.from_numpy(dice.rng.normal(size=s)).float() for s in ((inputs, 64), (64, classes)))
    net = mlp([inputs, *[dice.whole(12, 64) for _ in range(dice.whole(1, 4))], classes], dice.activation())

    def sample(generator: Generator, count: int) -> Batch:
        x = torch.randn(count, inputs, generator=generator)
        return x, (torch.relu(x @ first / inputs**0.5) @ second / heat).softmax(-1)

    def loss(params: Sequence[Tensor], part: Batch) -> Tensor:
        return -(F.log_softmax(net.forward(params, part[0]), -1) * part[1]).sum(-1).mean(1)

    return _own(net, loss, sample, seed, dice.batch(), "soft_labels")


def margin(dice: Dice, seed: int) -> Problem:
    """Hinge of several classes with a penalty (Crammer & Singer 2001)."""
    inputs, classes, apart = dice.whole(5, 40), dice.whole(2, 8), dice.between(0.5, 3)
    penalty = dice.between(1e-4, 1e-1)
    centres = torch.from_numpy(dice.rng.normal(size=(classes, inputs))).float() * apart / inputs**0.5
    net = mlp([inputs, *[dice.whole(8, 40) for _ in range(dice.whole(1, 3) - 1)], classes])

    def sample(generator: Generator, count: int) -> Batch:
        y = torch.randint(0, classes, (count,), generator=generator)
        return centres[y] + torch.randn(count, inputs, generator=generator), y

    def loss(params: Sequence[Tensor], part: Batch) -> Tensor:
        scores, right = net.forward(params, part[0]), F.one_hot(part[1], classes)
        gap = (scores + 1 - right).amax(-1) - (scores * right).sum(-1)
        size = sum((p.square().flatten(1).sum(1) for p in params), torch.zeros(()))
        return gap.mean(1) + penalty * size

    return _own(net, loss, sample, seed, dice.batch(), "hinge")
