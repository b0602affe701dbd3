"""The loss against the rate of a range test: smoothed, and divided into its regions.

The rate only rises in it, so that a position along the ramp is a rate. Losses are looked at as they are, not on a log
scale: what counts in the end is how much of the loss a rate takes away.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from lrdoctor.errors import Unavailable
from lrdoctor.signals._stats import bounded, median, robust_sigma

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

RegionKind = Literal["flat", "descent", "minimum", "ascent", "explosion"]

FEWEST = 4
"""Rates with a finite loss below which there is no curve."""
MOST_POINTS = 400
"""Longer ramps are averaged over neighbouring rates first: no range test has more to say than that."""
_WIDTHS = (0.7, 1.0, 1.5, 2.0, 3.0, 4.5, 6.5, 9.0, 13.0, 18.0, 25.0)
"""Widths of the smoothing kernel that are tried, in points."""
_EDGE = 0.1
"""Share of the fall by which the flat part ends, and within which the minimum lies."""
_LOG_RANGE = 3.0
"""A positive loss whose level changes by more than this factor is looked at on a log scale."""
_OUTLIER = 8.0
"""Deviations from the running median, in robust standard deviations, beyond which a point is not smoothed in."""


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of the ramp: first and last position in its arrays, both included."""

    kind: RegionKind
    first: int
    last: int


@dataclass(frozen=True, slots=True, eq=False)
class Ramp:
    """A range test, ready to be judged.

    Parameters
    ----------
    lr
        float64 [n], rising; at most `MOST_POINTS`.
    position
        int64 [n], of each point in what was given.
    loss
        float64 [n], as logged; not finite after a blow-up.
    scale
        "log" where a positive loss changes by more than a factor of three, as for any curve (`signals.curve`).
    z
        float64 [n], the smoothed loss on that scale; NaN from the explosion on.
    start, lowest
        Its level at the smallest rates, and its minimum.
    noise
        Standard deviation of single points about it before the explosion.
    bottom
        Position of the minimum of the smoothed curve.
    exploded
        Position from which on the loss was above its start by as much as it had been below it, or not finite; n if
        it never was.
    every_step
        Whether each point is one step; False where neighbours had to be averaged.
    """

    lr: Floats
    position: NDArray[np.int64]
    loss: Floats
    scale: Literal["linear", "log"]
    z: Floats
    start: float
    lowest: float
    noise: float
    bottom: int
    exploded: int
    every_step: bool

    def __len__(self) -> int:
        return int(self.lr.size)

    @property
    def log_lr(self) -> Floats:
        """log10 of the rate, float64 [n]."""
        return np.log10(self.lr)

    @property
    def smoothed(self) -> Floats:
        """The smoothed loss itself, float64 [n]."""
        return self.to_loss(self.z)

    def to_loss(self, z: Floats) -> Floats:
        """Back from the judged scale to the loss."""
        return np.exp(z) if self.scale == "log" else z

    @property
    def fall(self) -> float:
        """How far the smoothed loss fell from its start."""
        return self.start - self.lowest

    @property
    def clearness(self) -> float:
        """The fall in standard deviations of single points; infinite where there is no noise at all."""
        if self.fall <= 0.0:
            return 0.0
        return self.fall / self.noise if self.noise > 0.0 else math.inf

    @property
    def rise(self) -> float:
        """How far the smoothed loss came up again before the explosion, if there was one."""
        return float(self.z[self.bottom : self.exploded].max()) - self.lowest

    @property
    def end(self) -> int:
        """Position of the explosion; of the last point where there is none."""
        return min(self.exploded, len(self) - 1)


def make_ramp(lr: Floats, loss: Floats) -> Ramp:
    """Smooth a range test, and find its minimum and its explosion.

    Parameters
    ----------
    lr
        float64 [n], positive and not falling.
    loss
        float64 [n]; NaN and infinity are a blow-up at the end, and are left out elsewhere.

    Raises
    ------
    Unavailable
        Fewer than `FEWEST` rates have a finite loss.
    """
    lr, position, loss, every_step = _condensed(lr, loss)
    finite = np.isfinite(loss)
    count = int(finite.sum())
    if count < FEWEST:
        raise Unavailable(f"only {count} of the rates have a finite loss")
    kept = finite | (np.arange(loss.size) > np.flatnonzero(finite)[-1])
    lr, position, loss = lr[kept], position[kept], loss[kept]
    values = bounded(loss[:count])
    exploded = max(_explosion(values, _running_median(values)), FEWEST)
    values = values[:exploded]
    level = _running_median(values)
    scale: Literal["linear", "log"] = "linear"
    if values.min() > 0.0 and level.max() > _LOG_RANGE * level.min():
        scale, values, level = "log", np.log(values), np.log(level)
    off = np.abs(values - level)
    smooth = _smooth(np.where(off > _OUTLIER * max(robust_sigma(values - level), 1e-300), level, values))
    bottom = int(np.argmin(smooth))
    return Ramp(
        lr=lr, position=position, loss=loss, scale=scale, start=median(smooth[: max(3, exploded // 20)]),
        z=np.concatenate([smooth, np.full(lr.size - exploded, np.nan)]), lowest=float(smooth[bottom]),
        noise=float(np.std(values - smooth)), bottom=bottom, exploded=exploded, every_step=every_step,
    )  # fmt: skip


def regions(ramp: Ramp, clear: float) -> tuple[Region, ...]:
    """Divide a ramp; regions that do not occur are left out.

    Parameters
    ----------
    ramp
        To divide.
    clear
        Clearness from which on its fall counts; below it all is flat until the loss is above its start.
    """
    ends: list[tuple[RegionKind, int]]
    last, bottom = len(ramp) - 1, ramp.bottom
    before, after = ramp.z[: bottom + 1], ramp.z[bottom : ramp.exploded]
    if ramp.clearness < clear:
        over = ramp.z[: ramp.exploded] > ramp.start + max(ramp.noise, _EDGE * ramp.fall)
        ends = [("flat", _trailing(over) - 1), ("ascent", ramp.exploded - 1), ("explosion", last)]
    else:
        margin = _EDGE * ramp.fall
        flat, falling = (_last(before > level) for level in (ramp.start - margin, ramp.lowest + margin))
        rising = bottom + _trailing(after > ramp.lowest + margin)
        ends = [("flat", flat), ("descent", falling), ("minimum", rising - 1), ("ascent", ramp.exploded - 1),
                ("explosion", last)]  # fmt: skip
    return tuple(_stretches(ends))


def _stretches(ends: list[tuple[RegionKind, int]]) -> Iterator[Region]:
    first = 0
    for kind, last in ends:
        if last >= first:
            yield Region(kind, first, last)
            first = last + 1


def _last(mask: NDArray[np.bool_]) -> int:
    """Last position at which the mask holds; -1 if there is none."""
    there = np.flatnonzero(mask)
    return int(there[-1]) if there.size else -1


def _trailing(mask: NDArray[np.bool_]) -> int:
    """Position from which on the mask holds to the end; its length if it does not hold at the end."""
    return _last(~mask) + 1


def _condensed(lr: Floats, loss: Floats) -> tuple[Floats, NDArray[np.int64], Floats, bool]:
    """One point for each rate (accumulated batches share one), and no more than `MOST_POINTS`."""
    new = np.flatnonzero(np.diff(lr, prepend=-1.0) > 0)
    if new.size > MOST_POINTS:
        new = new[np.linspace(0, new.size, MOST_POINTS, endpoint=False).astype(np.int64)]
    if new.size == lr.size:
        return lr, np.arange(lr.size), loss, True
    count = np.diff(np.append(new, lr.size))
    with np.errstate(invalid="ignore", over="ignore"):
        mean = np.add.reduceat(loss, new) / count
    return 10.0 ** (np.add.reduceat(np.log10(lr), new) / count), new, mean, False


def _running_median(values: Floats) -> Floats:
    """Median over five neighbours; over three, or none, in short ramps.

    A first point that is off is one among its neighbours; at the end, where the loss climbs, the last ones count.
    """
    half = 2 if values.size >= 25 else 1 if values.size >= 8 else 0
    padded = np.concatenate([values[half:0:-1], values, np.repeat(values[-1:], half)])
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), axis=1))


def _explosion(values: Floats, level: Floats) -> int:
    """Position from which on the loss is above its start by as much as it had come down, or by a tenth; n if never."""
    start = median(values[: max(3, values.size // 20)])
    best = int(np.argmin(level))
    cap = start + max(start - float(level[best]), 0.1 * abs(start), 6.0 * robust_sigma(values - level))
    over = np.flatnonzero(level[best:] > cap)
    position = best + int(over[0]) if over.size else values.size
    while position > FEWEST and values[position - 1] > cap:  # the median is late by a point or two
        position -= 1
    return position


def _smooth(values: Floats) -> Floats:
    """Local linear regression with the Gaussian kernel whose width predicts left-out points best.

    Fan & Gijbels 1996, "Local Polynomial Modelling and Its Applications"; the width by leave-one-out
    cross-validation.
    """
    place = np.arange(values.size, dtype=np.float64)
    apart = place[:, None] - place
    best, least = values, math.inf
    for width in _WIDTHS:
        if width > max(values.size / 8, _WIDTHS[0]):
            break
        kernel = np.exp(-0.5 * (apart / width) ** 2)
        first, second = ((kernel * apart**power).sum(axis=1, keepdims=True) for power in (1, 2))
        weight = kernel * (second - apart * first)
        weight /= weight.sum(axis=1, keepdims=True)
        fitted = weight @ values
        left_out = (values - fitted) / np.maximum(1.0 - np.diag(weight), 1e-6)
        error = float(np.mean(np.minimum(np.abs(left_out), 1e100) ** 2))
        if error < least:
            best, least = fitted, error
    return best
