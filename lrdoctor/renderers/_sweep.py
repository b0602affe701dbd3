"""What several runs say together, for programs and for people.

``python -m lrdoctor.renderers._sweep`` writes the JSON Schema in docs/schema/sweep-1.json.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from lrdoctor.cleaning import clean, elide, encodable, json_text
from lrdoctor.renderers import _contract as contract
from lrdoctor.renderers._lines import BLANK, Line
from lrdoctor.renderers.json import number
from lrdoctor.wording import counted, figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lrdoctor.records import Unreadable
    from lrdoctor.studies.sweep import Group, Standing

_STATES = {"blew-up": "blew up", "unfinished": "unfinished, not compared", "no-level": "no loss to compare"}


class Best(msgspec.Struct, frozen=True, kw_only=True):
    """The run that ended best; lr null: its rate is unknown."""

    id: str
    lr: float | None


class NextRate(msgspec.Struct, frozen=True, kw_only=True):
    """A rate to try, the interval that holds the best one in 80 % of cases, and why.

    `chance` is that of ending within 2 % of the best reachable loss reduction; null: not estimated.
    """

    lr: float
    interval: tuple[float, float]
    why: str
    chance: float | None


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a group with the end level of its loss; null: it has none."""

    id: str
    lr: float | None
    level: contract.Number | None
    state: Literal["finished", "blew-up", "unfinished", "no-level"]


class Apart(msgspec.Struct, frozen=True, kw_only=True):
    """Another group (its position), what differs, and why no learning rate is carried over."""

    group: int
    differs_in: list[str]
    why: str


class SweepGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Runs of the same thing, best first.

    `best` is null where no run ended with a finite loss, `good_band` where no rate is known, `exceeds_noise`
    where
    there are no two rates to compare. `next` is empty where another run is not worth it (`settled`), or where
    nothing
    can be said (`reason` says why).
    """

    runs: list[str]
    differs_in: list[str]
    best: Best | None
    good_band: tuple[float, float] | None
    at_edge: Literal["low", "high"] | None
    next: list[NextRate]
    settled: bool
    exceeds_noise: bool | None
    noise: contract.Number | None
    repeats: int
    ranked_by: str
    ranking: list[Ranked]
    reason: str
    apart_from: list[Apart]


class SweepReport(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `lrdoctor sweep --format json`."""

    schema: Literal["lrdoctor.sweep/1"]
    tool: contract.Tool
    groups: list[SweepGroup]
    unreadable: list[contract.Unreadable]


def schema() -> dict[str, Any]:
    """Build the JSON Schema (2020-12) of version 1."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Answer of lrdoctor sweep, lrdoctor.sweep/1",
        **msgspec.json.schema(SweepReport),
    }


def schema_text() -> str:
    """The schema as it stands in docs/schema/sweep-1.json."""
    return msgspec.json.format(msgspec.json.encode(schema(), order="sorted"), indent=2).decode() + "\n"


def to_json(groups: Sequence[Group], unreadable: Iterable[Unreadable], version: str) -> str:
    """Put what the runs say together into JSON."""
    answer = SweepReport(
        schema="lrdoctor.sweep/1",
        tool=contract.Tool(name="lrdoctor", version=version),
        groups=[_group(one) for one in groups],
        unreadable=[
            contract.Unreadable(source=encodable(lost.source), error=encodable(lost.error))
            for lost in unreadable
        ],
    )
    return json_text(msgspec.json.format(msgspec.json.encode(answer), indent=2)) + "\n"


def _group(one: Group) -> SweepGroup:
    return SweepGroup(
        runs=[encodable(run.id) for run in one.runs],
        differs_in=[encodable(name) for name in one.differs_in],
        best=None if one.best is None else Best(id=encodable(one.best.id), lr=one.best.lr),
        good_band=one.good_band,
        at_edge=one.at_edge,
        next=[
            NextRate(lr=rate.lr, interval=rate.interval, why=encodable(rate.why), chance=rate.chance)
            for rate in one.next
        ],
        settled=one.settled,
        exceeds_noise=one.clear,
        noise=None if math.isnan(one.noise) else number(one.noise),
        repeats=one.repeats,
        ranked_by=encodable(one.ranked_by),
        ranking=[
            Ranked(
                id=encodable(run.id), lr=run.lr, state=run.state,
                level=None if math.isnan(run.level) else number(run.level),
            )
            for run in one.runs
        ],
        reason=encodable(one.reason),
        apart_from=[
            Apart(
                group=other.group, differs_in=[encodable(name) for name in other.differs_in], why=encodable(other.why)
            )
            for other in one.apart
        ],
    )  # fmt: skip


def to_lines(groups: Sequence[Group], most: int = 20) -> Iterator[Line]:
    """Describe each group: the ranking, what it says, and what to try next."""
    for position, one in enumerate(groups):
        yield from _headed(position, one, many=len(groups) > 1)
        yield from _ranking(one.runs, one.ranked_by, most)
        yield from _said(one)
        for rate in one.next:
            low, high = rate.interval
            text = f"LR {figure(rate.lr)} ({figure(low)} to {figure(high)})"
            yield Line([("  next     ", "dim")], [(text, "dose"), (f": {clean(rate.why, 600)}", "")])
        if not one.next:
            yield Line(
                [("  settled  " if one.settled else "  next     ", "dim")],
                [(clean(one.reason, 600), "good" if one.settled else "")],
            )
        for other in one.apart:
            text = f"not compared with group {other.group + 1}: {clean(other.why, 600)}; do not carry its rate over"
            yield Line([("  apart    ", "dim")], [(text, "warn")])
        yield BLANK


def _headed(position: int, one: Group, *, many: bool) -> Iterator[Line]:
    name = f"group {position + 1}: " if many else ""
    what = f", differing in {', '.join(clean(n, 60) for n in one.differs_in)}" if one.differs_in else ""
    by = f", by the end level of {clean(one.ranked_by, 60)}" if one.ranked_by and len(one.runs) > 1 else ""
    yield Line([(f"{name}{counted(len(one.runs), 'run')}", "name")], [(f"{what}{by}", "dim")])
    others = [name for name in one.differs_in if name != "lr"]
    if others and "lr" in one.differs_in:
        text = f"they differ in more than the LR ({', '.join(clean(n, 60) for n in others)}), which the ranking mixes"
        yield Line([("  note     ", "dim")], [(text, "warn")])


def _ranking(runs: Sequence[Standing], tag: str, most: int) -> Iterator[Line]:
    rates = ["LR ?" if run.lr is None else f"LR {figure(run.lr)}" for run in runs]
    width = max(map(len, rates), default=0)
    for index, (run, rate) in enumerate(zip(runs, rates, strict=True)):
        if index >= most:
            yield Line([("  ", "")], [(f"and {counted(len(runs) - most, 'run')} more", "dim")])
            return
        end = _STATES.get(run.state) or figure(run.level)
        style = "bad" if run.state == "blew-up" else "good" if index == 0 and run.state == "finished" else ""
        yield Line(
            [(f"  {rate.ljust(width)}  ", "")], [(end, style), (f"  {elide(clean(run.id), 60)}", "dim")]
        )


def _said(one: Group) -> Iterator[Line]:
    if one.best is None or len(one.runs) == 1:
        return
    words = [f"{clean(one.best.id, 60)}" + ("" if one.best.lr is None else f" (LR {figure(one.best.lr)})")]
    if one.clear is not None:
        words.append("ahead by more than the noise" if one.clear else "not ahead by more than the noise")
    if one.good_band is not None and one.good_band[0] < one.good_band[1]:
        words.append(f"LR {figure(one.good_band[0])} to {figure(one.good_band[1])} do as well")
    if one.at_edge is not None and one.best.lr is not None:
        low, best = one.at_edge == "low", one.best.lr
        beyond = any(rate.lr < best if low else rate.lr > best for rate in one.next)
        where = f"the {'lowest' if low else 'highest'} LR tried"
        words.append(f"{where}, so the best may lie beyond it" if beyond else where)
    yield Line([("  best     ", "dim")], [("; ".join(words), "")])


if __name__ == "__main__":
    sys.stdout.write(schema_text())
