"""What users are told about recorded runs: the shipped decisions, the response that of a fit without the task."""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lrdoctor.engine import Context, all_rules, diagnose_run
from lrdoctor.prescribing.network import MISSING
from lrdoctor.prescribing.response import from_output
from lrdoctor.trials.judging import Board, Cases, board_of
from lrdoctor.trials.policies import textbook
from lrdoctor.trials.views import LOOKS, make_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from lrdoctor.prescribing.response import Response, Sharpness
    from lrdoctor.records import Run, RunDiagnosis
    from lrdoctor.rules._base import Rule
    from lrdoctor.trials.dataset import Rows
    from lrdoctor.trials.grid import Grid

    Floats = NDArray[np.float64]

__all__ = ["Advice", "Fit", "advise", "cases_of"]

_FITTED = ("RTE101", "RTE102")


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """What a response needs beside the output of the networks: see `prescribing.response.from_output`."""

    sharpness: Sharpness
    lowest: Floats
    highest: Floats

    @classmethod
    def of(cls, rows: Rows, sharpness: Sharpness) -> Fit:
        """The range of each feature among some rows."""
        known = np.where(rows.x == MISSING, np.nan, rows.x)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a feature that no row has
            lowest, highest = np.nanquantile(known, [0.001, 0.999], axis=0)
        return cls(sharpness, np.nan_to_num(lowest, nan=-np.inf), np.nan_to_num(highest, nan=np.inf))


@dataclass(frozen=True, slots=True, eq=False)
class Advice:
    """Advice on n runs; factors are log10, float64 [n].

    Parameters
    ----------
    offset, low, high
        The plan's factor and interval.
    textbook
        Factor of the textbook for the findings that need no fitted response.
    without
        The plan's factor if the fitted response raised no finding of its own.
    freely
        The plan's factor if it always did.
    gain
        Gain that the response expects of the best factor.
    verdict
        Names, [n].
    """

    offset: Floats
    low: Floats
    high: Floats
    textbook: Floats
    without: Floats
    freely: Floats
    gain: Floats
    verdict: NDArray[np.str_]

    def take(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Advice:
        """A part of the runs."""
        return Advice(*(getattr(self, name)[which] for name in self.__slots__))

    def demanding(self, up: float, down: float) -> Floats:
        """Factors if a raise, or a cut, on the response's word alone had to promise so much gain."""
        raised, cut = self.freely > self.without, self.freely < self.without
        spoken = (raised & (self.gain >= up)) | (cut & (self.gain >= down))
        return np.where(spoken, self.freely, self.without)


def cases_of(rows: Rows, load: Callable[[str], Grid]) -> Cases:
    """The boards behind some rows, each judged once; `load` gives a grid by its name."""
    keys = list(zip(rows.grid.tolist(), rows.budget.tolist(), strict=True))
    order = {key: index for index, key in enumerate(dict.fromkeys(keys))}
    boards: list[Board] = []
    for name, budget in order:
        board = board_of(load(name), budget)
        if board is None:
            raise ValueError(f"{name} learnt nothing within {budget} steps, but has rows")
        boards.append(board)
    return Cases(boards, np.array([order[key] for key in keys]), rows.member.astype(np.int64))


def advise(rows: Rows, outputs: NDArray[np.float32], fits: dict[str, Fit], load: Callable[[str], Grid]) -> Advice:
    """Diagnose the run behind each row.

    Parameters
    ----------
    rows
        The runs: grid, member, budget and look.
    outputs
        float32 [n, 2 x candidates]: what a fit that has not seen the family says of each.
    fits
        By family: its other parameters.
    load
        Gives a grid by its name.
    """
    rules = all_rules()
    others = [rule for rule in rules if rule.code not in _FITTED]
    eager = [*others, *(_eager(rule) for rule in rules if rule.code in _FITTED)]
    columns: list[tuple[float, ...]] = []
    verdicts: list[str] = []
    for index in range(len(rows)):
        name, budget = str(rows.grid[index]), int(rows.budget[index])
        grid = load(name)
        run = make_run(grid, int(rows.member[index]), LOOKS[str(rows.look[index])], budget)
        fit = fits[str(rows.family[index])]
        said = from_output(rows.x[index].astype(np.float64), outputs[index], fit.sharpness, fit.lowest, fit.highest)
        given = _diagnosis(run, rules, said)
        plain = _diagnosis(run, others, said)
        by_book = textbook(Context(run), plain.findings)
        low, high = given.plan.lr.interval
        factors = (given.plan.lr.factor, low, high, plain.plan.lr.factor, _diagnosis(run, eager, said).plan.lr.factor)
        columns.append((*(float(np.log10(factor)) for factor in factors), by_book, said.gain()))
        verdicts.append(str(given.verdict.value))
    table = np.array(columns, np.float64).reshape(len(rows), 7)
    return Advice(
        offset=table[:, 0], low=table[:, 1], high=table[:, 2], without=table[:, 3], freely=table[:, 4],
        textbook=table[:, 5], gain=table[:, 6], verdict=np.array(verdicts, dtype=np.str_),
    )  # fmt: skip


def _diagnosis(run: Run, rules: list[Rule], said: Response) -> RunDiagnosis:
    return diagnose_run(run, rules, {"response": said})


def _eager(rule: Rule) -> Rule:
    """The same rule, content with any gain: whatever its settings demand of one is zero."""
    eager: Any = copy.copy(rule)
    eager.settings = rule.settings._replace(**{name: 0.0 for name in rule.settings._fields if "gain" in name})
    return eager  # type: ignore[no-any-return]
