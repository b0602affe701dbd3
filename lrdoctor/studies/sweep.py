"""All runs of some logs together: which rate was best, how sure that is, and which rate to try next."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from lrdoctor.studies.advice import Next, advise
from lrdoctor.studies.grouping import SAME_LENGTH, WHY, differences, group, varying
from lrdoctor.studies.naming import with_rates_of_siblings
from lrdoctor.studies.standing import Standing, rates_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrdoctor.studies.facts import Facts
    from lrdoctor.studies.levels import Level

__all__ = ["BAND", "Apart", "Group", "Next", "Standing", "study"]

BAND = 0.02
"""Share of the best run's loss reduction that a rate of the good band may miss."""
_CLEAR = 2.0
"""Standard errors from which on a difference exceeds the noise."""
_LARGEST = 1e100
"""Beyond it a loss is only "huge": its square is still a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """Another group that this one is not compared with: its number, what differs, and why no rate is carried
    over."""

    group: int
    differs_in: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """Runs of the same thing.

    Parameters
    ----------
    runs
        Best first; blown up last.
    differs_in
        Names of what differs among them, ``lr`` first.
    ranked_by
        Tag of the loss whose end level ranks them; "" where there is none.
    best
        The best run; None where no run ended with a finite loss.
    good_band
        Lowest and highest of the tried rates around the best that miss no more than 2 % of its reduction.
    at_edge
        On which side of the tried rates the best lies, if it is the last one there.
    clear
        Whether the best rate's lead over the next best rate exceeds the noise; None with fewer than two
        rates.
    noise
        Standard deviation of the end level between repeats; where nothing was repeated, standard error of the
        best
        run's end level.
    repeats
        Runs whose rate another run had as well.
    next, settled, reason
        What to try, whether another run is not worth it, and why, a sentence.
    apart
        Groups that differ in more.
    """

    runs: tuple[Standing, ...]
    differs_in: tuple[str, ...]
    ranked_by: str
    best: Standing | None
    good_band: tuple[float, float] | None
    at_edge: Literal["low", "high"] | None
    clear: bool | None
    noise: float
    repeats: int
    next: tuple[Next, ...]
    settled: bool
    reason: str
    apart: tuple[Apart, ...] = ()


def study(runs: Sequence[Facts]) -> list[Group]:
    """Group runs, rank each group, and advise the next rate for each.

    Parameters
    ----------
    runs
        In the order in which they were read.

    Returns
    -------
    Groups in the order of their first run.
    """
    members = group(with_rates_of_siblings(runs))
    return [_judge(part, _apart(number, members)) for number, part in enumerate(members)]


def _apart(number: int, groups: Sequence[Sequence[Facts]], most: int = 5) -> tuple[Apart, ...]:
    """Groups that could be taken for the same thing, with what keeps them from it."""
    found = []
    mine = groups[number]
    for other, members in enumerate(groups):
        if other == number:
            continue
        what = differences(mine[0], members[0])
        kinds = {difference.kind for difference in what}
        if "curves" in kinds:
            continue
        if not what:
            names = [
                n
                for n in varying([*mine, *members])
                if n != "lr" and n not in varying(mine) and n not in varying(members)
            ]
            found.append(
                Apart(
                    group=other,
                    differs_in=tuple(names),
                    why="each was tried at several rates, so each has its own best one",
                )
            )
            continue
        words = [f"{d.name} {d.here} against {d.there}: {WHY[d.kind]}" for d in what]
        found.append(Apart(group=other, differs_in=tuple(d.name for d in what), why="; ".join(words)))
    return tuple(sorted(found, key=lambda one: (len(one.differs_in), one.group))[:most])


def _judge(members: Sequence[Facts], apart: tuple[Apart, ...]) -> Group:
    runs, tag, start = _standings(members)
    ranked = sorted(runs, key=_rank)
    best = ranked[0] if ranked[0].state == "finished" else None
    noise, repeats = _noise(runs, best)
    advised, settled, reason = advise(runs, best, start)
    return Group(
        runs=tuple(ranked), differs_in=tuple(varying(members)), ranked_by=tag, best=best,
        good_band=_band(runs, best, start), at_edge=_edge(runs, best, start, noise),
        clear=_clear(runs, best, noise, repeats),
        noise=noise, repeats=repeats, next=advised, settled=settled, reason=reason, apart=apart,
    )  # fmt: skip


def _rank(run: Standing) -> tuple[int, float]:
    order = {"finished": 0, "unfinished": 1, "no-level": 2, "blew-up": 3}
    return order[run.state], run.level if math.isfinite(run.level) else math.inf


def _standings(members: Sequence[Facts]) -> tuple[list[Standing], str, float]:
    """Each run's end on the curve that all share; that curve's tag; and the loss before training, NaN if
    unknown."""
    alive = [run for run in members if not run.broke]
    by_val = bool(alive) and all(run.val is not None and math.isfinite(run.val.value) for run in alive)
    longest = max((run.length for run in members), default=0)

    def end(run: Facts) -> Level | None:
        return run.val if by_val else run.train if run.train is not None else run.val

    runs = []
    for run in members:
        level = end(run)
        state: Literal["finished", "blew-up", "unfinished", "no-level"] = "finished"
        value, noise = (level.value, level.noise) if level is not None else (math.nan, math.nan)
        if run.broke:
            state, value = "blew-up", math.nan
        elif not math.isfinite(value):
            state = "no-level"
        elif run.length * SAME_LENGTH < longest:
            state = "unfinished"
        value, noise = (min(max(number, -_LARGEST), _LARGEST) for number in (value, noise))
        runs.append(Standing(facts=run, level=value, noise=noise if math.isfinite(noise) else 0.0, state=state))
    tags = [(run.val_tag if by_val else run.train_tag or run.val_tag) for run in (alive or members)]
    firsts = [
        level.first for run in members if (level := run.train or run.val) is not None and math.isfinite(level.first)
    ]
    return runs, tags[0] if tags else "", float(np.median(firsts)) if firsts else math.nan


def _gain(run: Standing, start: float) -> float:
    return start - run.level


def _band(runs: Sequence[Standing], best: Standing | None, start: float) -> tuple[float, float] | None:
    """The unbroken stretch of tried rates around the best that are as good."""
    if best is None or best.lr is None:
        return None
    least = (1 - BAND) * max(_gain(best, start), 0.0) if math.isfinite(start) else math.inf
    rates = rates_of(runs)
    good = [
        any(run.state == "finished" and (run is best or _gain(run, start) >= least) for run in same)
        for _, same in rates
    ]
    here = next(index for index, (_, same) in enumerate(rates) if best in same)
    low = high = here
    while low > 0 and good[low - 1]:
        low -= 1
    while high < len(rates) - 1 and good[high + 1]:
        high += 1
    return rates[low][0], rates[high][0]


def _edge(runs: Sequence[Standing], best: Standing | None, start: float, noise: float) -> Literal["low", "high"] | None:
    """The side on which nothing was tried beyond the best; None where the rate next to it is as good within
    the noise."""
    rates = rates_of(runs)
    if best is None or best.lr is None or len(rates) < 2:
        return None
    here = next(index for index, (_, same) in enumerate(rates) if best in same)
    if 0 < here < len(rates) - 1:
        return None
    if len(rates) > 2:
        beside = [run for run in rates[1 if here == 0 else -2][1] if run.state == "finished"]
        lead = min((run.level for run in beside), default=math.inf) - best.level
        if lead <= _CLEAR * noise and lead <= BAND * abs(start - best.level):
            return None
    return "low" if here == 0 else "high"


def _noise(runs: Sequence[Standing], best: Standing | None) -> tuple[float, int]:
    """Standard deviation of the end level between repeats, pooled; else the standard error of the best
    run's."""
    squares, degrees, repeats = 0.0, 0, 0
    for _, same in rates_of(runs):
        levels = [run.level for run in same if run.state == "finished"]
        if len(levels) > 1:
            squares += float(np.var(levels)) * len(levels)
            degrees += len(levels) - 1
            repeats += len(levels)
    if degrees:
        return math.sqrt(squares / degrees), repeats
    return (best.noise if best is not None else math.nan), 0


def _clear(runs: Sequence[Standing], best: Standing | None, noise: float, repeats: int) -> bool | None:
    """Whether the mean level of the best rate is lower than that of any other by more than the noise."""
    means = []
    for _, same in rates_of(runs):
        ended = [run for run in same if run.state == "finished"]
        if ended:
            # one run's own standard error where nothing was repeated
            spread = noise**2 / len(ended) if repeats else float(np.mean([run.noise**2 for run in ended]))
            means.append((float(np.mean([run.level for run in ended])), spread))
    if best is None or len(means) < 2:
        return None
    first, second = sorted(means)[:2]
    return second[0] - first[0] > _CLEAR * math.sqrt(first[1] + second[1])
