"""The figure of one run: its loss with what was found in it, and its learning rate with what is advised."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.cleaning import clean
from lrdoctor.engine import Context
from lrdoctor.figures.axes import value_axis
from lrdoctor.figures.course import TAG, Course
from lrdoctor.figures.rate import rate_panel
from lrdoctor.figures.spec import Band, Figure, Panel, Point, Stretch
from lrdoctor.records import Role, Severity, Verdict
from lrdoctor.roles import primary
from lrdoctor.wording import counted, figure, percent

if TYPE_CHECKING:
    from lrdoctor.figures.spec import Axis, Ink, Line, Marker
    from lrdoctor.records import Finding, Run, RunDiagnosis, Series

WIDTH = 400
"""Columns that a curve is sampled down to: more than the painters draw side by side without a line thinner than one."""
_OTHER_CURVES = (
    Role.ADVERSARIAL_LOSS, Role.TRAIN_LOSS_PART, Role.VAL_LOSS_PART, Role.TRAIN_ERROR, Role.VAL_ERROR,
    Role.TRAIN_METRIC, Role.VAL_METRIC, Role.REWARD, Role.OTHER,
)  # fmt: skip
_SEVERITY: dict[Severity, Ink] = {
    Severity.CRITICAL: "critical",
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "info",
}
_SIGMAS = 2.0
"""Half the height of the noise band: about 95 % of the points of normal noise lie inside."""
_FEW = 3
"""Points per block below which the blocks are the points, and a band about them says nothing."""


def run_figure(said: RunDiagnosis, *, width: int = WIDTH) -> Figure:
    """What to draw of a run that was diagnosed.

    Parameters
    ----------
    said
        The run and what was said about it.
    width
        Columns to sample the curves down to; extremes, what is not finite and the ends of every piece of evidence
        are kept.

    Returns
    -------
    Two panels over the same steps. The loss: training and validation, the band of its noise, a stretch for each
    finding, the best point. Below it the learning rate: as logged or configured, and as advised with its interval;
    as a multiple of this run's where the rate is unknown; left out where there is nothing to advise, either.
    """
    run, context = said.run, Context(said.run)
    curves, rate = curves_of(run), primary(run, Role.LR)
    course = Course.of([*curves, *([] if rate is None else [rate])])
    keep: dict[str, list[int]] = {}
    for evidence in (piece for finding in said.findings for piece in finding.evidence):
        keep.setdefault(evidence.tag, []).extend((evidence.span.first_step, evidence.span.last_step))
    lines = tuple(course.line(series, _ink(series), width, keep.get(series.tag, ())) for series in curves)
    rates = () if rate is None or not len(rate) else (course.line(rate, "rate", width),)
    y = value_axis(_value_label(curves), [line.y for line in lines])
    loss = Panel(
        x=course.axis, y=y, lines=lines, bands=_noise_bands(context, course, lines), share=2.2,
        stretches=tuple(_stretch(finding, run, course) for finding in said.findings),
        points=(*_best(lines, said, course), *(mark for line in lines for mark in beyond(line, y))),
    )  # fmt: skip
    below = rate_panel(said, rates, course.axis, context)
    return Figure(
        title=clean(run.id),
        subtitle=str(said.verdict),
        description=_description(said, lines),
        panels=(loss,) if below is None else (loss, below),
        notes=course.notes([*curves, *([] if rate is None else [rate])]),
    )


def beyond(line: Line, axis: Axis) -> list[Point]:
    """Marks at the edge of a panel for the farthest point of a curve that lies outside of it, if any does."""
    marks: list[Point] = []
    known = np.where(np.isfinite(line.y), line.y, np.nan)
    sides: tuple[tuple[Marker, float, float], ...] = (("up", axis.high, 1.0), ("down", axis.low, -1.0))
    for marker, edge, sign in sides:
        with np.errstate(invalid="ignore"):
            outside = sign * known > sign * edge
        if outside.any():
            at = int(np.nanargmax(np.where(outside, sign * known, np.nan)))
            name = f"to {figure(float(line.y[at]))}"
            marks.append(Point(x=float(line.x[at]), y=edge, name=name, ink=line.ink, marker=marker, detail=line.name))
    return marks


def curves_of(run: Run) -> list[Series]:
    """The curves to draw of a run: training and validation loss, or whatever one there is instead."""
    losses = [primary(run, role) for role in (Role.TRAIN_LOSS, Role.VAL_LOSS)]
    found = [series for series in losses if series is not None and len(series)]
    if found:
        return found
    others = (primary(run, role) for role in _OTHER_CURVES)
    return [series for series in others if series is not None and len(series)][:1]


def _ink(series: Series) -> Ink:
    if series.role is Role.TRAIN_LOSS:
        return "train"
    return "validation" if series.role is Role.VAL_LOSS else "other"


def _value_label(curves: list[Series]) -> str:
    losses = {Role.TRAIN_LOSS, Role.VAL_LOSS}
    if not curves or all(series.role in losses for series in curves):
        return "loss"
    return str(curves[0].role or "value").replace("_", " ")


def _noise_bands(context: Context, course: Course, lines: tuple[Line, ...]) -> tuple[Band, ...]:
    """Where 95 % of the points of the judged curve would lie if it were its trend with normal noise."""
    curve, noise = context.find("curve"), context.find("noise")
    if curve is None or noise is None or not lines or curve.block_size < _FEW or not noise.sigma > 0.0:
        return ()
    if curve.unit != course.unit or clean(curve.tag, TAG) not in {line.name for line in lines}:
        return ()
    half = _SIGMAS * noise.sigma
    low, high = curve.block_z - half, curve.block_z + half
    if curve.scale == "log":
        low, high = np.exp(np.minimum(low, 690.0)), np.exp(np.minimum(high, 690.0))
    x = np.asarray(curve.block_step, dtype=np.float64)
    return (Band(name=f"noise (± {_SIGMAS:g} σ about the trend)", ink="noise", x=x, low=low, high=high),)


def _stretch(finding: Finding, run: Run, course: Course) -> Stretch:
    """Where a finding was seen, kept within the axis: a rule may look a little beyond the last logged loss."""
    about = run.series.get(finding.evidence[0].tag)
    ends = course.place([finding.span.first_step, finding.span.last_step], about)
    first, last = np.clip(ends, course.axis.low, course.axis.high)
    sure = f"{finding.severity}, {percent(finding.confidence)} sure"
    return Stretch(
        axis="x", first=float(first), last=float(last), name=f"{clean(finding.code)} {clean(finding.name)}",
        ink=_SEVERITY[finding.severity], detail=f"{clean(finding.message, 1000)} ({sure})", code=clean(finding.code),
    )  # fmt: skip


def _best(lines: tuple[Line, ...], said: RunDiagnosis, course: Course) -> list[Point]:
    """The lowest point of the validation loss, or else of the training loss; before it broke down, if it did."""
    losses = [line for line in lines if line.ink in ("train", "validation")]
    if not losses:
        return []
    line = losses[-1]
    known = np.isfinite(line.y)
    if said.verdict is Verdict.DIVERGED and said.findings:
        known &= line.x < _stretch(said.findings[0], said.run, course).first
    if not known.any():
        return []
    at = int(np.argmin(np.where(known, line.y, np.inf)))
    best = float(line.y[at])
    return [Point(x=float(line.x[at]), y=best, name=f"best {figure(best)}", ink=line.ink, marker="best")]


def _description(said: RunDiagnosis, lines: tuple[Line, ...]) -> str:
    """The figure in words, for those who cannot see it."""
    parts = [f"Run {clean(said.run.id)}, {said.verdict}."]
    for line in lines:
        known = line.y[np.isfinite(line.y)]
        if known.size:
            ends = f"from {figure(float(known[0]))} to {figure(float(known[-1]))}"
            parts.append(f"{line.name} goes {ends} in {counted(line.points, 'point')}.")
    parts += [f"{clean(finding.name)}: {clean(finding.message, 1000)}" for finding in said.findings]
    factor = said.plan.lr.factor
    if said.verdict is not Verdict.INCONCLUSIVE:
        keep = math.isclose(factor, 1.0, rel_tol=0.005)
        parts.append("Advised: keep the learning rate." if keep else f"Advised: learning rate times {figure(factor)}.")
    return " ".join(parts)
