"""What else one could do with a run at hand: rules of thumb, and searches that look at results only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.prescribing.optimizers import usual_rates
from lrdoctor.prescribing.textbook import textbook_dose

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from lrdoctor.engine import Context
    from lrdoctor.records import Finding
    from lrdoctor.trials.grid import Grid
    from lrdoctor.trials.judging import Board, Cases

    Floats = NDArray[np.float64]

__all__ = ["RANGE_TESTS", "default_rate", "range_test", "textbook", "tree_parzen"]


def textbook(context: Context, findings: Sequence[Finding]) -> float:
    """log10 factor of the textbook for the leading finding; 0 where nothing was found."""
    leading = next((finding for finding in findings if finding.severity.rank > 0), None)
    if leading is None:
        return 0.0
    rate = context.run.hyperparameters.get("lr")
    known = context.run.hyperparameters
    dose = textbook_dose(leading, known, context.find("schedule"), float(rate) if isinstance(rate, float) else None)
    return float(np.log10(dose.factor))


def default_rate(optimizer: str) -> float:
    """log10 of the default rate of an optimizer (`prescribing/optimizers.toml`)."""
    usual = usual_rates({"optimizer": optimizer})
    if usual is None:
        raise ValueError(f"no usual rate is known for {optimizer}")
    return float(np.log10(usual.default))


def _tenth_of_minimum(log_lr: Floats, loss: Floats) -> float:
    """A tenth of the rate with the lowest loss."""
    return float(log_lr[int(np.nanargmin(loss))] - 1.0)


def _steepest(log_lr: Floats, loss: Floats) -> float:
    """Steepest fall against log rate, up to the minimum (fastai's ``steep``)."""
    upto = max(int(np.nanargmin(loss)) + 1, 2)
    return float(log_lr[int(np.argmin(np.gradient(loss[:upto], log_lr[:upto])))])


def _steepest_raw(log_lr: Floats, loss: Floats) -> float:
    """Steepest fall against the rate itself (Lightning's ``Tuner.lr_find``), where the loss is finite."""
    finite = np.isfinite(loss)
    return float(log_lr[finite][int(np.argmin(np.gradient(loss[finite], 10.0 ** log_lr[finite])))])


RANGE_TESTS: Mapping[str, Callable[[Floats, Floats], float]] = {
    "range test, minimum / 10": _tenth_of_minimum,
    "range test, steepest in log rate (fastai)": _steepest,
    "range test, steepest in rate (Lightning)": _steepest_raw,
}


def range_test(grid: Grid, rule: Callable[[Floats, Floats], float], budget: int) -> float:
    """log10 of the rate that a range test would name.

    A ramp visits each rate for a few steps; its stand-in here is each member's median loss over the last tenth of the
    first 100 steps (300 where the budget allows ten times as many), cut at four times the best as the tools do. It is
    kinder than a ramp: every rate starts afresh.
    """
    length = 300 if budget >= 3_000 else 100
    seen = grid.train_loss[:, (grid.step >= 0.9 * length) & (grid.step < length)].astype(np.float64)
    dead = ~np.isfinite(seen).all(axis=1)
    loss = np.where(dead, np.inf, np.median(np.where(np.isfinite(seen), seen, 0.0), axis=1))
    best = loss.min()
    limit = best + 3.0 * abs(best)
    over = np.flatnonzero((loss > limit) & (np.arange(loss.size) > int(np.argmin(loss))))
    end = int(over[0]) if over.size else loss.size
    log_lr, loss = np.log10(grid.lr)[:end], loss[:end]
    finite = np.isfinite(loss)
    return rule(log_lr[finite], loss[finite])


def tree_parzen(board: Board, seeds: int, trials: int) -> NDArray[np.int64]:
    """Members that Optuna's TPE tries, over the same range of rates: int64 [seeds, trials].

    Raises
    ------
    ImportError
        optuna is not installed.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    tried = np.zeros((seeds, trials), np.int64)
    low, high = float(board.log_lr[0]), float(board.log_lr[-1])
    for seed in range(seeds):
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
        for trial_number in range(trials):
            trial = study.ask()
            wanted = trial.suggest_float("log10 rate", low, high)
            member = int(np.clip(np.rint((wanted - low) / board.spacing), 0, board.log_lr.size - 1))
            study.tell(trial, -float(board.reduction[member]))
            tried[seed, trial_number] = member
    return tried


def after_search(cases: Cases, tried: Mapping[int, NDArray[np.int64]], trials: int) -> tuple[float, float, float]:
    """Cured, landed and harm (as in `judging.Judged`) if the best of the first so many searched rates is taken.

    Parameters
    ----------
    cases
        The runs; those of boards that were not searched are left out.
    tried
        By position of the board: members tried, [seeds, n].
    """
    cured, landed, harm = [], [], []
    for board, member in zip(cases.board.tolist(), cases.member.tolist(), strict=True):
        if board not in tried:
            continue
        seen = cases.boards[board]
        chosen = tried[board][:, :trials]
        best = chosen[np.arange(len(chosen)), np.argmax(seen.reduction[chosen], axis=1)]
        if not seen.near[member]:
            cured.append(seen.near[best].mean())
        if not seen.fine[member]:
            landed.append(seen.fine[best].mean())
        harm.append(np.mean(seen.reduction[best] < seen.reduction[member] - 0.02))
    return float(np.mean(cured)), float(np.mean(landed)), float(np.mean(harm))
