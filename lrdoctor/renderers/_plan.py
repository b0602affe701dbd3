"""Which rates to try next, for programs and for people.

``python -m lrdoctor.renderers._plan`` writes the JSON Schema in docs/schema/plan-1.json.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from lrdoctor.cleaning import clean, elide, encodable, json_text
from lrdoctor.renderers import _contract as contract
from lrdoctor.renderers._lines import BLANK, Line
from lrdoctor.wording import counted, figure, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lrdoctor.records import Unreadable
    from lrdoctor.studies.halving import Rung, Trust
    from lrdoctor.studies.planning import Search

_HEADS = {
    "coarse": "a first grid",
    "extend": "the best rate is the last one tried: go beyond it",
    "refine": "a finer grid around the best rate",
    "settled": "nothing to try",
    "unknown": "nothing to start from",
}


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """A rate to try; `chance` is that of ending within 2 % of the best loss reduction; null: not estimated."""

    lr: float
    why: str
    chance: float | None


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """A round of successive halving: so many runs up to `share` of the budget, which is `length` units if known."""

    runs: int
    share: float
    length: int | None


class Trusted(msgspec.Struct, frozen=True, kw_only=True):
    """What ranking by the first round is worth, from recorded trials that were cut off at `share` of their budget.

    `within_2_percent` and `within_10_percent`: share of trials in which the leader ended so close to the best;
    `step_lower_within_2_percent`: in which the rate a third of the leader's did;
    `best_third_holds_one`: in which the best third held a rate within 2 %; `rate_over_best`: the leader's rate over the
    one that was best in the end.
    """

    share: float
    within_2_percent: float
    within_10_percent: float
    step_lower_within_2_percent: float
    best_third_holds_one: float
    rate_over_best: float


class PlannedSearch(msgspec.Struct, frozen=True, kw_only=True):
    """The next runs of one training. `range` is null where there is nothing to try, and `reason` says why."""

    runs: list[str]
    stage: Literal["coarse", "extend", "refine", "settled", "unknown"]
    rates: list[Rate]
    range: tuple[float, float] | None
    sample: list[float]
    halving: list[Round]
    unit: str
    trust: Trusted | None
    reason: str


class PlanReport(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `lrdoctor plan --format json`."""

    schema: Literal["lrdoctor.plan/1"]
    tool: contract.Tool
    groups: list[PlannedSearch]
    unreadable: list[contract.Unreadable]


def schema() -> dict[str, Any]:
    """Build the JSON Schema (2020-12) of version 1."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Answer of lrdoctor plan, lrdoctor.plan/1",
        **msgspec.json.schema(PlanReport),
    }


def schema_text() -> str:
    """The schema as it stands in docs/schema/plan-1.json."""
    return msgspec.json.format(msgspec.json.encode(schema(), order="sorted"), indent=2).decode() + "\n"


def to_json(searches: Sequence[Search], unreadable: Iterable[Unreadable], version: str) -> str:
    """Put the plans into JSON."""
    answer = PlanReport(
        schema="lrdoctor.plan/1",
        tool=contract.Tool(name="lrdoctor", version=version),
        groups=[_planned(one) for one in searches],
        unreadable=[
            contract.Unreadable(source=encodable(lost.source), error=encodable(lost.error)) for lost in unreadable
        ],
    )
    return json_text(msgspec.json.format(msgspec.json.encode(answer), indent=2)) + "\n"


def _planned(one: Search) -> PlannedSearch:
    return PlannedSearch(
        runs=[] if one.group is None else [encodable(run.id) for run in one.group.runs],
        stage=one.stage,
        rates=[Rate(lr=rate.lr, why=encodable(rate.why), chance=rate.chance) for rate in one.rates],
        range=None if math.isnan(one.low) else (one.low, one.high),
        sample=list(one.sample),
        halving=[Round(runs=rung.runs, share=round(rung.share, 6), length=rung.length) for rung in one.rungs],
        unit=one.unit,
        trust=None if one.trust is None else _trusted(one.trust),
        reason=encodable(one.reason),
    )


def _trusted(row: Trust) -> Trusted:
    return Trusted(
        share=row.share,
        within_2_percent=row.near,
        within_10_percent=row.fine,
        step_lower_within_2_percent=row.lower,
        best_third_holds_one=row.kept,
        rate_over_best=row.shift,
    )


def to_lines(searches: Sequence[Search]) -> Iterator[Line]:
    """Describe each plan: the rates as a table, then the sample, how to save time, and what that is worth."""
    for position, one in enumerate(searches):
        yield Line([(f"{_name(position, one, many=len(searches) > 1)}: ", "name")], [(_HEADS[one.stage], "")])
        yield from _rates(one)
        if one.sample:
            drawn = ", ".join(figure(rate) for rate in one.sample)
            text = f"log-uniform between {figure(one.low)} and {figure(one.high)}: {drawn}"
            yield Line([("  random   ", "dim")], [(text, "")])
        if len(one.rungs) > 1:
            yield Line([("  budget   ", "dim")], [(_halving(one.rungs, one.unit), "")])
        if one.trust is not None:
            yield Line([("  trust    ", "dim")], [(_worth(one.trust), "")])
        if not one.rates:
            yield Line([("  because  ", "dim")], [(clean(one.reason, 600), "good" if one.stage == "settled" else "")])
            best = None if one.group is None or one.group.best is None else one.group.best.lr
            if best is not None:
                yield Line(
                    [("  else     ", "dim")], [(f"lrdoctor plan --around {best:g} searches all the same", "dim")]
                )
        yield BLANK


def _name(position: int, one: Search, *, many: bool) -> str:
    if one.group is None:
        return "plan"
    runs = counted(len(one.group.runs), "run")
    best = "" if one.group.best is None else f", best {elide(clean(one.group.best.id), 40)}"
    return f"{f'group {position + 1}, ' if many else ''}{runs}{best}"


def _rates(one: Search) -> Iterator[Line]:
    width = max((len(figure(rate.lr)) for rate in one.rates), default=0)
    for rate in one.rates:
        yield Line([(f"  LR {figure(rate.lr).ljust(width)}  ", "dose")], [(clean(rate.why, 600), "")])


def _halving(rungs: Sequence[Rung], unit: str) -> str:
    """5 runs to 1,100 steps (1/9 of the budget), the best 2 to 3,300, ...; what it costs."""
    words = []
    for place, rung in enumerate(rungs):
        to = f"1/{1 / rung.share:.0f} of the budget" if rung.share < 1 else "the end"
        to += "" if rung.length is None else f" ({counted(rung.length, unit)})"
        words.append(f"{counted(rung.runs, 'run') if place == 0 else f'the best {rung.runs}'} to {to}")
    done = [0.0, *(rung.share for rung in rungs)]
    cost = sum(rung.runs * (rung.share - before) for rung, before in zip(rungs, done, strict=False))
    return f"{', '.join(words)}: as much as {figure(cost, 2)} full runs instead of {rungs[0].runs}"


def _worth(row: Trust) -> str:
    leader = (
        f"in recorded trials the leader after 1/{1 / row.share:.0f} of the budget ended within 2 % of the best in "
        f"{percent(row.near)}, within 10 % in {percent(row.fine)}"
    )
    if row.lower < row.near:
        return leader
    return f"{leader}; the rate a step below it within 2 % in {percent(row.lower)}, since longer runs want lower rates"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
