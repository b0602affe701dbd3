"""Recurrent networks and transformers on made-up sequences and on a generated text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from lrdoctor.trials import data
from lrdoctor.trials.networks import Init, Net, gru, lookup, rnn, transformer
from lrdoctor.trials.tasks import endless, task

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Generator, Tensor

    from lrdoctor.trials.problem import Batch, Problem

_SYMBOLS = 20
_MEASURED = (160, 96)


def _one_hot(tokens: Tensor, symbols: int) -> Tensor:
    return torch.nn.functional.one_hot(tokens, symbols).float()


@task("recurrent", cost="medium")
def rnn_adding(seed: int) -> Problem:
    """Add the two marked numbers of ten (Hochreiter & Schmidhuber 1997)."""

    def sample(generator: Generator, count: int) -> Batch:
        numbers = torch.rand(count, 10, generator=generator)
        marks = torch.zeros(count, 10).scatter_(
            1, torch.rand(count, 10, generator=generator).topk(2).indices, 1.0
        )
        return torch.stack([numbers, marks], -1), (numbers * marks).sum(1, keepdim=True)

    return endless(rnn(2, 24, 1, each_step=False), sample, seed, loss="mse", batch=32)


@task("recurrent", cost="dear")
def gru_copy(seed: int) -> Problem:
    """Repeat four symbols after two blanks."""

    def sample(generator: Generator, count: int) -> Batch:
        word = torch.randint(1, 7, (count, 4), generator=generator)
        x = torch.cat([word, torch.zeros(count, 6, dtype=torch.int64)], 1)
        y = torch.cat([torch.zeros(count, 6, dtype=torch.int64), word], 1)
        return _one_hot(x, 7), y

    return endless(
        gru(7, 20, 7, each_step=True), sample, seed, loss="cross_entropy", batch=16, measured=_MEASURED
    )


def _text(time: int) -> Callable[[Generator, int], Batch]:
    def sample(generator: Generator, count: int) -> Batch:
        x, y = data.text_windows(generator, count, time)
        return _one_hot(x, _SYMBOLS), y

    return sample


@task("recurrent", cost="medium")
def rnn_chars(seed: int) -> Problem:
    return endless(
        rnn(_SYMBOLS, 32, _SYMBOLS, each_step=True), _text(10), seed, loss="cross_entropy", batch=16
    )


@task("recurrent", cost="dear")
def gru_chars(seed: int) -> Problem:
    return endless(
        gru(_SYMBOLS, 24, _SYMBOLS, each_step=True), _text(10), seed, loss="cross_entropy", batch=16
    )


@task("recurrent", cost="medium")
def rnn_forecast(seed: int) -> Problem:
    """The next value of a sum of two noisy sines, with weights that start large."""

    def sample(generator: Generator, count: int) -> Batch:
        t = torch.arange(13.0)
        speed, phase = torch.rand(2, count, 2, 1, generator=generator)
        wave = torch.sin((0.3 + speed) * t + 6.28 * phase).sum(1) + 0.1 * torch.randn(
            count, 13, generator=generator
        )
        return wave[:, :-1, None], wave[:, -1:]

    net = rnn(1, 24, 1, each_step=False)
    inits = list(net.inits)
    inits[2] = replace(inits[2], scale=2 * inits[2].scale)
    return endless(Net(inits, net.forward), sample, seed, loss="mse", batch=32)


@task("transformer", cost="dear")
def transformer_chars(seed: int) -> Problem:
    net = transformer(_SYMBOLS, 10, 16, 2, 1, causal=True)
    return endless(
        net,
        lambda g, n: data.text_windows(g, n, 10),
        seed,
        loss="cross_entropy",
        batch=10,
        measured=_MEASURED,
    )


@task("transformer", cost="dear")
def transformer_post_norm(seed: int) -> Problem:
    """Normalisation after each block, two blocks: the kind that wants a warm-up."""
    net = transformer(_SYMBOLS, 8, 16, 2, 2, causal=True, pre_norm=False)
    return endless(
        net, lambda g, n: data.text_windows(g, n, 8), seed, loss="cross_entropy", batch=8, measured=_MEASURED
    )


@task("transformer", cost="dear")
def transformer_sort(seed: int) -> Problem:
    def sample(generator: Generator, count: int) -> Batch:
        x = torch.randint(0, 12, (count, 6), generator=generator)
        return x, x.sort(1).values

    return endless(
        transformer(12, 6, 24, 2, 1, causal=False),
        sample,
        seed,
        loss="cross_entropy",
        batch=16,
        measured=_MEASURED,
    )


@task("transformer", cost="dear")
def transformer_repeat(seed: int) -> Problem:
    """Say a word of four symbols again: needs one attention head to look back."""

    def sample(generator: Generator, count: int) -> Batch:
        word = torch.randint(0, 10, (count, 4), generator=generator)
        both = torch.cat([word, word, word[:, :1]], 1)
        return both[:, :-1], both[:, 1:]

    return endless(
        transformer(10, 8, 16, 2, 2, causal=True),
        sample,
        seed,
        loss="cross_entropy",
        batch=8,
        measured=_MEASURED,
    )


@task("embedding", cost="medium")
def bigram_embedding(seed: int) -> Problem:
    """Next symbol from the two before, through an embedding and one hidden layer (Bengio et al. 2003)."""
    width, hidden = 8, 32
    inits = [Init((_SYMBOLS, width), "normal", 1.0), Init((2 * width, hidden), "uniform", 0.25),
             Init((1, hidden), "uniform", 0.25), Init((hidden, _SYMBOLS), "uniform", 0.18),
             Init((1, _SYMBOLS), "uniform", 0.18)]  # fmt: skip

    def forward(params: Sequence[Tensor], x: Tensor) -> Tensor:
        table, w1, b1, w2, b2 = params
        hidden_units = torch.tanh(torch.baddbmm(b1, lookup(table, x).flatten(2), w1))
        return torch.baddbmm(b2, hidden_units, w2)

    def sample(generator: Generator, count: int) -> Batch:
        x, y = data.text_windows(generator, count, 2)
        return x, y[:, -1]

    return endless(Net(inits, forward), sample, seed, loss="cross_entropy", batch=64)


@task("embedding", cost="cheap")
def bag_of_words(seed: int) -> Problem:
    """Topic of a bag of twelve words out of 200."""
    topics = torch.randn(8, 200, generator=torch.Generator().manual_seed(5)).mul(1.0).softmax(1)

    def sample(generator: Generator, count: int) -> Batch:
        y = torch.randint(0, 8, (count,), generator=generator)
        return torch.multinomial(topics[y], 12, replacement=True, generator=generator), y

    inits = [Init((200, 12), "normal", 0.3), Init((12, 8), "uniform", 0.3), Init((1, 8), "fill", 0.0)]
    net = Net(inits, lambda p, x: torch.baddbmm(p[2], lookup(p[0], x).mean(2), p[1]))
    return endless(net, sample, seed, loss="cross_entropy", batch=32)
