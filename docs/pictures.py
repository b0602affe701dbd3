"""A picture for the page of each rule: the first of its examples on which it fires, as an SVG file."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lrdoctor.engine import Context
from lrdoctor.errors import Unavailable
from lrdoctor.figures.axes import value_axis
from lrdoctor.figures.course import Course
from lrdoctor.figures.run import curves_of, run_figure
from lrdoctor.figures.spec import Guide, Panel
from lrdoctor.figures.svg import paint
from lrdoctor.records import Plan, RateAdvice, Role, RunDiagnosis, Verdict
from lrdoctor.roles import assign_roles

if TYPE_CHECKING:
    from lrdoctor.records import Run, Series

_WIDTH = 200
"""Columns of a curve: as many as the eye tells apart at this size."""
_KEPT = Plan(
    lr=RateAdvice(factor=1.0, interval=(1.0, 1.0), level=0.8, value=None), schedule=None, clip_norm=None, also=(),
    confidence=0.5, reason="",
)  # fmt: skip
"""Stands for the plan, which is left out: it would change with every fit of the dose."""


def picture(rule: Any) -> str:
    """The rule's first firing example with what the rule found: its loss, and its rate or what the finding is about."""
    example = next(example for example in rule.examples if example.fires)
    run = assign_roles(example.make())
    try:
        finding = Context(run).call(rule.check)
    except Unavailable:
        finding = None
    found = () if finding is None else (finding,)
    said = RunDiagnosis(run=run, verdict=rule.verdict or Verdict.HEALTHY, findings=found, plan=_KEPT)
    drawn = run_figure(said, width=_WIDTH)
    loss, *rates = drawn.panels
    about = _about(run, {piece.tag for one in found for piece in one.evidence})
    logged = [replace(rate, stretches=(), guides=()) for rate in rates]
    below = [_panel(about, loss, run)] if about else logged if run.with_role(Role.LR) else []
    named = replace(
        drawn,
        title=f"{rule.code} {rule.name}",
        subtitle=example.title,
        description=example.title if finding is None else finding.message,
        panels=(loss, *below),
    )
    return paint(named, standalone=True)


def _about(run: Run, tags: set[str]) -> list[Series]:
    """Curves that the evidence names and that a run's figure has no place for: norms, scales, rates of groups."""
    rates = run.with_role(Role.LR)
    if len(rates) > 1 and tags & {series.tag for series in rates}:
        return rates
    shown = {series.tag for series in (*curves_of(run), *rates)}
    return [run.series[tag] for tag in sorted(tags & run.series.keys() - shown)]


def _panel(curves: list[Series], loss: Panel, run: Run) -> Panel:
    course = Course.of([*curves_of(run), *curves])
    inks = ("rate", "advice", "other", "train", "validation")
    lines = tuple(course.line(series, inks[n % len(inks)], _WIDTH) for n, series in enumerate(curves))
    role = str(curves[0].role or "value").replace("lr", "learning rate").replace("_", " ")
    limit = run.hyperparameters.get("clip_norm") if curves[0].role is Role.GRAD_NORM else None
    held = [float(limit)] if isinstance(limit, int | float) else []
    guides = tuple(Guide(axis="y", at=at, name=f"clipped at {at:g}", ink="advice") for at in held)
    return Panel(x=loss.x, y=value_axis(role, [line.y for line in lines], held), lines=lines, guides=guides)


def plain(svg: str) -> str:
    """A picture without what may differ in a last digit between machines: places, numbers, lengths of lines."""
    return re.sub(r"\d[\d.,]*", "0", re.sub(r' (d|points)="[^"]*"', "", svg))
