"""One run as users' logs show it: every step or twenty points, with or without validation, rate, gradient
norm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from lrdoctor.records import Role, Run, Series
from lrdoctor.trials.schedules import multipliers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrdoctor.records import Hyperparameter
    from lrdoctor.trials.grid import Grid

__all__ = ["LOOKS", "Look", "make_run"]

_OPTIMIZER_FACTS: dict[str, dict[str, Hyperparameter]] = {
    "sgd": {"optimizer": "sgd", "momentum": 0.0},
    "momentum": {"optimizer": "sgd", "momentum": 0.9},
    "nesterov": {"optimizer": "sgd", "momentum": 0.9, "nesterov": True},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a log shows of a run.

    Parameters
    ----------
    points
        ``all`` that was recorded, ``even`` (a hundred or so, fixed interval), ``epoch`` (means over epochs),
        or a number: ``every`` that many steps, if positive; that many points in all, if negative.
    val, lr, grad_norm
        Whether these columns are there.
    optimizer, batch_size, lr_known
        Whether these hyperparameters are known.
    cut
        Share of the budget at which the log ends; the planned number of steps stays known.
    stops
        Whether the log ends with its first NaN, as a script that raises leaves it; else NaN rows follow.
    """

    points: Literal["all", "even", "epoch"] | int = "all"
    val: bool = True
    lr: bool = True
    grad_norm: bool = True
    optimizer: bool = True
    batch_size: bool = True
    lr_known: bool = True
    cut: float = 1.0
    stops: bool = False


LOOKS: dict[str, Look] = {
    "dense": Look(),
    "even": Look(points="even"),
    "every_50": Look(points=50),
    "per_epoch": Look(points="epoch", grad_norm=False),
    "points_20": Look(points=-20, grad_norm=False),
    "train_only": Look(points="even", val=False, grad_norm=False),
    "no_lr_column": Look(points="even", lr=False, grad_norm=False),
    "no_optimizer": Look(points="even", optimizer=False, batch_size=False),
    "no_grad_norm": Look(grad_norm=False),
    "curve_alone": Look(
        points="even", val=False, lr=False, grad_norm=False, optimizer=False, batch_size=False, lr_known=False
    ),
    "half": Look(cut=0.5),
    "half_even_stops": Look(points="even", cut=0.5, stops=True),
}


def make_run(grid: Grid, member: int, look: Look = LOOKS["dense"], budget: int | None = None) -> Run:
    """The log of one member.

    Parameters
    ----------
    grid, member
        Which run.
    look
        How it was logged.
    budget
        Length of the run; below the grid's own only where the rate is constant (a prefix is then a run of its
        own).

    Raises
    ------
    ValueError
        For a prefix of a run with a schedule.
    """
    budget = budget or grid.steps
    if budget < grid.steps and grid.schedule != "constant":
        raise ValueError(f"{grid.name} has a {grid.schedule} schedule: {budget} steps of it are no run")
    end = max(2, round(budget * look.cut))
    step, loss = _loss_points(grid, member, look, end)
    last = end
    if look.stops and not np.isfinite(loss).all():
        first_bad = int(np.argmin(np.isfinite(loss)))
        last = int(step[first_bad]) + 1
        step, loss = step[: first_bad + 1], loss[: first_bad + 1]
    series = [_series("train_loss", Role.TRAIN_LOSS, step, loss)]
    if look.val:
        at = _even_evaluations(grid, end)
        at = at[grid.eval_step[at] <= last]
        if at.size:
            series.append(
                _series("val_loss", Role.VAL_LOSS, grid.eval_step[at] - 1, grid.val_loss[member, at])
            )
    if look.lr:
        rate = grid.lr[member] * multipliers(grid.schedule, grid.steps)[np.minimum(step, grid.steps - 1)]
        series.append(_series("lr", Role.LR, step, rate))
    if look.grad_norm and grid.grad_step.size:
        kept = np.isin(grid.grad_step, step)
        if kept.any():
            series.append(
                _series("grad_norm", Role.GRAD_NORM, grid.grad_step[kept], grid.grad_norm[member, kept])
            )
    facts = _facts(grid, member, look, budget)
    name = f"{grid.name}/{member:02d}"
    return Run(id=name, source=name, format="trial", series={s.tag: s for s in series}, hyperparameters=facts)


def _loss_points(
    grid: Grid, member: int, look: Look, end: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Steps and training losses of the log."""
    if look.points == "epoch" and grid.window_step.size:
        kept = np.flatnonzero(grid.window_step <= end)
        if kept.size >= 3:
            return grid.window_step[kept] - 1, grid.window_loss[member, kept]
    if (
        look.points == "epoch" and not grid.window_step.size
    ):  # the public grids: what was measured after each epoch
        kept = np.flatnonzero((grid.eval_step <= end) & (grid.eval_step > 0))
        if kept.size >= 3:
            return grid.eval_step[kept] - 1, grid.full_train_loss[member, kept]
    if look.points == "all":
        at = np.flatnonzero(grid.step < end)
    else:
        at = grid.even_steps(end)
        if isinstance(look.points, int) and look.points < 0:
            at = at[np.unique(np.linspace(0, at.size - 1, -look.points).round().astype(int))]
        elif isinstance(look.points, int):
            interval = int(np.diff(grid.step[at]).max()) if at.size > 1 else 1
            at = at[:: max(1, round(look.points / interval))]
    return grid.step[at], grid.train_loss[member, at]


def _even_evaluations(grid: Grid, end: int, count: int = 12) -> NDArray[np.int64]:
    """Positions in `eval_step` of about a dozen evenly spaced validations up to `end`."""
    known = np.flatnonzero((grid.eval_step <= end) & (grid.eval_step > 0))
    if known.size == 0:
        return known
    wanted = np.linspace(end / count, end, count)
    nearest = np.abs(grid.eval_step[known][:, None] - wanted).argmin(axis=0)
    kept: NDArray[np.int64] = known[np.unique(nearest)]
    return kept


def _facts(grid: Grid, member: int, look: Look, budget: int) -> dict[str, Hyperparameter]:
    """Hyperparameters that the log's configuration file states."""
    facts: dict[str, Hyperparameter] = {"max_steps": budget}
    if look.lr_known:
        facts |= {"lr": float(grid.lr[member]), "schedule": grid.schedule}
    if look.optimizer:
        facts |= _OPTIMIZER_FACTS.get(grid.optimizer, {"optimizer": grid.optimizer})
    if look.batch_size:
        facts["batch_size"] = grid.batch_size
    if grid.clip_norm is not None:
        facts["clip_norm"] = grid.clip_norm
    return facts


def _series(tag: str, role: Role, step: NDArray[np.int64], value: NDArray[np.floating]) -> Series:
    return Series(
        tag=tag,
        role=role,
        role_reason="recorded as such",
        step=step.astype(np.int64),
        value=value.astype(np.float64),
    )
