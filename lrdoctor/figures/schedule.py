"""The figure of a schedule: the rate at every step of a training to come, over the one that was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.cleaning import clean
from lrdoctor.figures.axes import value_axis
from lrdoctor.figures.course import Course
from lrdoctor.figures.run import WIDTH
from lrdoctor.figures.spec import Figure, Panel, Point, Stretch
from lrdoctor.records import Series
from lrdoctor.wording import counted, figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from lrdoctor.records import StepUnit


def schedule_figure(
    rates: ArrayLike,
    *,
    title: str = "schedule",
    subtitle: str = "",
    unit: StepUnit = "step",
    parts: Sequence[tuple[str, int, int]] = (),
    before: Series | None = None,
) -> Figure:
    """What to draw of a schedule.

    Parameters
    ----------
    rates
        float64 [steps], the learning rate at each.
    title, subtitle
        What it is for, and what it is.
    unit
        What its steps count.
    parts
        Name, first and last step of what it is made of: a warm-up, a decay.
    before
        The rate of the run that it follows on; None: there is none.

    Returns
    -------
    One panel over the steps, linear, since that is how schedules are known: the rate, its parts, its peak and its end.
    """
    values = np.array(rates, dtype=np.float64)
    new = Series(tag="advised", step=np.arange(values.size, dtype=np.int64), value=values, unit=unit)
    known = [before] if before is not None and len(before) else []
    course = Course.of([new, *known])
    lines = [*(course.line(series, "rate", WIDTH) for series in known), course.line(new, "advice", WIDTH)]
    y = value_axis("learning rate", [line.y for line in lines], (0.0,), "linear")
    ends = [(int(np.argmax(values)), "peak"), (values.size - 1, "end")] if np.isfinite(values).any() else []
    points = tuple(
        Point(x=float(at), y=float(values[at]), name=f"{name} {figure(float(values[at]))}", ink="advice", marker="dot")
        for at, name in ends
    )
    stretches = tuple(
        Stretch(axis="x", first=first, last=last, name=clean(name), ink="info") for name, first, last in parts
    )
    return Figure(
        title=clean(title),
        subtitle=clean(subtitle, 400),
        description=f"{clean(title)}: {clean(subtitle, 400)} {counted(values.size, unit)}.",
        panels=(Panel(x=course.axis, y=y, lines=tuple(lines), stretches=stretches, points=points),),
        notes=course.notes(known),
    )
