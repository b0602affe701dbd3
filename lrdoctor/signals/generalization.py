"""Training against validation: where validation turned, by how much, and whether the metric agrees."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import Unavailable
from lrdoctor.signals._stats import MAD_TO_SIGMA, bounded, median
from lrdoctor.signals.descent import running_median

if TYPE_CHECKING:
    from lrdoctor.records import Series, StepUnit

_MIN_POINTS = 4


@dataclass(frozen=True, slots=True)
class Generalization:
    """Course of the validation loss beside the training loss.

    Parameters
    ----------
    tag
        The validation curve.
    unit
        What its steps count.
    points
        Finite validation points.
    best_step, best_at
        Where the smoothed validation loss is lowest, in steps and 0 to 1 of the run.
    best, end
        Lowest smoothed validation loss and the level of its last sixth.
    rise
        end - best.
    relative_rise
        rise over the lowest loss (for positive losses; NaN otherwise).
    rise_of_progress
        rise over (first - best) validation loss; infinite if validation never fell.
    sigma
        Robust scatter of single validation points.
    significance
        rise over its standard error.
    train_fall
        Fall of the training loss from there to the end, as a share of its value there; NaN if not logged.
    metric_tag, metric_change
        A validation metric that should rise, and its change since the turning point over its whole range
        (positive: still improving); "" and NaN where none is logged.
    last_step
        Last validation step.
    """

    tag: str
    unit: StepUnit
    points: int
    best_step: int
    best_at: float
    best: float
    end: float
    rise: float
    relative_rise: float
    rise_of_progress: float
    sigma: float
    significance: float
    train_fall: float
    metric_tag: str
    metric_change: float
    last_step: int


def generalization(val_loss: Series, train_loss: Series | None, val_metric: Series | None) -> Generalization:
    """Measure where validation turned.

    Raises
    ------
    Unavailable
        Fewer than four finite validation points.
    """
    finite = np.isfinite(val_loss.value)
    step, value = val_loss.step[finite], bounded(val_loss.value[finite])
    if value.size < _MIN_POINTS:
        raise Unavailable(f"only {value.size} validation points; {_MIN_POINTS} are needed")
    smooth = running_median(value, 5 if value.size >= 30 else 3 if value.size >= 8 else 1)
    lowest = int(np.argmin(smooth))
    best = float(smooth[lowest])
    tail = max(1, value.size // 6)
    end = median(value[-tail:])
    sigma = float(MAD_TO_SIGMA * median(np.abs(np.diff(value))) / math.sqrt(2.0))
    rise = max(end - best, 0.0)
    error = sigma * math.sqrt(1.5 / tail + 0.5) if sigma > 0 else 0.0
    first = float(np.max(smooth[: max(1, value.size // 10)]))
    span = max(int(step[-1] - step[0]), 1)
    train_loss, val_metric = (
        other if other and other.unit == val_loss.unit else None for other in (train_loss, val_metric)
    )
    metric_tag, metric_change = _metric(val_metric, int(step[lowest]))
    return Generalization(
        tag=val_loss.tag,
        unit=val_loss.unit,
        points=int(value.size),
        best_step=int(step[lowest]),
        best_at=float(step[lowest] - step[0]) / span,
        best=best,
        end=end,
        rise=rise,
        relative_rise=rise / best if best > 0 else float("nan"),
        rise_of_progress=rise / (first - best) if first > best else (float("inf") if rise > 0 else 0.0),
        sigma=sigma,
        significance=rise / error if error > 0 else (float("inf") if rise > 0 else 0.0),
        train_fall=_train_fall(train_loss, int(step[lowest])),
        metric_tag=metric_tag,
        metric_change=metric_change,
        last_step=int(step[-1]),
    )


def _train_fall(train: Series | None, since: int) -> float:
    """Relative fall of the training loss after a step, from the medians around both ends."""
    if train is None:
        return float("nan")
    finite = np.isfinite(train.value)
    step, value = train.step[finite], bounded(train.value[finite])
    after = step >= since
    count = int(after.sum())
    if count < 2:
        return float("nan")
    width = max(1, value.size // 20)
    turn = int(np.argmax(after))
    there = median(value[max(turn - width, 0) : turn + width])
    end = median(value[-width:])
    scale = abs(there) if value.min() > 0 else max(float(np.ptp(value)), 1e-300)
    return (there - end) / scale if scale > 0 else float("nan")


def _metric(metric: Series | None, since: int) -> tuple[str, float]:
    """Change of a rising metric after a step, over the range of the metric."""
    if metric is None:
        return "", float("nan")
    finite = np.isfinite(metric.value)
    step, value = metric.step[finite], bounded(metric.value[finite])
    if value.size < _MIN_POINTS:
        return "", float("nan")
    turn = int(np.searchsorted(step, since).clip(0, value.size - 1))
    there = median(value[max(turn - 1, 0) : turn + 2])
    end = median(value[-max(1, value.size // 6) :])
    scale = float(np.ptp(value))
    return metric.tag, (end - there) / scale if scale > 0 else 0.0


SIGNALS = (generalization,)
