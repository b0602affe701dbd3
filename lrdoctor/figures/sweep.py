"""The figure of a sweep: where each run ended against its learning rate, and which rate to try next."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.cleaning import clean
from lrdoctor.figures.axes import value_axis
from lrdoctor.figures.spec import Figure, Guide, Line, Panel, Point, Stretch
from lrdoctor.figures.verdicts import LOOKS
from lrdoctor.wording import counted, figure, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrdoctor.figures.spec import Axis
    from lrdoctor.studies.sweep import Group, Standing

_INTERVAL = 0.8
"""Coverage of the interval about the next rate."""
_AROUND = 1.5
"""Room left and right of the rates, a factor."""
_ROOM = 0.06
"""Room below and above the end levels, a share of their axis."""


def sweep_figure(group: Group) -> Figure:
    """What to draw of a group of runs that differ in their learning rate.

    Parameters
    ----------
    group
        From a `SweepReport`.

    Returns
    -------
    One panel: a marker for each run at its rate (log) and the end level of its loss, by verdict; a line through the
    means of the rates; runs that blew up at the upper edge; the best run; the stretch of rates that do as well; the
    next rate with its interval. Runs whose rate or end is unknown are named in the notes.
    """
    placed = [run for run in group.runs if run.lr is not None and run.lr > 0.0 and run.state != "no-level"]
    levels = np.array([run.level for run in placed], dtype=np.float64)
    y = _with_room(value_axis(_level_label(group), [], levels))
    x = _rates(placed, group)
    return Figure(
        title=f"LR sweep: {counted(len(group.runs), 'run')}",
        subtitle=_summary(group),
        description=f"{_summary(group)} {clean(group.reason, 1000)}".strip(),
        panels=(
            Panel(
                x=x, y=y, lines=_means(placed), stretches=_stretches(group, x), guides=_guides(group),
                points=tuple(_point(run, y) for run in placed) + _best(group, y),
            ),
        ),
        notes=_notes(group, placed),
    )  # fmt: skip


def _rates(placed: Sequence[Standing], group: Group) -> Axis:
    rates = [run.lr for run in placed if run.lr is not None]
    rates += [rate for following in group.next for rate in (following.lr, *following.interval)]
    ends = [min(rates) / _AROUND, max(rates) * _AROUND] if rates else []
    return value_axis("learning rate", [], ends, "log")


def _with_room(axis: Axis) -> Axis:
    """The same axis with room below the best run and above the others, where those that blew up stand."""
    if axis.scale == "log":
        room = (axis.high / axis.low) ** _ROOM
        return replace(axis, low=axis.low / room, high=axis.high * room)
    room = _ROOM * (axis.high - axis.low)
    return replace(axis, low=axis.low - room, high=axis.high + room)


def _level_label(group: Group) -> str:
    return f"end level of {clean(group.ranked_by, 40)}" if group.ranked_by else "end level of the loss"


def _means(placed: Sequence[Standing]) -> tuple[Line, ...]:
    """A line through the mean end level of each rate."""
    levels: dict[float, list[float]] = {}
    for run in placed:
        if run.state == "finished" and run.lr is not None:
            levels.setdefault(run.lr, []).append(run.level)
    if len(levels) < 2:
        return ()
    x = np.array(sorted(levels))
    y = np.array([float(np.mean(levels[rate])) for rate in x.tolist()])
    repeated = len(levels) < sum(map(len, levels.values()))
    return (Line(name="mean of the repeats" if repeated else "", ink="other", x=x, y=y, points=x.size),)


def _point(run: Standing, axis: Axis) -> Point:
    """One run; those that blew up have no end level and stand at the upper edge."""
    verdict = run.facts.said.verdict
    ink, marker = LOOKS[verdict].ink, LOOKS[verdict].marker
    known = math.isfinite(run.level)
    if not known:
        ink, marker = "critical", "diverged"
    end = f"ends at {figure(run.level)}" if known else "blew up"
    detail = f"{clean(run.id)}: LR {figure(run.lr or math.nan)}, {end}, {verdict}"
    state = ", unfinished" if run.state == "unfinished" else ""
    return Point(
        x=float(run.lr or math.nan), y=run.level if known else axis.high, name="", ink=ink, marker=marker,
        detail=detail, kind=(str(verdict) if known else "blew up") + state,
    )  # fmt: skip


def _best(group: Group, axis: Axis) -> tuple[Point, ...]:
    best = group.best
    if best is None or best.lr is None or not math.isfinite(best.level):
        return ()
    ink = LOOKS[best.facts.said.verdict].ink
    name = f"best: {figure(best.level)} at {figure(best.lr)}"
    return (Point(x=best.lr, y=best.level, name=name, ink=ink, marker="ring", detail=clean(best.id)),)


def _stretches(group: Group, axis: Axis) -> tuple[Stretch, ...]:
    found = []
    if group.good_band is not None and group.good_band[0] < group.good_band[1]:
        low, high = group.good_band
        name = f"as good: {figure(low)} to {figure(high)}"
        found.append(Stretch(axis="x", first=low, last=high, name=name, ink="good"))
    for following in group.next[:1]:
        low, high = following.interval
        name = f"best rate, {percent(_INTERVAL)}: {figure(low)} to {figure(high)}"
        found.append(Stretch(axis="x", first=max(low, axis.low), last=min(high, axis.high), name=name, ink="info"))
    return tuple(found)


def _guides(group: Group) -> tuple[Guide, ...]:
    return tuple(
        Guide(axis="x", at=following.lr, name=f"next {figure(following.lr)}", ink="advice", detail=clean(following.why))
        for following in group.next
    )


def _summary(group: Group) -> str:
    if group.best is None:
        return "No run ended with a finite loss."
    rate = "" if group.best.lr is None else f" (LR {figure(group.best.lr)})"
    parts = [f"Best: {clean(group.best.id, 80)}{rate}."]
    parts += [f"Next: LR {figure(following.lr)}." for following in group.next]
    if group.settled:
        parts.append("Settled: another run is not worth it.")
    return " ".join(parts)


def _notes(group: Group, placed: Sequence[Standing]) -> tuple[str, ...]:
    left = [run for run in group.runs if run not in placed]
    unrated = [clean(run.id, 60) for run in left if run.lr is None]
    endless = [clean(run.id, 60) for run in left if run.lr is not None]
    notes = []
    if unrated:
        notes.append(f"learning rate unknown: {_some(unrated)}")
    if endless:
        notes.append(f"no loss to compare: {_some(endless)}")
    return tuple(notes)


def _some(names: Sequence[str], most: int = 5) -> str:
    rest = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
