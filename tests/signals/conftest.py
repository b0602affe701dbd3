"""Runs from bare arrays, and everything that can be asked about them."""

from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.engine import Context
from lrdoctor.records import Role, Run, Series

ROLES = {
    "loss": Role.TRAIN_LOSS, "val": Role.VAL_LOSS, "lr": Role.LR, "grad": Role.GRAD_NORM, "metric": Role.VAL_METRIC,
}  # fmt: skip


def make_context(*, hyperparameters=None, unit="step", **curves):
    """Answers about a run; each curve is its values, or a pair of steps and values."""
    series = {}
    for name, given in curves.items():
        step, value = given if isinstance(given, tuple) else (np.arange(len(given)), given)
        series[name] = Series(
            tag=name, step=np.array(step, dtype=np.int64), value=np.array(value, dtype=np.float64),
            role=ROLES[name], role_reason="given", unit=unit,
        )  # fmt: skip
    return Context(Run(id="x", source="x", format="x", series=series, hyperparameters=hyperparameters or {}))


@pytest.fixture
def asked():
    """`asked(loss=..., lr=...)` answers signals by `get` and `find`."""
    return make_context


@pytest.fixture
def descending():
    """A loss of n points that falls as a power law from about 2.3, with noise of the given size."""

    def make(n=400, noise=0.02, seed=0):
        t = np.linspace(0.0, 1.0, n)
        return 0.25 + 2.05 / (1 + 30 * t) ** 0.7 + noise * np.random.default_rng(seed).standard_normal(n)

    return make
