"""The scoreboard: what following the advice once brings on tasks that the fit has not seen, and what else would."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.trials import fitting
from lrdoctor.trials.advising import Fit, advise, cases_of
from lrdoctor.trials.grid import TABLE, load_grid, load_public_grid
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

    Flags = NDArray[np.bool_]

__all__ = ["PAGE", "Scores", "budget_class", "failures", "page", "scores_of", "table"]

PAGE = Path(__file__).parents[2] / "docs" / "evidence.md"
DENSE = ("dense", "no_grad_norm")
SHORT = 562
"""Budget of the short trainings in the headline."""
_SAMPLE = 6_000
"""Rows of the trials, drawn at random, behind the tables by budget, look and optimizer."""
_SEARCHED, _SEEDS, _TRIALS = 12, 50, (1, 3, 10, 20)
"""Boards of the trials on which TPE is run, how often, and after how many trials it is looked at."""
MEASURES: tuple[tuple[str, Callable[[Judged], float]], ...] = (
    ("cured", lambda j: j.cured), ("landed", lambda j: j.landed), ("near left alone", lambda j: j.near_alone),
    ("fine left alone", lambda j: j.fine_alone), ("harm", lambda j: j.harm), ("direction", lambda j: j.balanced),
    ("opposite", lambda j: float(j.opposite)),
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """A set of runs, the advice on them, and what became of them."""

    rows: Rows
    cases: Cases
    advice: Advice
    judged: Judged

    def __len__(self) -> int:
        return len(self.rows)


def scores_of(material: Material, which: NDArray[np.int64], load: Callable[[str], Grid]) -> Scores:
    """Advise on some rows with responses of fits that have not seen their families, and judge."""
    folds = fitting.folds(material.rows, material.public)
    fits: dict[str, Fit] = {}
    for fold in np.unique(folds[which]):
        fit = Fit.of(material.rows.take(folds != fold), material.power)
        fits |= dict.fromkeys(material.rows.family[folds == fold].tolist(), fit)
    rows = material.rows.take(which)
    advice = advise(rows, material.outputs[which], fits, load)
    cases = cases_of(rows, load)
    return Scores(rows, cases, advice, judge(cases, advice.offset, advice.low, advice.high))


def budget_class(budget: int) -> str:
    """The class of lengths that a budget belongs to."""
    if budget < 500:
        return "100 to 316 steps"
    if budget < 1_000:
        return "562 to 700 steps"
    return "1,000 to 3,162 steps" if budget < 3_500 else "4,000 steps and more"


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; all columns but the first to the right."""
    rule = ["---", *(["---:"] * (len(head) - 1))]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *lines)) + "\n"


def _cells(judged: Judged) -> list[str]:
    return [_number(value(judged), whole=name == "opposite") for name, value in MEASURES]


def _number(value: float, *, whole: bool = False) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:.0f}" if whole else f"{value:.2f}"


_HEAD = [name for name, _ in MEASURES]


def _by(scores: Scores, keys: Sequence[str], first: str, order: Sequence[str] | None = None) -> str:
    """One line per group of runs."""
    names = np.array(keys)
    lines = []
    for name in order or sorted(set(keys)):
        part = scores.judged.take(names == name)
        if part.near.size:
            lines.append([name, str(part.near.size), *_cells(part), _number(part.covered)])
    return table([first, "runs", *_HEAD, "interval holds"], lines)


def thresholds(scores: Scores) -> str:
    """What other demands on the fitted response would bring."""
    lines = []
    for up in (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 9.0):
        for down in (0.2, 0.3, 0.4, 0.5, 9.0):
            if (up == 9.0) != (down == 9.0):
                continue
            judged = judge(scores.cases, scores.advice.demanding(up, down))
            words = ["never", "never"] if up == 9.0 else [f"{up:.2f}", f"{down:.2f}"]
            lines.append([*words, *_cells(judged)])
    return table(["raise from", "cut from", *_HEAD], lines)
