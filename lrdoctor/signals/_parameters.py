"""Numbers that go with the name of a schedule: by how much, how often, to what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.signals._shapes import EQUAL, _misfits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_POINTS = 512
"""Points that a power is fitted on at most."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What else is known of a recognised schedule; NaN where its kind has no such number, or the log does not tell.

    Parameters
    ----------
    floor
        Lowest logged rate from the peak on; of a cycle the lowest at all.
    rise_steps
        Steps from the start to the highest rate; more exact than `Schedule.warmup_steps` where the rise is rounded off.
    factor
        What one cut leaves (step, plateau_triggered); what one step leaves (exponential); a cycle's peak over that of
        the one before (restarts, cyclical).
    interval
        Steps between cuts, the median.
    growth
        Length of a cycle over that of the one before (restarts).
    power
        Exponent of a polynomial decay.
    hold_steps
        Steps at the peak before the decay begins (cooldown).
    """

    floor: float = float("nan")
    rise_steps: float = 0.0
    factor: float = float("nan")
    interval: float = float("nan")
    growth: float = float("nan")
    power: float = float("nan")
    hold_steps: float = float("nan")


def parameters(
    kind: str, step: NDArray[np.int64], rate: Floats, peak: float, top: int, cuts: Sequence[tuple[int, float]]
) -> Parameters:
    """Measure the numbers of a schedule.

    Parameters
    ----------
    kind
        As recognised, see `Schedule.kind`.
    step, rate
        int64 [n]; float64 [n], over the peak, none below zero.
    peak
        Highest rate.
    top
        Index of the end of the warm-up.
    cuts
        Step and factor of each abrupt fall.
    """
    base = kind.removeprefix("warmup_")
    if top:
        highest = np.flatnonzero(rate == rate.max())
        ends = np.flatnonzero(np.diff(highest, append=rate.size + 1) > 1)
        middle = highest[ends[0] // 2] if base == "one_cycle" else highest[0]
        known = Parameters(rise_steps=float(step[middle] - step[0]))
    else:
        known = Parameters(rise_steps=_first_rise(step, rate) if base == "restarts" else 0.0)
    at, rest = step[top:].astype(np.float64), rate[top:]
    floor = peak * float(rate.min() if base == "cyclical" else rest.min())
    return replace(known, floor=floor, **_own(base, at, rest, cuts))


def _first_rise(step: NDArray[np.int64], rate: Floats) -> float:
    """Steps of a warm-up whose peak a later cycle exceeds by a little, since the peaks lie between the points."""
    turn = int(np.argmax(np.append(np.diff(rate) < 0, True)))
    return float(step[turn] - step[0]) if rate[0] < 0.9 * rate[turn] else 0.0


def _own(base: str, at: Floats, rest: Floats, cuts: Sequence[tuple[int, float]]) -> dict[str, float]:
    """Numbers that only this kind has."""
    if base in ("step", "plateau_triggered") and cuts:
        gaps = np.diff([cut for cut, _ in cuts])
        factor = float(np.median([factor for _, factor in cuts]))
        return {"factor": factor, **({"interval": float(np.median(gaps))} if gaps.size else {})}
    if base == "exponential":
        return {"factor": _per_step(at, rest)}
    if base in ("restarts", "cyclical"):
        return _cycles(at, rest)
    if base == "polynomial":
        return {"power": _power(at, rest)}
    if base == "cooldown":
        leaves = int(np.flatnonzero(rest >= rest[0] * (1 - EQUAL / 2))[-1])
        return {"hold_steps": float(at[leaves] - at[0])}
    return {}


def _per_step(at: Floats, rate: Floats) -> float:
    """exp(slope of the log rate), by least squares over the rates above zero."""
    above = rate > 0
    if above.sum() < 2 or at[above][-1] == at[above][0]:
        return float("nan")
    x = at[above] - at[above].mean()
    return float(np.exp(x @ np.log(rate[above]) / (x @ x)))


def _cycles(at: Floats, rate: Floats) -> dict[str, float]:
    """Ratios of successive lengths and peaks of cycles; the last, unfinished cycle has no length yet."""
    rising = np.diff(rate) > EQUAL * rate.max()
    begins = np.flatnonzero(rising & ~np.concatenate([[False], rising[:-1]]))
    if not begins.size:
        return {}
    tops = np.maximum.reduceat(rate, np.concatenate([[0], begins + 1]))
    starts = np.concatenate([[at[0]], at[begins + 1]])
    lengths = np.diff(starts)
    found = {"factor": float(np.median(tops[1:] / np.maximum(tops[:-1], 1e-300)))}
    if lengths.size > 1 and (lengths[:-1] > 0).all():
        found["growth"] = float(np.median(lengths[1:] / lengths[:-1]))
    return found


def _power(at: Floats, rate: Floats) -> float:
    """Exponent p of (1 - t)^p with the smallest misfit, t from 0 to 1 over the decay."""
    if rate.size > _POINTS:
        kept = np.linspace(0, rate.size - 1, _POINTS).astype(np.int64)
        at, rate = at[kept], rate[kept]
    left = 1.0 - (at - at[0]) / max(at[-1] - at[0] + float(np.median(np.diff(at))), 1.0)
    low, high = 0.2, 8.0
    for _ in range(3):
        powers = np.geomspace(low, high, 33)
        best = int(np.argmin(_misfits(rate / rate.max(), left ** powers[:, None])))
        low, high = powers[max(best - 1, 0)], powers[min(best + 1, powers.size - 1)]
    return float(powers[best])
