"""Name the shape of a learning rate over a run: a staircase, a cycle, or the decay that fits best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

EQUAL = 0.01
"""Rates closer than this share of the peak are the same rate: logs print as few as three digits."""
_RISE = 5 * EQUAL
"""A climb by more than this share of the peak is no rounding."""
_MISFIT = 0.03
"""Root mean square misfit, as a share of the peak, above which no shape fits."""
_FIT_POINTS = 128
"""Shapes are fitted on this many points at most, evenly spaced: they are smooth."""
_HORIZONS = np.geomspace(1.0, 4.0, 13)[:, None]
"""Ends of a decay that a log may stop short of, as multiples of its length."""
_PACES = np.geomspace(0.5, 500.0, 25)[:, None]
"""Decay rates of 1 / (1 + pace t), t from 0 to 1 over the log."""
_HANDICAPS = {
    "linear": 0.0, "cosine": 1e-4, "exponential": 1e-4, "inverse_sqrt": 1e-4, "polynomial": 2e-4, "cooldown": 2e-4,
    "inverse_time": 3e-4,
}  # fmt: skip
"""Added to the misfit: of shapes that fit equally well, the simplest."""


def name_shape(step: NDArray[np.int64], relative: Floats, top: int) -> tuple[str, float, float]:
    """Name the shape of a rate.

    Parameters
    ----------
    step
        int64 [n].
    relative
        float64 [n], rate over its peak.
    top
        Index at which a warm-up ends; 0 where the rate does not begin with one.

    Returns
    -------
    kind, as listed at `Schedule.kind`; period in steps (0 for none); root mean square misfit, as a share of the
    peak.
    """
    if relative.size < 2 or float(np.ptp(relative)) <= EQUAL:
        return "constant", 0.0, 0.0
    prefix = "warmup_" if top else ""
    rest, steps = relative[top:], step[top:].astype(np.float64)
    if top and float(rest[0] - rest.min()) <= EQUAL and _ends_rising(relative, top):
        return _ramp(relative), 0.0, 0.0
    again = _climbs(steps, rest)
    if again is not None:
        return *again, 0.0
    if float(np.ptp(rest)) <= EQUAL:
        return f"{prefix}constant", 0.0, 0.0
    stairs = _stairs(steps, rest)
    if stairs is not None:
        name, misfit = stairs
        return name if name == "plateau_triggered" else prefix + name, 0.0, misfit
    kind, residual = _smooth(steps, rest)
    if top and kind in ("cosine", "linear") and _one_cycle(step.astype(np.float64), relative, top):
        return "one_cycle", 0.0, residual
    if top and kind not in ("cosine", "linear"):
        phases = _three_phases(steps, rest, relative[0], steps[0] - step[0])
        if phases is not None and phases < residual:
            return "one_cycle", 0.0, phases
    return prefix + kind, 0.0, residual


def _ends_rising(relative: Floats, top: int) -> bool:
    """Whether a rate that is flat from `top` on was only there for as long as a ramp by steps stays on each level."""
    last = relative.size - top
    if last <= max(1.0, 0.02 * (relative.size - 1) + 1):
        return True
    levels = np.flatnonzero(np.diff(relative[: top + 1]) > 0) + 1
    return levels.size >= 5 and last <= 1.5 * float(np.median(np.diff(levels)))


_RAMP = 5.0
"""An exponential rise by less than this factor is no range test."""


def _ramp(relative: Floats) -> str:
    """A rate that rises to the very end: a clean exponential is a range test, as no warm-up rises so; else a
    warm-up."""
    if relative.size < 5 or relative[0] <= 0 or relative[-1] < _RAMP * relative[0]:
        return "warmup"
    x = np.linspace(0.0, 1.0, relative.size)
    logs = np.log(np.maximum(relative, 1e-300))
    misfit = _off_line(x, logs)
    if _off_line(np.log(x + 1.0 / x.size), logs) < misfit:
        return "warmup"  # by a power of the step, as Darknet's
    straight = float(_misfits(relative, x[None])[0]) < _MISFIT
    bent = 0.1 if relative[-1] >= 100 * relative[0] else 0.02  # a narrow ramp must be a clean one
    return "range_test" if misfit < bent * float(np.ptp(logs)) and not straight else "warmup"


_WARM_RESTART = 0.15
"""A climb shorter than this share of the fall is a warm-up after a restart, not half of a cycle."""


def _off_line(x: Floats, y: Floats) -> float:
    """Root mean square distance of points from their straight line."""
    return float(np.std(y - np.polyval(np.polyfit(x, y, 1), x)))


def _climbs(steps: Floats, rest: Floats) -> tuple[str, float] | None:
    """Restarts (the rate jumps back up) or a cycle (it climbs back), with the period; None where it only falls."""
    if float((rest - np.minimum.accumulate(rest)).max()) <= _RISE:
        return None
    change = np.diff(rest)
    moving = np.flatnonzero(change)
    up = change[moving] > 0
    starts = np.flatnonzero(np.diff(up, prepend=not up[0]))  # of stretches of one direction; standing still is none
    gain = np.add.reduceat(change[moving], starts)
    climbs = gain > _RISE
    if not climbs.any():
        return None
    begin = moving[starts[climbs]]
    jump = float(np.median(gain[climbs]))
    period = float(np.median(np.diff(steps[begin]))) if begin.size > 1 else float(steps[begin[0]] - steps[0])
    rising, falling = int(up.sum()), int((~up).sum())
    if rising > 0.4 * falling or (rising > 3 * begin.size and rising > _WARM_RESTART * falling):
        return "cyclical", period
    return ("restarts" if jump > 0.3 else "other"), period


def _stairs(steps: Floats, rest: Floats) -> tuple[str, float] | None:
    """Levels that are held for a while and left by marked falls; None where the rate falls smoothly.

    Many levels can be a smooth decay that is applied once per epoch, or printed with few digits: then it is named
    after that.
    """
    change = np.diff(rest)
    falls = np.flatnonzero(change < -2 * EQUAL * np.maximum(rest[1:], 1e-12))
    if not falls.size:
        return None
    if rest.size == 2:
        return "step", 0.0
    held = np.abs(change) <= 1e-6
    after = np.append(held, True)[falls + 1]
    factors = rest[falls + 1] / np.maximum(rest[falls], 1e-300)
    factor = float(np.median(factors))
    if factor > 0.95 or held.mean() < 0.5 or after.mean() < 0.5:
        return None
    alike = float(np.mean(np.abs(factors - factor) < 0.05)) >= 0.8
    levels = np.concatenate([[0], np.flatnonzero(~held) + 1])
    if levels.size >= 5 and not (alike and factor <= 0.75):
        kind, residual = _smooth(steps[levels], rest[levels])
        if kind != "other" and (kind != "exponential" or factor > 0.75):
            return kind, residual
    gaps = np.diff(steps[falls])
    regular = falls.size <= 2 or float(np.std(gaps)) <= 0.2 * float(np.mean(gaps))
    return ("step" if regular or not alike else "plateau_triggered"), 0.0


def _one_cycle(steps: Floats, relative: Floats, top: int) -> bool:
    """Say whether a rise and a fall make one cycle: a long rise from above zero, and a fall to far below its start.

    A warm-up rises in a straight line from zero, at step 0 or one logging interval before the first point.
    """
    if steps[top] - steps[0] < 0.15 * (steps[-1] - steps[0]) or relative[0] <= EQUAL:
        return False
    quarter = float(np.interp(0.75 * steps[0] + 0.25 * steps[top], steps, relative))
    curved = top >= 4 and quarter < 0.75 * relative[0] + 0.25 * relative[top] - 0.05
    slope = (relative[top] - relative[0]) / (steps[top] - steps[0])
    zero_at = steps[0] - relative[0] / slope
    interval = float(np.median(np.diff(steps[: top + 1])))
    from_zero = min(abs(zero_at), abs(zero_at - (steps[0] - interval))) < 0.25 * interval
    next_one = relative[-1] + (relative[-1] - relative[-2])
    return (curved or not from_zero) and min(next_one, float(relative[-1])) < relative[0] * 0.5


_ROUGH = 0.05
"""Misfit of one phase of a cycle at most: with few points the corners lie between them."""


def _three_phases(steps: Floats, rest: Floats, first: float, rise: float) -> float | None:
    """Misfit of one cycle of three phases: down to where it began, and from there to (almost) nothing; None if it is
    none. The rise must be a long one."""
    start = int(np.argmax(rest))
    rise, steps, rest = rise + float(steps[start] - steps[0]), steps[start:], rest[start:]
    length = float(steps[-1] - steps[0])
    back = int(np.argmax(rest <= first + EQUAL / 4))
    if rise < 0.15 * (rise + length) or not 0 < back < rest.size - 3 or back < 3 or rest[-1] > 0.5 * first:
        return None
    parts = ((steps[: back + 1], rest[: back + 1]), (steps[back:], rest[back:]))
    misfits = []
    for at, rate in parts:
        t = (at - at[0]) / (at[-1] - at[0])
        misfits.append(float(_misfits(rate, np.stack([t, (1 - np.cos(np.pi * t)) / 2])).min()))
    misfit = max(misfits)
    return misfit if misfit < _ROUGH else None


def _smooth(steps: Floats, rest: Floats) -> tuple[str, float]:
    """Fit each decay shape by least squares; the smallest misfit names it."""
    hold = _last_at_peak(steps, rest)
    if rest.size > _FIT_POINTS:
        kept = np.linspace(0, rest.size - 1, _FIT_POINTS).astype(np.int64)
        steps, rest = steps[kept], rest[kept]
    t = (steps - steps[0]) / max(steps[-1] - steps[0], 1.0)
    left = 1.0 - t / _HORIZONS[:5]
    shapes = {
        "linear": left[:1], "cosine": (1 + np.cos(np.pi * t / _HORIZONS)) / 2,
        "polynomial": np.concatenate([left**0.9, left * left, left * left * left]),
    }  # fmt: skip
    if rest.min() > 0:
        centred = t - t.mean()
        rate = float(centred @ np.log(rest)) / max(float(centred @ centred), 1e-300)
        shapes["exponential"] = np.exp(np.minimum(rate * t, 0.0))[None]
        shapes["inverse_time"] = 1.0 / (1.0 + _PACES * t)
    if steps[0] > 0:
        shapes["inverse_sqrt"] = np.sqrt(steps[0] / steps)[None]
    if 0.2 <= hold < 0.98:
        after = np.clip((t - hold) / (1 - hold), 0.0, 1.0)
        shapes["cooldown"] = np.stack([1 - after, (1 + np.cos(np.pi * after)) / 2, 1 - np.sqrt(after)])
    misfits = _misfits(rest, np.concatenate(list(shapes.values())))
    ends = np.cumsum([len(family) for family in shapes.values()])
    families = zip(shapes, np.split(misfits, ends[:-1]), strict=True)
    fits = {name: float(family.min()) + _HANDICAPS[name] for name, family in families}
    if fits.get("inverse_sqrt", 1.0) < _MISFIT:
        fits.pop("inverse_time", None)  # of the two, the one in use
    residual, kind = min((misfit, name) for name, misfit in fits.items())
    return (kind, residual) if residual < _MISFIT else ("other", residual)


def _last_at_peak(steps: Floats, rest: Floats) -> float:
    """Where the rate leaves its peak, 0 to 1 of its decay."""
    at = int(np.flatnonzero(rest >= rest[0] - EQUAL)[-1])
    return float((steps[at] - steps[0]) / max(steps[-1] - steps[0], 1.0))


def _misfits(rest: Floats, shapes: Floats) -> Floats:
    """Root mean square of rest [n] - (a + b shape) for shapes [k, n], a and b by least squares; [k]."""
    target = rest - rest.mean()
    shapes = shapes - shapes.mean(axis=1, keepdims=True)
    power = np.maximum(np.einsum("kn,kn->k", shapes, shapes), 1e-300)
    left = target - (shapes @ target / power)[:, None] * shapes
    return np.asarray(np.sqrt(np.mean(left * left, axis=1)))
