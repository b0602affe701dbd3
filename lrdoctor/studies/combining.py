"""Which rate to try next, from several runs of the same thing at different rates: arrays in, a suggestion out.

A hypothesis is a shape (how the reduction of the loss depends on the rate, taken from recorded grids) and the
place of its centre on the axis of log10 rates. Two kinds of evidence weigh it: the end levels that were
measured, and each run's own fitted response, which says what its log makes likely at other rates. The posterior answers
every question: where a rerun most probably ends near the best, whether the best run so far already does, and between
which rates the best one lies.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.prescribing.response import OFFSETS, believed, utility

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SHAPES = "shapes.npz"
STEP = 0.125
"""Decades between the rates that are considered."""
NEAR, FINE = 0.98, 0.90
"""Shares of the best reduction that a near-best, or a fine, run reaches."""
BROKEN = -0.05
"""Reduction that stands for a run that blew up, or ended above where it began."""
_WORSE = 0.5
"""Share of the loss before training by which a run must end above it to count as blown up."""
_BRACKETS = 3
"""Rates from which on the best has to have one tried on either side."""
_CLEAR = 2.0
"""Standard errors by which the best has to lead for that."""
_TIGHT = 0.35
"""Decades within which a worse rate on either side leaves nothing to look for."""
_NOTHING = 0.1
"""Share of the best reduction below which a run can look as if it had learnt nothing."""
_LEAST = 0.003
"""Least share of the best reduction that a run which learnt is taken to have."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the evidence is weighed; chosen on trials, see `lrdoctor.trials.sweeping`."""

    response_power: float = 0.8
    """Power of a single response: its candidates are not independent of one another."""
    crowd_power: float = 0.8
    """n responses count as n**(1 - this): they err together."""
    least_trust: float = 0.3
    """Trust in the response of a run that learnt nothing, relative to one that ended best."""
    doubt: float = 0.2
    """Chance that the responses mislead altogether: enough measured levels can then overrule them."""
    resolution: float = 0.6
    """Standard deviation of measured against true level, in log-odds of the reduction."""
    freak: float = 1e-4
    """Likelihood below which no single level can push a hypothesis."""
    low_floor: float = 1e-3
    high_floor: float = 0.005
    """Reductions closer than this to 0, and to 1, are not told apart."""
    surprise: float = 0.3
    """Chance that a run blows up, or does not, against the hypothesis."""
    fine_share: float = 0.2
    """Weight of ending within 10 % of the best, beside within 2 %, in what the next run is for."""
    enough: float = 0.98
    """Chance of the best run to be near the best at which no other is worth it."""
    least_added: float = 0.003
    """Chance of reaching what the best run does not, below which another run is not worth it."""
    second: float = 0.5
    """Chance, relative to the first rate's, from which on a second rate is named too."""
    interval_power: float = 0.7
    """Power of the posterior at which its interval holds the best rate as often as it says."""
    apart: float = 0.18
    """Decades within which a rate counts as tried."""


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """Runs of the same thing at n rates.

    Parameters
    ----------
    log10_lr
        float64 [n].
    level
        float64 [n]: loss at the end, lower is better; infinite where the run blew up, NaN where it is unknown.
    noise
        float64 [n]: standard error of `level`; 0 where unknown.
    start
        Loss before training; NaN if unknown.
    near, fine
        float64 [n, len(OFFSETS)]: each run's own response; NaN where it has none.
    bounded
        Whether the loss cannot fall below zero.
    log10_steps
        Length of the longest run; NaN if not in steps.
    """

    log10_lr: Floats
    level: Floats
    noise: Floats
    start: float
    near: Floats
    fine: Floats
    bounded: bool = True
    log10_steps: float = float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class Suggestion:
    """What the runs say together.

    Parameters
    ----------
    log10_lr
        The rate to try next; with `settled`, it would be this if anything.
    interval
        log10 of the rates between which the best one lies in 80 % of cases.
    chance
        That a run at `log10_lr` ends within 2 % of the best reachable reduction.
    best_chance
        The same for the best run so far.
    added
        Chance that a run at `log10_lr` ends near the best while the best run so far is not.
    second
        Another rate and its chance if the first one turns out not to be near the best; None where that adds
        little.
    settled
        Whether another run is not worth it.
    axis, near
        float64 [x]: rates considered, and the chance of each to end near the best.
    """

    log10_lr: float
    interval: tuple[float, float]
    chance: float
    best_chance: float
    added: float
    second: tuple[float, float] | None
    settled: bool
    axis: Floats
    near: Floats

    def rates(self) -> list[tuple[float, float]]:
        """log10 of the rates to try, with their chances."""
        first = (self.log10_lr, self.chance)
        return [first] if self.second is None else [first, self.second]


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """How the reduction of the loss depends on the rate.

    Parameters
    ----------
    reduction
        float64 [k, d]: share of the best reduction, at rates `STEP` decades apart; the middle one is the band's centre.
    weight
        float64 [k]: how common each is.
    """

    reduction: Floats
    weight: Floats


@cache
def shapes() -> Shapes:
    """The shapes that the recorded grids have."""
    with as_file(files("lrdoctor.studies").joinpath(SHAPES)) as path, np.load(path, allow_pickle=False) as data:
        reduction = data["reduction"].astype(np.float64)
        return Shapes(reduction=reduction, weight=data["weight"].astype(np.float64))


def combine(seen: Observations, known: Shapes | None = None, s: Settings | None = None) -> Suggestion:
    """Weigh all evidence and suggest the next rate.

    Parameters
    ----------
    seen
        At least one run.
    known
        The shapes to reckon with; by default those of the recorded grids.
    s
        How evidence is weighed.
    """
    s, known = s or Settings(), known or shapes()
    axis = _axis(seen.log10_lr)
    table = _table(known, axis.size)
    prior = np.repeat(known.weight[:, None] / axis.size, axis.size, axis=1)
    told = _weighed(prior, _from_responses(seen, axis, table, s))
    weight = _weighed((1 - s.doubt) * told + s.doubt * prior, _from_levels(seen, axis, table.curves, s))
    flat = weight.ravel().astype(np.float32)
    near = (flat @ table.near).astype(np.float64)
    best = best_run(seen.level)
    best_chance = 0.0
    unmet: NDArray[np.floating] = np.ones_like(flat)
    if best is not None:  # a run is worth what it reaches where the best so far is not near the best already
        here = _places(seen.log10_lr, axis)[best]
        best_chance, unmet = float(near[here]), 1 - table.near[:, here]
    better, well = ((flat * unmet @ flags).astype(np.float64) for flags in (table.near, table.fine))
    allowed = _allowed(seen, axis, s)
    wanted = (1 - s.fine_share) * better + s.fine_share * well
    held = _interval(axis, weight.sum(axis=0) ** s.interval_power)
    if seen.level.size == 1 and np.isfinite(seen.near).all():  # nothing to weigh its response with; shapes only blur it
        wanted, held = _lone(seen, axis)
    choice = _highest(np.where(allowed, wanted, -1.0))
    added = float(better[choice])
    return Suggestion(
        log10_lr=float(axis[choice]), interval=held, chance=float(near[choice]),
        best_chance=best_chance, added=added, second=_second(flat, table, axis, np.where(allowed, choice, -1), s),
        settled=best is not None and _enough(seen, best, best_chance, added, s), axis=axis, near=near,
    )  # fmt: skip


def _lone(seen: Observations, axis: Floats) -> tuple[Floats, tuple[float, float]]:
    """Utility of each rate, and the interval of the best, by a single run's own response."""
    rate, near, fine = seen.log10_lr[0], seen.near[0], seen.fine[0]
    low, high = believed(near, fine, seen.log10_steps)
    return np.interp(axis, rate + OFFSETS, utility(near, fine, seen.log10_steps)), (rate + low, rate + high)


def _enough(seen: Observations, best: int, best_chance: float, added: float, s: Settings) -> bool:
    """Whether another run is not worth it; never while the best of three rates or more is the last one on its
    side."""
    rates = seen.log10_lr
    last = rates[best] in (rates.min(), rates.max())
    if last and np.unique(np.round(rates, 2)).size >= _BRACKETS:
        beside = np.abs(rates - rates[best]) > s.apart / 2
        lead = float(np.where(np.isfinite(seen.level), seen.level, np.inf)[beside].min()) - seen.level[best]
        if lead > _CLEAR * seen.noise[best]:
            return False
    away = rates - rates[best]
    if all(((side > s.apart / 2) & (side < _TIGHT)).any() for side in (away, -away)):
        return True
    return best_chance >= s.enough or added < s.least_added


def _places(log10_lr: Floats, axis: Floats) -> NDArray[np.int64]:
    return np.asarray(np.clip(np.rint((log10_lr - axis[0]) / STEP).astype(np.int64), 0, axis.size - 1))


def _weighed(prior: Floats, score: Floats) -> Floats:
    """Posterior of a prior and log-likelihoods."""
    weight = prior * np.exp(score - score.max())
    return np.asarray(weight / weight.sum())


def _allowed(seen: Observations, axis: Floats, s: Settings) -> NDArray[np.bool_]:
    """Rates that are worth a run: not tried yet, and below every rate from which on all runs blew up."""
    free = np.abs(axis[:, None] - seen.log10_lr).min(axis=1) >= s.apart
    finite = seen.log10_lr[~np.isinf(seen.level)]
    blown = seen.log10_lr[np.isinf(seen.level)]
    blown = blown[blown > finite.max()] if finite.size else blown
    return np.asarray(free & (axis < blown.min())) if blown.size else free


def _second(
    flat: NDArray[np.float32], table: _Table, axis: Floats, first: NDArray[np.int64], s: Settings
) -> tuple[float, float] | None:
    """What to try beside the first rate: the best bet should that one fail.

    `first` is the first rate's position wherever a rate is allowed, -1 elsewhere.
    """
    allowed, choice = first >= 0, int(first.max())
    if choice < 0:
        return None
    failed = flat * (1 - table.near[:, choice])
    near = np.where(allowed, (failed @ table.near).astype(np.float64), -1.0)
    other = _highest(near)
    if near[other] < s.second * float(flat @ table.near[:, choice]) or abs(axis[other] - axis[choice]) < 2 * s.apart:
        return None
    return float(axis[other]), float(near[other])


def best_run(level: Floats) -> int | None:
    """Position of the lowest finite level."""
    return int(np.argmin(np.where(np.isfinite(level), level, np.inf))) if np.isfinite(level).any() else None


def _axis(log10_lr: Floats, reach: float = 4.5) -> Floats:
    """Rates considered: those tried and some decades beyond."""
    first = np.floor((log10_lr.min() - reach) / STEP)
    last = np.ceil((log10_lr.max() + reach) / STEP)
    return np.asarray(np.arange(first, last + 1) * STEP)


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Every hypothesis: `curves` [k, centres, rates], and as flags [k * centres, rates] where it is near, and
    fine."""

    curves: Floats
    near: Floats
    fine: Floats


@lru_cache(maxsize=16)
def _table(known: Shapes, size: int) -> _Table:
    middle = known.reduction.shape[1] // 2
    offset = np.arange(size)[None, :] - np.arange(size)[:, None] + middle
    curves = known.reduction[:, np.clip(offset, 0, known.reduction.shape[1] - 1)]
    flat = curves.reshape(-1, size)
    return _Table(curves, (flat >= NEAR).astype(np.float32), (flat >= FINE).astype(np.float32))


def _from_responses(seen: Observations, axis: Floats, table: _Table, s: Settings) -> Floats:
    """Log-likelihood of each hypothesis by what each log makes likely at other rates: [k, centres]."""
    usable = np.isfinite(seen.near).all(axis=1)
    if not usable.any():
        return np.zeros(table.curves.shape[:2])
    trust = np.where(usable, _trust(seen, s), 0.0)
    trust *= s.response_power * usable.sum() ** -s.crowd_power
    total = np.zeros(table.near.shape[0])
    for chances, flags in ((seen.near, table.near), (seen.fine, table.fine)):
        odds = np.zeros(axis.size)
        for position, chance, power in zip(seen.log10_lr[usable], chances[usable], trust[usable], strict=True):
            held = np.clip(np.interp(axis, position + OFFSETS, chance), 0.003, 0.997)
            odds += power * np.log(held / (1 - held))
        total += flags @ odds.astype(np.float32)
    return np.asarray(total.reshape(table.curves.shape[:2]) * (STEP / 0.25))


def _trust(seen: Observations, s: Settings) -> Floats:
    """A run that learnt says more than one that blew up."""
    best = best_run(seen.level)
    if best is None or not np.isfinite(seen.start):
        return np.ones(seen.level.size)
    gain = np.where(np.isfinite(seen.level), seen.start - seen.level, 0.0)
    share = np.clip(gain / max(float(gain[best]), 1e-12), 0.0, 1.0)
    return np.asarray(s.least_trust + (1 - s.least_trust) * share)


def _from_levels(seen: Observations, axis: Floats, curves: Floats, s: Settings) -> Floats:
    """Log-likelihood of each hypothesis by the levels at the end: [k, centres].

    The best run's reduction sets the scale: each hypothesis says what share of the best reachable it is, and so what
    share each other run's is.
    """
    total = np.zeros(curves.shape[:2])
    best = best_run(seen.level)
    at = _places(seen.log10_lr, axis)
    likely, unlikely = np.log(1 - s.surprise), np.log(s.surprise)
    start = seen.start if np.isfinite(seen.start) else _highest_level(seen.level)
    gain = start - seen.level
    learnt = best is not None and gain[best] > max(3 * seen.noise[best], 1e-3 * abs(start), 1e-12)
    for index, place in enumerate(at):
        if np.isnan(seen.level[index]):
            continue
        there = curves[:, :, place]
        broke = gain[index] < -_WORSE * abs(start)
        if broke:
            total += np.where(there <= 0.0, likely, unlikely)
        elif best is None or not learnt or gain[index] <= 0:  # nothing gained: too low, too high, or dead
            total += np.where(there < _NOTHING, likely, unlikely)
        else:
            total += np.where(there <= 0.0, unlikely, likely)
            top = np.maximum(curves[:, :, at[best]], _LEAST)
            if index != best:
                total += _compared(gain[index] / gain[best], seen.noise[index] / gain[best], top, there, s)
            elif seen.bounded and start > 0:  # a loss that cannot fall below zero bounds what is left to gain
                total += np.where(gain[best] / start > top + 0.02, np.log(s.freak), 0.0)
    return total


def _compared(ratio: float, noise: float, top: Floats, there: Floats, s: Settings) -> Floats:
    """Log-likelihood of a run's gain over the best run's, where hypotheses say `there` and `top` of the
    reachable."""
    share = np.clip(top * ratio, 0.0, 1.0)
    steep = 1 / (share + s.low_floor) + 1 / (1 - share + s.high_floor)
    blur = s.resolution**2 + (noise * steep) ** 2
    apart = _odds(share, s) - _odds(np.clip(there, 0.0, 1.0), s)
    return np.asarray(np.log(s.freak + np.exp(-0.5 * apart**2 / blur)))


def _highest_level(level: Floats) -> float:
    """Stands for the loss before training where that is unknown."""
    finite = level[np.isfinite(level)]
    return float(finite.max()) if finite.size else 0.0


def _odds(share: Floats, s: Settings) -> Floats:
    return np.asarray(np.log((share + s.low_floor) / (1 - share + s.high_floor)))


def _highest(values: Floats) -> int:
    """Position of the highest value; the middle of a flat top."""
    top = np.flatnonzero(values >= values.max() - 1e-9)
    return int(top[top.size // 2])


def _interval(axis: Floats, weight: Floats, level: float = 0.8) -> tuple[float, float]:
    total = np.concatenate([[0.0], np.cumsum(weight) / weight.sum()])
    edges = np.concatenate([axis - STEP / 2, [axis[-1] + STEP / 2]])
    low, high = np.interp([(1 - level) / 2, (1 + level) / 2], total, edges)
    return float(low), float(high)
