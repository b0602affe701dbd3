"""The panel of the learning rate: what it was, and what it should be next time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.cleaning import clean
from lrdoctor.errors import UsageError
from lrdoctor.figures.axes import value_axis
from lrdoctor.figures.spec import Guide, Line, Panel, Stretch
from lrdoctor.prescribing.rates import peak_rate
from lrdoctor.prescribing.schedules import schedule
from lrdoctor.records import Verdict
from lrdoctor.wording import figure, percent

if TYPE_CHECKING:
    from lrdoctor.engine import Context
    from lrdoctor.figures.spec import Axis
    from lrdoctor.records import Plan, RunDiagnosis

_FAR = 5.0
"""Ratio of the rates that matter (this run's, the advised one) from which the scale is log."""
_BELOW = 1e4
"""On a log scale, rates below this part of the lowest that matters (the end of a decay) leave the panel."""
_GEOMETRIC = ("step", "exponential", "range_test", "polynomial", "plateau_triggered", "inverse_sqrt")
"""Schedules that are a constant factor again and again, and so look like themselves on a log scale only."""
_KEPT = 0.005
_POINTS = 200
"""Points of an advised schedule."""


def rate_panel(said: RunDiagnosis, rates: tuple[Line, ...], x: Axis, context: Context) -> Panel | None:
    """The learning rate over the steps `x`, with the advised peak rate and its interval.

    Parameters
    ----------
    said
        Of an inconclusive run the rate alone is drawn: there is nothing to advise. None where that is unknown.
    rates
        The logged rate, if there is one; else a configured rate is drawn as constant; where none is known either, the
        panel shows multiples of this run's rate.
    """
    plan, told = said.plan, said.verdict is not Verdict.INCONCLUSIVE
    factor, (low, high) = plan.lr.factor, plan.lr.interval
    peak = peak_rate(context)
    if peak is None and plan.lr.value is not None:
        peak = plan.lr.current or plan.lr.value / factor
    now = 1.0 if peak is None else peak
    advised = plan.lr.value or now * factor
    if not told and peak is None:
        return None
    if not rates or peak is None:
        name = "this run's rate" if peak is None else f"configured {figure(peak)}"
        rates = (Line(name=name, ink="rate", x=np.array([x.low, x.high]), y=np.full(2, now), points=0),)
    label = "learning rate" if peak is not None else "× this run's rate"
    level = f"advised, {percent(plan.lr.level)} interval"
    course = _course(plan, advised, x) if told else None
    advice = Guide(axis="y", at=advised, name=_advice(plan), ink="advice", detail=clean(plan.reason, 1000))
    interval = Stretch(axis="y", first=now * low, last=now * high, name=level, ink="advice")
    matters = (now, now * low, advised, now * high) if told else (now, now, now, now)
    return Panel(
        x=x,
        y=_axis(label, rates, course, matters, context),
        lines=rates if course is None else (*rates, course),
        stretches=(interval,) if told else (),
        guides=(advice,) if told else (),
    )


def _course(plan: Plan, peak: float, x: Axis) -> Line | None:
    """The advised rate over a run as long as this one; None where its course should not change."""
    if plan.schedule is None:
        return None
    kind, rise, end = plan.schedule.kind, plan.schedule.warmup_fraction, plan.schedule.final_fraction
    try:
        built = schedule(kind, peak=peak, steps=_POINTS, warmup=rise or None, floor=end)
    except UsageError:  # a plan of somebody else's making
        return None
    steps = np.linspace(x.low, x.high, _POINTS)
    return Line(name="advised schedule", ink="advice", x=steps, y=built.values, points=_POINTS)


def _advice(plan: Plan) -> str:
    factor, value = plan.lr.factor, plan.lr.value
    if abs(math.log(factor)) < _KEPT:
        return "keep the peak rate" if value is None else f"keep {figure(value)}"
    times = f"× {figure(factor, 2)}"
    return f"advised {times}" if value is None else f"advised {figure(value)} ({times})"


def _axis(
    label: str, rates: tuple[Line, ...], course: Line | None, wanted: tuple[float, ...], context: Context
) -> Axis:
    """Log where the advice is far from the rate, or the schedule is made of factors; a decay to zero looks like itself
    on a linear scale only."""
    logged = context.find("schedule")
    known = np.concatenate([line.y[np.isfinite(line.y)] for line in rates])
    geometric = logged is not None and logged.logged and logged.kind.removeprefix("warmup_") in _GEOMETRIC
    now, low, advised, high = wanted
    far = max(now, advised, high / 2) > _FAR * min(now, advised)
    if not far and not (geometric and known.min() > 0.0 and known.max() > _FAR * known.min()):
        lowest = [] if course is None else [float(course.y.min())]
        return value_axis(label, [line.y for line in rates], (*wanted, *lowest), "linear")
    floor = min(now, low) / (_BELOW if geometric else 1.0)
    return value_axis(label, [np.where(line.y >= floor, line.y, np.nan) for line in rates], wanted, "log")
