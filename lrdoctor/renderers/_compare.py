"""What changed from one run to another, for programs.

``python -m lrdoctor.renderers._compare`` writes the JSON Schema in docs/schema/compare-1.json.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from lrdoctor.cleaning import encodable, json_text
from lrdoctor.records import Verdict
from lrdoctor.renderers import _contract as contract
from lrdoctor.renderers.json import number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lrdoctor.records import Finding, Unreadable
    from lrdoctor.studies.comparison import Comparison, Outcome
    from lrdoctor.studies.facts import Facts


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two runs; lr null: its peak rate is unknown."""

    id: str
    source: str
    verdict: Verdict
    lr: float | None


class Symptom(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that is no mere remark."""

    code: str
    name: str
    message: str


class Symptoms(msgspec.Struct, frozen=True, kw_only=True):
    """Findings of the earlier run that are gone, those that remain, and those that only the later run has."""

    gone: list[Symptom]
    remaining: list[Symptom]
    new: list[Symptom]


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """Where both ended on one curve.

    `noise` is the standard error of the difference of the end levels within the runs, not between seeds; `share` the
    improvement over what the earlier run had gained, null if unknown. `at_step`: where the shorter run ends, if one is
    much longer. `state` unknown: `reason` says why.
    """

    tag: str
    higher_is_better: bool
    state: Literal["improved", "worse", "same", "unknown"]
    before: contract.Number | None
    after: contract.Number | None
    noise: contract.Number
    share: float | None
    at_step: int | None
    reason: str


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A setting that differs; `why` the best rate moves with it, empty if it is not known to."""

    kind: str
    name: str
    before: str
    after: str
    why: str


class Dosed(msgspec.Struct, frozen=True, kw_only=True):
    """Peak rate after over that before, beside what the earlier run's plan had advised."""

    factor: float
    advised: float
    interval: tuple[float, float]
    followed: bool


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """A change of batch size, the factor on the rate that it asks for, and the one that was given; null: unknown."""

    before: float
    after: float
    rule: Literal["linear", "square-root", "unknown"]
    asked: float | None
    given: float | None
    state: Literal["scaled", "too-low", "too-high", "unknown"]


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """A run held against an earlier one.

    `conclusion` goes by the first outcome: better (without symptoms, or with), symptom-gone (and ended as well as
    before), no-difference, worse, unknown. `tune_again`: something changed that moves the best rate.
    """

    before: Side
    after: Side
    conclusion: Literal["better", "better-with-symptoms", "symptom-gone", "no-difference", "worse", "unknown"]
    symptoms: Symptoms
    outcomes: list[Ended]
    changes: list[Changed]
    tune_again: bool
    rate: Dosed | None
    batch: Batch | None
    unknown: list[str]


class CompareReport(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `lrdoctor compare --format json`; `unmatched` runs were not held against any."""

    schema: Literal["lrdoctor.compare/1"]
    tool: contract.Tool
    pairs: list[Compared]
    unmatched: list[str]
    unreadable: list[contract.Unreadable]


def schema() -> dict[str, Any]:
    """Build the JSON Schema (2020-12) of version 1."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Answer of lrdoctor compare, lrdoctor.compare/1",
        **msgspec.json.schema(CompareReport),
    }


def schema_text() -> str:
    """The schema as it stands in docs/schema/compare-1.json."""
    return msgspec.json.format(msgspec.json.encode(schema(), order="sorted"), indent=2).decode() + "\n"


def to_json(
    pairs: Sequence[Comparison], unmatched: Iterable[str], unreadable: Iterable[Unreadable], version: str
) -> str:
    """Put comparisons into JSON."""
    answer = CompareReport(
        schema="lrdoctor.compare/1",
        tool=contract.Tool(name="lrdoctor", version=version),
        pairs=[_compared(one) for one in pairs],
        unmatched=[encodable(name) for name in unmatched],
        unreadable=[
            contract.Unreadable(source=encodable(lost.source), error=encodable(lost.error)) for lost in unreadable
        ],
    )
    return json_text(msgspec.json.format(msgspec.json.encode(answer), indent=2)) + "\n"


def _compared(one: Comparison) -> Compared:
    d, b = one.dosing, one.batch
    return Compared(
        before=_side(one.before), after=_side(one.after),
        conclusion=one.conclusion,
        symptoms=Symptoms(gone=_symptoms(one.gone), remaining=_symptoms(one.remaining), new=_symptoms(one.new)),
        outcomes=[_ended(outcome) for outcome in one.outcomes],
        changes=[
            Changed(
                kind=c.kind, name=encodable(c.name), before=encodable(c.before), after=encodable(c.after), why=c.why
            )
            for c in one.changes
        ],
        tune_again=bool(one.tune_again),
        rate=None if d is None else Dosed(
            factor=d.factor, advised=d.advised, interval=d.interval, followed=d.followed
        ),
        batch=None if b is None else Batch(
            before=b.before, after=b.after, rule=b.rule, asked=_known(b.asked), given=_known(b.given), state=b.state
        ),
        unknown=list(one.unknown),
    )  # fmt: skip


def _side(run: Facts) -> Side:
    return Side(id=encodable(run.id), source=encodable(run.run.source), verdict=run.said.verdict, lr=run.lr)


def _symptoms(findings: Iterable[Finding]) -> list[Symptom]:
    return [Symptom(code=f.code, name=f.name, message=encodable(f.message)) for f in findings]


def _ended(one: Outcome) -> Ended:
    return Ended(
        tag=encodable(one.tag), higher_is_better=one.higher_is_better, state=one.state,
        before=None if math.isnan(one.before) else number(one.before),
        after=None if math.isnan(one.after) else number(one.after),
        noise=number(one.noise), share=_known(one.share), at_step=one.at, reason=encodable(one.reason),
    )  # fmt: skip


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


if __name__ == "__main__":
    sys.stdout.write(schema_text())
