"""The figure of a range test: the loss against the rate, its regions, what finders suggest, and the rate to take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.cleaning import clean
from lrdoctor.figures.axes import value_axis
from lrdoctor.figures.run import beyond
from lrdoctor.figures.spec import Figure, Guide, Line, Panel, Point, Stretch
from lrdoctor.wording import figure, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from lrdoctor.figures.spec import Axis, Ink
    from lrdoctor.studies.range_test import RangeTestResult

    Floats = NDArray[np.float64]

_REGIONS: Mapping[str, Ink] = {"descent": "good", "explosion": "critical"}
"""Regions that are shaded, of flat, descent, minimum, ascent and explosion."""
_HEADROOM = 0.5
"""How far above the start the axis reaches, a share of the fall: as much of the blow-up as tells where it begins."""


def range_test_figure(said: RangeTestResult) -> Figure:
    """What to draw of a range test.

    Parameters
    ----------
    said
        From a `RangeTestReport`.

    Returns
    -------
    One panel over the rate (log): the loss as logged and smoothed, the stretches of its descent and of its explosion,
    a mark for what each finder would suggest, and the recommended rate with its interval.
    """
    x = value_axis("learning rate", [said.lr], (), "log")
    y = _loss_axis(said)
    lines = _lines(said)
    summary = _summary(said)
    return Figure(
        title=clean(said.id),
        subtitle=summary,
        description=f"Range test {clean(said.id)}. {summary}",
        panels=(
            Panel(
                x=x, y=y, lines=lines, stretches=_stretches(said, x), guides=_guides(said),
                points=(*_suggestions(said, y), *(mark for line in lines[:1] for mark in beyond(line, y))),
            ),
        ),
        notes=tuple(clean(note, 300) for note in said.notes),
    )  # fmt: skip


def _lines(said: RangeTestResult) -> tuple[Line, ...]:
    """The loss as logged, and smoothed as far as it goes."""
    if not said.lr.size:
        return ()
    until = np.flatnonzero(np.isfinite(said.smoothed))
    shown = slice(0, int(until[-1]) + 1 if until.size else 0)
    logged = Line(name="loss", ink="train", x=said.lr, y=said.loss, points=said.lr.size)
    smooth = Line(name="smoothed", ink="rate", x=said.lr[shown], y=said.smoothed[shown], points=said.lr.size)
    return (logged, smooth) if until.size else (logged,)


def _loss_axis(said: RangeTestResult) -> Axis:
    """What happens before the explosion, and so much of it that one sees where it begins."""
    if said.start is None or said.lowest is None or not np.isfinite(said.smoothed).any():
        return value_axis("loss", [said.loss])
    if not {region.kind for region in said.regions} & {"ascent", "explosion"}:
        return value_axis("loss", [said.loss])
    falling = said.loss[: int(np.nanargmin(said.smoothed)) + 1]
    top = max(said.start + _HEADROOM * (said.start - said.lowest), float(np.nanmax(falling, initial=said.start)))
    calm = said.loss[np.isfinite(said.smoothed)]
    return value_axis("loss", [said.smoothed, np.minimum(calm, top)], (top,))


def _stretches(said: RangeTestResult, axis: Axis) -> tuple[Stretch, ...]:
    found = [
        Stretch(axis="x", first=region.lr[0], last=region.lr[1], name=region.kind, ink=_REGIONS[region.kind])
        for region in said.regions
        if region.kind in _REGIONS
    ]
    if said.interval is not None:
        low, high = (min(max(end, axis.low), axis.high) for end in said.interval)
        name = f"{percent(said.level)}: {figure(said.interval[0])} to {figure(said.interval[1])}"
        found.append(Stretch(axis="x", first=low, last=high, name=name, ink="advice"))
    return tuple(found)


def _guides(said: RangeTestResult) -> tuple[Guide, ...]:
    if said.recommended is None:
        return ()
    return (Guide(axis="x", at=said.recommended, name=f"take {figure(said.recommended)}", ink="advice"),)


def _suggestions(said: RangeTestResult, axis: Axis) -> tuple[Point, ...]:
    """Each finder's rate, on the smoothed curve."""
    known = np.isfinite(said.smoothed)
    if not known.any():
        return ()
    rates, loss = np.log(said.lr[known]), said.smoothed[known]
    points = []
    for name, rate in said.suggestions.items():
        if rate is not None and said.lr[0] <= rate <= said.lr[-1]:
            words = name.replace("_", " ").replace("minimum over 10", "minimum / 10")
            y = min(max(float(np.interp(np.log(rate), rates, loss)), axis.low), axis.high)
            detail = f"{words}: {figure(rate)}"
            points.append(Point(x=rate, y=y, name=words, ink="info", marker="diamond", detail=detail))
    return tuple(points)


def _summary(said: RangeTestResult) -> str:
    if said.recommended is None or said.interval is None:
        return clean(said.reason or "no rate can be read off it", 600)
    low, high = said.interval
    return f"take LR {figure(said.recommended)} ({figure(low)} to {figure(high)}, {percent(said.level)} interval)"
