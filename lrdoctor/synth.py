"""Curves with known truth, for the examples of rules, for tests and for docs.

Each function makes one run; all are deterministic. numpy is imported inside, so that documentation can be printed
without it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lrdoctor.records import Role, Run, Series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from lrdoctor.records import Hyperparameter

    Floats = NDArray[np.float64]


def make_run(
    train: Sequence[float] | Floats,
    *,
    val: Sequence[float] | Floats | None = None,
    lr: Sequence[float] | Floats | float | None = None,
    grad_norm: Sequence[float] | Floats | None = None,
    val_metric: Sequence[float] | Floats | None = None,
    stride: int = 10,
    name: str = "synthetic",
    hyperparameters: Mapping[str, Hyperparameter] | None = None,
) -> Run:
    """Put curves into a run; validation curves are spread evenly over the steps of the training loss.

    Parameters
    ----------
    train, val, lr, grad_norm, val_metric
        Values; a single number for a constant rate.
    stride
        Steps between training points.
    name, hyperparameters
        Of the run.
    """
    import numpy as np

    loss = np.asarray(train, dtype=np.float64)
    steps = np.arange(loss.size, dtype=np.int64) * stride
    series: dict[str, Series] = {}

    def add(tag: str, role: Role, values: Sequence[float] | Floats | float | None) -> None:
        if values is None:
            return
        array = np.broadcast_to(np.asarray(values, dtype=np.float64), np.shape(values) or loss.shape).copy()
        at = steps if array.size == steps.size else np.linspace(0, steps[-1], array.size).astype(np.int64)
        series[tag] = Series(tag=tag, step=at.copy(), value=array, role=role, role_reason="synthetic")

    add("train_loss", Role.TRAIN_LOSS, loss)
    add("val_loss", Role.VAL_LOSS, val)
    add("lr", Role.LR, lr)
    add("grad_norm", Role.GRAD_NORM, grad_norm)
    add("val_accuracy", Role.VAL_METRIC, val_metric)
    return Run(id=name, source=name, format="synthetic", series=series, hyperparameters=hyperparameters or {})


def _axis(points: int) -> tuple[Floats, np.random.Generator]:
    import numpy as np

    return np.linspace(0.0, 1.0, points), np.random.default_rng(20)


def healthy(points: int = 300, nan_at: tuple[int, ...] = ()) -> Run:
    """A power-law descent from 2.3 with mild noise; validation follows; single points may be NaN."""
    import numpy as np

    t, rng = _axis(points)
    loss = 0.25 + 2.05 / (1 + 30 * t) ** 0.7 + 0.02 * rng.standard_normal(points)
    for index in nan_at:
        loss[index] = np.nan
    val = 0.32 + 2.0 / (1 + 30 * np.linspace(0, 1, 15)) ** 0.7
    return make_run(loss, val=val if points >= 15 else None, lr=1e-3)


def blow_up(then: float = math.nan) -> Run:
    """Falls, then grows by a constant factor per point; stays at `then` from two thirds on."""
    import numpy as np

    t, rng = _axis(300)
    loss = 0.5 + 1.8 / (1 + 20 * t) + 0.02 * rng.standard_normal(300)
    loss[180:200] = loss[180] * 1.35 ** np.arange(20)
    loss[200:] = then if math.isnan(then) else then * (1 + 0.05 * rng.standard_normal(100))
    return make_run(loss, lr=0.1)


def hidden_nan() -> Run:
    """A Hugging Face log after a NaN: losses of 0.0, gradient norms NaN."""
    import numpy as np

    t, rng = _axis(100)
    loss = 0.5 + 1.8 / (1 + 20 * t) + 0.02 * rng.standard_normal(100)
    gradient = 1 + 0.1 * rng.standard_normal(100)
    loss[60:], gradient[60:] = 0.0, np.nan
    return make_run(loss, grad_norm=gradient, lr=2e-4)


def dead_after_blow_up() -> Run:
    """Up to 800 within a few points, then ln(10) for ever."""
    import numpy as np

    _, rng = _axis(200)
    loss = math.log(10) + 0.002 * rng.standard_normal(200)
    loss[:6] = np.array([2.31, 19.7, 841.0, 60.0, 6.2, 2.5])
    return make_run(loss, lr=1.0)


def early_blow_up() -> Run:
    """Up to 3,000 within a few points, then a descent that ends a little below the start."""
    import numpy as np

    t, rng = _axis(400)
    loss = 2.0 + 0.6 * np.exp(-3 * t) + 0.02 * rng.standard_normal(400)
    loss[:8] = np.array([2.3, 3000.0, 900.0, 300.0, 60.0, 12.0, 5.0, 3.0])
    return make_run(loss, lr=0.3)


def flat() -> Run:
    """ln 2 and never anything else."""
    _, rng = _axis(200)
    return make_run(math.log(2) + 0.002 * rng.standard_normal(200), lr=1e-7)


def spikes() -> Run:
    """A healthy descent with three spikes that recover over a few points."""
    import numpy as np

    t, rng = _axis(400)
    loss = 0.4 + 2.0 / (1 + 30 * t) + 0.01 * rng.standard_normal(400)
    for at in (150, 230, 330):
        loss[at : at + 8] += 2.5 * np.exp(-np.arange(8) / 2.0)
    return make_run(loss, lr=3e-3)


def heavy_tailed() -> Run:
    """A descent under log-normal noise, as the loss of a diffusion model shows."""
    import numpy as np

    t, rng = _axis(1000)
    return make_run((0.05 + 2.0 / (1 + 60 * t)) * np.exp(0.7 * rng.standard_normal(1000)), lr=1e-4)


def two_cycle() -> Run:
    """Alternates from point to point about a level that falls."""
    import numpy as np

    t, rng = _axis(300)
    swing = 0.3 * (-1.0) ** np.arange(300)
    return make_run(0.6 + 0.9 / (1 + 20 * t) + swing + 0.01 * rng.standard_normal(300), lr=0.5)


def noisy_plateau() -> Run:
    """A quick fall from 0.9 to 0.5, then white noise about it at a constant rate."""
    import numpy as np

    t, rng = _axis(500)
    return make_run(0.5 + 0.4 * np.exp(-25 * t) + 0.03 * rng.standard_normal(500), lr=0.05)


def flat_until_cut() -> Run:
    """Flat at 19 until the rate is quartered at 40 % of the run; falls at once then."""
    import numpy as np

    t, rng = _axis(200)
    loss = np.where(t < 0.4, 19.0, 7.5 + 1.5 * np.exp(-8 * (t - 0.4))) + 0.1 * rng.standard_normal(200)
    return make_run(loss, lr=np.where(t < 0.4, 20.0, 5.0))


def step_schedule() -> Run:
    """Rate cut tenfold at 30 % and 60 %, each time with a fall of the loss, as it should be."""
    import numpy as np

    t, rng = _axis(200)
    level = np.where(t < 0.3, 0.9, np.where(t < 0.6, 0.4, 0.3))
    since = np.where(t < 0.3, t, np.where(t < 0.6, t - 0.3, t - 0.6))
    loss = level * (1 + np.where(t < 0.3, 1.5, 0.6) * np.exp(-25 * since)) + 0.01 * rng.standard_normal(200)
    return make_run(loss, lr=np.where(t < 0.3, 0.1, np.where(t < 0.6, 0.01, 0.001)))


def slow() -> Run:
    """A straight line from 2.30 to 2.05."""
    t, rng = _axis(300)
    return make_run(2.3 - 0.25 * t + 0.02 * rng.standard_normal(300), lr=1e-6)


def decayed_away() -> Run:
    """The rate is gone after 30 % of the run; the loss is frozen at half of where it began."""
    import numpy as np

    t, rng = _axis(200)
    loss = 0.5 + 0.5 * np.exp(-12 * np.minimum(t, 0.3)) + 0.002 * rng.standard_normal(200)
    return make_run(loss, lr=1e-3 * np.exp(-25 * t))


def converged() -> Run:
    """From 10 to 0.01 within a third of the run, flat since."""
    import numpy as np

    t, rng = _axis(400)
    return make_run((0.01 + 10 * np.exp(-40 * t)) * np.exp(0.1 * rng.standard_normal(400)), lr=1e-3)


def overfit(metric_improves: bool | None = None) -> Run:
    """Validation turns at a fifth of the run and climbs; a validation metric may or may not agree."""
    import numpy as np

    t, rng = _axis(60)
    train = 0.02 + 0.9 * np.exp(-5 * t)
    val = 0.5 + 0.45 * np.exp(-15 * t) + np.maximum(t - 0.2, 0) * (0.45 if metric_improves else 0.9)
    metric = None
    if metric_improves is not None:
        metric = 0.7 + (0.2 * t if metric_improves else 0.2 * (1 - np.exp(-20 * t)) - 0.05 * t)
        metric = metric + 0.002 * rng.standard_normal(60)
    return make_run(train, val=val + 0.01 * rng.standard_normal(60), val_metric=metric, lr=1e-3, stride=1)


def levels_off() -> Run:
    """Validation stops improving but does not rise."""
    import numpy as np

    t, rng = _axis(60)
    return make_run(
        0.1 + 0.9 * np.exp(-3 * t), val=0.5 + 0.45 * np.exp(-12 * t) + 0.01 * rng.standard_normal(60), stride=1
    )


def _network(rate: float, *, adam: bool = False, steps: int = 600) -> Run:
    """A small tanh network that is really trained, by plain SGD or Adam, on noisy data it can fit; seeded."""
    import numpy as np

    rng = np.random.default_rng(3)
    inputs = rng.standard_normal((512, 16))
    wanted = np.tanh(inputs @ rng.standard_normal((16, 4))) + 0.1 * rng.standard_normal((512, 4))
    weights = [rng.standard_normal((16, 48)) / 4, rng.standard_normal((48, 4)) / 7]
    first, second = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
    loss = np.zeros(steps)
    for step in range(steps):
        batch = rng.integers(0, 448, 32)
        hidden = np.tanh(inputs[batch] @ weights[0])
        error = hidden @ weights[1] - wanted[batch]
        loss[step] = float((error**2).mean())
        back = 2 * error / error.size
        gradients = [inputs[batch].T @ ((back @ weights[1].T) * (1 - hidden**2)), hidden.T @ back]
        for index, gradient in enumerate(gradients):
            if adam:
                first[index] = 0.9 * first[index] + 0.1 * gradient
                second[index] = 0.999 * second[index] + 0.001 * gradient**2
                mean, square = first[index] / (1 - 0.9 ** (step + 1)), second[index] / (1 - 0.999 ** (step + 1))
                weights[index] -= rate * mean / (np.sqrt(square) + 1e-8)
            else:
                weights[index] -= rate * gradient
    facts = {"lr": rate, "optimizer": "adam" if adam else "sgd", "batch_size": 32}
    return make_run(loss, lr=rate, stride=1, hyperparameters=facts)


def timid() -> Run:
    """Plain SGD at a rate some hundred times too low."""
    return _network(0.003)


def tuned() -> Run:
    """Plain SGD at about its best rate."""
    return _network(0.8)


def reckless() -> Run:
    """Adam at a rate far above its best."""
    return _network(0.3, adam=True)


def range_test() -> Run:
    """An exponential ramp from 1e-7 to 10, at whose end the loss explodes."""
    import numpy as np

    t, _ = _axis(100)
    lr = 10.0 ** (-7 + 8 * t)
    return make_run(2.3 - 1.5 / (1 + np.exp(-20 * (t - 0.55))) + np.exp(30 * (t - 0.85)), lr=lr, stride=1)


def reward_only() -> Run:
    """A reinforcement-learning log with a return and no loss."""
    import numpy as np

    t, _ = _axis(50)
    step = np.arange(50, dtype=np.int64)
    series = Series(tag="rollout/ep_rew_mean", step=step, value=100 * t, role=Role.REWARD, role_reason="synthetic")
    return Run(id="synthetic", source="synthetic", format="synthetic", series={series.tag: series})
