"""How the runs of a grid ended at a budget: which rate was best, which were as good, how far off each one
was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrdoctor.trials.grid import Grid

__all__ = ["Outcome", "budgets", "final_losses", "outcome", "treatment_gain"]

NEAR, FINE = 0.02, 0.10
"""Share of the best rate's loss reduction that a near-best, or a fine, run may miss."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """A grid at one budget; all arrays are [members].

    Parameters
    ----------
    budget
        Number of updates.
    loss
        Final loss; infinite where the run had blown up.
    initial
        Loss before the first update.
    best
        Position of the lowest loss.
    reduction
        Share of the best rate's loss reduction that was reached: 1 at the best, 0 where nothing was gained,
        negative where it got worse.
    near, fine
        ``reduction`` at least 0.98, at least 0.90.
    near_strict
        Loss within 2 % of the best loss; few rates reach it where losses go to zero.
    band
        Lowest and highest position of the unbroken stretch of `near` rates around the best.
    log_factor
        log10(best rate / this rate).
    log_factor_centre
        log10(centre of the band / this rate): the same, less jumpy where many rates are as good as the best.
    at_edge
        "low" or "high" where the best is the first or last rate (a better one may lie outside); else None.
    """

    budget: int
    loss: NDArray[np.float64]
    initial: float
    best: int
    reduction: NDArray[np.float64]
    near: NDArray[np.bool_]
    near_strict: NDArray[np.bool_]
    fine: NDArray[np.bool_]
    band: tuple[int, int]
    log_factor: NDArray[np.float64]
    log_factor_centre: NDArray[np.float64]
    at_edge: Literal["low", "high"] | None

    @property
    def learnt(self) -> bool:
        """Whether the best rate gained anything worth ranking: a hundredth of the initial loss or more."""
        return self.initial - float(self.loss[self.best]) > 0.01 * abs(self.initial)


def budgets(grid: Grid, shortest: int = 100) -> list[int]:
    """Budgets at which this grid is a complete trial, ascending.

    With a constant rate every prefix is one, and those of 100, 178, 316, 562, ... steps were measured; with a
    schedule only the whole run is.
    """
    if grid.schedule != "constant":
        return [grid.steps]
    ladder = [round(10 ** (k / 4)) for k in range(4 * 7)]
    first = max(shortest, 3 * int(grid.eval_step[grid.eval_step > 0][0]))
    return [*(b for b in ladder if first <= b < 0.9 * grid.steps), grid.steps]


def final_losses(
    grid: Grid, budget: int | None = None, *, on: Literal["train", "val"] = "train"
) -> NDArray[np.float64]:
    """Loss at the end of a budget: median of the last three measurements in the last fifth of it.

    For the public grids these are the last three epochs. Blown-up runs are infinite.
    """
    budget = budget or grid.steps
    values = (grid.full_train_loss if on == "train" else grid.val_loss).astype(np.float64)
    known = np.flatnonzero(grid.eval_step <= budget)[-3:]
    known = known[(grid.eval_step[known] >= 0.8 * budget) | (known == known[-1])]
    values = values[:, known]
    values[np.isnan(values)] = np.inf
    middle = np.sort(values, axis=1)[:, (values.shape[1] - 1) // 2 : values.shape[1] // 2 + 1]
    final: NDArray[np.float64] = np.where(np.isinf(values[:, -1]), np.inf, middle.mean(axis=1))
    return final


def outcome(grid: Grid, budget: int | None = None, *, on: Literal["train", "val"] = "train") -> Outcome:
    """Rank the rates of a grid at a budget (default: its full length).

    Raises
    ------
    ValueError
        If no run ended with a finite loss, or a prefix of a run with a schedule is asked for.
    """
    budget = budget or grid.steps
    if budget < grid.steps and grid.schedule != "constant":
        raise ValueError(f"{grid.name} has a {grid.schedule} schedule: {budget} steps of it are no trial")
    loss = final_losses(grid, budget, on=on)
    if not np.isfinite(loss).any():
        raise ValueError(f"{grid.name}: no run is finite after {budget} steps")
    at_start = (grid.full_train_loss if on == "train" else grid.val_loss)[:, 0]
    finite_start = at_start[np.isfinite(at_start)]
    initial = (
        float(np.median(finite_start)) if finite_start.size else float(np.nanmax(loss[np.isfinite(loss)]))
    )
    best = int(np.argmin(loss))
    gain = max(initial - loss[best], 1e-12)
    reduction = np.where(np.isfinite(loss), (initial - loss) / gain, -np.inf)
    near = reduction >= 1 - NEAR
    band = _stretch(near, best)
    log_lr = np.log10(grid.lr)
    edge: Literal["low", "high"] | None = "low" if best == 0 else "high" if best == loss.size - 1 else None
    return Outcome(
        budget=budget,
        loss=loss,
        initial=initial,
        best=best,
        reduction=reduction,
        near=near,
        near_strict=loss <= loss[best] + NEAR * abs(loss[best]),
        fine=reduction >= 1 - FINE,
        band=band,
        log_factor=log_lr[best] - log_lr,
        log_factor_centre=log_lr[list(band)].mean() - log_lr,
        at_edge=edge,
    )


def _stretch(flags: NDArray[np.bool_], inside: int) -> tuple[int, int]:
    """First and last position of the unbroken stretch of true flags that holds `inside`."""
    false = np.flatnonzero(~flags)
    left, right = false[false < inside], false[false > inside]
    return int(left[-1] + 1) if left.size else 0, int(right[0] - 1) if right.size else flags.size - 1


def treatment_gain(plain: Grid, treated: Grid) -> NDArray[np.float64]:
    """What a schedule, a warm-up or clipping would have done for each rate.

    Returns
    -------
    float64 [members]: loss reduction gained, in units of the best plain run's reduction at the same budget.
    Where both blew up it is 0; where only the plain run did, the treated run's own reduction.

    Raises
    ------
    ValueError
        If the two grids differ in more than the treatment.
    """
    if (plain.task, plain.optimizer, plain.seed) != (
        treated.task,
        treated.optimizer,
        treated.seed,
    ) or not np.array_equal(plain.lr, treated.lr):
        raise ValueError(f"{plain.name} and {treated.name} differ in more than the treatment")
    before = outcome(plain, treated.steps)
    after = final_losses(treated)
    gain = max(before.initial - before.loss[before.best], 1e-12)
    reduction = np.where(np.isfinite(after), (before.initial - after) / gain, -np.inf)
    floor = np.maximum(before.reduction, 0.0)
    return np.maximum(reduction, 0.0) - floor
