"""Tasks drawn at random: data, network, scale and batch size by dice whose seed is the task's number.

What was thought of by hand is like what its author knows; these are not. They are trained for a short time, so that
hundreds are a matter of an hour. Each belongs to the family that it is a kind of, and is held out with it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - the name it is known by

from lrdoctor.trials import data
from lrdoctor.trials.grid import DRAWN
from lrdoctor.trials.networks import conv_net, gru, lstm, mlp, residual_mlp, rnn, transformer
from lrdoctor.trials.tasks import Task, endless, register, supervised
from lrdoctor.trials.tasks.generative import ratings, vae
from lrdoctor.trials.tasks.linear import identity, quadratic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from torch import Generator, Tensor

    from lrdoctor.trials.networks import Activation, Net
    from lrdoctor.trials.problem import Batch, Problem

STEPS = 1_000
COUNT = 184
_ACTIVATIONS: tuple[Activation, ...] = (torch.relu, torch.tanh, F.gelu, F.silu, F.elu, torch.sigmoid)


class Dice:
    """Random choices of one task."""

    def __init__(self, number: int) -> None:
        self.rng = np.random.default_rng([90_210, number])

    def one(self, choices: Sequence[Any]) -> Any:
        """One of some."""
        return choices[int(self.rng.integers(len(choices)))]

    def chance(self, share: float) -> bool:
        """True in that share of cases."""
        return bool(self.rng.random() < share)

    def between(self, low: float, high: float) -> float:
        """Log-uniform."""
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high))))

    def whole(self, low: float, high: float) -> int:
        """A log-uniform whole number, both ends included."""
        return round(self.between(low, high))

    def batch(self) -> int:
        """A power of two, 4 to 256."""
        return int(2 ** self.rng.integers(2, 9))

    def scale(self, share: float, low: float, high: float) -> float:
        """1, or in a share of cases something else."""
        return self.between(low, high) if self.chance(share) else 1.0

    def activation(self) -> Activation:
        """Of the hidden layers; relu most often."""
        return torch.relu if self.chance(0.35) else self.one(_ACTIVATIONS)  # type: ignore[no-any-return]


def _labelled(dice: Dice) -> data.Split:
    """Inputs and labels: a bundled set, or one of scikit-learn's generators; sometimes as nobody scaled them."""
    from sklearn import datasets

    seed, size = int(dice.rng.integers(1000)), dice.whole(300, 6000)
    match dice.one(("bundled", "digits", "made", "made", "blobs", "moons", "circles", "quantiles")):
        case "bundled":
            split = data.bundled(dice.one(("digits", "breast_cancer", "wine")))
        case "digits":
            split = data.digits_unit()
        case "made":
            classes, width = dice.whole(2, 12), dice.whole(8, 80)
            informative = max(4, width // dice.one((2, 3)))
            x, y = datasets.make_classification(
                size, width, n_informative=informative, n_redundant=min(3, width - informative), n_classes=classes,
                n_clusters_per_class=1, class_sep=dice.between(0.5, 2.0), flip_y=dice.one((0.0, 0.02, 0.15)),
                random_state=seed,
            )  # fmt: skip
            split = data.split(x, y)
        case "blobs":
            x, y = datasets.make_blobs(
                size, dice.whole(4, 40), centers=dice.whole(3, 20), cluster_std=dice.between(1, 6), random_state=seed
            )
            split = data.split(x, y)
        case "moons":
            split = data.split(*datasets.make_moons(size, noise=dice.between(0.05, 0.4), random_state=seed))
        case "circles":
            split = data.split(
                *datasets.make_circles(size, noise=dice.between(0.03, 0.2), factor=0.6, random_state=seed)
            )
        case _:
            x, y = datasets.make_gaussian_quantiles(
                n_samples=size, n_features=dice.whole(3, 12), n_classes=dice.whole(2, 5), random_state=seed
            )
            split = data.split(x, y)
    return _stretched(split, dice)


def _stretched(split: data.Split, dice: Dice) -> data.Split:
    """The same inputs, sometimes larger or smaller, or with columns of different sizes."""
    x, y, x_val, y_val = split
    by: Tensor | float = dice.scale(0.3, 0.1, 8.0)
    if dice.chance(0.2):
        by = by * torch.from_numpy(np.exp(dice.rng.normal(size=x.shape[1]) * 0.8)).float()
    return x * by, y, x_val * by, y_val


def _classes(split: data.Split) -> int:
    return int(split[1].max()) + 1


def _hidden(dice: Dice, most: int = 4) -> list[int]:
    return [dice.whole(8, 64) for _ in range(int(dice.rng.integers(1, most + 1)))]


def _classifier(dice: Dice, seed: int) -> Problem:
    split = _labelled(dice)
    sizes = [split[0].shape[1], *_hidden(dice, 6), _classes(split)]
    net = mlp(sizes, dice.activation(), gain=dice.scale(0.4, 0.4, 2.5))
    return supervised(net, split, seed, loss="cross_entropy", batch=dice.batch())


def _regressor(dice: Dice, seed: int) -> Problem:
    from sklearn import datasets

    state, size = int(dice.rng.integers(1000)), dice.whole(300, 5000)
    match dice.one(("friedman1", "friedman2", "friedman3", "linear", "waves", "teacher", "diabetes")):
        case "linear":
            width = dice.whole(5, 60)
            x, y = datasets.make_regression(
                size, width, n_informative=max(2, width // 2), noise=dice.between(1, 60), random_state=state
            )
        case "waves":
            x = dice.rng.uniform(-1, 1, (size, dice.whole(1, 3)))
            y = np.sin(dice.between(2, 12) * x.sum(1)) + dice.between(0.02, 0.4) * dice.rng.normal(size=size)
        case "teacher":
            x = dice.rng.normal(size=(size, dice.whole(4, 30)))
            y = np.maximum(x @ dice.rng.normal(size=(x.shape[1], 20)), 0) @ dice.rng.normal(size=20)
            y = y + dice.between(0.1, 1.0) * y.std() * dice.rng.normal(size=size)
        case "diabetes":
            x, y = datasets.load_diabetes(return_X_y=True)
        case name:
            x, y = getattr(datasets, f"make_{name}")(size, noise=dice.between(0.05, 1.0), random_state=state)
    target = data.scaled(y) * dice.scale(0.3, 0.1, 20.0) + (dice.between(0.5, 5.0) if dice.chance(0.25) else 0.0)
    split = _stretched(data.split(x, target), dice)
    net = mlp([x.shape[1], *_hidden(dice), 1], dice.activation(), gain=dice.scale(0.3, 0.5, 2.0))
    return supervised(net, split, seed, loss=dice.one(("mse", "mse", "mse", "huber")), batch=dice.batch())


def _hard(dice: Dice, seed: int) -> Problem:
    """Wrong labels, few data, noise on the inputs, dropout of inputs, smoothed labels."""
    x, y, x_val, y_val = _labelled(dice)
    if dice.chance(0.3):
        few = dice.whole(30, 200)
        x, y = x[:few], y[:few]
    classes = int(max(y.max(), y_val.max())) + 1
    if dice.chance(0.5):
        chaos = torch.Generator().manual_seed(int(dice.rng.integers(1000)))
        wrong = torch.rand(len(y), generator=chaos) < dice.one((0.1, 0.3, 0.6, 1.0))
        y = torch.where(wrong, torch.randint(0, classes, y.shape, generator=chaos), y)
    noise, kept = dice.between(0.1, 1.0), dice.one((0.5, 0.8, 0.9))

    def noisy(part: Batch, generator: Generator) -> Batch:
        return part[0] + noise * torch.randn(part[0].shape, generator=generator), *part[1:]

    def dropped(part: Batch, generator: Generator) -> Batch:
        return part[0] * (torch.rand(part[0].shape, generator=generator) < kept) / kept, *part[1:]

    net = mlp([x.shape[1], *_hidden(dice), classes], dice.activation())
    return supervised(
        net, (x, y, x_val, y_val), seed, loss="cross_entropy", batch=dice.batch(),
        augment=dice.one((None, noisy, dropped)), smoothing=dice.one((0.0, 0.0, 0.1)),
    )  # fmt: skip


def _residual(dice: Dice, seed: int) -> Problem:
    split = _labelled(dice)
    net = residual_mlp(
        split[0].shape[1], dice.whole(12, 40), int(dice.rng.integers(1, 6)), _classes(split), norm=dice.chance(0.4)
    )
    return supervised(net, split, seed, loss="cross_entropy", batch=dice.batch())


def _normalised(dice: Dice, seed: int) -> Problem:
    split = _labelled(dice)
    sizes = [split[0].shape[1], *_hidden(dice), _classes(split)]
    net = mlp(sizes, dice.activation(), norm=dice.one(("batch", "layer")))
    return supervised(net, split, seed, loss="cross_entropy", batch=max(dice.batch(), 8))


def _conv(dice: Dice, seed: int) -> Problem:
    split = data.digits_unit() if dice.chance(0.5) else data.bundled("digits")
    if dice.chance(0.4):
        split = (split[0], split[1] % 2, split[2], split[3] % 2)
    kernels = list(dice.one(((3, 3), (3, 2), (5, 2), (3, 2, 3), (2, 3))))
    channels = [1, *(dice.whole(4, 16) for _ in kernels)]
    net = conv_net(8, channels, _classes(split), kernels=kernels, norm=dice.chance(0.25))
    return supervised(net, split, seed, loss="cross_entropy", batch=min(dice.batch(), 64))


def characters(time: int) -> Callable[[Generator, int], Batch]:
    """Sampler of windows of the text, one-hot, with the symbols that follow."""

    def sample(generator: Generator, count: int) -> Batch:
        x, y = data.text_windows(generator, count, time)
        return F.one_hot(x, 20).float(), y

    return sample


def _waves(time: int, noise: float) -> Callable[[Generator, int], Batch]:
    def sample(generator: Generator, count: int) -> Batch:
        t = torch.arange(time + 1.0)
        speed, phase = torch.rand(2, count, 1, generator=generator)
        wave = torch.sin((0.2 + speed) * t + 6.28 * phase) + noise * torch.randn(count, time + 1, generator=generator)
        return wave[:, :-1, None], wave[:, -1:]

    return sample


def _counted(time: int, symbols: int) -> Callable[[Generator, int], Batch]:
    """How often the first symbol comes again, as a class."""

    def sample(generator: Generator, count: int) -> Batch:
        x = torch.randint(0, symbols, (count, time), generator=generator)
        return F.one_hot(x, symbols).float(), (x == x[:, :1]).sum(1) - 1

    return sample


def _recurrent(dice: Dice, seed: int) -> Problem:
    cell: Callable[..., Net] = dice.one((rnn, gru, lstm))
    time, width, batch = dice.whole(5, 12), dice.whole(8, 32), min(dice.batch(), 32)
    match dice.one(("text", "waves", "count")):
        case "text":
            net = cell(20, width, 20, each_step=True)
            return endless(net, characters(time), seed, loss="cross_entropy", batch=batch, measured=(160, 96))
        case "waves":
            sample = _waves(time, dice.between(0.02, 0.5))
            return endless(cell(1, width, 1, each_step=False), sample, seed, loss="mse", batch=batch)
        case _:
            net = cell(4, width, time, each_step=False)
            return endless(net, _counted(time, 4), seed, loss="cross_entropy", batch=batch)


def _transformer(dice: Dice, seed: int) -> Problem:
    time, width, pre_norm = dice.whole(5, 10), dice.one((8, 16, 24)), dice.chance(0.7)
    layers, batch = dice.one((1, 1, 2)), min(dice.batch(), 16)
    text, symbols = dice.chance(0.5), dice.whole(6, 16)

    def sorting(generator: Generator, count: int) -> Batch:
        x = torch.randint(0, symbols, (count, time), generator=generator)
        return x, x.sort(1).values

    if text:
        net = transformer(20, time, width, 2, layers, causal=True, pre_norm=pre_norm)
        sample: Callable[[Generator, int], Batch] = lambda g, n: data.text_windows(g, n, time)  # noqa: E731
    else:
        net, sample = transformer(symbols, time, width, 2, layers, causal=False, pre_norm=pre_norm), sorting
    return endless(net, sample, seed, loss="cross_entropy", batch=batch, measured=(160, 96))


def _images(dice: Dice) -> tuple[Tensor, Tensor]:
    x, _, x_val, _ = data.digits_unit() if dice.chance(0.5) else data.bundled("digits")
    return x, x_val


def _autoencoder(dice: Dice, seed: int) -> Problem:
    x, x_val = _images(dice)
    outer = [dice.whole(16, 64) for _ in range(int(dice.rng.integers(0, 3)))]
    act = identity if dice.chance(0.15) else dice.activation()
    net = mlp([64, *outer, dice.whole(3, 20), *outer[::-1], 64], act)
    loss = "bce" if float(x.min()) >= 0 and dice.chance(0.5) else "mse"
    return supervised(net, (x, x, x_val, x_val), seed, loss=loss, batch=dice.batch())


def _vae(dice: Dice, seed: int) -> Problem:
    x, x_val = _images(dice)
    return vae(
        x, x_val, seed, hidden=dice.whole(16, 64), latent=dice.whole(2, 10), batch=dice.batch(),
        binary=float(x.min()) >= 0 and dice.chance(0.7), scale=dice.one((1.0, 1.0, 1 / 64)),
    )  # fmt: skip


def _factorisation(dice: Dice, seed: int) -> Problem:
    return ratings(
        seed, binary=dice.chance(0.4), batch=max(dice.batch(), 16), spread=dice.between(0.03, 0.5),
        rank=dice.whole(2, 16), number=int(dice.rng.integers(1000)),
    )  # fmt: skip


def _linear(dice: Dice, seed: int) -> Problem:
    if dice.chance(0.6):
        split = _labelled(dice)
        net = mlp([split[0].shape[1], _classes(split)])
        return supervised(net, split, seed, loss="cross_entropy", batch=dice.batch())
    width = dice.whole(3, 60)
    x = dice.rng.normal(size=(3000, width)) * np.logspace(0, -dice.rng.uniform(0, 2.5), width)
    y = x @ dice.rng.normal(size=width) + dice.between(0.01, 0.5) * dice.rng.normal(size=3000)
    split = data.split(x, data.scaled(y) * dice.scale(0.3, 0.2, 10.0), standardise=False)
    return supervised(mlp([width, 1]), split, seed, loss="mse", batch=dice.batch())


def _deep_linear(dice: Dice, seed: int) -> Problem:
    split = _labelled(dice)
    sizes = [split[0].shape[1], *(dice.whole(8, 40) for _ in range(int(dice.rng.integers(2, 8)))), _classes(split)]
    net = mlp(sizes, identity, gain=dice.between(0.8, 1.8))
    return supervised(net, split, seed, loss="cross_entropy", batch=dice.batch())


def _quadratic(dice: Dice, seed: int) -> Problem:
    eigenvalues = torch.logspace(dice.rng.uniform(-0.5, 1), dice.rng.uniform(-4, -0.5), dice.whole(10, 60))
    return quadratic(
        eigenvalues, seed, batch=dice.batch(), noise=dice.between(0.02, 1.5), distance=dice.between(0.5, 5.0)
    )


_KINDS: tuple[tuple[str, Callable[[Dice, int], Problem]], ...] = (
    ("mlp_classification", _classifier), ("mlp_regression", _regressor), ("conv", _conv), ("recurrent", _recurrent),
    ("mlp_classification", _classifier), ("residual", _residual), ("hard_labels", _hard), ("autoencoder", _autoencoder),
    ("mlp_regression", _regressor), ("normalised", _normalised), ("linear", _linear), ("transformer", _transformer),
    ("mlp_classification", _classifier), ("conv", _conv), ("vae", _vae), ("recurrent", _recurrent),
    ("hard_labels", _hard), ("deep_linear", _deep_linear), ("factorisation", _factorisation), ("residual", _residual),
    ("mlp_regression", _regressor), ("quadratic", _quadratic), ("mlp_classification", _classifier),
)  # fmt: skip
"""Kinds in turn, with the families that they are held out with; 23 of them and seven optimizers have no common factor,
so each kind meets each optimizer."""


def _build(number: int, seed: int) -> Problem:
    return _KINDS[number % len(_KINDS)][1](Dice(number), seed)


for _number in range(COUNT):
    register(
        Task(f"{DRAWN}{_number:03d}", _KINDS[_number % len(_KINDS)][0], partial(_build, _number), "drawn", steps=STEPS)
    )
