"""Recognise the schedule from the learning rates that were logged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from lrdoctor.records import Hyperparameter, Series

    Floats = NDArray[np.float64]

_EQUAL = 0.01
"""Rates closer than this share of the peak are the same rate: logs print as few as three digits."""
_CUT = 0.75
"""A fall to less than this share between two logged points, flat on both sides, is a cut."""


@dataclass(frozen=True, slots=True)
class Cut:
    """An abrupt fall of the rate: at which step, and to what share of the rate before."""

    step: int
    factor: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """The course of the learning rate.

    Parameters
    ----------
    kind
        constant, warmup, warmup_constant, linear, cosine, exponential, polynomial, inverse_sqrt, step,
        plateau_triggered, cooldown (constant, then decay), one_cycle, restarts, cyclical, range_test or other; with
        the prefix ``warmup_`` where a decay follows a warm-up.
    peak, first, last
        Rates; `last` is the one in force at the end.
    warmup_steps, warmup_fraction
        Length of the rise to the peak; fraction of the logged run.
    final_fraction
        last / peak.
    decayed_since
        Share of the run at the end during which the rate was below 1 % of the peak.
    decayed_step
        Step from which on it was.
    cuts
        Abrupt falls.
    period
        Steps between restarts or cycles; 0 where there are none.
    residual
        Root mean square misfit of the recognised shape, as a share of the peak.
    logged
        False where the kind comes from the configuration alone.
    last_step
        Last logged step.
    """

    kind: str
    peak: float
    first: float
    last: float
    warmup_steps: int
    warmup_fraction: float
    final_fraction: float
    decayed_since: float
    decayed_step: int
    cuts: tuple[Cut, ...]
    period: float
    residual: float
    logged: bool
    last_step: int


def schedule(lr: Series | None, hyperparameters: Mapping[str, Hyperparameter]) -> Schedule:
    """Recognise the schedule from the logged rate, or take its name from the configuration.

    Raises
    ------
    Unavailable
        Neither is there.
    """
    if lr is None:
        return _configured(hyperparameters)
    finite = np.isfinite(lr.value)
    step, rate = lr.step[finite], lr.value[finite]
    if rate.size == 0:
        raise Unavailable("the learning rate is nowhere finite")
    peak = float(rate.max())
    if peak <= 0.0:
        raise Unavailable("the learning rate is nowhere above zero")
    relative = rate / peak
    span = max(int(step[-1] - step[0]), 1)
    top = int(np.argmax(relative >= 1.0 - _EQUAL / 2))
    rising = top > 0 and relative[0] < 0.9 and bool(np.all(np.diff(relative[: top + 1]) > -_EQUAL))
    low = relative < 0.01
    decayed = _trailing(low)
    kind, period, residual = _kind(step, relative, top if rising else 0)
    return Schedule(
        kind=kind, peak=peak, first=float(rate[0]), last=float(rate[-1]),
        warmup_steps=int(step[top] - step[0]) if rising else 0,
        warmup_fraction=float(step[top] - step[0]) / span if rising else 0.0, final_fraction=float(relative[-1]),
        decayed_since=float(step[-1] - step[decayed]) / span if decayed < rate.size else 0.0,
        decayed_step=int(step[min(decayed, rate.size - 1)]), cuts=_cuts(step, relative), period=period,
        residual=residual, logged=True, last_step=int(step[-1]),
    )  # fmt: skip


def _configured(hyperparameters: Mapping[str, Hyperparameter]) -> Schedule:
    name, rate = hyperparameters.get("schedule"), hyperparameters.get("lr")
    if not isinstance(name, str):
        raise Unavailable("no learning-rate series, and no schedule in the configuration")
    peak = float(rate) if isinstance(rate, int | float) else float("nan")
    return Schedule(
        kind=name, peak=peak, first=peak, last=float("nan"), warmup_steps=0, warmup_fraction=0.0,
        final_fraction=float("nan"), decayed_since=0.0, decayed_step=0, cuts=(), period=0.0, residual=float("nan"),
        logged=False, last_step=0,
    )  # fmt: skip


def _trailing(mask: NDArray[np.bool_]) -> int:
    """Index from which on the mask holds to the end; its length if it does not hold at the end."""
    misses = np.flatnonzero(~mask)
    return int(misses[-1]) + 1 if misses.size else 0


def _cuts(step: NDArray[np.int64], relative: Floats) -> tuple[Cut, ...]:
    """Abrupt falls with the rate flat before and after them (a smooth decay logged rarely is none)."""
    before, after = relative[:-1], relative[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(before > 0, after / before, 1.0)
    flat = np.abs(np.diff(relative, prepend=relative[0])) <= _EQUAL * np.maximum(relative, 1e-12)
    found = np.flatnonzero(factor < _CUT)
    return tuple(
        Cut(int(step[i + 1]), float(factor[i]))
        for i in found[:64]
        if flat[i] and (i + 2 >= relative.size or flat[i + 2])
    )


def _kind(step: NDArray[np.int64], relative: Floats, top: int) -> tuple[str, float, float]:
    """Name of the shape, its period, and the misfit."""
    n = relative.size
    if n < 2 or float(np.ptp(relative)) <= _EQUAL:
        return "constant", 0.0, 0.0
    change = np.diff(relative)
    if top == n - 1 and top > 0:
        return _ramp(relative), 0.0, 0.0
    prefix = "warmup_" if top else ""
    rest, steps = relative[top:], step[top:].astype(np.float64)
    rises = np.flatnonzero(change[top:] > 5 * _EQUAL)
    if rises.size:
        return _repeating(steps, rest, rises)
    if float(np.ptp(rest)) <= _EQUAL:
        return f"{prefix}constant", 0.0, 0.0
    jumps = np.flatnonzero(np.diff(rest) < -_EQUAL * np.maximum(rest[1:], 1e-12) * 2)
    levels = _staircase(rest, jumps)
    if levels:
        regular = jumps.size <= 2 or float(np.std(np.diff(steps[jumps]))) <= 0.2 * float(np.mean(np.diff(steps[jumps])))
        factors = rest[jumps + 1] / np.maximum(rest[jumps], 1e-300)
        same = float(np.ptp(factors)) < 0.05
        return (f"{prefix}step" if regular or not same else "plateau_triggered"), 0.0, 0.0
    kind, residual = _smooth(steps, rest)
    total = float(step[-1] - step[0])
    risen = float(step[top] - step[0]) / max(total, 1.0)
    if top and kind in ("cosine", "linear") and risen >= 0.15 and 0.01 < relative[0] and relative[-1] < relative[0] * 0.5:
        return "one_cycle", 0.0, residual
    return prefix + kind, 0.0, residual


def _ramp(relative: Floats) -> str:
    """A rate that rises to the very end: an exponential ramp over two decades is a range test, else a warm-up."""
    if relative.size < 5 or relative[0] <= 0 or relative[-1] < 100 * relative[0]:
        return "warmup"
    x = np.linspace(0.0, 1.0, relative.size)
    logs = np.log(relative)
    misfit = float(np.std(logs - np.polyval(np.polyfit(x, logs, 1), x)))
    return "range_test" if misfit < 0.1 * float(np.ptp(logs)) else "warmup"


def _repeating(steps: Floats, rest: Floats, rises: NDArray[np.int64]) -> tuple[str, float, float]:
    """Restarts (the rate jumps back up) or a cycle (it climbs back)."""
    starts = rises[np.concatenate([[True], np.diff(rises) > 1])]
    period = float(np.median(np.diff(steps[starts]))) if starts.size > 1 else float(steps[starts[0]] - steps[0])
    climbing = rises.size > 3 * starts.size
    if climbing:
        return "cyclical", period, 0.0
    jump = float(np.median(rest[starts + 1] - rest[starts]))
    return ("restarts" if jump > 0.3 else "other"), period, 0.0


def _staircase(rest: Floats, jumps: NDArray[np.int64]) -> bool:
    """Few distinct levels, each held for a while and left by a marked fall."""
    if not jumps.size:
        return False
    held = np.abs(np.diff(rest)) <= 1e-6
    marked = float(np.median(rest[jumps + 1] / np.maximum(rest[jumps], 1e-300))) <= 0.95
    return bool(marked and held.mean() >= 0.5 and jumps.size <= max(2, rest.size // 4)) or rest.size == 2


def _smooth(steps: Floats, rest: Floats) -> tuple[str, float]:
    """Fit each decay shape by least squares; the smallest misfit names it."""
    t = (steps - steps[0]) / max(steps[-1] - steps[0], 1.0)
    fits: list[tuple[float, str]] = [(_misfit(t, rest, 1.0 - t), "linear")]
    horizons = np.geomspace(1.0, 4.0, 13)
    fits.append((min(_misfit(t, rest, (1 + np.cos(np.pi * t / h)) / 2) for h in horizons) + 1e-4, "cosine"))
    fits.append((min(_misfit(t, rest, (1 - t / h) ** p) for h in horizons[:5] for p in (0.9, 2.0)) + 2e-4, "polynomial"))
    if rest.min() > 0:
        fits.append((_misfit(t, rest, np.exp(np.polyval(np.polyfit(t, np.log(rest), 1), t))) + 1e-4, "exponential"))
    if steps[0] > 0:
        fits.append((_misfit(t, rest, np.sqrt(steps[0] / steps)) + 1e-4, "inverse_sqrt"))
    hold = _trailing_hold(rest)
    if 0.2 <= t[hold] < 0.98:
        after = np.clip((t - t[hold]) / (1 - t[hold]), 0.0, 1.0)
        for shape in (1.0 - after, (1 + np.cos(np.pi * after)) / 2, 1.0 - np.sqrt(after)):
            fits.append((_misfit(t, rest, shape) + 2e-4, "cooldown"))
    residual, kind = min(fits)
    return (kind, residual) if residual < 0.03 else ("other", residual)


def _trailing_hold(rest: Floats) -> int:
    """Index of the last point that is still at the peak."""
    return int(np.flatnonzero(rest >= 1.0 - _EQUAL)[-1])


def _misfit(t: Floats, rest: Floats, shape: Floats) -> float:
    """Root mean square of rest - (a + b shape), a and b by least squares."""
    design = np.stack([np.ones_like(t), shape], axis=1)
    coefficients, *_ = np.linalg.lstsq(design, rest, rcond=None)
    return float(np.sqrt(np.mean((rest - design @ coefficients) ** 2)))


SIGNALS = (schedule,)
