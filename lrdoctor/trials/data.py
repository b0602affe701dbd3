"""Data for the tasks: scikit-learn's bundled sets and generators, and sequences made here; nothing is
downloaded."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Generator, Tensor

Split = tuple["Tensor", "Tensor", "Tensor", "Tensor"]


def split(x: NDArray[Any], y: NDArray[Any], *, standardise: bool = True, seed: int = 0) -> Split:
    """Shuffle, keep a quarter for validation, standardise the inputs; integer labels stay integers."""
    order = np.random.default_rng(seed).permutation(len(x))
    cut = len(x) * 3 // 4
    train, held = order[:cut], order[cut:]
    if standardise:
        x = (x - x[train].mean(0)) / (x[train].std(0) + 1e-8)
    labels = y.astype(np.int64 if np.issubdtype(y.dtype, np.integer) else np.float32)
    if labels.dtype == np.float32 and labels.ndim == 1:
        labels = labels[:, None]
    tensors = (
        torch.from_numpy(np.ascontiguousarray(part))
        for part in (x[train].astype(np.float32), labels[train], x[held].astype(np.float32), labels[held])
    )
    return tuple(tensors)  # type: ignore[return-value]


def scaled(y: NDArray[Any]) -> NDArray[Any]:
    """Targets with mean 0 and standard deviation 1."""
    result: NDArray[Any] = (y - y.mean(0)) / y.std(0)
    return result


@lru_cache
def bundled(name: str, *, standardise: bool = True) -> Split:
    """``digits``, ``breast_cancer``, ``wine`` or ``diabetes``; diabetes' targets are scaled."""
    from sklearn import datasets

    found = getattr(datasets, f"load_{name}")()
    y = scaled(found.target).astype(np.float32) if name == "diabetes" else found.target
    return split(found.data, y, standardise=standardise)


@lru_cache
def digits_unit() -> Split:
    """Digits with pixels in [0, 1], as image models take them."""
    from sklearn.datasets import load_digits

    found = load_digits()
    return split(found.data / 16.0, found.target, standardise=False)


@lru_cache
def digits_large(side: int) -> Split:
    """Digits of more pixels, [n, side * side] in [0, 1], by bilinear interpolation."""
    x, y, x_val, y_val = digits_unit()

    def enlarged(images: Tensor) -> Tensor:
        squares = images.view(-1, 1, 8, 8)
        return torch.nn.functional.interpolate(squares, size=(side, side), mode="bilinear").flatten(1)

    return enlarged(x), y, enlarged(x_val), y_val


@lru_cache
def moved_digits(side: int) -> Split:
    """Digits of `side` pixels, each at nine places, [9, n, side * side], and their labels [n]."""
    x, y, x_val, y_val = digits_unit() if side == 8 else digits_large(side)

    def placed(images: Tensor) -> Tensor:
        square, far = images.view(-1, side, side), side // 8
        places = [(r, c) for r in (-far, 0, far) for c in (-far, 0, far)]
        return torch.stack([torch.roll(square, place, (1, 2)).flatten(1) for place in places])

    return placed(x), y, placed(x_val), y_val


@lru_cache
def markov_text(length: int = 30_000, symbols: int = 20) -> Tensor:
    """A text of symbol numbers from a sparse second-order Markov chain: about 1.2 nats per symbol cannot
    be learnt."""
    rng = np.random.default_rng(7)
    table = rng.dirichlet(np.full(symbols, 0.15), size=(symbols, symbols)).cumsum(-1)
    draws = rng.random(length)
    text = np.zeros(length, dtype=np.int64)
    for i in range(2, length):
        text[i] = min(symbols - 1, int(np.searchsorted(table[text[i - 2], text[i - 1]], draws[i])))
    return torch.from_numpy(text)


def text_windows(generator: Generator, count: int, time: int) -> tuple[Tensor, Tensor]:
    """Windows of the text and the same windows one symbol later, [count, time] each."""
    text = markov_text()
    start = torch.randint(0, len(text) - time - 1, (count, 1), generator=generator)
    index = start + torch.arange(time)
    return text[index], text[index + 1]
