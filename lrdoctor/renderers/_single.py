"""A single run in full: curves, findings with their evidence, and the plan item by item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.cleaning import clean, elide
from lrdoctor.records import Role
from lrdoctor.renderers import _words as words
from lrdoctor.renderers._lines import BLANK, Line
from lrdoctor.renderers._parts import finding_lines, mark, remark_lines, verdict_style
from lrdoctor.renderers._sparkline import blocks
from lrdoctor.roles import primary
from lrdoctor.wording import counted, figure, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import RunDiagnosis, Series
    from lrdoctor.renderers._base import Options

_CURVES_SHOWN = (Role.TRAIN_LOSS, Role.VAL_LOSS, Role.LR, Role.GRAD_NORM, Role.VAL_METRIC)


def single(said: RunDiagnosis, options: Options) -> Iterator[Line]:
    """Describe one run."""
    style = verdict_style(said.verdict)
    yield Line([(f"{mark(said.verdict, options)}{said.verdict}  ", style)], [(clean(said.run.id), "name")])
    yield Line([("  ", "")], [(_setup(said), "dim")])
    yield BLANK
    yield from _curves(said, options)
    if said.findings:
        yield Line((), [("What the log shows", "head")])
        for finding in said.findings:
            yield from finding_lines(finding, said, evidence=True)
        yield BLANK
    yield Line((), [("What to do", "head"), (f"  {percent(said.plan.confidence)} sure", "dim")])
    yield from _plan(said)
    remarks = list(remark_lines(said, skips=options.verbosity > 0))
    if remarks:
        yield BLANK
        yield from remarks


def _setup(said: RunDiagnosis) -> str:
    run = said.run
    known = {name: value for name, value in run.hyperparameters.items() if value is not None}
    parts = [clean(run.source), clean(run.format)]
    now = words.rate_now(said.plan)
    if now is not None:
        parts.append(f"peak LR {figure(now)}")
    for name in ("optimizer", "batch_size", "schedule", "momentum", "weight_decay"):
        if name in known:
            value = known[name]
            text = figure(value) if isinstance(value, float) else clean(str(value), 40)
            parts.append(text if name == "optimizer" else f"{name.replace('_', ' ')} {text}")
    return " · ".join(parts)


def _curves(said: RunDiagnosis, options: Options) -> Iterator[Line]:
    first = words.leading_curve(said)
    chosen: list[Series] = [] if first is None else [first]
    for role in _CURVES_SHOWN:
        other = primary(said.run, role)
        if other is not None and len(other) and not any(series.role is role for series in chosen):
            chosen.append(other)
    names = [elide(clean(series.tag), 30) for series in chosen]
    width = max((len(name) for name in names), default=0)
    room = 40 if options.width is None else max(16, min(80, options.width - width - 36))
    pictures = [blocks(series, room) for series in chosen]
    room = max(map(len, pictures), default=0)
    for name, picture, series in zip(names, pictures, chosen, strict=True):
        yield Line([(f"  {name.ljust(width)}  ", "")], [(picture.ljust(room), "curve"), (f"  {_ends(series)}", "dim")])
    if chosen:
        yield BLANK


def _ends(series: Series) -> str:
    first, last = float(series.value[0]), float(series.value[-1])
    constant = bool((series.value == first).all())
    text = f"{figure(first)} throughout" if constant else f"{figure(first)} to {figure(last)}"
    return f"{text}, {counted(series.points, 'point')}"


def _plan(said: RunDiagnosis) -> Iterator[Line]:
    plan = said.plan
    level = f", {percent(plan.lr.level)} interval" if not words.keeps_rate(plan) else ""
    yield Line([("  - ", "")], [(words.advice(said), "dose"), (level, "dim")])
    for phrase in words.treatment(said):
        yield Line([("  - ", "")], [(phrase, "")])
    if plan.reason:
        yield Line([("  why: ", "dim")], [(clean(plan.reason, 1000), "")])
