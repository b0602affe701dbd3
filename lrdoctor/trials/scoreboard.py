"""The scoreboard: what following the advice once brings on tasks that the fit has not seen, and what else would."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.prescribing.response import load_experts
from lrdoctor.trials import fitting
from lrdoctor.trials.advising import Fit, advise, cases_of
from lrdoctor.trials.judging import best_of, judge
from lrdoctor.trials.policies import RANGE_TESTS, after_search, default_rate, range_test, tree_parzen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from lrdoctor.trials.advising import Advice
    from lrdoctor.trials.dataset import Rows
    from lrdoctor.trials.grid import Grid
    from lrdoctor.trials.judging import Cases, Judged
    from lrdoctor.trials.making import Material

    Indices = NDArray[np.int64]
    Load = Callable[[str], Grid]

__all__ = [
    "HEAD",
    "MEASURES",
    "Scores",
    "asked_long",
    "beside",
    "budget_class",
    "by_group",
    "cells",
    "failures",
    "number",
    "scores_of",
    "table",
    "thresholds",
]

MEASURES: tuple[tuple[str, Callable[[Judged], float]], ...] = (
    ("near then", lambda j: j.reached), ("cured", lambda j: j.cured), ("landed", lambda j: j.landed),
    ("near left alone", lambda j: j.near_alone),
    ("fine left alone", lambda j: j.fine_alone), ("harm", lambda j: j.harm), ("direction", lambda j: j.balanced),
    ("opposite", lambda j: float(j.opposite)),
)  # fmt: skip
HEAD = [name for name, _ in MEASURES]
_SEARCHES = (1, 3, 10, 20)
"""Numbers of trials after which a search is looked at."""
_SEEDS = 50
_WORDY = 12
"""Cells longer than this are words, not numbers."""
_NARROW = 0.5
"""A near-best band below this share of the usual one is called narrow."""
_BIAS = 0.3
"""Decades of median error from which on it is called a bias."""
_MANY = 0.4
"""Share of the missed runs that were left alone from which on it is said how good these were."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """A set of runs, the advice on them, and what became of them."""

    rows: Rows
    cases: Cases
    advice: Advice
    judged: Judged

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, which: NDArray[np.bool_]) -> Scores:
        """A part of the runs."""
        return Scores(self.rows.take(which), self.cases.take(which), self.advice.take(which), self.judged.take(which))


def scores_of(material: Material, which: Indices, load: Load) -> Scores:
    """Advise on some rows, with responses of fits that have not seen their families, and judge."""
    folds = fitting.folds(material.rows, material.public)
    fits: dict[str, Fit] = {}
    for fold in np.unique(folds[which]):
        fit = Fit.of(material.rows.take(folds != fold), material.power)
        fits |= dict.fromkeys(material.rows.family[folds == fold].tolist(), fit)
    return _scores(material.rows.take(which), material.outputs[which], fits, load)


def _scores(rows: Rows, outputs: NDArray[np.float32], fits: dict[str, Fit], load: Load) -> Scores:
    advice = advise(rows, outputs, fits, load)
    cases = cases_of(rows, load)
    return Scores(rows, cases, advice, judge(cases, advice.offset, advice.low, advice.high))


def asked_long(material: Material, load: Load, shortest: int = 10_000, longest: int = 1_000) -> tuple[Scores, Scores]:
    """Fit on short trainings of half the families, ask about long ones of the other half.

    Returns
    -------
    With that fit, and with the held-out fits that know long trainings, on the same runs.
    """
    half = fitting.Settings().folds // 2
    folds = fitting.folds(material.rows, material.public)
    asked = (folds < half) | material.public
    kept = ~asked & (material.rows.budget <= longest)
    which = np.flatnonzero(
        asked & (material.rows.budget >= shortest) & np.isin(material.rows.look, ("dense", "no_grad_norm"))
    )
    which = np.sort(np.random.default_rng(1).permutation(which)[:1_500])
    s = fitting.Settings(members=2, long_budget=longest)
    arrays = fitting.fit(material.rows.take(kept), material.public[kept], s)
    rows = material.rows.take(which)
    fit = Fit.of(material.rows.take(kept), material.power)
    outputs = load_experts(arrays).predict(rows.x)
    short = _scores(rows, outputs, dict.fromkeys(rows.family.tolist(), fit), load)
    return short, scores_of(material, which, load)


def budget_class(budget: int) -> str:
    """The class of lengths that a budget belongs to."""
    if budget < 500:
        return "100 to 316 steps"
    if budget < 1_000:
        return "562 and 700 steps"
    return "1,000 to 3,162 steps" if budget < 3_500 else "4,000 steps and more"


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; columns of numbers to the right."""
    lines = list(lines)
    words = [any(len(line[column]) > _WORDY for line in lines) for column in range(len(head))]
    rule = ["---" if column == 0 or words[column] else "---:" for column in range(len(head))]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *lines)) + "\n"


def cells(judged: Judged) -> list[str]:
    """All measures of some runs, as text."""
    return [number(value(judged), whole=name == "opposite") for name, value in MEASURES]


def number(value: float, *, whole: bool = False) -> str:
    """Two decimals, or a whole number; a dash where there is none."""
    if math.isnan(value):
        return "-"
    return f"{value:.0f}" if whole else f"{value:.2f}"


def by_group(scores: Scores, keys: Sequence[str], title: str, order: Sequence[str] | None = None) -> str:
    """One line per group of runs."""
    names = np.array(keys)
    lines = []
    for name in order or sorted(set(keys)):
        part = scores.judged.take(names == name)
        if part.near.size:
            lines.append([name, f"{part.near.size:,}", *cells(part), number(part.covered)])
    return table([title, "runs", *HEAD, "interval holds"], lines)


def beside(scores: Scores, load: Load, asked: Callable[[Scores], list[list[str]]], boards: int) -> str:
    """The advice, and what else one could do with the same runs.

    Parameters
    ----------
    scores
        The runs.
    load
        Gives a grid by its name.
    asked
        Lines for other programs.
    boards
        Number of boards, drawn at random, on which TPE is run.
    """
    cases, advice = scores.cases, scores.advice
    log_lr = cases.log_lr()
    lines = [["**lrdoctor**", *cells(scores.judged)]]
    lines.append(["the same findings, textbook doses", *cells(judge(cases, advice.textbook))])
    lines.append(["leave everything as it is", *cells(judge(cases, np.zeros(len(cases))))])
    rate = cases.of_boards([default_rate(board.optimizer) for board in cases.boards])
    lines.append(["the optimizer's default", *cells(judge(cases, rate - log_lr))])
    for name, rule in RANGE_TESTS.items():
        named = cases.of_boards([range_test(load(board.name), rule, board.budget) for board in cases.boards])
        lines.append([name, *cells(judge(cases, named - log_lr))])
    lines += asked(scores)
    for trials in _SEARCHES:
        lines.append([f"random search, {trials} trial{'s'[: trials > 1]}", *_searched(best_of(cases, trials))])
    chosen = np.sort(np.random.default_rng(2).permutation(len(cases.boards))[:boards])
    try:
        tried = {int(board): tree_parzen(cases.boards[board], _SEEDS, max(_SEARCHES)) for board in chosen}
    except ImportError:
        lines.append(["Optuna TPE: not installed when this page was made", *(["-"] * len(HEAD))])
    else:
        for trials in _SEARCHES:
            lines.append(
                [f"Optuna TPE, {trials} trial{'s'[: trials > 1]}", *_searched(after_search(cases, tried, trials))]
            )
    return table(["", *HEAD], lines)


def _searched(figures: tuple[float, float, float]) -> list[str]:
    cured, landed, harm = figures
    return ["-", number(cured), number(landed), "-", "-", number(harm), "-", "-"]


def thresholds(scores: Scores) -> str:
    """What other demands on the fitted response would bring."""
    lines = []
    for up, down in [(u, d) for u in (0.1, 0.15, 0.2, 0.3, 0.5) for d in (0.2, 0.3, 0.5)]:
        lines.append([f"{up:.2f}", f"{down:.2f}", *cells(judge(scores.cases, scores.advice.demanding(up, down)))])
    lines.append(["never", "never", *cells(judge(scores.cases, scores.advice.without))])
    return table(["raise from", "cut from", *HEAD], lines)


def failures(scores: Scores, count: int = 5, least: int = 40) -> str:
    """The families in which fewest runs are cured, and what the numbers say about the reason."""
    families = scores.rows.family
    found = []
    for family in sorted(set(families.tolist())):
        part = scores.take((families == family) & ~scores.judged.was_near)
        if len(part) >= least:
            found.append((part.judged.cured, family, part))
    usual = float(np.median([board.band for board in scores.cases.boards]))
    lines = [
        [family, f"{len(part):,}", number(cured), _worst_grids(part), _why(part, usual)]
        for cured, family, part in sorted(found, key=lambda entry: entry[:2])[:count]
    ]
    return table(["family", "runs not near the best", "cured", "worst grids", "what went wrong"], lines)


def _worst_grids(part: Scores, least: int = 8) -> str:
    shares = []
    for name in sorted(set(part.rows.grid.tolist())):
        here = part.judged.near[part.rows.grid == name]
        if here.size >= least:
            shares.append((float(here.mean()), name))
    return ", ".join(f"`{name}` {share:.2f}" for share, name in sorted(shares)[:2])


def _why(part: Scores, usual: float) -> str:
    """One sentence from the numbers of the runs that were not cured."""
    missed = part.take(~part.judged.near)
    judged = missed.judged
    alone, wrong = judged.alone, (judged.said == -judged.truth) & (judged.truth != 0)
    told = ~alone & ~wrong
    words = [f"of the runs missed, {alone.mean():.0%} were left alone and {wrong.mean():.0%} sent the wrong way"]
    if told.any():
        error, raised = float(np.median(judged.error[told])), float(np.mean(missed.advice.offset[told] > 0))
        side = "too high" if error > 0 else "too low"
        words.append(f"the others ({raised:.0%} raised) ended {abs(error):.2f} decades {side} in the median")
        words += _unusual(missed) if abs(error) >= _BIAS else []
    band = float(np.median(missed.cases.of_boards([board.band for board in missed.cases.boards])))
    if band < _NARROW * usual:
        width = f"only {band:.2f} decades of rates are" if band > 0 else "no other rate than the best is"
        words.append(f"{width} near the best, where {usual:.2f} decades are usual")
    if alone.mean() >= _MANY:
        words.append(f"{judged.was_fine[alone].mean():.0%} of those left alone were fine")
    return "; ".join(words)


def _unusual(part: Scores) -> list[str]:
    """Say if the best rates lie far from the default: such families look like others at another rate."""
    beyond = [board.centre - default_rate(board.optimizer) for board in part.cases.boards]
    best = float(np.median(part.cases.of_boards(beyond)))
    side = "above" if best > 0 else "below"
    return [f"their best rates lie {abs(best):.1f} decades {side} the optimizer's default"] * (abs(best) >= _BIAS)
