"""The report for programs: the contract of `_contract`, filled in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from lrdoctor.cleaning import encodable, json_text
from lrdoctor.records import Verdict
from lrdoctor.renderers import _contract as contract
from lrdoctor.renderers._words import tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Diagnosis, Evidence, Finding, Plan, RunDiagnosis, Series, Span
    from lrdoctor.renderers._base import Options

_INT64 = 2**63


class JsonRenderer:
    """Renders the whole report as one document."""

    name = "json"
    suffix = ".json"

    def render(self, diagnosis: Diagnosis, options: Options) -> Iterator[str]:
        """Yield the document."""
        yield json_text(msgspec.json.format(msgspec.json.encode(report(diagnosis)), indent=2)) + "\n"


RENDERER = JsonRenderer()


def report(diagnosis: Diagnosis) -> contract.Report:
    """Put a diagnosis into the form of the contract."""
    counts = tally(diagnosis.runs)
    return contract.Report(
        schema="lrdoctor.report/1",
        tool=contract.Tool(name="lrdoctor", version=diagnosis.version),
        runs=[run(said) for said in diagnosis.runs],
        unreadable=[
            contract.Unreadable(source=encodable(lost.source), error=encodable(lost.error))
            for lost in diagnosis.unreadable
        ],
        summary=contract.Summary(
            runs=len(diagnosis.runs), healthy=counts.get(Verdict.HEALTHY, 0), by_verdict=counts
        ),
        complete=msgspec.UNSET if diagnosis.complete else False,
    )


def run(said: RunDiagnosis) -> contract.Run:
    """Put what was said about one run into the form of the contract."""
    of = said.run
    return contract.Run(
        id=encodable(of.id),
        source=encodable(of.source),
        format=encodable(of.format),
        verdict=said.verdict,
        hyperparameters={encodable(str(name)): scalar(value) for name, value in of.hyperparameters.items()},
        series=[curve(series) for series in of.series.values()],
        findings=[_finding(finding) for finding in said.findings],
        plan=_plan(said.plan),
        skips=[contract.Skip(code=skip.code, reason=encodable(skip.reason)) for skip in said.skips],
        notes=[encodable(note) for note in of.notes],
    )


def curve(series: Series) -> contract.Curve:
    """Tag, role and extent of a curve."""
    return contract.Curve(
        tag=encodable(series.tag),
        role=series.role,
        points=series.points,
        first_step=int(series.step[0]) if len(series) else None,
        last_step=int(series.step[-1]) if len(series) else None,
    )


def number(value: float) -> contract.Number:
    """A number as JSON can carry it."""
    value = float(value)
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def scalar(value: object) -> contract.Scalar:
    """A hyperparameter as JSON can carry it; what is no scalar after all is shown as text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and -_INT64 <= value < _INT64:
        return int(value)
    if isinstance(value, float):
        return number(value)
    return encodable(str(value))


def _span(span: Span) -> contract.Span:
    return contract.Span(first_step=int(span.first_step), last_step=int(span.last_step))


def _finding(finding: Finding) -> contract.Finding:
    return contract.Finding(
        code=finding.code,
        name=finding.name,
        severity=finding.severity,
        confidence=float(finding.confidence),
        message=encodable(finding.message),
        span=_span(finding.span),
        evidence=[_evidence(piece) for piece in finding.evidence],
    )


def _evidence(evidence: Evidence) -> contract.Evidence:
    return contract.Evidence(
        measure=encodable(evidence.measure),
        value=number(evidence.value),
        comparison=evidence.comparison,
        threshold=number(evidence.threshold),
        unit=encodable(evidence.unit),
        tag=encodable(evidence.tag),
        span=_span(evidence.span),
    )


def _plan(plan: Plan) -> contract.Plan:
    low, high = plan.lr.interval
    value = plan.lr.value
    schedule = plan.schedule
    return contract.Plan(
        lr=contract.Rate(
            factor=float(plan.lr.factor),
            interval=(float(low), float(high)),
            level=float(plan.lr.level),
            value=float(value) if value is not None and math.isfinite(value) else None,
        ),
        schedule=None if schedule is None else contract.Schedule(
            kind=schedule.kind,
            warmup_fraction=float(schedule.warmup_fraction),
            final_fraction=float(schedule.final_fraction),
            gain=None if schedule.gain is None else contract.Gain(
                lowered=schedule.gain.lowered, interval=schedule.gain.interval, runs=schedule.gain.runs
            ),
        ),
        clip_norm=None if plan.clip_norm is None else float(plan.clip_norm),
        also=[
            contract.Action(action=encodable(one.action), at_step=one.at_step, why=encodable(one.why))
            for one in plan.also
        ],
        confidence=float(plan.confidence),
        reason=encodable(plan.reason),
    )  # fmt: skip
