"""What is trained: small networks on the data that scikit-learn brings along."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from sklearn import datasets
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable

    Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Task:
    """A data set split in two, a network, and the loss between its output and the target."""

    model: nn.Module
    loss: Loss
    x: torch.Tensor
    y: torch.Tensor
    x_val: torch.Tensor
    y_val: torch.Tensor
    classes: int | None = None


def mlp(sizes: list[int], activation: Callable[[], nn.Module] = nn.ReLU) -> nn.Sequential:
    """Stack linear layers with an activation between them."""
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), activation()]
    return nn.Sequential(*layers[:-1])


def _tensor(array: np.ndarray) -> torch.Tensor:
    return torch.tensor(array, dtype=torch.long if array.dtype.kind == "i" else torch.float32)


def _split(x: np.ndarray, y: np.ndarray, held_out: float = 0.2) -> tuple[torch.Tensor, ...]:
    """Shuffle and split: training part first."""
    order = np.random.default_rng(0).permutation(len(x))
    cut = int(len(x) * (1 - held_out))
    first, second = order[:cut], order[cut:]
    return _tensor(x[first]), _tensor(y[first]), _tensor(x[second]), _tensor(y[second])


def digits(
    *,
    hidden: tuple[int, ...] = (64,),
    train_size: int | None = None,
    label_noise: float = 0.0,
    scale: float = 16.0,
    activation: Callable[[], nn.Module] = nn.ReLU,
) -> Task:
    """8x8 images of digits: 1,437 to train on, 360 held out; a fraction of the training labels made wrong."""
    images, labels = datasets.load_digits(return_X_y=True)
    x, y, x_val, y_val = _split(images.astype(np.float32) / scale, labels)
    if train_size is not None:
        x, y = x[:train_size], y[:train_size]
    if label_noise:
        random = np.random.default_rng(1)
        wrong = torch.from_numpy(random.random(len(y)) < label_noise)
        y = torch.where(wrong, torch.from_numpy(random.integers(0, 10, len(y))), y)
    model = mlp([64, *hidden, 10], activation)
    return Task(model, functional.cross_entropy, x, y, x_val, y_val, classes=10)


def tumours(*, columns: int = 30, label_noise: float = 0.0) -> Task:
    """Breast-cancer measurements, up to 30 columns, two classes; logistic regression."""
    x, y = datasets.load_breast_cancer(return_X_y=True)
    x = ((x - x.mean(0)) / x.std(0))[:, :columns]
    y = np.where(np.random.default_rng(0).random(len(y)) < label_noise, 1 - y, y)
    data = _split(x, y.astype(np.int64))
    return Task(nn.Linear(columns, 2), functional.cross_entropy, *data, classes=2)


def diabetes(hidden: tuple[int, ...] = (32,), activation: Callable[[], nn.Module] = nn.Tanh) -> Task:
    """Progression of diabetes from ten measurements; regression with a small network."""
    x, y = datasets.load_diabetes(return_X_y=True)
    x = x / x.std(0)
    y = ((y - y.mean()) / y.std())[:, None]
    return Task(mlp([10, *hidden, 1], activation), functional.mse_loss, *_split(x, y))


def lower_halves() -> Task:
    """The lower half of each digit from its upper half, linearly: convex, with noise that no LR removes."""
    images, _ = datasets.load_digits(return_X_y=True)
    images = (images - images.mean(0)).astype(np.float32) / 16

    def loss(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return (output - target).square().sum(1).mean()

    return Task(nn.Linear(32, 32), loss, *_split(images[:, :32], images[:, 32:]))


class RowReader(nn.Module):
    """A recurrent network that reads an image row by row and names the digit."""

    def __init__(self, hidden: int = 48) -> None:
        super().__init__()
        self.rnn = nn.RNN(8, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.rnn(x.view(-1, 8, 8))[0][:, -1])


def digits_by_row(hidden: int = 48, train_size: int | None = None) -> Task:
    """The digits for a recurrent network."""
    task = digits(train_size=train_size)
    return Task(RowReader(hidden), task.loss, task.x, task.y, task.x_val, task.y_val, classes=10)


class CharTransformer(nn.Module):
    """A decoder of two blocks over characters."""

    def __init__(self, symbols: int, context: int, width: int = 32) -> None:
        super().__init__()
        self.symbol = nn.Embedding(symbols, width)
        self.place = nn.Parameter(0.02 * torch.randn(context, width))
        block = nn.TransformerEncoderLayer(
            width, 4, 4 * width, dropout=0.0, batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(block, 2, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, symbols)
        self.register_buffer("mask", torch.full((context, context), -torch.inf).triu(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.symbol(x) + self.place[: x.shape[1]]
        return self.head(self.norm(self.blocks(hidden, mask=self.mask)))


def corpus() -> tuple[torch.Tensor, int]:
    """The descriptions of scikit-learn's data sets as numbers of characters, and how many there are."""
    names = ("breast_cancer", "diabetes", "digits", "iris", "linnerud", "wine")
    text = "".join(getattr(datasets, f"load_{name}")().DESCR for name in names)
    symbols = sorted(set(text))
    return torch.tensor([symbols.index(character) for character in text]), len(symbols)


def characters(context: int = 32, width: int = 32) -> Task:
    """Next character in the descriptions of scikit-learn's data sets."""
    text, symbols = corpus()
    windows = text.unfold(0, context + 1, 3)
    # Every tenth stretch of 300 characters is held out, and the windows that reach into it are left out.
    first, last = 3 * torch.arange(len(windows)), 3 * torch.arange(len(windows)) + context
    held_out = (first // 300 % 10 == 9) & (last // 300 % 10 == 9)
    kept = (first // 300 % 10 != 9) & (last // 300 % 10 != 9)
    x, y = windows[:, :-1], windows[:, 1:]

    def loss(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(output.flatten(0, 1), target.flatten())

    return Task(CharTransformer(symbols, context, width), loss, x[kept], y[kept], x[held_out], y[held_out])


class Denoiser(nn.Module):
    """Tells the noise in a noisy image, the strength of the noise being known."""

    def __init__(self, hidden: int = 128) -> None:
        super().__init__()
        self.body = mlp([64 + 1, hidden, hidden, 64], nn.SiLU)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x)


def denoising(copies: int = 20) -> Task:
    """Diffusion-like: each image under noise of its own strength, so that losses differ a hundredfold."""
    clean = digits()
    random = torch.Generator().manual_seed(2)

    def corrupt(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        images = images.repeat(copies, 1) * 2 - 1
        strength = torch.rand(len(images), 1, generator=random)
        noise = torch.randn(images.shape, generator=random)
        mixed = (1 - strength**2).sqrt() * images + strength * noise
        return torch.cat([mixed, strength], 1), noise

    return Task(Denoiser(), functional.mse_loss, *corrupt(clean.x), *corrupt(clean.x_val))


def factors(rank: int = 8, size: int = 60) -> Task:
    """Complete a noisy low-rank matrix from some of its entries."""
    random = np.random.default_rng(3)
    truth = random.standard_normal((size, rank)) @ random.standard_normal((rank, size)) / rank**0.5
    row, column = np.divmod(random.permutation(size * size), size)
    pairs = np.stack([row, column], 1)
    ratings = truth[row, column] + 0.3 * random.standard_normal(size * size)
    return Task(Factors(size, rank), functional.mse_loss, *_split(pairs, ratings))


class Factors(nn.Module):
    """The product of two thin matrices."""

    def __init__(self, size: int, rank: int) -> None:
        super().__init__()
        self.left = nn.Parameter(0.3 * torch.randn(size, rank))
        self.right = nn.Parameter(0.3 * torch.randn(size, rank))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (self.left[x[:, 0]] * self.right[x[:, 1]]).sum(1)
