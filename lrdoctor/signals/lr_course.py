"""Where a logged rate does what no schedule means it to do: numbers for the lints of schedules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import Unavailable
from lrdoctor.signals._shapes import EQUAL, _misfits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrdoctor.records import Series
    from lrdoctor.signals.curve import Curve
    from lrdoctor.signals.schedule import Schedule

    Floats = NDArray[np.float64]

_NOTHING = 1e-12
"""Share of the peak that is lost in the last digits."""
_FINE = 1e-3
"""A log that rounds to less than this share of the peak shows a small rate as such, not as zero."""
_SAME = 1e-6
"""Rates that differ by less, as a share of the peak, are one level."""


@dataclass(frozen=True, slots=True)
class LrCourse:
    """What a rate does besides following its schedule; shares are of the logged run, rates of the peak.

    Parameters
    ----------
    negative, negative_step
        Lowest rate below zero (0 if none), and where it first is.
    zero_share, zero_from, zero_to
        Longest stretch at exactly zero, and its steps; 0 where the log only rounds small rates to zero.
    jump, jump_step, jump_from, jump_to
        Largest unplanned climb: its ratio (1 if none), where, and the rates before and after it. Not a climb: a
        warm-up, a cycle, a restart at the end of a decay.
    gone_at
        Share of the run (after the warm-up) by which the rate was below a thousandth of its peak for good; NaN if
        never.
    falls
        Marked falls between neighbouring points up to there.
    ended_at
        Share of the run by which a decay had come to its end, the rate standing still since; NaN where it falls to
        the end.
    mirror
        Greatest difference between the rate and itself backwards, if it begins at its peak and falls to nothing in
        the middle; NaN otherwise.
    squared
        Root mean square misfit of a squared cosine; NaN where the rate does not fall to nothing.
    levels, held
        Number of different levels, and share of the points at which the rate stays as it was.
    rounded
        Whether the levels are but those that the log rounds to.
    """

    negative: float
    negative_step: int
    zero_share: float
    zero_from: int
    zero_to: int
    jump: float
    jump_step: int
    jump_from: float
    jump_to: float
    gone_at: float
    falls: int
    ended_at: float
    mirror: float
    squared: float
    levels: int
    held: float
    rounded: bool


def lr_course(lr: Series, schedule: Schedule) -> LrCourse:
    """Measure what the logged rate does besides following its schedule.

    Raises
    ------
    Unavailable
        Fewer than five finite points.
    """
    finite = np.isfinite(lr.value)
    step, rate = lr.step[finite], lr.value[finite]
    if rate.size < 5 or step[-1] <= step[0]:
        raise Unavailable("too few points of the learning rate")
    r = np.maximum(rate, -1e6 * schedule.peak) / schedule.peak
    unit = _unit_of(rate)
    zero = _longest_zero(step, r) if unit < _FINE * schedule.peak else None
    steps = np.abs(np.diff(rate))
    moves = steps[steps > _SAME * schedule.peak]
    jump = _jump(r, schedule.kind)
    top = int(np.argmax(r >= 1.0 - EQUAL / 2))
    axis = (step - step[0]) / (step[-1] - step[0])
    gone_at, falls = _gone(step, r, top)
    below = np.flatnonzero(r < -_NOTHING)
    return LrCourse(
        negative=float(r.min()) if below.size else 0.0,
        negative_step=int(step[below[0]]) if below.size else 0,
        zero_share=float(axis[zero[1]] - axis[zero[0]]) if zero else 0.0,
        zero_from=int(step[zero[0]]) if zero else 0,
        zero_to=int(step[zero[1]]) if zero else 0,
        jump=float(r[jump + 1]) / float(r[jump]) if jump is not None else 1.0,
        jump_step=int(step[jump + 1]) if jump is not None else 0,
        jump_from=float(rate[jump]) if jump is not None else 0.0,
        jump_to=float(rate[jump + 1]) if jump is not None else 0.0,
        gone_at=gone_at,
        falls=falls,
        ended_at=_ended(axis, r, top),
        mirror=_mirror(axis, r),
        squared=_squared(axis[top:], r[top:]),
        levels=1 + int(moves.size),
        held=1.0 - moves.size / steps.size,
        rounded=bool(moves.size) and float(np.median(moves)) < 2.0 * unit,
    )


def _longest_zero(step: NDArray[np.int64], r: Floats) -> tuple[int, int] | None:
    """First and last index of the longest stretch at zero; None where there is none."""
    zero = r == 0.0
    if not zero.any() or zero.all():
        return None
    edges = np.flatnonzero(np.diff(np.concatenate([[False], zero, [False]]).astype(np.int8)))
    begin, end = edges[::2], edges[1::2] - 1
    longest = int(np.argmax(step[end] - step[begin]))
    first, last = int(begin[longest]), int(end[longest])
    return first, last


def _unit_of(rate: Floats) -> float:
    """Decimal unit that all rates are multiples of: what the log rounds to."""
    with np.errstate(over="ignore", invalid="ignore"):
        for decimals in range(16):
            if np.abs(np.round(rate, decimals) - rate).max() < 1e-5 * 10.0**-decimals:
                return float(10.0**-decimals)
    return 0.0


def _jump(r: Floats, kind: str) -> int | None:
    """Index before the largest unplanned climb."""
    change = np.diff(r)
    cycling = kind == "cyclical" and np.count_nonzero(change > EQUAL) > 3
    if cycling or kind in ("range_test", "warmup", "warmup_constant", "constant"):
        return None
    peak_so_far = np.maximum.accumulate(r)
    before = r[:-1]
    climbs = np.flatnonzero((change >= 0.1) & (before > 0.0) & (before < 0.9 * peak_so_far[:-1]))
    found = [int(i) for i in climbs if i and change[i - 1] <= _SAME and _unplanned(r, int(i))]
    return max(found, key=lambda i: float(r[i + 1]) / float(r[i])) if found and len(climbs) <= 3 else None


def _unplanned(r: Floats, at: int) -> bool:
    """Say whether a climb comes in the midst of a descent, or takes back a cut of a staircase.

    A planned restart comes at the end of a decay, where the rate hardly falls any more or is next to nothing.
    """
    highest = int(np.argmax(r[: at + 1]))
    fallen = r[highest : at + 1]
    drops = -np.diff(fallen)
    if drops.size < 2 or r[at + 1] < 1.3 * r[at]:
        return False
    stairs = float(np.mean(np.abs(drops) <= _SAME)) > 0.5 and float(drops.max()) > 0.2 * r[highest]
    if stairs:
        return float(np.abs(fallen - r[at + 1]).min()) <= EQUAL
    mean = (r[highest] - r[at]) / drops.size
    return bool(r[at] >= 0.15 and drops[-1] >= 0.4 * mean)


def _gone(step: NDArray[np.int64], r: Floats, top: int) -> tuple[float, int]:
    """When the rate was below a thousandth for good, and in how many falls it came there."""
    high = np.flatnonzero(r >= 1e-3)
    at = int(high[-1]) + 1 if high.size else 0
    left = int(step[-1] - step[top])
    if at >= r.size or at <= top or left <= 0:
        return float("nan"), 0
    falls = int(np.count_nonzero(np.diff(r[top : at + 1]) < -EQUAL * r[top:at]))
    return float(step[at] - step[top]) / left, falls


def _ended(axis: Floats, r: Floats, top: int) -> float:
    """Where a decay that was smooth to its end came to it."""
    moving = np.flatnonzero(np.abs(np.diff(r)) > _SAME)
    if not moving.size or moving[-1] + 1 >= r.size - 1:
        return float("nan")
    at = int(moving[-1]) + 1
    fall = np.diff(r[top : at + 1])
    smooth = fall.size >= 4 and bool((fall <= _SAME).all()) and float(-fall.min()) < 0.5
    return float(axis[at]) if smooth and r[at] <= 0.02 else float("nan")


def _mirror(axis: Floats, r: Floats) -> float:
    """How far the rate is from its mirror image in time."""
    lowest = float(axis[np.argmin(r)])
    if r[0] < 0.98 or r[-1] < 0.9 or abs(lowest - 0.5) > 0.03 or r.min() > 0.05:
        return float("nan")
    return float(np.abs(np.interp(1.0 - axis, axis, r) - r).max())


def _squared(axis: Floats, r: Floats) -> float:
    """Misfit of a squared cosine over the whole decay."""
    if r.size < 8 or axis[-1] <= axis[0] or r[-1] > 0.02 or r.min() < 0.0:
        return float("nan")
    t = (axis - axis[0]) / (axis[-1] - axis[0])
    return float(_misfits(np.sqrt(r), (1.0 + np.cos(np.pi * t))[None] / 2.0)[0])


@dataclass(frozen=True, slots=True)
class Restarts:
    """What restarts of the rate did to the loss; levels on the judged scale.

    Parameters
    ----------
    count
        Restarts within the run.
    before, after
        Level at the end of the last cycle but one, and of the last that ended (or of the run).
    error
        Standard error of their difference.
    peak
        Highest level between the two.
    first_step, last_step
        From the last restart to where `after` was measured.
    """

    count: int
    before: float
    after: float
    error: float
    peak: float
    first_step: int
    last_step: int


def lr_restarts(lr: Series, schedule: Schedule, curve: Curve) -> Restarts:
    """Compare the ends of the last two cycles.

    Raises
    ------
    Unavailable
        The rate is never restarted, or too few points of the loss belong to a cycle.
    """
    if schedule.kind != "restarts" or lr.unit != curve.unit:
        raise Unavailable("the learning rate is never restarted")
    finite = np.isfinite(lr.value)
    step, r = lr.step[finite], lr.value[finite] / schedule.peak
    jumps = np.flatnonzero(np.diff(r) > 0.3)
    begins = step[jumps + 1] if jumps.size else step[:0]
    if not begins.size:
        raise Unavailable("the learning rate is never restarted")
    bounds = [int(step[0]), *(int(b) for b in begins), int(step[-1]) + 1]
    if bounds[-1] - bounds[-2] < 0.5 * (bounds[-2] - bounds[-3]) and len(bounds) > 3:
        bounds.pop()  # hardly begun: the cycle before it is the last
    levels, errors = [], []
    for first, last in ((bounds[-3], bounds[-2]), (bounds[-2], bounds[-1])):
        z = curve.z[(curve.step >= last - 0.15 * (last - first)) & (curve.step < last)]
        if z.size < 3:
            raise Unavailable("too few points of the loss at the end of a cycle")
        levels.append(float(np.median(z)))
        errors.append(1.2533 * float(np.std(z)) / np.sqrt(z.size))
    inside = curve.block_z[(curve.block_step >= bounds[-2]) & (curve.block_step < bounds[-1])]
    return Restarts(
        count=int(begins.size), before=levels[0], after=levels[1], error=float(np.hypot(*errors)),
        peak=float(inside.max()) if inside.size else levels[1], first_step=bounds[-2], last_step=bounds[-1] - 1,
    )  # fmt: skip


SIGNALS = (lr_course, lr_restarts)
