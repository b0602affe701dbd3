"""Multi-layer perceptrons: shallow, deep, wide; classification, regression, and labels that make it hard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - the name it is known by

from lrdoctor.trials import data
from lrdoctor.trials.networks import mlp, residual_mlp
from lrdoctor.trials.tasks import endless, supervised, task

if TYPE_CHECKING:
    from torch import Generator

    from lrdoctor.trials.problem import Batch, Problem


@task("mlp_classification")
def digits_relu(seed: int) -> Problem:
    return supervised(mlp([64, 32, 10]), data.digits_unit(), seed, loss="cross_entropy", batch=32)


@task("mlp_classification", cost="medium")
def digits_deep_tanh(seed: int) -> Problem:
    return supervised(
        mlp([64] + [24] * 6 + [10], torch.tanh), data.bundled("digits"), seed, loss="cross_entropy", batch=32
    )


@task("mlp_classification", cost="medium")
def digits_wide(seed: int) -> Problem:
    return supervised(mlp([64, 192, 10]), data.digits_unit(), seed, loss="cross_entropy", batch=64)


@task("mlp_classification", cost="long")
def digits_small_batch(seed: int) -> Problem:
    return supervised(
        mlp([64, 32, 10], torch.tanh), data.bundled("digits"), seed, loss="cross_entropy", batch=4
    )


@task("mlp_classification")
def blobs_gelu(seed: int) -> Problem:
    from sklearn.datasets import make_blobs

    x, y = make_blobs(5000, 8, centers=12, cluster_std=4.0, random_state=0)
    return supervised(mlp([8, 32, 32, 12], F.gelu), data.split(x, y), seed, loss="cross_entropy", batch=64)


@task("mlp_classification")
def moons_tanh(seed: int) -> Problem:
    from sklearn.datasets import make_moons

    x, y = make_moons(4000, noise=0.25, random_state=0)
    return supervised(mlp([2, 24, 24, 2], torch.tanh), data.split(x, y), seed, loss="cross_entropy", batch=32)


@task("mlp_classification", cost="long")
def cancer_relu(seed: int) -> Problem:
    return supervised(
        mlp([30, 24, 12, 2]), data.bundled("breast_cancer"), seed, loss="cross_entropy", batch=16
    )


@task("mlp_classification")
def spirals(seed: int) -> Problem:
    rng = np.random.default_rng(1)
    turn, arm = np.sqrt(rng.random(4000)) * 2.5 * np.pi, rng.integers(0, 3, 4000)
    angle = turn + arm * 2 * np.pi / 3
    x = np.stack([turn * np.cos(angle), turn * np.sin(angle)], 1) + 0.3 * rng.normal(size=(4000, 2))
    return supervised(mlp([2, 32, 32, 3]), data.split(x, arm), seed, loss="cross_entropy", batch=64)


@task("mlp_classification", cost="long")
def teacher_labels(seed: int) -> Problem:
    """Endless data, labels drawn from a random teacher network: the loss has a floor that no rate passes."""
    teacher = [
        torch.randn(s, generator=torch.Generator().manual_seed(i)) for i, s in enumerate([(16, 32), (32, 8)])
    ]

    def sample(generator: Generator, count: int) -> Batch:
        x = torch.randn(count, 16, generator=generator)
        logits = torch.tanh(x @ teacher[0] / 2) @ teacher[1] * 0.5
        return x, torch.multinomial(logits.softmax(1), 1, generator=generator)[:, 0]

    return endless(mlp([16, 32, 32, 8]), sample, seed, loss="cross_entropy", batch=32)


@task("mlp_classification", cost="medium")
def many_classes(seed: int) -> Problem:
    """150 classes: the first loss is 5.0."""
    centres = torch.randn(150, 16, generator=torch.Generator().manual_seed(2)) * 1.2

    def sample(generator: Generator, count: int) -> Batch:
        y = torch.randint(0, 150, (count,), generator=generator)
        return centres[y] + torch.randn(count, 16, generator=generator), y

    return endless(mlp([16, 32, 150]), sample, seed, loss="cross_entropy", batch=32)


@task("mlp_classification", cost="medium")
def digits_large_batch(seed: int) -> Problem:
    return supervised(mlp([64, 16, 10]), data.digits_unit(), seed, loss="cross_entropy", batch=512)


@task("mlp_regression", cost="long")
def friedman1(seed: int) -> Problem:
    from sklearn.datasets import make_friedman1

    x, y = make_friedman1(4000, noise=1.0, random_state=0)
    return supervised(mlp([10, 32, 32, 1]), data.split(x, data.scaled(y)), seed, loss="mse", batch=32)


@task("mlp_regression", shift=-2)
def friedman2_raw_targets(seed: int) -> Problem:
    """Targets of some hundreds and more."""
    from sklearn.datasets import make_friedman2

    x, y = make_friedman2(4000, noise=50.0, random_state=0)
    return supervised(mlp([4, 32, 32, 1]), data.split(x, y), seed, loss="mse", batch=32)


@task("mlp_regression", shift=-1)
def friedman3_raw_inputs(seed: int) -> Problem:
    """Inputs from 0 to 1,700 as they come."""
    from sklearn.datasets import make_friedman3

    x, y = make_friedman3(3000, noise=0.1, random_state=0)
    return supervised(
        mlp([4, 24, 24, 1], torch.tanh), data.split(x, y, standardise=False), seed, loss="mse", batch=64
    )


@task("mlp_regression", cost="long")
def diabetes_tanh(seed: int) -> Problem:
    return supervised(mlp([10, 32, 1], torch.tanh), data.bundled("diabetes"), seed, loss="mse", batch=16)


@task("mlp_regression")
def sine_1d(seed: int) -> Problem:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (2000, 1))
    y = np.sin(9 * x[:, 0]) + 0.1 * rng.normal(size=2000)
    return supervised(mlp([1, 48, 48, 1], torch.tanh), data.split(x, y), seed, loss="mse", batch=128)


@task("mlp_regression", cost="long")
def teacher_regression(seed: int) -> Problem:
    teacher = [
        torch.randn(s, generator=torch.Generator().manual_seed(20 + i))
        for i, s in enumerate([(12, 24), (24, 3)])
    ]

    def sample(generator: Generator, count: int) -> Batch:
        x = torch.randn(count, 12, generator=generator)
        return x, torch.relu(x @ teacher[0] / 3) @ teacher[1] / 4 + 0.2 * torch.randn(
            count, 3, generator=generator
        )

    return endless(mlp([12, 48, 3], F.gelu), sample, seed, loss="mse", batch=8)


@task("mlp_regression", cost="long")
def huber_outliers(seed: int) -> Problem:
    from sklearn.datasets import make_friedman1

    x, y = make_friedman1(4000, noise=0.5, random_state=3)
    y = data.scaled(y)
    y[::25] += 15.0
    return supervised(mlp([10, 32, 1]), data.split(x, y), seed, loss="huber", batch=32)


@task("mlp_regression")
def skewed_features(seed: int) -> Problem:
    """Heavy-tailed inputs and targets that are only roughly scaled, as tables of houses are."""
    rng = np.random.default_rng(9)
    x = np.exp(rng.normal(size=(5000, 8)) * np.linspace(0.3, 1.2, 8))
    y = np.log1p(x @ rng.random(8)) * 2 + np.sin(x[:, 0]) + 0.3 * rng.normal(size=5000)
    return supervised(mlp([8, 32, 32, 1]), data.split(x, y), seed, loss="mse", batch=64)


@task("hard_labels", cost="long")
def noisy_labels(seed: int) -> Problem:
    x, y, x_val, y_val = data.digits_unit()
    rng = torch.Generator().manual_seed(3)
    wrong = torch.rand(len(y), generator=rng) < 0.3
    y = torch.where(wrong, torch.randint(0, 10, y.shape, generator=rng), y)
    return supervised(mlp([64, 48, 10]), (x, y, x_val, y_val), seed, loss="cross_entropy", batch=32)


@task("hard_labels")
def random_labels(seed: int) -> Problem:
    """Nothing to learn but the labels by heart."""
    x, _, x_val, y_val = data.bundled("digits")
    y = torch.randint(0, 10, (len(x),), generator=torch.Generator().manual_seed(4))
    return supervised(
        mlp([64, 64, 10]), (x[:512], y[:512], x_val, y_val), seed, loss="cross_entropy", batch=32
    )


@task("hard_labels")
def tiny_overfit(seed: int) -> Problem:
    x, y, x_val, y_val = data.bundled("wine")
    return supervised(mlp([13, 32, 3]), (x[:40], y[:40], x_val, y_val), seed, loss="cross_entropy", batch=8)


@task("hard_labels", cost="long")
def imbalanced(seed: int) -> Problem:
    from sklearn.datasets import make_classification

    x, y = make_classification(
        6000, 16, n_informative=10, n_classes=4, weights=[0.85, 0.1, 0.04], flip_y=0.03, random_state=4
    )
    return supervised(mlp([16, 32, 32, 4]), data.split(x, y), seed, loss="cross_entropy", batch=32)


@task("hard_labels")
def label_smoothing(seed: int) -> Problem:
    return supervised(
        mlp([64, 32, 10]), data.digits_unit(), seed, loss="cross_entropy", batch=32, smoothing=0.1
    )


@task("hard_labels")
def input_noise(seed: int) -> Problem:
    """Strong noise on every minibatch's inputs, as augmentation adds."""

    def augment(part: Batch, generator: Generator) -> Batch:
        return part[0] + 0.8 * torch.randn(part[0].shape, generator=generator), part[1]

    return supervised(
        mlp([64, 32, 10]), data.bundled("digits"), seed, loss="cross_entropy", batch=32, augment=augment
    )


@task("hard_labels", cost="long")
def input_dropout(seed: int) -> Problem:
    def augment(part: Batch, generator: Generator) -> Batch:
        keep = (torch.rand(part[0].shape, generator=generator) > 0.4).float() / 0.6
        return part[0] * keep, part[1]

    return supervised(
        mlp([64, 48, 10]), data.digits_unit(), seed, loss="cross_entropy", batch=16, augment=augment
    )


@task("hard_labels")
def large_inputs(seed: int) -> Problem:
    """Pixels from 0 to 255, nobody divided them."""
    x, y, x_val, y_val = data.digits_unit()
    return supervised(
        mlp([64, 32, 10]), (x * 255, y, x_val * 255, y_val), seed, loss="cross_entropy", batch=32
    )


@task("normalised")
def digits_batch_norm(seed: int) -> Problem:
    return supervised(
        mlp([64, 32, 32, 10], norm="batch"), data.digits_unit(), seed, loss="cross_entropy", batch=32
    )


@task("normalised")
def digits_layer_norm(seed: int) -> Problem:
    return supervised(
        mlp([64, 32, 32, 10], F.gelu, norm="layer"), data.digits_unit(), seed, loss="cross_entropy", batch=16
    )


@task("normalised")
def friedman_batch_norm(seed: int) -> Problem:
    from sklearn.datasets import make_friedman1

    x, y = make_friedman1(4000, noise=1.0, random_state=5)
    return supervised(
        mlp([10, 32, 32, 1], norm="batch"), data.split(x, data.scaled(y)), seed, loss="mse", batch=64
    )


@task("residual", cost="medium")
def residual_layer_norm(seed: int) -> Problem:
    net = residual_mlp(64, 24, 4, 10, norm=True)
    return supervised(net, data.digits_unit(), seed, loss="cross_entropy", batch=32)


@task("residual", cost="medium")
def residual_plain(seed: int) -> Problem:
    net = residual_mlp(64, 24, 6, 10, norm=False)
    return supervised(net, data.bundled("digits"), seed, loss="cross_entropy", batch=32)


@task("residual", cost="medium")
def residual_regression(seed: int) -> Problem:
    from sklearn.datasets import make_friedman1

    x, y = make_friedman1(4000, noise=1.0, random_state=7)
    return supervised(
        residual_mlp(10, 24, 4, 1, norm=False), data.split(x, data.scaled(y)), seed, loss="mse", batch=16
    )
