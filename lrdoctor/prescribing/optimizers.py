"""What is usual for an optimizer, read from `optimizers.toml`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lrdoctor.records import Hyperparameter


@dataclass(frozen=True, slots=True)
class Usual:
    """Learning rates that are usual for an optimizer: its default and the range of tuned values."""

    name: str
    default: float
    low: float
    high: float


@cache
def _table() -> dict[str, Usual]:
    import tomllib

    data = tomllib.loads(Path(__file__).with_name("optimizers.toml").read_text(encoding="utf-8"))
    return {name: Usual(name=name, **row) for name, row in data.items()}


def optimizer_name(hyperparameters: Mapping[str, Hyperparameter]) -> str | None:
    """The optimizer under the name that `optimizers.toml` uses, or None if it is unknown.

    SGD with a momentum above zero is "momentum": its useful rates are about ten times lower.
    """
    given = hyperparameters.get("optimizer")
    if not isinstance(given, str):
        return None
    word = given.lower()
    momentum = hyperparameters.get("momentum")
    has_momentum = isinstance(momentum, int | float) and momentum > 0
    if "sgd" in word or word in ("momentum", "nesterov"):
        if "nesterov" in word or (has_momentum and hyperparameters.get("nesterov") is True):
            return "nesterov"
        return "momentum" if has_momentum or "momentum" in word else "sgd"
    for name in sorted(_table(), key=len, reverse=True):
        if name in word:
            return name
    return None


_LINEAR = frozenset({"sgd", "momentum", "nesterov", "lars"})
"""Optimizers whose best rate grows in proportion to the batch size (Goyal et al. 2017); that of the others, which
normalise the gradient, with its square root (Krizhevsky 2014; Malladi et al. 2022)."""


def scales_linearly(name: str) -> bool:
    """Whether the best rate of an optimizer of `optimizers.toml` grows in proportion to the batch size."""
    return name in _LINEAR


def batch_factor(name: str, ratio: float) -> float:
    """Factor on the rate that a batch `ratio` times as large asks for."""
    return ratio if scales_linearly(name) else math.sqrt(ratio)


def usual_rates(hyperparameters: Mapping[str, Hyperparameter]) -> Usual | None:
    """What is usual for the run's optimizer, or None if the optimizer is unknown."""
    name = optimizer_name(hyperparameters)
    return None if name is None else _table()[name]
