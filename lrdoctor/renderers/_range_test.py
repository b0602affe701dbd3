"""What a range test says, for programs and for people.

``python -m lrdoctor.renderers._range_test`` writes the JSON Schema in docs/schema/range-test-1.json.
"""

from __future__ import annotations

import sys
from html import escape
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from lrdoctor.cleaning import clean, encodable, json_text
from lrdoctor.renderers import _contract as contract
from lrdoctor.renderers._lines import BLANK, Line
from lrdoctor.renderers.json import number
from lrdoctor.signals.ramp import RegionKind
from lrdoctor.studies.ramp_faults import Cause
from lrdoctor.wording import counted, figure, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lrdoctor.records import Unreadable
    from lrdoctor.studies.range_test import RampRegion, RangeTestResult

_NAMES = {
    "minimum_over_10": "a tenth of the minimum",
    "steepest": "steepest descent in log LR",
    "valley": "valley (fastai)",
    "slide": "slide (fastai)",
    "steepest_in_lr": "steepest descent in LR (Lightning)",
    "curvature": "1 / curvature, from the blow-up",
}
_WORDS: dict[RegionKind, str] = {
    "flat": "the loss does not move yet",
    "descent": "the loss falls",
    "minimum": "the loss is about as low as it gets",
    "ascent": "the loss rises again",
    "explosion": "the loss has blown up",
}


class Recommended(msgspec.Struct, frozen=True, kw_only=True):
    """The rate to take, and the interval that holds the best one in `level` of the cases."""

    lr: float
    interval: tuple[float, float]
    level: float


class Suggestions(msgspec.Struct, frozen=True, kw_only=True):
    """What learning-rate finders would suggest, each by its own formula; null: it has no answer."""

    steepest: float | None = None
    steepest_in_lr: float | None = None
    valley: float | None = None
    slide: float | None = None
    minimum_over_10: float | None = None
    curvature: float | None = None


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A region of the ramp: its lowest and highest rate, and its steps."""

    kind: RegionKind
    lr: tuple[float, float]
    span: contract.Span


class Test(msgspec.Struct, frozen=True, kw_only=True):
    """One range test.

    `recommended` is null where it is unusable; `cause` and `reason` are null where it is usable. `steps` is the length
    of the training that the rate is meant for; null: about 10,000.
    """

    id: str
    source: str
    usable: bool
    cause: Cause | None
    reason: str | None
    recommended: Recommended | None
    steps: int | None
    suggestions: Suggestions
    regions: list[Stretch]
    points: int
    start: contract.Number | None
    lowest: contract.Number | None
    notes: list[str]


class RangeTestReport(Test, frozen=True, kw_only=True):
    """The answer of `lrdoctor range-test --format json`: one range test, and `others` that the logs hold."""

    schema: Literal["lrdoctor.range-test/1"]
    tool: contract.Tool
    others: list[Test]
    unreadable: list[contract.Unreadable]


def schema() -> dict[str, Any]:
    """Build the JSON Schema (2020-12) of version 1."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Answer of lrdoctor range-test, lrdoctor.range-test/1",
        **msgspec.json.schema(RangeTestReport),
    }


def schema_text() -> str:
    """The schema as it stands in docs/schema/range-test-1.json."""
    return msgspec.json.format(msgspec.json.encode(schema(), order="sorted"), indent=2).decode() + "\n"


def to_json(tests: Sequence[RangeTestResult], unreadable: Iterable[Unreadable], version: str) -> str:
    """Put range tests into JSON, the one that counts first."""
    answer = RangeTestReport(
        schema="lrdoctor.range-test/1",
        tool=contract.Tool(name="lrdoctor", version=version),
        others=[Test(**_fields(one)) for one in tests[1:]],
        unreadable=[
            contract.Unreadable(source=encodable(lost.source), error=encodable(lost.error)) for lost in unreadable
        ],
        **_fields(tests[0]),
    )
    head = {"schema": answer.schema, **msgspec.to_builtins(answer)}  # the schema first, as in the other answers
    return json_text(msgspec.json.format(msgspec.json.encode(head), indent=2)) + "\n"


def _fields(one: RangeTestResult) -> dict[str, Any]:
    dose = None
    if one.recommended is not None and one.interval is not None:
        dose = Recommended(lr=one.recommended, interval=one.interval, level=one.level)
    return {
        "id": encodable(one.id),
        "source": encodable(one.source),
        "usable": one.usable,
        "cause": one.cause,
        "reason": one.reason,
        "recommended": dose,
        "steps": one.steps,
        "suggestions": Suggestions(**one.suggestions),
        "regions": [
            Stretch(kind=part.kind, lr=part.lr, span=contract.Span(first_step=first, last_step=last))
            for part in one.regions
            for first, last in [(part.span.first_step, part.span.last_step)]
        ],
        "points": int(one.lr.size),
        "start": None if one.start is None else number(one.start),
        "lowest": None if one.lowest is None else number(one.lowest),
        "notes": [encodable(note) for note in one.notes],
    }


def to_lines(tests: Sequence[RangeTestResult]) -> Iterator[Line]:
    """Say of each range test what it shows and which rate to take."""
    for one in tests:
        yield from _headed(one)
        for part in one.regions:
            yield Line([(f"  {part.kind:<10} ", "dim")], [(_region(part), "")])
        yield from _offered(one)
        yield from _verdict(one)
        for note in one.notes:
            yield Line([("  note       ", "dim")], [(clean(note, 400), "dim")])
        yield BLANK


def _headed(one: RangeTestResult) -> Iterator[Line]:
    rest = ""
    if one.lr.size:
        rest = f"  {counted(int(one.lr.size), 'rate')}, LR {figure(one.lr[0])} to {figure(one.lr[-1])}"
    if one.start is not None and one.lowest is not None:
        rest += f"; loss {figure(one.start)}, at best {figure(one.lowest)}"
    yield Line([(clean(one.id, 80), "name")], [(rest, "dim")])


def _region(part: RampRegion) -> str:
    low, high = (figure(end, 2) for end in part.lr)
    rates = f"LR {low}" if low == high else f"LR {low} to {high}"
    return f"{rates}: {_WORDS[part.kind]}"


def _offered(one: RangeTestResult) -> Iterator[Line]:
    given = [(words, one.suggestions.get(name)) for name, words in _NAMES.items()]
    known = [(words, rate) for words, rate in given if rate is not None]
    width = max((len(words) for words, _ in known), default=0)
    for row, (words, rate) in enumerate(known):
        lead = "suggested" if row == 0 else ""
        yield Line([(f"  {lead:<10} ", "dim")], [(f"{words.ljust(width)}  {figure(rate, 2)}", "dim")])


def _verdict(one: RangeTestResult) -> Iterator[Line]:
    if one.recommended is None or one.interval is None:
        yield Line([("  unusable   ", "warn")], [(clean(one.reason or "", 600), "")])
        return
    low, high = (figure(end, 2) for end in one.interval)
    length = f"{one.steps:,} steps" if one.steps else "about 10,000 steps (no length was given)"
    text = f" ({low} to {high} holds the best rate in {percent(one.level)} of the cases), for a training of {length}"
    yield Line([("  take       ", "dim")], [(f"LR {figure(one.recommended, 2)}", "dose"), (text, "")])


def html(tests: Sequence[RangeTestResult]) -> str:
    """The leading test drawn, and all as preformatted text for a notebook; no script, the colours of the page."""
    from lrdoctor.figures import range_test_figure, svg
    from lrdoctor.renderers._base import Options
    from lrdoctor.renderers._lines import paint

    picture = svg.paint(range_test_figure(tests[0])) if tests[0].lr.size else ""
    return f"<div>{picture}<pre>{escape(''.join(paint(to_lines(tests), Options())))}</pre></div>"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
