"""What the learning-rate finders in use would suggest for a range test, each by its own formula."""

from __future__ import annotations

import bisect
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrdoctor.signals.ramp import Ramp

    Floats = NDArray[np.float64]

_SLIDE_POINTS, _SLIDE_CHANGE = 15, 0.005
"""Defaults of fastai's `slide`: points between the two slopes, and the difference at which it stops."""
_GROWING = 3
"""Steps of a blow-up that must tell of the same curvature."""
_AGREE = 0.15
"""Decades within which they must."""


def suggestions(ramp: Ramp) -> dict[str, float | None]:
    """Every suggestion by name; None where the formula has no answer.

    Returns
    -------
    ``steepest``: steepest fall against the logarithm of the rate, before the minimum (fastai's `steep`).
    ``steepest_in_lr``: steepest fall against the rate itself (Lightning's `Tuner.lr_find`).
    ``valley``, ``slide``: fastai's.
    ``minimum_over_10``: a tenth of the rate with the lowest loss (fastai's `minimum`).
    ``curvature``: 1 / curvature, from the growth of the blow-up.

    Notes
    -----
    All but the last are asked about the curve as it was smoothed here, up to the explosion. The tools leave out the
    first tenth of the points; so does this.
    """
    skip = ramp.exploded // 10
    lr, loss = ramp.lr[skip : ramp.exploded], ramp.smoothed[skip : ramp.exploded]
    lowest = int(np.argmin(loss))
    return {
        "steepest": _steepest(np.log(lr[: lowest + 1]), lr, loss),
        "steepest_in_lr": _steepest(lr, lr, loss),
        "valley": _valley(lr, loss),
        "slide": _slide(lr, loss),
        "minimum_over_10": float(lr[lowest]) / 10.0,
        "curvature": _curvature(ramp),
    }


def _steepest(axis: Floats, lr: Floats, loss: Floats) -> float | None:
    """Rate at which the loss falls fastest along an axis, which may be shorter than the curve."""
    if axis.size < 2:
        return None
    slope = np.gradient(loss[: axis.size], axis)
    at = int(np.argmin(slope))
    return float(lr[at]) if slope[at] < 0.0 else None


def _valley(lr: Floats, loss: Floats) -> float | None:
    """Half-way along the longest falling sequence of losses (not necessarily neighbours), as fastai counts it."""
    tails: list[float] = []  # the least steep end of a falling sequence of each length, as its negative
    best, end = 1, 0
    for position, value in enumerate((-loss).tolist()):
        length = bisect.bisect_left(tails, value)
        tails[length : length + 1] = [value]
        if length + 1 > best:
            best, end = length + 1, position
    start, third = end - best, best / 3
    at = start + int(third) + int(third / 2)
    return float(lr[at]) if 0 <= at < lr.size else None


def _slide(lr: Floats, loss: Floats) -> float | None:
    """From the right, the first rate at which the slope stops changing (fastai's `slide`)."""
    if loss.size <= _SLIDE_POINTS + 1:
        return None
    slope = np.gradient(loss)
    right, left = slope[::-1][:-_SLIDE_POINTS], slope[::-1][_SLIDE_POINTS:]
    steady = np.flatnonzero(np.abs(right - left) <= _SLIDE_CHANGE)
    moved = int(steady[0]) if steady.size else right.size
    return float(lr[::-1][_SLIDE_POINTS + max(moved - 1, 0)])


def _curvature(ramp: Ramp) -> float | None:
    """1 / curvature from the growth of the loss, where consecutive steps of a blow-up agree on it.

    On a quadratic the error along a direction of curvature c is multiplied by 1 - lr c at each step of gradient
    descent, so the loss by q = (1 - lr c)^2; where it grows, c = (1 + sqrt(q)) / lr. The floor of the loss is taken
    off first. Holds for plain gradient descent near a quadratic; other blow-ups disagree with themselves.
    """
    if not ramp.every_step:
        return None
    start, lowest = ramp.to_loss(np.array([ramp.start, ramp.lowest]))
    above = ramp.loss[ramp.bottom :] - lowest
    with np.errstate(all="ignore"):
        growth = above[1:] / above[:-1]
        curvature = np.log10((1.0 + np.sqrt(growth)) / ramp.lr[ramp.bottom : -1])
    high = (above[:-1] > 1.5 * (start - lowest)) & (growth > 1.0) & np.isfinite(curvature)
    places = np.flatnonzero(high)
    if places.size < _GROWING:
        return None
    together = np.lib.stride_tricks.sliding_window_view(places, _GROWING)
    for window in together[np.ptp(together, axis=1) == _GROWING - 1]:
        if float(np.ptp(curvature[window])) <= _AGREE:
            return float(10.0 ** -np.median(curvature[window])) if math.isfinite(curvature[window].sum()) else None
    return None
