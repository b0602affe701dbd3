"""Runs whose set-up is worth a remark, for the examples of rules: a curve of `synth` beside other rates and scales."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lrdoctor import synth
from lrdoctor.records import Role, Run, Series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lrdoctor.records import Hyperparameter


def configured(base: Run | None = None, **hyperparameters: Hyperparameter) -> Run:
    """A healthy run (or `base`) with these hyperparameters; its logged rate follows ``lr``."""
    run = base or synth.healthy()
    rate = hyperparameters.get("lr")
    if isinstance(rate, float) and "lr" in run.series:
        run = with_series(run, lr=(Role.LR, rate))
    return replace(run, hyperparameters={**run.hyperparameters, **hyperparameters})


def with_series(run: Run, **series: tuple[Role, Any]) -> Run:
    """The run with further curves (or other values of one) at the steps of its training loss."""
    import numpy as np

    step = run.series["train_loss"].step
    added = {
        tag: Series(
            tag=tag, step=step.copy(), value=np.broadcast_to(np.asarray(value, dtype=np.float64), step.shape).copy(),
            role=role, role_reason="synthetic",
        )
        for tag, (role, value) in series.items()
    }  # fmt: skip
    return replace(run, series={**run.series, **added})


def gradient_norms(clip_norm: float, level: float) -> Run:
    """A healthy run with log-normal gradient norms about `level` and this threshold."""
    import numpy as np

    norms = level * np.exp(0.3 * np.random.default_rng(7).standard_normal(300))
    return configured(with_series(synth.healthy(), grad_norm=(Role.GRAD_NORM, norms)), clip_norm=clip_norm)


def loss_scales(octaves: Sequence[float], base: Run | None = None) -> Run:
    """A run whose loss scale is 2 to the given powers, each held for an equal share of it."""
    import numpy as np

    run = base or synth.healthy()
    points = len(run.series["train_loss"])
    held = np.asarray(octaves, dtype=np.float64)[np.arange(points) * len(octaves) // points]
    return with_series(run, loss_scale=(Role.LOSS_SCALE, 2.0**held))


def groups(rates: Mapping[str, float | Sequence[float]]) -> Run:
    """A healthy run with parameter groups: a tag and its rate (or two, for the halves of the run) each."""
    import numpy as np

    run = synth.healthy()
    rest = replace(run, series={tag: series for tag, series in run.series.items() if tag != "lr"})
    for tag, rate in rates.items():
        values = np.atleast_1d(np.asarray(rate, dtype=np.float64))
        rest = with_series(rest, **{tag: (Role.LR, np.repeat(values, 300 // values.size))})
    return rest
