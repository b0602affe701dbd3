"""Which rate to try next after some runs of the same thing, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.prescribing.response import OFFSETS
from lrdoctor.records import Verdict
from lrdoctor.studies.combining import Observations, combine
from lrdoctor.studies.standing import rates_of
from lrdoctor.wording import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrdoctor.studies.combining import Suggestion
    from lrdoctor.studies.standing import Standing

_LIKELY = 0.9
"""Chance of being near the best that is not called "only"; a best rate at the end of those tried may still be asked
about."""
_KEPT = 1.05
"""Factors this close to 1 leave the rate alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """A rate to try: with the interval that holds the best one in 80 % of cases, and why."""

    lr: float
    interval: tuple[float, float]
    why: str
    chance: float | None = None
    """Chance that it ends within 2 % of the best reachable loss reduction; None where not estimated."""


def advise(runs: Sequence[Standing], best: Standing | None, start: float) -> tuple[tuple[Next, ...], bool, str]:
    """What to try next, whether another run is not worth it, and why.

    Parameters
    ----------
    runs
        Of one group, at least one.
    best
        The best of them; None where none ended with a finite loss.
    start
        Loss before training; NaN if unknown.
    """
    known = [run for run in runs if run.lr is not None]
    if len(runs) == 1:
        return _alone(runs[0], start)
    if not known:
        return (
            (),
            False,
            "The learning rate of no run is known: log it, or put it into the configuration beside the log.",
        )
    if len(rates_of(known)) == 1 or len(known) == 1:
        return _alone(best if best is not None and best.lr is not None else known[0], start)
    suggestion = combine(observe(known, start))
    return _worded(suggestion, runs, best)


def _alone(run: Standing, start: float) -> tuple[tuple[Next, ...], bool, str]:
    """With one rate: the plan of the (best) run that had it, or where that keeps the rate, what may beat it.

    A single run is seldom sure to be near the best, and who sweeps means to look; so keeping is not being done
    (docs/evidence.md, "After two and three runs").
    """
    said, rate = run.facts.said, run.lr
    plan = said.plan
    factor, (low, high) = plan.lr.factor, plan.lr.interval
    if said.verdict is Verdict.INCONCLUSIVE:
        return (), False, plan.reason
    if 1 / _KEPT <= factor <= _KEPT:
        return _beside(run, start, plan.reason)
    if rate is None:
        text = f"its rate is unknown, so only the factor is: {factor:.2g} ({low:.2g} to {high:.2g}) times its rate"
        return (), False, f"One rate; {text}. {plan.reason}"
    advised = Next(lr=_round(rate * factor), interval=(_round(rate * low), _round(rate * high)), why=plan.reason)
    return (advised,), False, f"One rate ({said.verdict})."


def _beside(run: Standing, start: float, reason: str) -> tuple[tuple[Next, ...], bool, str]:
    """What may beat a single run that nothing speaks against."""
    kept = f"One rate, and nothing speaks against it. {reason}"
    if run.lr is None or run.state != "finished" or not run.facts.like_trials:
        return (), True, kept
    seen = observe([run], start)
    if not np.isfinite(seen.near).all():
        return (), True, kept
    advised, settled, why = _worded(combine(seen), [run], run)
    return advised, settled, why if settled else f"One rate, and nothing speaks against it. {why}"


def observe(runs: Sequence[Standing], start: float) -> Observations:
    """Runs with known rates as arrays."""
    level = [math.inf if run.state == "blew-up" else run.level if run.state == "finished" else math.nan for run in runs]
    nothing = np.full(OFFSETS.size, np.nan)
    given = [run.facts.response for run in runs]
    answers = [answer if answer is not None and answer.familiar else None for answer in given]
    lengths = [answer.log10_steps for answer in answers if answer is not None]
    lows = [end.lowest for run in runs for end in (run.facts.train, run.facts.val) if end is not None]
    return Observations(
        log10_lr=np.log10([run.lr or math.nan for run in runs]), level=np.array(level),
        noise=np.array([run.noise for run in runs]), start=start,
        near=np.array([nothing if a is None else a.near for a in answers]),
        fine=np.array([nothing if a is None else a.fine for a in answers]),
        bounded=all(low > 0 for low in lows if math.isfinite(low)),
        log10_steps=max((length for length in lengths if math.isfinite(length)), default=math.nan),
    )  # fmt: skip


def _worded(found: Suggestion, runs: Sequence[Standing], best: Standing | None) -> tuple[tuple[Next, ...], bool, str]:
    """The suggestion with its reasons."""
    share = f"{100 * found.best_chance:.0f} %"
    if found.settled and best is not None:
        if found.best_chance >= 0.5:
            why = f"The best run is within 2 % of what any rate reaches with a chance of {share}"
        else:
            why = f"No other rate has a chance above {percent(max(found.added, 0.01))} to do better than those tried"
        return (), True, f"{why}: another run is not worth it."
    rates = [rate for rate, _ in rates_of(runs)]
    advised = []
    for log10_lr, chance in found.rates():
        rate = _round(10**log10_lr)
        low, high = (_round(10**end) for end in found.interval)
        sure = f"{100 * chance:.0f} %"
        why = f"{_place(rate, rates, best)}; it ends within 2 % of the best reachable with a chance of {sure}"
        advised.append(Next(lr=rate, interval=(min(low, rate), max(high, rate)), why=why, chance=round(chance, 3)))
    if best is None:
        return tuple(advised), False, "No run ended with a finite loss."
    near = "The best run so far is within 2 % of what any rate reaches with a chance of"
    if found.best_chance >= _LIKELY:
        return tuple(advised), False, f"{near} {share}, but on one side of it nothing was tried."
    return tuple(advised), False, f"{near} only {share}."


def _place(rate: float, tried: Sequence[float], best: Standing | None) -> str:
    """Where a rate lies among those tried."""
    below, above = [r for r in tried if r < rate], [r for r in tried if r > rate]
    if below and above:
        place = f"between {max(below):.3g} and {min(above):.3g}"
    elif below:
        place = f"above all {len(tried)} tried rates" if len(tried) > 1 else "above the tried rate"
    else:
        place = f"below all {len(tried)} tried rates" if len(tried) > 1 else "below the tried rate"
    return place if best is None or best.lr is None else f"{place}, {rate / best.lr:.2g} times the best so far"


def _round(value: float) -> float:
    """Two significant digits are finer than any rate needs; three, so that an interval is not rounded onto
    it."""
    return float(f"{value:.3g}")
