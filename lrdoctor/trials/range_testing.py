"""Range tests against the trainings they are to help: what each suggestion would have brought, and the shipped numbers.

    python -m lrdoctor.trials range-test [--record] [--public DIR]
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.prescribing.ramp_dose import LEVEL, Calibration
from lrdoctor.signals.ramp_suggestions import suggestions
from lrdoctor.studies.range_test import examine
from lrdoctor.trials.outcomes import budgets, outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from lrdoctor.trials.grid import Grid
    from lrdoctor.trials.outcomes import Outcome
    from lrdoctor.trials.ramps import Ramp as Recorded

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

__all__ = [
    "DOSE_FILE",
    "STAND_IN",
    "Case",
    "Cases",
    "calibrate",
    "cases_of",
    "fit",
    "fitted_on",
    "held_out",
    "hits",
    "is_slow",
    "place",
    "write_dose",
]

DOSE_FILE = Path(__file__).parent.parent / "prescribing" / "ramp_dose.toml"
SHORTEST = 500
"""Shorter trainings are not worth a range test."""
STAND_IN = "one run per rate"
"""Looks of ramps: a range test put together from the trainings of a grid, 300 steps each."""
_FOLDS = 7
_SOFT = 0.15
"""Decades over which success fades at the edge of the good band while fitting."""
_MISSED = 0.2
"""Weight of a decade outside the band, so that misses pull as well."""


@dataclass(frozen=True, slots=True)
class Case:
    """A range test and a training to come: a row of `Cases`."""

    look: str
    family: str
    optimizer: str
    cause: str | None
    clearness: float
    minimum: float
    explosion: float
    offered: dict[str, float | None]
    steps: int
    longest: bool
    low: float
    high: float
    centre: float
    weight: float


class Cases:
    """Range tests, each with trainings of several lengths; arrays are [n], rates are log10.

    `low` and `high` are the edges of the band of fine rates (at least nine tenths of the best reduction) around the
    best one, half a grid spacing beyond its outermost members; `centre` the middle of the near-best ones. The
    trainings of one range test share its `weight` of 1.
    """

    def __init__(self, rows: Iterable[Case]) -> None:
        self.rows = list(rows)

    def column(self, name: str) -> Floats:
        """A number of all rows."""
        return np.array([getattr(row, name) for row in self.rows], dtype=np.float64)

    def where(self, keep: Callable[[Case], bool]) -> Cases:
        """Some of the rows."""
        return Cases(row for row in self.rows if keep(row))

    def __len__(self) -> int:
        return len(self.rows)


def cases_of(ramps: Iterable[Recorded], grids: Sequence[Grid]) -> Cases:
    """Every recorded ramp, and a stand-in for each grid, against the trainings of the same grid."""
    outcomes = {grid.name: _outcomes(grid) for grid in grids}
    by_name = {grid.name: grid for grid in grids}
    rows: list[Case] = []
    for ramp in ramps:
        if ramp.grid in by_name:
            look = f"{ramp.design.low:g} to {ramp.design.high:g} in {ramp.design.steps}"
            look += ", trained before" if ramp.design.trained else ""
            rows += _rows(look, by_name[ramp.grid], ramp.design.rates(), ramp.loss, outcomes[ramp.grid])
    for grid in grids:
        rows += _rows(STAND_IN, grid, grid.lr, _stand_in(grid), outcomes[grid.name])
    return Cases(rows)


def _outcomes(grid: Grid) -> list[Outcome]:
    found = []
    for budget in budgets(grid):
        if budget >= SHORTEST:
            try:
                found.append(outcome(grid, budget))
            except ValueError:
                continue
    return [one for one in found if one.learnt]


def _stand_in(grid: Grid) -> Floats:
    """Median loss of the steps 280 to 299 of the training at each rate."""
    seen = grid.train_loss[:, (grid.step >= 280) & (grid.step < 300)].astype(np.float64)
    return np.asarray(np.median(seen, axis=1))


def _rows(
    look: str, grid: Grid, lr: Floats, loss: NDArray[np.floating], outcomes: Sequence[Outcome]
) -> Iterable[Case]:
    values = loss.astype(np.float64)
    ramp, fault = examine(lr, values)
    if ramp is None:
        return
    offered = suggestions(ramp)
    log_lr = np.log10(grid.lr)
    half = float(np.median(np.diff(log_lr))) / 2
    for found in outcomes:
        low, high = _band(found.fine, found.best)
        yield Case(
            look=look, family=grid.family, optimizer=grid.optimizer, cause=fault.cause if fault else None,
            clearness=ramp.clearness, minimum=float(ramp.log_lr[ramp.bottom]), explosion=float(ramp.log_lr[ramp.end]),
            offered=offered, steps=found.budget, longest=found is outcomes[-1], low=float(log_lr[low]) - half,
            high=float(log_lr[high]) + half, centre=float(log_lr[0] + found.log_factor_centre[0]),
            weight=1.0 / len(outcomes),
        )  # fmt: skip


def _band(fine: Flags, best: int) -> tuple[int, int]:
    misses = np.flatnonzero(~fine)
    left, right = misses[misses < best], misses[misses > best]
    return int(left[-1]) + 1 if left.size else 0, int(right[0]) - 1 if right.size else fine.size - 1


def place(cases: Cases, numbers: Floats, *, length_known: bool = True) -> Floats:
    """log10 of the recommended rates for a shift, a lean and a slope."""
    fitted = Calibration(
        shift=float(numbers[0]), lean=float(numbers[1]), slope=float(numbers[2]), known=(0, 0), unknown=(0, 0)
    )
    return np.array([
        fitted.place(row.minimum, row.explosion, row.steps if length_known else None) for row in cases.rows
    ])  # fmt: skip


def hits(cases: Cases, log_lr: Floats) -> Flags:
    """Whether rates lie in the band of fine ones."""
    return np.asarray((log_lr >= cases.column("low")) & (log_lr <= cases.column("high")))


def fit(cases: Cases) -> Floats:
    """Shift, lean and slope with which most usable range tests land in the band, by a softened count."""
    from scipy.optimize import minimize

    low, high, weight = (cases.column(name) for name in ("low", "high", "weight"))

    def loss(numbers: Floats) -> float:
        log_lr = place(cases, numbers)
        inside = _logistic((log_lr - low) / _SOFT) * _logistic((high - log_lr) / _SOFT)
        missed = np.maximum(low - log_lr, 0.0) + np.maximum(log_lr - high, 0.0)
        return float(np.average(_MISSED * missed - inside, weights=weight))

    return np.asarray(minimize(loss, [-1.0, 0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-3}).x)


def _logistic(values: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -50.0, 50.0))))


def fitted_on(cases: Cases) -> Cases:
    """What is fitted on: usable tests, begun with fresh weights, with at least six steps for each decade."""
    return cases.where(lambda row: row.cause is None and is_slow(row.look))


def is_slow(look: str) -> bool:
    """Whether a look is that of a ramp with fresh weights and enough steps, or a stand-in for one."""
    return look == STAND_IN or (not look.endswith("before") and int(look.rsplit(" ", 1)[1]) >= 60)


def held_out(cases: Cases) -> Floats:
    """Shift, lean and slope for each row, float64 [n, 3], from a fit that saw none of its family."""
    families = sorted({row.family for row in cases.rows})
    order = np.random.default_rng(0).permutation(len(families))
    fold = {families[index]: number % _FOLDS for number, index in enumerate(order)}
    numbers = np.zeros((len(cases), 3))
    for number in range(_FOLDS):
        apart = Cases(row for row in cases.rows if fold[row.family] != number)
        numbers[[fold[row.family] == number for row in cases.rows]] = fit(fitted_on(apart))
    return numbers


def calibrate(cases: Cases) -> Calibration:
    """What the package ships: fitted on everything; the intervals from the errors on families that were held out."""
    usable = fitted_on(cases)
    apart = held_out(usable)
    ends = []
    for length_known in (True, False):
        log_lr = np.concatenate([
            place(Cases([row]), numbers, length_known=length_known)
            for row, numbers in zip(usable.rows, apart, strict=True)
        ])  # fmt: skip
        ends.append(_quantiles(usable.column("centre") - log_lr, usable.column("weight")))
    shift, lean, slope = (float(number) for number in fit(usable))
    return Calibration(shift=shift, lean=lean, slope=slope, known=ends[0], unknown=ends[1])


def _quantiles(values: Floats, weight: Floats) -> tuple[float, float]:
    """Weighted quantiles that leave half of what `LEVEL` does not cover on either side."""
    order = np.argsort(values)
    total = (np.cumsum(weight[order]) - weight[order] / 2) / weight.sum()
    tail = (1 - LEVEL) / 2
    low, high = np.interp([tail, 1 - tail], total, values[order])
    return float(low), float(high)


def write_dose(found: Calibration, cases: Cases, path: Path = DOSE_FILE) -> None:
    """Write the file that the package ships."""
    usable = fitted_on(cases)
    tests = round(float(usable.column("weight").sum()))
    path.write_text(
        f"# Decades; fitted on {tests} range tests of {len({row.family for row in usable.rows})} families of tasks "
        "by\n# `python -m lrdoctor.trials range-test`. For the meaning see ramp_dose.py.\n"
        f"shift = {found.shift:.3f}\nlean = {found.lean:.3f}\nslope = {found.slope:.3f}\n"
        f"known = [{found.known[0]:.2f}, {found.known[1]:.2f}]\n"
        f"unknown = [{found.unknown[0]:.2f}, {found.unknown[1]:.2f}]\n",
        encoding="utf-8",
    )
