"""Autoencoders, variational autoencoders, factorisation, densities, coordinate networks, contrastive
learning."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from lrdoctor.trials import data
from lrdoctor.trials.networks import Init, Net, lookup, mlp
from lrdoctor.trials.problem import Batch, Problem, epochs, stream
from lrdoctor.trials.tasks import endless, supervised, task

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Generator, Tensor


def _images() -> data.Split:
    x, _, x_val, _ = data.digits_unit()
    return x, x, x_val, x_val


@task("autoencoder")
def autoencoder_digits(seed: int) -> Problem:
    return supervised(mlp([64, 32, 8, 32, 64], torch.tanh), _images(), seed, loss="mse", batch=32)


@task("autoencoder", cost="medium")
def autoencoder_bce(seed: int) -> Problem:
    """Pixels as probabilities; the loss is a sum over pixels, as in many examples."""
    net, (x, _, x_val, _) = mlp([64, 48, 12, 48, 64]), _images()

    def loss(params: Sequence[Tensor], part: Batch) -> Tensor:
        logits = net.forward(params, part[0])
        return (torch.nn.functional.softplus(logits) - logits * part[0]).sum(-1).mean(1)

    return Problem(
        initial=net.initial(seed),
        loss=loss,
        batches=epochs((x,), 64),
        train_set=(x[:512],),
        val_set=(x_val[:256],),
        batch_size=64,
        steps_per_epoch=len(x) // 64,
        loss_kind="bce_sum",
    )


@task("autoencoder", cost="long")
def autoencoder_denoising(seed: int) -> Problem:
    def augment(part: Batch, generator: Generator) -> Batch:
        return part[0] + 0.3 * torch.randn(part[0].shape, generator=generator), part[1]

    return supervised(mlp([64, 24, 64]), _images(), seed, loss="mse", batch=16, augment=augment)


@task("autoencoder")
def autoencoder_linear(seed: int) -> Problem:
    x, _, x_val, _ = data.bundled("digits")
    return supervised(mlp([64, 6, 64], lambda h: h), (x, x, x_val, x_val), seed, loss="mse", batch=64)


def vae(
    x: Tensor, x_val: Tensor, seed: int, *, hidden: int, latent: int, batch: int, binary: bool, scale: float
) -> Problem:
    """Variational autoencoder (Kingma & Welling 2014); the noise of a batch is shared by all members."""
    width = x.shape[1]
    encoder, decoder = mlp([width, hidden, 2 * latent]), mlp([latent, hidden, width])
    cut = len(encoder.inits)

    def loss(params: Sequence[Tensor], part: Batch) -> Tensor:
        mean, log_var = encoder.forward(params[:cut], part[0]).chunk(2, -1)
        out = decoder.forward(params[cut:], mean + torch.exp(0.5 * log_var) * part[1])
        if binary:
            error = torch.nn.functional.softplus(out) - out * part[0]
        else:
            error = 0.5 * (out - part[0]).square()
        divergence = 0.5 * (mean.square() + log_var.exp() - 1 - log_var)
        return (error.sum(-1) + divergence.sum(-1)).mean(1) * scale

    def noisy(generator: Generator) -> Callable[[Batch], Batch]:
        return lambda part: (*part, torch.randn(len(part[0]), latent, generator=generator))

    fixed = noisy(torch.Generator().manual_seed(77))
    plain = epochs((x,), batch)
    net = Net(encoder.inits + decoder.inits, lambda p, _x: p[0])
    return Problem(
        initial=net.initial(seed),
        loss=loss,
        batches=lambda g: map(noisy(g), plain(g)),
        train_set=fixed((x[:512],)),
        val_set=fixed((x_val[:256],)),
        batch_size=batch,
        steps_per_epoch=len(x) // batch,
        loss_kind="elbo",
    )


@task("vae", cost="medium")
def vae_digits(seed: int) -> Problem:
    x, _, x_val, _ = data.digits_unit()
    return vae(x, x_val, seed, hidden=32, latent=4, batch=32, binary=True, scale=1.0)


@task("vae", cost="medium")
def vae_gaussian(seed: int) -> Problem:
    x, _, x_val, _ = data.bundled("digits")
    return vae(x, x_val, seed, hidden=32, latent=6, batch=64, binary=False, scale=1 / 64)


@task("vae")
def vae_blobs(seed: int) -> Problem:
    from sklearn.datasets import make_blobs

    x, _ = make_blobs(4000, 10, centers=6, cluster_std=1.5, random_state=1)
    x, _, x_val, _ = data.split(x, np.zeros(4000))
    return vae(x, x_val, seed, hidden=24, latent=3, batch=128, binary=False, scale=1.0)


def ratings(
    seed: int, *, binary: bool, batch: int, spread: float, rank: int = 8, number: int = 12
) -> Problem:
    """Users times items, rank four, a third of the cells seen; with biases."""
    rng = np.random.default_rng(number)
    users, items = 120, 80
    truth = rng.normal(size=(users, 4)) @ rng.normal(size=(4, items)) / 2
    seen = np.argwhere(rng.random((users, items)) < 0.4)
    score = truth[seen[:, 0], seen[:, 1]] + 0.5 * rng.normal(size=len(seen))
    y = (score > 0).astype(np.float32) if binary else (score + 3.0).astype(np.float32)
    rng.shuffle(order := np.arange(len(seen)))
    x, target = torch.from_numpy(seen[order]), torch.from_numpy(y[order])
    cut = len(x) * 3 // 4
    inits = [
        Init((users, rank), "normal", spread),
        Init((items, rank), "normal", spread),
        Init((1, 1), "fill", 0.0),
    ]

    def forward(params: Sequence[Tensor], index: Tensor) -> Tensor:
        return (lookup(params[0], index[:, 0]) * lookup(params[1], index[:, 1])).sum(-1) + params[2][:, 0]

    split = (x[:cut], target[:cut], x[cut:], target[cut:])
    return supervised(Net(inits, forward), split, seed, loss="bce" if binary else "mse", batch=batch)


@task("factorisation", cost="long")
def factorisation_ratings(seed: int) -> Problem:
    return ratings(seed, binary=False, batch=64, spread=0.1)


@task("factorisation")
def factorisation_small_start(seed: int) -> Problem:
    """Factors that start at a hundredth: a saddle to leave first."""
    return ratings(seed, binary=False, batch=256, spread=0.01)


@task("factorisation", cost="long")
def factorisation_clicks(seed: int) -> Problem:
    return ratings(seed, binary=True, batch=128, spread=0.3)


def _picture(waves: float) -> data.Split:
    rng = np.random.default_rng(2)
    x = rng.uniform(-1, 1, (4096, 2))
    y = np.sin(waves * x[:, 0]) * np.cos(waves * x[:, 1] + x[:, 0] ** 2) + 0.5 * (
        np.hypot(x[:, 0], x[:, 1]) < 0.5
    )
    return data.split(x, y, standardise=False)


@task("coordinates", cost="medium")
def coordinates_relu(seed: int) -> Problem:
    return supervised(mlp([2, 48, 48, 1], gain=1.5), _picture(4.0), seed, loss="mse", batch=64)


@task("coordinates", cost="medium")
def coordinates_sine(seed: int) -> Problem:
    """Sine activations (Sitzmann et al. 2020), first layer ten times faster."""
    net = mlp([2, 32, 32, 1], torch.sin, gain=2.4)
    first, *rest = net.inits
    wide = Net([Init(first.shape, "uniform", 8.0), *rest], net.forward)
    return supervised(wide, _picture(8.0), seed, loss="mse", batch=64)


@task("density")
def gaussian_likelihood(seed: int) -> Problem:
    """Mean and log variance are both predicted; the loss goes below zero."""
    net = mlp([2, 32, 32, 2], torch.tanh)

    def sample(generator: Generator, count: int) -> Batch:
        x = torch.rand(count, 2, generator=generator) * 2 - 1
        spread = 0.02 + 0.2 * x[:, 1:].abs()
        return x, torch.sin(4 * x[:, :1]) * 0.5 + spread * torch.randn(count, 1, generator=generator)

    def loss(params: Sequence[Tensor], part: Batch) -> Tensor:
        mean, log_var = net.forward(params, part[0]).chunk(2, -1)
        return 0.5 * (log_var + (part[1] - mean).square() * torch.exp(-log_var)).mean((1, 2))

    sets = [sample(torch.Generator().manual_seed(s), n) for s, n in ((1, 512), (2, 256))]
    return Problem(
        initial=net.initial(seed),
        loss=loss,
        batches=stream(sample, 32),
        train_set=sets[0],
        val_set=sets[1],
        batch_size=32,
        steps_per_epoch=200,
        loss_kind="nll",
    )


@task("density")
def mixture_density(seed: int) -> Problem:
    """A mixture of five normals for each input (Bishop 1994)."""
    net = mlp([1, 32, 15], torch.tanh)

    def sample(generator: Generator, count: int) -> Batch:
        y = torch.rand(count, 1, generator=generator) * 2 - 1
        return y + 0.4 * torch.sin(6 * y) + 0.05 * torch.randn(count, 1, generator=generator), y

    def loss(params: Sequence[Tensor], part: Batch) -> Tensor:
        weight, mean, log_sd = net.forward(params, part[0]).chunk(3, -1)
        each = -0.5 * ((part[1] - mean) * torch.exp(-log_sd)).square() - log_sd - 0.5 * math.log(2 * math.pi)
        return -(torch.logsumexp(each + weight, -1) - torch.logsumexp(weight, -1)).mean(1)

    sets = [sample(torch.Generator().manual_seed(s), n) for s, n in ((1, 512), (2, 256))]
    return Problem(
        initial=net.initial(seed),
        loss=loss,
        batches=stream(sample, 64),
        train_set=sets[0],
        val_set=sets[1],
        batch_size=64,
        steps_per_epoch=200,
        loss_kind="nll",
    )


@task("contrastive", cost="medium")
def contrastive_pairs(seed: int) -> Problem:
    """Which noisy view belongs to which, among the batch (InfoNCE; van den Oord et al. 2018)."""
    net = mlp([16, 32, 12])

    def sample(generator: Generator, count: int) -> Batch:
        hidden = torch.randn(count, 4, generator=generator) @ basis
        views = hidden[None] + 0.5 * torch.randn(2, count, 16, generator=generator)
        return views[0], views[1]

    def loss(params: Sequence[Tensor], part: Batch) -> Tensor:
        left, right = (torch.nn.functional.normalize(net.forward(params, view), dim=-1) for view in part)
        scores = torch.bmm(left, right.transpose(1, 2)) * 5.0
        return (torch.logsumexp(scores, -1) - scores.diagonal(dim1=1, dim2=2)).mean(1)

    basis = torch.randn(4, 16, generator=torch.Generator().manual_seed(6))
    sets = [sample(torch.Generator().manual_seed(s), 32) for s in (1, 2)]
    return Problem(
        initial=net.initial(seed),
        loss=loss,
        batches=stream(sample, 32),
        train_set=sets[0],
        val_set=sets[1],
        batch_size=32,
        steps_per_epoch=200,
        loss_kind="info_nce",
    )


@task("contrastive", cost="medium")
def skip_gram(seed: int) -> Problem:
    """Word vectors from pairs with four negatives each (Mikolov et al. 2013)."""
    inits = [Init((20, 8), "normal", 0.1), Init((20, 8), "normal", 0.1)]

    def forward(params: Sequence[Tensor], index: Tensor) -> Tensor:
        centre, context = lookup(params[0], index[:, :1]), lookup(params[1], index[:, 1:])
        return (centre * context).sum(-1)

    def sample(generator: Generator, count: int) -> Batch:
        x, y = data.text_windows(generator, count, 1)
        false = torch.randint(0, 20, (count, 4), generator=generator)
        return torch.cat([x, y, false], 1), torch.tensor([1.0, 0, 0, 0, 0]).expand(count, 5)

    return endless(Net(inits, forward), sample, seed, loss="bce", batch=64)
