"""Which learning rates to try next, and how short the first runs may be: from what has been run, or from nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lrdoctor.errors import UsageError
from lrdoctor.studies.halving import halving, trust_at
from lrdoctor.wording import figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lrdoctor.prescribing.optimizers import Usual
    from lrdoctor.studies.halving import Rung, Trust
    from lrdoctor.studies.sweep import Group

Stage = Literal["coarse", "extend", "refine", "settled", "unknown"]

COARSE = 0.5
"""Decades from one rate of a first grid to the next: factors of about 3. 10 is too coarse, 2 costs too many runs."""
_FINE = 0.25
"""Decades around the best of several rates: halfway to where a coarse grid has its neighbours."""
_APART = 0.12
"""Decades within which two rates are the same: less than seeds differ by."""
_FINE_TUNING = 1.5
"""Decades by which fine-tuning lies below training from scratch: the middle of 10 to 100 times."""
_ROUNDED = 0.06
_NOWHERE = (math.nan, math.nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A rate to try: why, and its chance of ending within 2 % of the best reachable (None: not estimated)."""

    lr: float
    why: str
    chance: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Search:
    """The next runs of one training.

    Parameters
    ----------
    stage
        coarse (a first grid), extend (the best lies at the edge of what was tried), refine (around the best), settled
        (another run is not worth it), unknown (nothing to start from; `reason` says what is missing).
    rates
        In the order in which to try them, where they are not tried all at once.
    low, high
        Between which a random search should draw; NaN where the stage is settled or unknown.
    sample
        Log-uniform draws from there.
    rungs
        Successive halving over `rates` (or `sample`, if that was asked for).
    unit
        What the lengths of the rungs count.
    trust
        What ranking by the first rung is worth; None with a single rung.
    group
        What was run before, if anything was.
    """

    stage: Stage
    rates: tuple[Planned, ...]
    low: float
    high: float
    sample: tuple[float, ...]
    rungs: tuple[Rung, ...]
    unit: str
    trust: Trust | None
    reason: str
    group: Group | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the user asks for: rates at most, length of a full run, size and seed of the log-uniform sample."""

    runs: int = 5
    budget: int | None = None
    sample: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.runs <= 1000 or not 0 <= self.sample <= 10_000:
            raise UsageError("between 1 and 1,000 runs, and a sample of at most 10,000")
        if self.budget is not None and self.budget < 1:
            raise UsageError(f"a budget of {self.budget} steps leaves nothing to plan")


def from_nothing(usual: Usual | None, around: float | None, *, fine_tuning: bool, wishes: Wishes) -> Search:
    """A first grid, around a given rate (of a range test, say) or around the optimizer's default.

    Raises
    ------
    UsageError
        Neither is given, or the rate is none.
    """
    if around is not None:
        if not (math.isfinite(around) and around > 0):
            raise UsageError(f"{around!r}: a learning rate is a number above zero")
        centre, why = math.log10(around), f"around {figure(around)}"
    elif usual is not None:
        centre, why = math.log10(usual.default), f"around the default of {usual.name}"
        if fine_tuning:
            centre, why = centre - _FINE_TUNING, f"{why}, 30 times lower for fine-tuning"
    else:
        raise UsageError("nothing to start from: name logs, an optimizer, or a rate to search around")
    spread = [centre + COARSE * place for place in _outwards(wishes.runs)]
    rates = [Planned(lr=plain(place), why=f"first grid in factors of about 3, {why}") for place in sorted(spread)]
    reason = "Nothing has been run: a coarse grid first, then a finer one around its best rate."
    ends = (min(spread) - COARSE / 2, max(spread) + COARSE / 2)
    return _search("coarse", rates, ends, reason, wishes, wishes.budget, "step")


def from_group(group: Group, wishes: Wishes) -> Search:
    """What to run next after a group of runs of the same training."""
    length, unit = _length(group, wishes)
    tried = sorted({math.log10(run.lr) for run in group.runs if run.lr is not None and run.state != "unfinished"})
    lost = group.best is None and not group.next and not any(run.state == "blew-up" for run in group.runs)
    if group.settled or not tried or lost:
        stage: Stage = "settled" if group.settled else "unknown"
        return _search(stage, [], _NOWHERE, group.reason, wishes, length, unit, group)
    stage, fresh = _further(group, tried, wishes.runs)
    advised = [Planned(lr=rate.lr, why=rate.why, chance=rate.chance) for rate in group.next]
    rates = _new([*advised, *fresh], tried)[: wishes.runs]
    if not rates:
        text = f"{group.reason} The rates around it have been tried already; only repeats with other seeds say more."
        return _search("settled", [], _NOWHERE, text, wishes, length, unit, group)
    places = [math.log10(rate.lr) for rate in rates]
    ends = (min(places) - COARSE / 2, max(places) + COARSE / 2)
    if stage == "refine" and group.best is not None and group.best.lr is not None:
        inside = _neighbours(tried, math.log10(group.best.lr))
        ends = (min(ends[0], inside[0]), max(ends[1], inside[1]))
    return _search(stage, rates, ends, group.reason, wishes, length, unit, group)


def _further(group: Group, tried: Sequence[float], count: int) -> tuple[Stage, list[Planned]]:
    """Rates beyond those that the sweep itself advises, nearest first."""
    best = None if group.best is None or group.best.lr is None else math.log10(group.best.lr)
    if len(tried) == 1 or best is None:
        low, centre, high = _span(group, tried)
        places = [centre + COARSE * place for place in _outwards(4 * count)]
        places = [place for place in places if low <= place <= high][: count + 1]
        return "coarse", _planned(places, f"factors of about 3 around {figure(plain(centre))}")
    if group.at_edge is not None:
        up = group.at_edge == "high"
        places = [best + (COARSE if up else -COARSE) * place for place in range(1, count + 1)]
        return "extend", _planned(places, f"beyond the {'highest' if up else 'lowest'} rate tried, which was the best")
    low, high = _neighbours(tried, best)
    places = [best + _FINE * place for place in _outwards(2 * count)]
    inside = [place for place in places if low < place < high]
    return "refine", _planned(inside, f"a finer grid around the best so far, {figure(plain(best))}")


def _span(group: Group, tried: Sequence[float]) -> tuple[float, float, float]:
    """Low end, centre and high end of a grid after one rate, or after several that all blew up, in log10.

    What the dose says to leave upwards is never gone back to, nor what blew up.
    """
    if not group.next:
        return -math.inf, tried[0] - 2 * COARSE, tried[0]
    low, high = (math.log10(end) for end in group.next[0].interval)
    low, centre, high = low - COARSE / 2, math.log10(group.next[0].lr), high + COARSE / 2
    return (low, centre, min(high, tried[0])) if centre < tried[0] else (max(low, tried[-1]), centre, high)


def _planned(places: Iterable[float], why: str) -> list[Planned]:
    return [Planned(lr=plain(place), why=why) for place in places]


def _search(
    stage: Stage, rates: Sequence[Planned], ends: tuple[float, float], reason: str, wishes: Wishes,
    length: int | None, unit: str, group: Group | None = None,
) -> Search:  # fmt: skip
    low, high = (math.nan, math.nan) if not rates else (plain(ends[0]), plain(ends[1]))
    sample = _sample(low, high, wishes) if rates else ()
    rungs = halving(len(sample) or len(rates), length)
    return Search(
        stage=stage, rates=tuple(rates), low=low, high=high, sample=sample, rungs=rungs, unit=unit,
        trust=trust_at(rungs[0].share) if len(rungs) > 1 else None, reason=reason, group=group,
    )  # fmt: skip


def plain(log10_lr: float) -> float:
    """A rate as people write it: one digit where that changes it by 6 % at most (3 for half a decade), else two."""
    rate = 10**log10_lr
    short = float(f"{rate:.0e}")
    return short if abs(short / rate - 1) <= _ROUNDED else float(f"{rate:.1e}")


def _outwards(count: int) -> list[int]:
    """0, 1, -1, 2, -2, ..."""
    return [(place + 1) // 2 * (1 if place % 2 else -1) for place in range(count)]


def _neighbours(tried: Sequence[float], best: float) -> tuple[float, float]:
    """Tried rates next to the best one, or a step of a coarse grid where there is none."""
    below = [rate for rate in tried if rate < best - _APART]
    above = [rate for rate in tried if rate > best + _APART]
    return max(below, default=best - COARSE), min(above, default=best + COARSE)


def _new(rates: Iterable[Planned], tried: Sequence[float]) -> list[Planned]:
    """Those that are not tried yet, nor named before."""
    taken, fresh = list(tried), []
    for rate in rates:
        place = math.log10(rate.lr)
        if all(abs(place - other) > _APART for other in taken):
            taken.append(place)
            fresh.append(rate)
    return fresh


def _sample(low: float, high: float, wishes: Wishes) -> tuple[float, ...]:
    if not wishes.sample:
        return ()
    import numpy as np

    drawn = np.random.default_rng(wishes.seed).uniform(math.log(low), math.log(high), wishes.sample)
    return tuple(float(f"{rate:.3g}") for rate in np.exp(drawn))


def _length(group: Group, wishes: Wishes) -> tuple[int | None, str]:
    """Length of a full run of the group and its unit: as wished, as planned, or as long as the longest run."""
    longest = max((run.facts for run in group.runs), key=lambda facts: facts.length)
    if wishes.budget is not None:
        return wishes.budget, longest.unit
    if longest.planned is not None:
        name, length = longest.planned
        return round(length), "epoch" if name == "epochs" else "step"
    return longest.length or None, longest.unit
