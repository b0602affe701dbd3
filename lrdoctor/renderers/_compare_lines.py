"""What changed from one run to another, for people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lrdoctor.cleaning import clean, elide
from lrdoctor.renderers._lines import BLANK, Line
from lrdoctor.studies.comparison import SMALL
from lrdoctor.wording import at, counted, figure, share

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lrdoctor.studies.comparison import Comparison, Outcome
    from lrdoctor.studies.facts import Facts
    from lrdoctor.studies.scaling import BatchScaling


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
