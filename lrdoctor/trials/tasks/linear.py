"""Linear and logistic models, quadratics, deep linear networks: where theory is exact, conditioning good
and terrible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from lrdoctor.trials import data
from lrdoctor.trials.networks import Init, Net, mlp
from lrdoctor.trials.problem import Batch, Problem, stream
from lrdoctor.trials.tasks import endless, supervised, task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Generator, Tensor


@task("linear")
def softmax_digits(seed: int) -> Problem:
    return supervised(mlp([64, 10]), data.bundled("digits"), seed, loss="cross_entropy", batch=32)


@task("linear")
def logistic_cancer(seed: int) -> Problem:
    return supervised(mlp([30, 2]), data.bundled("breast_cancer"), seed, loss="cross_entropy", batch=16)


@task("linear", shift=-3)
def logistic_cancer_raw(seed: int) -> Problem:
    """Inputs as they come: columns from 1e-3 to 4e3."""
    raw = data.bundled("breast_cancer", standardise=False)
    return supervised(mlp([30, 2]), raw, seed, loss="cross_entropy", batch=32)


@task("linear")
def ridge_diabetes(seed: int) -> Problem:
    return supervised(mlp([10, 1]), data.bundled("diabetes"), seed, loss="mse", batch=64)


@task("linear", cost="long")
def linear_ill_conditioned(seed: int) -> Problem:
    """Condition number 1e5 of the inputs' covariance."""
    rng = np.random.default_rng(3)
    rotation = np.linalg.qr(rng.normal(size=(40, 40)))[0]
    x = (rng.normal(size=(4000, 40)) * np.logspace(0, -2.5, 40)) @ rotation
    y = x @ rotation.T @ np.logspace(0, 2, 40) * 0.1 + 0.05 * rng.normal(size=4000)
    return supervised(mlp([40, 1]), data.split(x, y, standardise=False), seed, loss="mse", batch=32)


@task("linear", shift=-1)
def linear_raw_targets(seed: int) -> Problem:
    """Targets of some hundreds, as house prices come."""
    from sklearn.datasets import make_regression

    x, y = make_regression(3000, 20, n_informative=12, noise=20.0, bias=300.0, random_state=1)
    return supervised(
        mlp([20, 1]),
        data.split(x * np.linspace(0.3, 3, 20), y, standardise=False),
        seed,
        loss="mse",
        batch=128,
    )


@task("linear", cost="long")
def logistic_imbalanced(seed: int) -> Problem:
    from sklearn.datasets import make_classification

    x, y = make_classification(6000, 20, n_informative=6, weights=[0.96], flip_y=0.02, random_state=2)
    return supervised(mlp([20, 2]), data.split(x, y), seed, loss="cross_entropy", batch=64)


@task("linear", cost="long")
def poisson_counts(seed: int) -> Problem:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(3000, 12))
    y = rng.poisson(np.exp(0.4 * x @ rng.normal(size=12) / 2 + 1.0)).astype(np.float32)
    return supervised(mlp([12, 1]), data.split(x, y), seed, loss="poisson_nll", batch=32)


def quadratic(eigenvalues: Tensor, seed: int, *, batch: int, noise: float, distance: float) -> Problem:
    """0.5 (theta - x)' Q (theta - x), x normal around zero with that noise; batch means are what is drawn."""
    size = eigenvalues.numel()
    rotation = torch.linalg.qr(torch.randn(size, size, generator=torch.Generator().manual_seed(11)))[0]
    matrix = rotation * eigenvalues @ rotation.T

    def sample(generator: Generator, count: int) -> Batch:
        return (torch.randn(count, size, generator=generator) * noise,)

    def loss(params: Sequence[Tensor], part: Batch) -> Tensor:
        gap = params[0] - part[0]
        bent = (gap.reshape(-1, size) @ matrix).view_as(gap)
        return torch.mean(0.5 * (bent * gap).sum(-1), 1)

    net = Net([Init((1, size), "normal", distance)], lambda p, _x: p[0])
    sets = [sample(torch.Generator().manual_seed(s), 512) for s in (1, 2)]
    return Problem(
        initial=net.initial(seed),
        loss=loss,
        batches=stream(sample, batch),
        train_set=sets[0],
        val_set=sets[1],
        batch_size=batch,
        steps_per_epoch=100,
        loss_kind="quadratic",
    )


@task("quadratic", cost="long")
def quadratic_noisy(seed: int) -> Problem:
    return quadratic(torch.logspace(0, -3, 40), seed, batch=16, noise=0.5, distance=2.0)


@task("quadratic", shift=-1)
def quadratic_two_groups(seed: int) -> Problem:
    """Nine tenths of the curvatures below 1, a tenth between 20 and 80."""
    generator = torch.Generator().manual_seed(4)
    small, large = torch.rand(54, generator=generator), 20 + 60 * torch.rand(6, generator=generator)
    return quadratic(torch.cat([small, large]), seed, batch=64, noise=1.0, distance=1.0)


@task("quadratic")
def quadratic_nearly_clean(seed: int) -> Problem:
    return quadratic(torch.logspace(0.5, -2, 30), seed, batch=64, noise=0.02, distance=1.0)


def identity(x: Tensor) -> Tensor:
    return x


@task("deep_linear")
def deep_linear_4(seed: int) -> Problem:
    return supervised(
        mlp([64, 32, 32, 32, 10], identity), data.digits_unit(), seed, loss="cross_entropy", batch=64
    )


@task("deep_linear")
def deep_linear_8_regression(seed: int) -> Problem:
    rng = np.random.default_rng(6)
    x = rng.normal(size=(3000, 16))
    y = (
        x @ rng.normal(size=(16, 4)) * np.array([2.0, 1.0, 0.5, 0.2]) / 4 + 0.1 * rng.normal(size=(3000, 4))
    ).astype(np.float32)
    return supervised(
        mlp([16] + [16] * 7 + [4], identity, gain=1.7), data.split(x, y), seed, loss="mse", batch=32
    )


@task("deep_linear", cost="long")
def teacher_linear(seed: int) -> Problem:
    """Endless data from a linear teacher, a deep linear pupil."""
    weights = torch.randn(24, 6, generator=torch.Generator().manual_seed(8)) / 5

    def sample(generator: Generator, count: int) -> Batch:
        x = torch.randn(count, 24, generator=generator)
        return x, x @ weights + 0.3 * torch.randn(count, 6, generator=generator)

    return endless(mlp([24, 24, 24, 6], identity), sample, seed, loss="mse", batch=16)
