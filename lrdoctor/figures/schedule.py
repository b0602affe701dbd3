"""The figure of a schedule: the rate at every step of a training to come, over the one that was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.cleaning import clean
from lrdoctor.figures.axes import value_axis
from lrdoctor.figures.course import Course
from lrdoctor.figures.run import WIDTH
from lrdoctor.figures.spec import Figure, Line, Panel, Point, Stretch
from lrdoctor.records import Series
from lrdoctor.wording import figure

if TYPE_CHECKING:
    from lrdoctor.prescribing.schedules import Phase, Schedule

_POINTS = 65
"""Points of a phase; half a cosine looks round with as many."""


def schedule_figure(built: Schedule, *, before: Series | None = None) -> Figure:
    """What to draw of a schedule.

    Parameters
    ----------
    built
        From `lrdoctor.schedule`.
    before
        The learning rate of the run that it follows on; None: there is none.

    Returns
    -------
    One panel over the steps, with a linear scale, since that is how schedules are known: the rate, its phases, its
    peak and its end.
    """
    parts = [_phase(phase, built) for phase in built.phases]
    step, rate = (np.concatenate([part[index] for part in parts]) for index in (0, 1))
    known = [before] if before is not None and len(before) else []
    ends = Series(tag="", step=np.array([0, built.steps - 1]), value=np.array([rate[0], rate[-1]]))
    course = Course.of([ends, *known])
    new = Line(name=built.kind.replace("_", " "), ink="advice", x=step, y=rate, points=built.steps)
    lines = (*(course.line(series, "rate", WIDTH) for series in known), new)
    words = clean(built.in_words(), 300)
    peak = int(np.argmax(rate))
    return Figure(
        title="schedule",
        subtitle=words,
        description=f"A schedule: {words}.",
        panels=(
            Panel(
                x=course.axis,
                y=value_axis("learning rate", [line.y for line in lines], (0.0,), "linear"),
                lines=lines,
                stretches=tuple(_stretch(phase) for phase in built.phases if len(built.phases) > 1),
                points=(_mark("peak", step[peak], rate[peak]), _mark("end", step[-1], rate[-1])),
            ),
        ),
        notes=course.notes(known),
    )


def _phase(phase: Phase, built: Schedule) -> tuple[np.ndarray, np.ndarray]:
    """Steps and rates of a phase; a schedule may be too long to draw every one."""
    share = np.linspace(0.0, 1.0, _POINTS)
    step = phase.first + share * (phase.last - 1 - phase.first)
    along = (step - phase.first) / (phase.last - phase.first)
    if phase.shape == "cosine":
        along = (1.0 - np.cos(np.pi * along)) / 2.0
    return step, built.peak * (phase.start + (phase.end - phase.start) * along)


def _stretch(phase: Phase) -> Stretch:
    name = "hold" if phase.shape == "hold" else "rise" if phase.end > phase.start else "decay"
    return Stretch(axis="x", first=float(phase.first), last=float(phase.last - 1), name=name, ink="info")


def _mark(name: str, x: float, y: float) -> Point:
    return Point(x=float(x), y=float(y), name=f"{name} {figure(float(y))}", ink="advice", marker="dot")
