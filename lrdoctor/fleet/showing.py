"""The overview of very many runs, for programs and for people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

from lrdoctor.cleaning import clean, elide, json_text
from lrdoctor.fleet.table import SCHEMA
from lrdoctor.records import Verdict
from lrdoctor.renderers._lines import BLANK, Line
from lrdoctor.renderers._parts import verdict_style
from lrdoctor.wording import counted, figure, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lrdoctor.fleet.summary import Dose, Overview
    from lrdoctor.renderers._lines import Part

_MOST_LISTED = 12
"""Optimizers, codes and reasons that people are shown; programs get all."""


def to_json(overview: Overview) -> str:
    """One document, schema ``lrdoctor.fleet/1``: the fields of `Overview`; what is unknown is null."""
    known: dict[str, Any] = msgspec.to_builtins(overview)
    known["worst"] = [
        {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}
        for row in known["worst"]
    ]
    known["optimizers"] = {
        name: {"dose": dose, "by_verdict": by_verdict} for name, (dose, by_verdict) in known["optimizers"].items()
    }
    return json_text(msgspec.json.format(msgspec.json.encode({"schema": SCHEMA, **known}), indent=2)) + "\n"


def to_lines(overview: Overview) -> Iterator[Line]:
    """What people read."""
    lost = f"; {counted(overview.unreadable, 'log')} could not be read" if overview.unreadable else ""
    yield Line((), [(counted(overview.runs, "run"), "name"), (lost, "warn")])
    if not overview.complete:
        yield Line((), [("interrupted: there are more", "warn")])
    if overview.runs:
        yield BLANK
        yield from _verdicts(overview)
        yield BLANK
        yield from _optimizers(overview)
    if overview.codes:
        yield BLANK
        yield Line([("findings   ", "head")], [(_listed(overview.codes), "")])
    if overview.worst:
        yield BLANK
        yield Line((), [("worst first", "head")])
        widest = max(len(row["verdict"]) for row in overview.worst)
        for row in overview.worst:
            yield from _worst(row, widest)
    if overview.errors:
        yield BLANK
        yield Line((), [("could not be read", "head")])
        for reason, count in list(overview.errors.items())[:_MOST_LISTED]:
            yield Line([(f"{count:>8,}  ", "warn")], [(clean(reason, 300), "")])


def _verdicts(overview: Overview) -> Iterator[Line]:
    yield Line((), [(f"{'verdict':<12}{'runs':>10}{'':>9}factor: median (middle 80 %)", "head")])
    for name, dose in overview.verdicts.items():
        style = verdict_style(Verdict(name))
        yield Line([(f"{name:<12}", style), (_share(dose, overview.runs), "")], [(_factor(dose, spread=True), "")])


def _optimizers(overview: Overview) -> Iterator[Line]:
    yield Line((), [(f"{'optimizer':<12}{'runs':>10}{'':>9}factor   verdicts", "head")])
    for name, (dose, by_verdict) in list(overview.optimizers.items())[:_MOST_LISTED]:
        counts = f"{_share(dose, overview.runs)}{_factor(dose):<9}"
        yield Line([(f"{elide(clean(name), 11):<12}", "name"), (counts, "")], [(_listed(by_verdict), "")])


def _worst(row: Mapping[str, Any], widest: int) -> Iterator[Line]:
    style = verdict_style(Verdict(row["verdict"]))
    now, advised, factor = row["lr"], row["advised_lr"], figure(row["factor"], 2)
    dose = f"LR × {factor}" if math.isnan(now) else f"LR {figure(now)} × {factor} → {figure(advised)}"
    codes = ", ".join(map(clean, row["codes"]))
    lead: list[Part] = [(f"{row['verdict'].ljust(widest)}  ", style)]
    yield Line(lead, [(clean(row["id"]), "name"), (f"  {dose}", "dose"), (f"  {codes}", "code")])


def _share(dose: Dose, all_runs: int) -> str:
    return f"{dose.runs:>10,}{percent(dose.runs / all_runs):>7}  "


def _factor(dose: Dose, *, spread: bool = False) -> str:
    text = f"× {figure(dose.median, 2)}"
    return f"{text} ({figure(dose.low, 2)} to {figure(dose.high, 2)})" if spread else text


def _listed(counts: Mapping[str, int]) -> str:
    shown = [f"{count:,} {clean(name)}" for name, count in list(counts.items())[:_MOST_LISTED]]
    return ", ".join(shown) + (f" and {len(counts) - len(shown)} more" if len(counts) > len(shown) else "")
