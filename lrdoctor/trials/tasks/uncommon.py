"""Tasks drawn at random of the kinds that are trained less often.

What the common kinds teach about a log holds where its loss falls as theirs does. Likelihoods that go below zero,
plateaus that end in a fall, losses of pairs and losses whose least value is unknown are learnt from these.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F  # noqa: N812 - the name it is known by

from lrdoctor.trials import data
from lrdoctor.trials.grid import DRAWN
from lrdoctor.trials.networks import Init, Net, dense_init, gru, lookup, lstm, mlp, rnn, transformer
from lrdoctor.trials.tasks import Task, endless, own_losses, register, supervised
from lrdoctor.trials.tasks.drawn import Dice
from lrdoctor.trials.tasks.generative import vae

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Generator, Tensor

    from lrdoctor.trials.problem import Batch, Problem

STEPS = 1_000
COUNT = 230
_FIRST = 20_000
"""Number of the first one's dice: those of `drawn` and `lasting` come before."""


def _denoising(dice: Dice, seed: int) -> Problem:
    """The noise in a noisy point at a known strength (Ho, Jain & Abbeel 2020)."""
    spread = dice.between(0.03, 0.2)
    net = mlp([4, *[dice.whole(24, 64) for _ in range(dice.whole(2, 3))], 2], own_losses.smooth(dice))

    def sample(generator: Generator, count: int) -> Batch:
        x, time = own_losses.moons(generator, count, spread), torch.rand(count, 1, generator=generator)
        noise = torch.randn(count, 2, generator=generator)
        mixed = torch.cos(1.57 * time) * x + torch.sin(1.57 * time) * noise
        return torch.cat([mixed, torch.cos(3.14 * time), torch.sin(3.14 * time)], -1), noise

    return endless(net, sample, seed, loss="mse", batch=dice.batch())


def _symbols(dice: Dice, seed: int) -> Problem:
    """The next symbol from some before, through an embedding (Bengio et al. 2003)."""
    before, width, hidden = dice.whole(1, 4), dice.whole(4, 16), dice.whole(16, 48)
    inits = [
        Init((20, width), "normal", dice.between(0.05, 1.0)), *dense_init(before * width, hidden),
        *dense_init(hidden, 20),
    ]  # fmt: skip
    act = own_losses.smooth(dice)

    def forward(params: Sequence[Tensor], x: Tensor) -> Tensor:
        table, w1, b1, w2, b2 = params
        return torch.baddbmm(b2, act(torch.baddbmm(b1, lookup(table, x).flatten(2), w1)), w2)

    def sample(generator: Generator, count: int) -> Batch:
        x, y = data.text_windows(generator, count, before)
        return x, y[:, -1]

    return endless(Net(inits, forward), sample, seed, loss="cross_entropy", batch=dice.batch())


def _bags(dice: Dice, seed: int) -> Problem:
    """Topic of a bag of words."""
    words, topics, length, width = dice.whole(60, 400), dice.whole(3, 16), dice.whole(5, 20), dice.whole(6, 24)
    sharp = dice.between(0.5, 1.5)
    chances = torch.from_numpy(dice.rng.normal(size=(topics, words)) * sharp).float().softmax(1)

    def sample(generator: Generator, count: int) -> Batch:
        y = torch.randint(0, topics, (count,), generator=generator)
        return torch.multinomial(chances[y], length, replacement=True, generator=generator), y

    inits = [Init((words, width), "normal", dice.between(0.05, 1.0)), *dense_init(width, topics)]
    net = Net(inits, lambda p, x: torch.baddbmm(p[2], lookup(p[0], x).mean(2), p[1]))
    return endless(net, sample, seed, loss="cross_entropy", batch=dice.batch())


def _factors(dice: Dice, seed: int) -> Problem:
    """A table of three sides from one matrix for each, some of its cells seen; may not go below zero."""
    sides, rank, spread = [dice.whole(10, 60) for _ in range(3)], dice.whole(2, 10), dice.between(0.03, 0.8)
    positive, noise = dice.chance(0.4), dice.between(0.05, 0.5)
    truth = [torch.from_numpy(dice.rng.normal(size=(side, 3))).float() for side in sides]
    base = -2.0 if positive else 0.0
    inits = [*(Init((side, rank), "normal", spread) for side in sides), Init((1, 1), "fill", 0.0)]

    def forward(params: Sequence[Tensor], index: Tensor) -> Tensor:
        rows = [lookup(params[k], index[:, k]) + base for k in range(3)]
        if positive:
            rows = [F.softplus(row) for row in rows]
        return (rows[0] * rows[1] * rows[2]).sum(-1) + params[3][:, 0]

    def sample(generator: Generator, count: int) -> Batch:
        index = torch.stack([torch.randint(0, side, (count,), generator=generator) for side in sides], -1)
        value = (truth[0][index[:, 0]] * truth[1][index[:, 1]] * truth[2][index[:, 2]]).sum(-1)
        return index, value + noise * torch.randn(count, generator=generator)

    return endless(Net(inits, forward), sample, seed, loss="mse", batch=max(dice.batch(), 16))


def _remembered(dice: Dice, seed: int) -> Problem:
    """Copy symbols after a pause, or add two marked numbers (Hochreiter & Schmidhuber 1997)."""
    cell: Callable[..., Net] = dice.one((rnn, gru, lstm))
    width, batch = dice.whole(12, 32), dice.one((16, 32))
    if dice.chance(0.5):
        time = dice.whole(4, 12)

        def adding(generator: Generator, count: int) -> Batch:
            numbers = torch.rand(count, time, generator=generator)
            places = torch.rand(count, time, generator=generator).topk(2).indices
            marks = torch.zeros(count, time).scatter_(1, places, 1.0)
            return torch.stack([numbers, marks], -1), (numbers * marks).sum(1, keepdim=True)

        return endless(cell(2, width, 1, each_step=False), adding, seed, loss="mse", batch=batch)
    length, pause, kinds = dice.whole(1, 4), dice.whole(1, 4) - 1, dice.whole(3, 8)

    def copying(generator: Generator, count: int) -> Batch:
        word = torch.randint(1, kinds, (count, length), generator=generator)
        blank = torch.zeros(count, length + pause, dtype=torch.int64)
        return F.one_hot(torch.cat([word, blank], 1), kinds).float(), torch.cat([blank, word], 1)

    net = cell(kinds, width, kinds, each_step=True)
    return endless(net, copying, seed, loss="cross_entropy", batch=batch, measured=(160, 96))


def _repeated(dice: Dice, seed: int) -> Problem:
    """Say a word again, forwards or backwards: needs attention that looks back."""
    length, kinds, backwards = dice.whole(2, 4), dice.whole(5, 12), dice.chance(0.5)

    def sample(generator: Generator, count: int) -> Batch:
        word = torch.randint(0, kinds, (count, length), generator=generator)
        both = torch.cat([word, word.flip(1) if backwards else word, word[:, :1]], 1)
        return both[:, :-1], both[:, 1:]

    net = transformer(
        kinds, 2 * length, dice.one((16, 24)), 2, dice.one((1, 2)), causal=True, pre_norm=dice.chance(0.7)
    )  # fmt: skip
    return endless(net, sample, seed, loss="cross_entropy", batch=dice.one((8, 16)), measured=(160, 96))


def _clusters(dice: Dice, seed: int) -> Problem:
    """A variational autoencoder of points around some centres."""
    from sklearn.datasets import make_blobs

    points, _ = make_blobs(
        dice.whole(1000, 5000), dice.whole(4, 20), centers=dice.whole(2, 10), cluster_std=dice.between(0.5, 4),
        random_state=int(dice.rng.integers(1000)),
    )  # fmt: skip
    x, _, x_val, _ = data.split(points, points[:, 0])
    return vae(
        x, x_val, seed, hidden=dice.whole(12, 40), latent=dice.whole(1, 6), batch=dice.batch(), binary=False,
        scale=dice.one((1.0, 1.0, 0.1)),
    )  # fmt: skip


def _surface(dice: Dice, seed: int) -> Problem:
    """A picture as a function of its coordinates; plain, with sines, or with Fourier features (Tancik et al. 2020)."""
    waves, kind = dice.between(2, 10), dice.one(("plain", "sine", "fourier"))
    hidden = [dice.whole(24, 48) for _ in range(dice.whole(1, 3))]
    x = torch.from_numpy(dice.rng.uniform(-1, 1, (4096, 2))).float()
    y = torch.sin(waves * x[:, :1]) * torch.cos(waves * x[:, 1:]) + 0.5 * (x.norm(dim=1, keepdim=True) < 0.5)
    if kind == "fourier":
        turned = x @ torch.from_numpy(dice.rng.normal(size=(2, 16)) * waves).float()
        x = torch.cat([torch.sin(turned), torch.cos(turned)], -1)
    act = torch.sin if kind == "sine" else own_losses.smooth(dice)
    net = mlp([x.shape[1], *hidden, 1], act, gain=dice.between(1.0, 2.5))
    if kind == "sine":
        net = Net([Init(net.inits[0].shape, "uniform", waves), *net.inits[1:]], net.forward)
    split = (x[:3072], y[:3072], x[3072:], y[3072:])
    return supervised(net, split, seed, loss="mse", batch=dice.batch())


def _set(dice: Dice, seed: int) -> Problem:
    """A number that belongs to a set as a whole (Zaheer et al. 2017)."""
    size, width, summed = dice.whole(3, 12), dice.whole(12, 32), dice.chance(0.5)
    inner, outer = mlp([2, width, width], own_losses.smooth(dice)), mlp([width, width, 1])
    cut = len(inner.inits)

    def forward(params: Sequence[Tensor], x: Tensor) -> Tensor:
        members, count = params[0].shape[0], x.shape[0]
        each = inner.forward(params[:cut], x.flatten(0, 1)).view(members, count, size, width)
        return outer.forward(params[cut:], each.sum(2) if summed else each.mean(2))

    def sample(generator: Generator, count: int) -> Batch:
        x = torch.randn(count, size, 2, generator=generator)
        return x, x.prod(-1).amax(1, keepdim=True)

    return endless(Net(inner.inits + outer.inits, forward), sample, seed, loss="mse", batch=dice.batch())


def _experts(dice: Dice, seed: int) -> Problem:
    """Small networks, and one that says how much each counts (Jacobs et al. 1991)."""
    x, y, x_val, y_val = data.digits_unit() if dice.chance(0.5) else data.bundled("digits")
    count, hidden = dice.whole(2, 5), dice.whole(8, 24)
    nets, gate = [mlp([64, hidden, 10]) for _ in range(count)], mlp([64, count])
    size = len(nets[0].inits)

    def forward(params: Sequence[Tensor], inputs: Tensor) -> Tensor:
        shares = gate.forward(params[count * size :], inputs).softmax(-1)
        said = [net.forward(params[k * size : (k + 1) * size], inputs) for k, net in enumerate(nets)]
        return (torch.stack(said, -1) * shares.unsqueeze(-2)).sum(-1)

    net = Net([init for each in (*nets, gate) for init in each.inits], forward)
    return supervised(net, (x, y, x_val, y_val), seed, loss="cross_entropy", batch=dice.batch())


_KINDS: tuple[tuple[str, Callable[[Dice, int], Problem]], ...] = (
    ("density", own_losses.spread), ("embedding", _symbols), ("recurrent", _remembered),
    ("contrastive", own_losses.pairs), ("factorisation", _factors), ("transformer", _repeated),
    ("coordinates", _surface), ("vae", _clusters), ("density", own_losses.mixture), ("embedding", _bags),
    ("equation", own_losses.equation), ("contrastive", own_losses.triplets), ("quantile", own_losses.quantile),
    ("recurrent", _remembered), ("denoising", _denoising), ("distilled", own_losses.distilled),
    ("density", own_losses.flow), ("sets", _set), ("ranked", own_losses.ranked), ("coordinates", _surface),
    ("experts", _experts), ("factorisation", _factors), ("margin", own_losses.margin),
)  # fmt: skip
"""Families and kinds in turn, as many as those of `drawn`."""


def _build(number: int, seed: int) -> Problem:
    return _KINDS[number % len(_KINDS)][1](Dice(_FIRST + number), seed)


for _number in range(COUNT):
    _family = _KINDS[_number % len(_KINDS)][0]
    register(Task(f"{DRAWN}uncommon_{_number:03d}", _family, partial(_build, _number), "drawn", steps=STEPS))
