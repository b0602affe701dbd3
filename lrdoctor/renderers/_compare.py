"""What changed from one run to another, for programs and for people.

``python -m lrdoctor.renderers._compare`` writes the JSON Schema in docs/schema/compare-1.json.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from lrdoctor.records import Verdict
from lrdoctor.renderers import _contract as contract
from lrdoctor.renderers._clean import clean, elide, encodable
from lrdoctor.renderers._lines import BLANK, Line
from lrdoctor.renderers.json import number
from lrdoctor.studies.comparison import SMALL
from lrdoctor.wording import at, counted, figure, share

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lrdoctor.records import Finding, Unreadable
    from lrdoctor.studies.comparison import Comparison, Outcome
    from lrdoctor.studies.facts import Facts
    from lrdoctor.studies.scaling import BatchScaling


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
    return msgspec.json.format(msgspec.json.encode(answer), indent=2).decode() + "\n"


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


def to_lines(pairs: Sequence[Comparison], unmatched: Sequence[str] = ()) -> Iterator[Line]:
    """Describe each pair: symptoms, outcome, the rate, what else changed and what that means."""
    for one in pairs:
        yield from _headed(one)
        if one.conclusion in _CONCLUSIONS:
            yield _line("in short", *_CONCLUSIONS[one.conclusion])
        yield from _told_symptoms(one)
        for outcome in one.outcomes:
            yield _line("outcome", _ending(outcome, one.after), _STYLES[outcome.state])
        if not one.outcomes:
            yield _line("outcome", "no curve that both have logged tells which one is better", "")
        if one.dosing is not None:
            d = one.dosing
            text = f"multiplied by {figure(d.factor)}; advised was {figure(d.advised)}"
            yield _line("rate", f"{text} ({figure(d.interval[0])} to {figure(d.interval[1])})", "")
        if one.batch is not None:
            style = "good" if one.batch.state == "scaled" else "warn"
            yield _line("batch", _batched(one.batch), style)
        for change in one.changes:
            text = f"{clean(change.name, 60)}: {clean(change.before, 60)} before, {clean(change.after, 60)} now"
            yield _line("changed", text + (f"; {change.why}" if change.why else ""), "warn" if change.why else "")
        if one.tune_again:
            names = ", ".join(clean(change.name, 60) for change in one.tune_again)
            yield _line("advice", f"tune the rate again: it was chosen for another setting of {names}", "dose")
        if one.unknown:
            names = ", ".join(name.replace("_", " ") for name in one.unknown)
            text = f"{names}: if one of them changed, tune the rate again; keep the configuration beside the log"
            yield _line("unknown", text, "")
        yield BLANK
    if unmatched:
        names = ", ".join(elide(clean(name), 60) for name in unmatched[:10])
        more = f" and {len(unmatched) - 10} more" if len(unmatched) > 10 else ""
        yield Line([(f"{counted(len(unmatched), 'run')} not compared: ", "dim")], [(names + more, "dim")])


_CONCLUSIONS = {
    "better": ("it ended better, and nothing is found in it: keep the change", "good"),
    "better-with-symptoms": ("it ended better, but is not well yet: go on with what its own diagnosis advises", "good"),
    "symptom-gone": ("what was found is gone, and it ended as well: keep the change", "good"),
    "no-difference": ("the change made no difference that the logs show", ""),
    "worse": ("it ended worse: go back, or change less", "bad"),
}
_STYLES = {"improved": "good", "worse": "bad", "same": "", "unknown": ""}


def _line(title: str, text: str, style: str) -> Line:
    return Line([(f"  {title.ljust(9)}", "dim")], [(text, style)])


def _headed(one: Comparison) -> Iterator[Line]:
    sides = (one.before, one.after)
    rates = ["" if run.lr is None else f" (LR {figure(run.lr)})" for run in sides]
    names = [elide(clean(run.id), 40) for run in sides]
    if names[0] == names[1]:
        names = [f"{names[0]} before", "after"]
    verdicts = f"  {one.before.said.verdict} → {one.after.said.verdict}"
    yield Line([(f"{names[0]}{rates[0]} → {names[1]}{rates[1]}", "name")], [(verdicts, "")])


def _told_symptoms(one: Comparison) -> Iterator[Line]:
    for title, findings, style in (
        ("gone", one.gone, "good"),
        ("remains", one.remaining, "warn"),
        ("new", one.new, "bad"),
    ):
        for finding in findings:
            yield _line(title, f"{finding.code} {finding.name}: {clean(finding.message, 600)}", style)
    if not (one.gone or one.remaining or one.new):
        yield _line("symptoms", "none before, none now", "")


def _ending(one: Outcome, run: Facts) -> str:
    what = clean(one.tag, 60)
    if one.state == "unknown":
        return f"{what} is not compared: {clean(one.reason, 300)}"
    ends = f"{what} {_level(one.before)} → {_level(one.after)}"
    where = f" at {at(one.at, run.unit)}, where the shorter run ends" if one.at is not None else ""
    if not (math.isfinite(one.before) or math.isfinite(one.after)):
        return f"{what}: both blew up"
    if one.state == "same":
        return f"{ends}{where}: no difference beyond the noise ({figure(2 * one.noise, 2)})"
    by = "" if math.isnan(one.share) else f", by {share(abs(one.share))} of what the run before had gained"
    small = " (seeds differ by as much: repeat it before you believe it)" if abs(one.share) < SMALL else ""
    return f"{ends}{where}: {'better' if one.state == 'improved' else 'worse'} beyond the noise{by}{small}"


def _level(value: float) -> str:
    return figure(value) if math.isfinite(value) else "blew up"


def _batched(b: BatchScaling) -> str:
    sizes = f"{figure(b.before, 6)} before, {figure(b.after, 6)} now"
    if b.rule == "unknown":
        return (
            f"{sizes}: the rate scales with it linearly for SGD, with its square root for Adam; which one is not known"
        )
    asked = f"{sizes}: {b.rule} scaling asks for {figure(b.asked, 2)} times the rate"
    if b.state == "unknown":
        return f"{asked}; whether it was changed is not known"
    given = f"it was multiplied by {figure(b.given, 2)}"
    return f"{asked}, and {given}" if b.state == "scaled" else f"{asked}, but {given}: {b.state.replace('-', ' ')}"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
