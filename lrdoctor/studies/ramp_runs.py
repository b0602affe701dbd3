"""Range tests among runs: which runs are one, and the loss at each rate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.engine import Context
from lrdoctor.studies.ramp_faults import RISING
from lrdoctor.studies.range_test import RangeTestResult, judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lrdoctor.records import Run, Series

    Floats = NDArray[np.float64]

_LINEAR = "The rate does not climb exponentially, so that low rates were hardly tried."


def range_tests(runs: Sequence[Run], steps: int | None = None) -> list[RangeTestResult]:
    """Judge the range tests among some runs.

    Parameters
    ----------
    runs
        With roles assigned.
    steps
        Length of the training to come, if known.

    Returns
    -------
    One for each run whose rate climbs exponentially to the end; without such a run, for each whose rate only rises;
    without those, for the first run, saying why it is none.
    """
    contexts = [Context(run) for run in runs]
    kinds = [_kind(context) for context in contexts]
    chosen = next(
        (found for kind in RISING if (found := [c for c, its in zip(contexts, kinds, strict=True) if its == kind])),
        contexts[:1],
    )
    return [_judged(context, steps) for context in chosen]


def _kind(context: Context) -> str:
    schedule = context.find("schedule")
    return schedule.kind if schedule is not None and schedule.logged else ""


def _judged(context: Context, steps: int | None) -> RangeTestResult:
    run = context.run
    lr, loss = context.find("lr"), context.find("train_loss")
    loss = context.find("val_loss") if loss is None else loss
    if lr is None or loss is None:
        missing = "learning rate" if lr is None else "loss"
        reason = f"No {missing} was logged: a range test needs the learning rate and the loss of every step."
        return RangeTestResult(id=run.id, source=run.source, steps=steps, cause="no-ramp", reason=reason)
    rates, losses, steps_of = _paired(lr, loss)
    said = judge(rates, losses, step=steps_of, steps=steps, name=run.id, source=run.source, notes=run.notes)
    # half of the points of a linear ramp lie above half of its last rate, of an exponential one above half its decades
    if said.cause != "no-ramp" and float(np.median(said.lr)) > 0.4 * float(said.lr.max()):
        return replace(said, notes=(*said.notes, _LINEAR))
    return said


def _paired(lr: Series, loss: Series) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Rate, loss and step of each point.

    The rate is that of the same step, or between its neighbours; by position where steps count other things. Where
    rates were logged on after the loss had stopped, there was none any more: loggers leave out what is not a number.
    """
    if np.array_equal(lr.step, loss.step):
        return lr.value, loss.value, loss.step
    if lr.unit != loss.unit:
        place = np.linspace(0, len(lr) - 1, len(loss))
        return np.interp(place, np.arange(len(lr)), lr.value), loss.value, loss.step
    known = np.isfinite(lr.value) & (lr.value > 0)
    if not known.any():
        return np.full(len(loss), np.nan), loss.value, loss.step
    inside = (loss.step >= lr.step[0]) & (loss.step <= lr.step[-1])
    rates = 10.0 ** np.interp(loss.step, lr.step[known], np.log10(lr.value[known]))
    interval = float(np.median(np.diff(loss.step))) if len(loss) > 1 else 0.0
    rest = known & (lr.step > loss.step[-1] + 1.5 * interval)
    return (
        np.concatenate([np.where(inside, rates, np.nan), lr.value[rest]]),
        np.concatenate([loss.value, np.full(int(rest.sum()), np.nan)]),
        np.concatenate([loss.step, lr.step[rest]]),
    )
