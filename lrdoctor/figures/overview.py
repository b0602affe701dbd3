"""The figure of several runs: their losses over one another, drawn by verdict."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.cleaning import clean, elide
from lrdoctor.figures.axes import value_axis
from lrdoctor.figures.course import Course
from lrdoctor.figures.run import WIDTH, curves_of
from lrdoctor.figures.spec import Figure, Line, Panel, Point
from lrdoctor.figures.verdicts import LOOKS, ORDER
from lrdoctor.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrdoctor.figures.spec import Axis
    from lrdoctor.records import RunDiagnosis, Series

_MOST = 60
"""Curves beyond which nobody can tell them apart."""
_NAMED = 6
"""Runs whose names stand at the ends of their curves."""


def overview_figure(runs: Sequence[RunDiagnosis], *, width: int = WIDTH) -> Figure:
    """What to draw of many runs at once.

    Parameters
    ----------
    runs
        Those that were diagnosed.
    width
        Columns to sample the curves down to.

    Returns
    -------
    One panel with the loss of each run over its steps, drawn by verdict, the worst on top; the few worst are named.
    """
    curves = [(said, found[0]) for said in sorted(runs, key=_best_first) if (found := curves_of(said.run))]
    units = Counter(series.unit for _, series in curves)
    unit = units.most_common(1)[0][0] if units else "step"
    drawn = [(said, series) for said, series in curves if series.unit == unit][-_MOST:]
    course = Course.of([series for _, series in drawn])
    lines = tuple(_line(said, series, course, width) for said, series in drawn)
    y = value_axis("loss", [line.y for line in lines])
    counts = Counter(said.verdict for said in runs)
    tally = ", ".join(f"{counts[verdict]:,} {verdict}" for verdict in ORDER if counts[verdict])
    return Figure(
        title=counted(len(runs), "run"),
        subtitle=tally,
        description=f"The losses of {counted(len(lines), 'run')}: {tally}.",
        panels=(Panel(x=course.axis, y=y, lines=lines, points=_names(drawn, lines, y)),),
        notes=(f"{counted(len(runs) - len(lines), 'run')} not drawn",) if len(lines) < len(runs) else (),
    )


def _best_first(said: RunDiagnosis) -> int:
    return -ORDER.index(said.verdict)


def _line(said: RunDiagnosis, series: Series, course: Course, width: int) -> Line:
    """A curve as far as it is finite: where it is not, shades of many runs would hide one another."""
    line = course.line(series, LOOKS[said.verdict].ink, width)
    known = np.isfinite(line.y)
    return Line(name=str(said.verdict), ink=line.ink, x=line.x[known], y=line.y[known], points=line.points)


def _names(drawn: Sequence[tuple[RunDiagnosis, Series]], lines: Sequence[Line], axis: Axis) -> tuple[Point, ...]:
    """The names of the worst runs, each at the last finite point of its curve, or where that left the picture."""
    points = []
    for (said, _), line in list(zip(drawn, lines, strict=True))[-_NAMED:]:
        if line.x.size:
            look, name = LOOKS[said.verdict], elide(clean(said.run.id), 32)
            x, y = float(line.x[-1]), float(np.clip(line.y[-1], axis.low, axis.high))
            points.append(Point(x=x, y=y, name=name, ink=look.ink, marker=look.marker, detail=str(said.verdict)))
    return tuple(points)
