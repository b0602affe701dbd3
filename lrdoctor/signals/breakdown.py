"""Values that are not numbers: when they begin, what led to them, and the kind that a logger hides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import Unavailable
from lrdoctor.signals._stats import median

if TYPE_CHECKING:
    from lrdoctor.records import Series, StepUnit


@dataclass(frozen=True, slots=True)
class Breakdown:
    """How a run stopped giving numbers.

    Parameters
    ----------
    tag
        The curve that shows it first.
    hidden
        True where the loss itself was logged as 0.0 while the gradient norm is not finite.
    unit
        What its steps count.
    first_step, last_step
        First step without a number, and the last step of the curve.
    finite_before
        Points with a number before it; 0 when it was broken from the first logged point.
    share
        Share of points without a number from the first of them on.
    recovered
        True if the curve ends in numbers again.
    growth
        Last loss before it over the lowest loss before it; NaN if unknown.
    gradient_growth
        The same for the gradient norm over its median.
    lr_rising
        True if the logged rate was still going up; None if it was not logged.
    """

    tag: str
    hidden: bool
    unit: StepUnit
    first_step: int
    last_step: int
    finite_before: int
    share: float
    recovered: bool
    growth: float
    gradient_growth: float
    lr_rising: bool | None


def breakdown(
    train_loss: Series | None, val_loss: Series | None, grad_norm: Series | None, lr: Series | None
) -> Breakdown:
    """Find where the run stopped giving numbers.

    Raises
    ------
    Unavailable
        There is no loss at all, or every loss is finite.
    """
    if train_loss is None and val_loss is None:
        raise Unavailable("no loss")
    if train_loss is not None and not np.isfinite(train_loss.value).all():
        return _describe(train_loss, ~np.isfinite(train_loss.value), grad_norm, lr, hidden=False)
    if train_loss is not None and grad_norm is not None:
        hidden = _hidden(train_loss, grad_norm)
        if hidden is not None:
            return _describe(train_loss, hidden, grad_norm, lr, hidden=True)
    if val_loss is not None and not np.isfinite(val_loss.value).all():
        if train_loss is not None and not np.isfinite(val_loss.value[0]):
            raise Unavailable(
                "the training loss is finite; the validation loss was not from the start, which is its own"
            )
        return _describe(val_loss, ~np.isfinite(val_loss.value), grad_norm, lr, hidden=False)
    raise Unavailable("every logged loss is finite")


def _hidden(loss: Series, gradient: Series) -> np.ndarray | None:
    """Points at which the loss is exactly 0 and the gradient norm is not a number, up to the end of the log."""
    if loss.unit != gradient.unit or not np.any(loss.value == 0.0) or np.isfinite(gradient.value).all():
        return None
    position = np.searchsorted(gradient.step, loss.step)
    inside = position < gradient.step.size
    same = inside & (gradient.step[np.minimum(position, gradient.step.size - 1)] == loss.step)
    broken = np.zeros(len(loss), bool)
    broken[same] = ~np.isfinite(gradient.value[position[same]])
    broken &= loss.value == 0.0
    return broken if broken.any() else None


def _describe(
    series: Series, broken: np.ndarray, grad_norm: Series | None, lr: Series | None, *, hidden: bool
) -> Breakdown:
    onset = int(np.argmax(broken))
    before = series.value[:onset]
    before = before[np.isfinite(before)]
    first = int(series.step[onset])
    growth = float("nan")
    if before.size >= 2 and before.min() > 0:
        growth = float(before[-1]) / float(before.min())
    return Breakdown(
        tag=series.tag,
        hidden=hidden,
        unit=series.unit,
        first_step=first,
        last_step=int(series.step[-1]),
        finite_before=int(before.size),
        share=float(broken[onset:].mean()),
        recovered=not bool(broken[-max(1, min(3, broken.size - onset)) :].any()),
        growth=growth,
        gradient_growth=_gradient_growth(grad_norm, first),
        lr_rising=_rising(lr, first),
    )


def _gradient_growth(gradient: Series | None, step: int) -> float:
    if gradient is None:
        return float("nan")
    before = gradient.value[(gradient.step < step) & np.isfinite(gradient.value)]
    middle = median(before) if before.size else 0.0
    return float(before[-3:].max()) / middle if before.size >= 3 and middle > 0 else float("nan")


def _rising(lr: Series | None, step: int) -> bool | None:
    if lr is None:
        return None
    before = lr.value[(lr.step <= step) & np.isfinite(lr.value)]
    if before.size < 2:
        return None
    return bool(before[-1] > before[0] * 1.01 and before[-1] >= before.max() * 0.999)


SIGNALS = (breakdown,)
