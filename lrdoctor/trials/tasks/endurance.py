"""Tasks to train long: augmented or endless data, so that the loss keeps a floor and does not go to zero.

The best rate falls as the budget grows; these show by how much where a network never runs out of things to
learn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from lrdoctor.trials import data
from lrdoctor.trials.networks import conv_net, cross_entropy, lstm, mlp, residual_mlp, rnn, share_right, transformer
from lrdoctor.trials.problem import Batch, Problem, epochs, stream
from lrdoctor.trials.tasks import endless, task

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Generator, Tensor

    from lrdoctor.trials.networks import Net

_NOISE = 0.25
_MEASURED = (160, 96)


def _digits(*, val: bool = False, wrong: float = 0.0) -> Callable[[Generator, int], Batch]:
    """Sampler of moved, noisy digits; a share of the labels is `wrong`."""
    x, y = data.moved_digits(8)[2:] if val else data.moved_digits(8)[:2]

    def sample(generator: Generator, count: int) -> Batch:
        which = torch.randint(0, len(y), (count,), generator=generator)
        move = torch.randint(0, 9, (count,), generator=generator)
        labels = y[which]
        if wrong:
            swap = torch.rand(count, generator=generator) < wrong
            labels = torch.where(swap, torch.randint(0, 10, (count,), generator=generator), labels)
        return x[move, which] + _NOISE * torch.randn(count, 64, generator=generator), labels

    return sample


def _augmented(net: Net, seed: int, batch: int, wrong: float = 0.0) -> Problem:
    """Classify moved, noisy digits."""
    train, val = _digits(wrong=wrong), _digits(val=True, wrong=wrong)
    return endless(net, train, seed, loss="cross_entropy", batch=batch, epoch=1347 // batch, val_sample=val)


@task("mlp_classification", steps=40_000)
def augmented_mlp(seed: int) -> Problem:
    return _augmented(mlp([64, 48, 32, 10]), seed, 32)


@task("hard_labels", steps=30_000)
def augmented_wrong_labels(seed: int) -> Problem:
    return _augmented(mlp([64, 48, 10], torch.tanh), seed, 64, wrong=0.2)


@task("conv", cost="medium", steps=16_000)
def augmented_conv(seed: int) -> Problem:
    return _augmented(conv_net(8, [1, 8, 16], 10, kernels=[3, 3]), seed, 32)


@task("conv", cost="medium", steps=16_000)
def augmented_conv_deep(seed: int) -> Problem:
    return _augmented(conv_net(8, [1, 6, 12, 16], 10, kernels=[3, 2, 3]), seed, 24, wrong=0.05)


@task("residual", cost="medium", steps=20_000)
def augmented_residual(seed: int) -> Problem:
    return _augmented(residual_mlp(64, 24, 3, 10, norm=True), seed, 32)


@task("normalised", cost="medium", steps=20_000)
def augmented_batch_norm(seed: int) -> Problem:
    return _augmented(mlp([64, 32, 32, 10], norm="batch"), seed, 32)


@task("vae", cost="medium", steps=20_000)
def binarised_vae(seed: int) -> Problem:
    """Pixels are drawn anew as bits for every batch (Salakhutdinov & Murray 2008)."""
    encoder, decoder = mlp([64, 32, 8]), mlp([4, 32, 64])
    cut = len(encoder.inits)

    def loss(params: Sequence[Tensor], part: Batch) -> Tensor:
        mean, log_var = encoder.forward(params[:cut], part[0]).chunk(2, -1)
        out = decoder.forward(params[cut:], mean + torch.exp(0.5 * log_var) * part[1])
        error = torch.nn.functional.softplus(out) - out * part[0]
        divergence = 0.5 * (mean.square() + log_var.exp() - 1 - log_var)
        return (error.sum(-1) + divergence.sum(-1)).mean(1)

    def sampler(images: Tensor) -> Callable[[Generator, int], Batch]:
        def sample(generator: Generator, count: int) -> Batch:
            which = torch.randint(0, len(images), (count,), generator=generator)
            bits = torch.bernoulli(images[which], generator=generator)
            return bits, torch.randn(count, 4, generator=generator)

        return sample

    x, _, x_val, _ = data.digits_unit()
    train, val = sampler(x), sampler(x_val)
    return Problem(
        initial=encoder.initial(seed) + decoder.initial(seed + 50),
        loss=loss,
        batches=stream(train, 32),
        train_set=train(torch.Generator().manual_seed(1), 512),
        val_set=val(torch.Generator().manual_seed(2), 256),
        batch_size=32,
        steps_per_epoch=1347 // 32,
        loss_kind="elbo",
    )


@task("recurrent", cost="medium", steps=16_000)
def long_chars_rnn(seed: int) -> Problem:
    symbols = 20

    def sample(generator: Generator, count: int) -> Batch:
        x, y = data.text_windows(generator, count, 8)
        return torch.nn.functional.one_hot(x, symbols).float(), y

    return endless(rnn(symbols, 40, symbols, each_step=True), sample, seed, loss="cross_entropy", batch=12)


@task("transformer", cost="dear", steps=8_000)
def long_transformer(seed: int) -> Problem:
    net = transformer(20, 8, 16, 2, 1, causal=True)
    return endless(
        net, lambda g, n: data.text_windows(g, n, 8), seed, loss="cross_entropy", batch=10, measured=_MEASURED
    )


@task("mlp_classification", steps=40_000)
def teacher_with_penalty(seed: int) -> Problem:
    """A penalty on the squared weights is part of the loss, as regularised losses are logged."""
    teacher = [
        torch.randn(s, generator=torch.Generator().manual_seed(40 + i))
        for i, s in enumerate([(12, 40), (40, 6)])
    ]
    net = mlp([12, 40, 6])

    def sample(generator: Generator, count: int) -> Batch:
        x = torch.randn(count, 12, generator=generator)
        return x, (torch.relu(x @ teacher[0]) @ teacher[1]).argmax(1)

    def loss(params: Sequence[Tensor], part: Batch) -> Tensor:
        penalty = sum((p.square().flatten(1).sum(1) for p in params[::2]), torch.zeros(()))
        return cross_entropy(net.forward(params, part[0]), part[1]) + 5e-4 * penalty

    plain = endless(net, sample, seed, loss="cross_entropy", batch=32)
    return Problem(
        initial=plain.initial,
        loss=loss,
        batches=plain.batches,
        train_set=plain.train_set,
        val_set=plain.val_set,
        accuracy=plain.accuracy,
        batch_size=32,
        steps_per_epoch=200,
        loss_kind="cross_entropy",
    )


@task("autoencoder", cost="medium", steps=30_000)
def augmented_autoencoder(seed: int) -> Problem:
    """Moved digits back from noisy ones."""
    x, _, x_val, _ = data.moved_digits(8)

    def sampler(images: Tensor) -> Callable[[Generator, int], Batch]:
        flat = images.reshape(-1, 64)

        def sample(generator: Generator, count: int) -> Batch:
            clean = flat[torch.randint(0, len(flat), (count,), generator=generator)]
            return clean + _NOISE * torch.randn(count, 64, generator=generator), clean

        return sample

    net = mlp([64, 32, 10, 32, 64])
    return endless(net, sampler(x), seed, loss="mse", batch=24, val_sample=sampler(x_val))


def _penalised(net: Net, seed: int, *, batch: int, strength: float) -> Problem:
    """Classify a finite set of digits, pass after pass, with a penalty on the squared weights in the loss."""
    x, y, x_val, y_val = data.digits_unit()

    def loss(params: Sequence[Tensor], part: Batch) -> Tensor:
        penalty = sum((p.square().flatten(1).sum(1) for p in params[::2]), torch.zeros(()))
        return cross_entropy(net.forward(params, part[0]), part[1]) + strength * penalty

    return Problem(
        initial=net.initial(seed),
        loss=loss,
        batches=epochs((x, y), batch),
        train_set=(x[:512], y[:512]),
        val_set=(x_val[:256], y_val[:256]),
        accuracy=lambda params, part: share_right(net.forward(params, part[0]), part[1]),
        batch_size=batch,
        steps_per_epoch=len(y) // batch,
        loss_kind="cross_entropy",
    )


@task("mlp_classification", steps=30_000)
def penalised_mlp(seed: int) -> Problem:
    return _penalised(mlp([64, 48, 24, 10]), seed, batch=64, strength=1e-3)


@task("conv", cost="medium", steps=16_000)
def penalised_conv(seed: int) -> Problem:
    return _penalised(conv_net(8, [1, 8, 16], 10, kernels=[3, 3]), seed, batch=32, strength=2e-3)


@task("vae", steps=60_000)
def long_vae(seed: int) -> Problem:
    """A finite set of grey images, reconstruction error summed over the pixels (Kingma & Welling 2014)."""
    encoder, decoder = mlp([64, 48, 16]), mlp([8, 48, 64])
    cut = len(encoder.inits)

    def loss(params: Sequence[Tensor], part: Batch) -> Tensor:
        mean, log_var = encoder.forward(params[:cut], part[0]).chunk(2, -1)
        out = decoder.forward(params[cut:], mean + torch.exp(0.5 * log_var) * part[1])
        error = torch.nn.functional.softplus(out) - out * part[0]
        return (error.sum(-1) + 0.5 * (mean.square() + log_var.exp() - 1 - log_var).sum(-1)).mean(1)

    def sampler(images: Tensor) -> Callable[[Generator, int], Batch]:
        def sample(generator: Generator, count: int) -> Batch:
            which = torch.randint(0, len(images), (count,), generator=generator)
            return images[which], torch.randn(count, 8, generator=generator)

        return sample

    x, _, x_val, _ = data.digits_unit()
    train, val = sampler(x), sampler(x_val)
    return Problem(
        initial=encoder.initial(seed) + decoder.initial(seed + 50),
        loss=loss,
        batches=stream(train, 64),
        train_set=train(torch.Generator().manual_seed(1), 512),
        val_set=val(torch.Generator().manual_seed(2), 256),
        batch_size=64,
        steps_per_epoch=1347 // 64,
        loss_kind="elbo",
    )


@task("mlp_classification", steps=24_000)
def pairs_of_digits(seed: int) -> Problem:
    """Two digits side by side, a hundred classes."""

    def sampler(x: Tensor, y: Tensor) -> Callable[[Generator, int], Batch]:
        def sample(generator: Generator, count: int) -> Batch:
            left, right = torch.randint(0, len(y), (2, count), generator=generator)
            return torch.cat([x[left], x[right]], 1), 10 * y[left] + y[right]

        return sample

    x, y, x_val, y_val = data.digits_unit()
    return endless(
        mlp([128, 48, 100]), sampler(x, y), seed, loss="cross_entropy", batch=32, val_sample=sampler(x_val, y_val)
    )


@task("recurrent", cost="medium", steps=8_000)
def long_chars_lstm(seed: int) -> Problem:
    symbols = 20

    def sample(generator: Generator, count: int) -> Batch:
        x, y = data.text_windows(generator, count, 8)
        return torch.nn.functional.one_hot(x, symbols).float(), y

    return endless(lstm(symbols, 24, symbols, each_step=True), sample, seed, loss="cross_entropy", batch=12)
