"""The contract with other programs: report JSON, version 1, as types; keys are only ever added."""

from __future__ import annotations

from typing import Literal

import msgspec

# msgspec looks the types up when the classes are made.
from lrdoctor.records import Role, Severity, Verdict
from lrdoctor.records.plan import ScheduleKind

SCHEMA = "lrdoctor.report/1"

Number = float | Literal["NaN", "Infinity", "-Infinity"]
"""JSON has neither NaN nor infinity."""
Scalar = bool | int | float | str | None


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of training, both steps included."""

    first_step: int
    last_step: int


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """A number that one can argue with: `value comparison threshold` is true."""

    measure: str
    value: Number
    comparison: str
    threshold: Number
    unit: str
    tag: str
    span: Span


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A symptom in a run."""

    code: str
    name: str
    severity: Severity
    confidence: float
    message: str
    span: Span
    evidence: list[Evidence]


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """Advised peak learning rate over this run's; factor 1: keep it; value null: the rate is unknown."""

    factor: float
    interval: tuple[float, float]
    level: float
    value: float | None


class Gain(msgspec.Struct, frozen=True, kw_only=True):
    """Share by which the final loss is expected to be lower: median and 10 to 90 % quantile of so many trial runs."""

    lowered: float
    interval: tuple[float, float]
    runs: int


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """Shape of the learning rate; fractions of the budget and of the peak; gain null where no trial tells."""

    kind: ScheduleKind
    warmup_fraction: float
    final_fraction: float
    gain: Gain | None = None


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """Something else to do, and the code of the finding that asks for it."""

    action: str
    at_step: int | None
    why: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to change; `schedule` and `clip_norm` are null where nothing should."""

    lr: Rate
    schedule: Schedule | None
    clip_norm: float | None
    also: list[Action]
    confidence: float
    reason: str


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """One scalar curve that was read; the steps are null for an empty one."""

    tag: str
    role: Role | None
    points: int
    first_step: int | None
    last_step: int | None


class Skip(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that could not judge."""

    code: str
    reason: str


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One training and what was said about it."""

    id: str
    source: str
    format: str
    verdict: Verdict
    hyperparameters: dict[str, Scalar]
    series: list[Curve]
    findings: list[Finding]
    plan: Plan
    skips: list[Skip]
    notes: list[str]


class Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    """A file that looked like a log and could not be read, or holds no training curve."""

    source: str
    error: str


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Counts; `by_verdict` holds no zeros."""

    runs: int
    healthy: int
    by_verdict: dict[Verdict, int]


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """What made the report."""

    name: str
    version: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The report of `lrdoctor diagnose --format json`; `complete` (false) is there if the work was interrupted."""

    schema: Literal["lrdoctor.report/1"]
    tool: Tool
    runs: list[Run]
    unreadable: list[Unreadable]
    summary: Summary
    complete: bool | msgspec.UnsetType = msgspec.UNSET
