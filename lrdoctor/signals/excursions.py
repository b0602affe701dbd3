"""Departures of the loss from the level it had reached: spikes that come back, and one that does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.signals._stats import quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrdoctor.signals.curve import Curve
    from lrdoctor.signals.descent import Descent
    from lrdoctor.signals.noise import Noise

    Floats = NDArray[np.float64]

MIN_SIGMA = 6.0
"""What counts as a departure at all: this many robust sigma above the level reached (normal noise: 1 in 10^9)."""
_TAIL_MARGIN = 2.0
"""...and this multiple of the 99th percentile of the run's own scatter, so that heavy-tailed noise makes none."""
_UNDONE, _LEAP = 0.35, 5.0
"""...or, in the loss itself, a leap that undoes this share of the way from the start to the level reached, and is
this many times the 98th percentile of all leaps (log-normal noise of a factor of two reaches three times)."""


@dataclass(frozen=True, slots=True)
class Excursion:
    """One departure from the level reached.

    Parameters
    ----------
    first_step, peak_step, last_step
        Where it leaves the level, peaks, and is back (or the log ends).
    height
        z at the peak less the level reached before, on the judged scale.
    ratio
        Loss at the peak over the loss reached before, for positive losses; NaN otherwise.
    share_of_progress
        Height over all progress of the run.
    points, duration
        Logged points in it, and the share of the run it lasts.
    position
        Where it begins, 0 to 1 of the run.
    recovered
        True if the loss came back by at least two thirds of the height.
    abrupt
        Share of the height that is gained in the steepest tenth of a run length before the peak.
    """

    first_step: int
    peak_step: int
    last_step: int
    height: float
    ratio: float
    share_of_progress: float
    points: int
    duration: float
    position: float
    recovered: bool
    abrupt: float


def excursions(curve: Curve, noise: Noise, descent: Descent, residuals: Floats) -> tuple[Excursion, ...]:
    """Find departures of the loss above the lowest level reached so far, largest first (at most 64 are described)."""
    n = len(curve)
    if n < 5:
        return ()
    reached = reached_level(curve)
    above = curve.z - reached
    floor = max(MIN_SIGMA * max(noise.sigma, _early(curve, noise)), _TAIL_MARGIN * quantile(np.abs(residuals), 0.99))
    floor = max(floor, 1e-9 * max(abs(float(curve.z[0])), 1e-300))
    high = (above > floor) | (_undoing(curve, descent) & (above > 0.0))
    if not high.any():
        return ()
    progress = max(descent.progress, 1e-300)
    return tuple(_describe(curve, above, reached, begin, end, progress) for begin, end in _stretches(high, above)[:64])


def _undoing(curve: Curve, descent: Descent) -> NDArray[np.bool_]:
    """Rare points that undo much of the progress in the loss itself, where the curve is judged by its logarithm.

    A loss that leaps back towards its start again and again has so wide a scatter on the log scale that no single leap
    stands out there.
    """
    if curve.scale != "log":
        return np.zeros(len(curve), dtype=bool)
    before, counts = _reached_blocks(curve)
    level, start = np.repeat(np.exp(before), counts), curve.to_loss(descent.start)
    leap = curve.loss - level
    half = (start - curve.to_loss(descent.best)) / 2.0  # before half of it is made, there is little to undo
    undoing = np.asarray(leap > _UNDONE * np.maximum(start - level, half))
    return undoing & (leap > _LEAP * quantile(leap[leap.size // 3 :], 0.98)) if undoing.any() else undoing


def _early(curve: Curve, noise: Noise) -> float:
    """The early scatter counts where it is measured apart from the early descent, i.e. on dense logs."""
    return noise.early_sigma if curve.block_size >= 3 else 0.0


def reached_level(curve: Curve) -> np.ndarray:
    """Lowest block level before each point's own block, from the first point on; float64 [n]."""
    return np.repeat(*_reached_blocks(curve))


def _reached_blocks(curve: Curve) -> tuple[Floats, NDArray[np.int64]]:
    """The same for each block, and how many points have it."""
    lowest = np.minimum.accumulate(curve.block_z)
    before = np.concatenate([[curve.z[0]], lowest[:-1]])
    behind = np.searchsorted(curve.step, curve.block_step, side="right")  # points up to the middle of each block
    counts = np.diff(behind, prepend=0)
    counts[-1] += curve.step.size - behind[-1]
    return before, counts


def _stretches(high: np.ndarray, above: np.ndarray) -> list[tuple[int, int]]:
    """Runs of points above the floor, joined where the curve does not come down between them; highest first."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], high.view(np.int8), [0]])))
    stretches: list[tuple[int, int]] = []
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if stretches:
            before = stretches[-1]
            gap = above[before[1] : begin]
            peak = min(float(above[before[0] : before[1]].max()), float(above[begin:end].max()))
            if gap.size and gap.min() > 0.5 * peak:
                stretches[-1] = (before[0], end)
                continue
        stretches.append((begin, end))
        if len(stretches) >= 4096:  # far more than anyone will read; the count saturates
            break
    return sorted(stretches, key=lambda pair: -float(above[pair[0] : pair[1]].max()))


def _describe(curve: Curve, above: np.ndarray, reached: np.ndarray, begin: int, end: int, progress: float) -> Excursion:
    peak = begin + int(np.argmax(above[begin:end]))
    height = float(above[peak])
    after = above[peak:]
    back = np.flatnonzero(after < height / 3.0)
    last = peak + (int(back[0]) if back.size else after.size - 1)
    span = max(int(curve.step[-1] - curve.step[0]), 1)
    window = curve.step[peak] - max(span // 50, 1)
    lead = max(int(np.searchsorted(curve.step, window)), 0)
    lead = min(lead, peak - 1) if peak else 0
    positive = float(reached[peak]) if curve.scale == "log" else float(reached[begin])
    loss_before = curve.to_loss(positive)
    return Excursion(
        first_step=int(curve.step[begin]),
        peak_step=int(curve.step[peak]),
        last_step=int(curve.step[last]),
        height=height,
        ratio=float(curve.loss[peak]) / loss_before if loss_before > 0 else float("nan"),
        share_of_progress=height / progress,
        points=last - begin + (0 if back.size else 1),
        duration=float(curve.step[last] - curve.step[begin]) / span,
        position=float(curve.step[begin] - curve.step[0]) / span,
        recovered=bool(back.size),
        abrupt=float((above[peak] - max(above[lead], 0.0)) / height),
    )


SIGNALS = (excursions,)
