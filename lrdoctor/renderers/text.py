"""The report for people: worst run first, healthy ones in one line; for a terminal, or plain for a pipe."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from lrdoctor.records import Role, Severity, Verdict
from lrdoctor.renderers import _words as words
from lrdoctor.renderers._clean import clean, elide
from lrdoctor.renderers._figures import counted, figure, percent
from lrdoctor.renderers._lines import BLANK, Line, paint
from lrdoctor.renderers._sparkline import blocks
from lrdoctor.roles import primary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lrdoctor.records import Diagnosis, Finding, RunDiagnosis, Series
    from lrdoctor.renderers._base import Options
    from lrdoctor.renderers._lines import Part

_WIDE = 120
"""Columns from which verdict, run and dose share a line."""
_STYLES = {
    Verdict.DIVERGED: "bad",
    Verdict.UNSTABLE: "bad",
    Verdict.HEALTHY: "good",
    Verdict.INCONCLUSIVE: "unsure",
}
_SEVERITY_STYLES = {
    Severity.CRITICAL: "bad",
    Severity.ERROR: "bad",
    Severity.WARNING: "warn",
    Severity.INFO: "unsure",
}
_MARKS = {Verdict.DIVERGED: "✗", Verdict.UNSTABLE: "✗", Verdict.HEALTHY: "✓", Verdict.INCONCLUSIVE: "?"}
_MARK = "●"
_NAMES_SHOWN = 12
_CURVES_SHOWN = (Role.TRAIN_LOSS, Role.VAL_LOSS, Role.LR, Role.GRAD_NORM, Role.VAL_METRIC)


class TextRenderer:
    """Renders for people."""

    name = "text"
    suffix = ".txt"

    def render(self, diagnosis: Diagnosis, options: Options) -> Iterator[str]:
        """Yield the rows of the report."""
        yield from paint(_lines(diagnosis, options), options)


RENDERER = TextRenderer()


def _lines(diagnosis: Diagnosis, options: Options) -> Iterator[Line]:
    runs = words.worst_first(diagnosis.runs)
    if len(runs) == 1 and options.verbosity >= 0:
        yield from _detailed(runs[0], options)
    else:
        yield from _overview(runs, options)
    if options.unreadable and options.verbosity >= 0:
        for lost in diagnosis.unreadable:
            yield Line([("unreadable  ", "warn")], [(f"{clean(lost.source)}: {clean(lost.error, 400)}", "")])
        if diagnosis.unreadable:
            yield BLANK
    if options.verbosity >= 0 and (len(runs) != 1 or diagnosis.unreadable):
        yield _summary(diagnosis)
    codes = [finding.code for said in runs for finding in said.findings]
    if codes and options.width is not None and options.verbosity >= 0:
        yield from _hint(codes[0], options, many=len(runs) > 1)


def _overview(runs: Sequence[RunDiagnosis], options: Options) -> Iterator[Line]:
    folded = words.FOLDED if options.verbosity < 1 else frozenset()
    spoken = [said for said in runs if said.verdict not in folded]
    widths = (
        max((len(said.verdict) for said in spoken), default=0),
        min(max((len(clean(said.run.id)) for said in spoken), default=0), 48),
    )
    for said in spoken:
        yield from _block(said, widths, options)
        if options.verbosity >= 0:
            yield BLANK
    if options.verbosity >= 0:
        for verdict in (Verdict.INCONCLUSIVE, Verdict.HEALTHY):
            same = [said for said in runs if said.verdict is verdict and verdict in folded]
            if same:
                yield from _fold(verdict, same, options)
                yield BLANK


def _block(said: RunDiagnosis, widths: tuple[int, int], options: Options) -> Iterator[Line]:
    """One run of many."""
    style = _STYLES.get(said.verdict, "warn")
    name = clean(said.run.id)
    if options.width is not None:
        name = elide(
            name, max(options.width - widths[0] - 24, 20) if options.verbosity >= 0 else options.width // 3
        )
    lead: list[Part] = []
    if options.width is not None:
        lead.append((f"{_MARKS.get(said.verdict, _MARK)} ", style))
    lead += [(f"{said.verdict.ljust(widths[0])}  ", style)]
    curve = words.leading_curve(said)
    wide = options.width is None or options.width >= _WIDE
    room = 40 if options.width is None else max(16, min(60, options.width // 4))
    tail = None if curve is None else partial(_drawn, curve)
    sure: list[Part] = [(f"; {percent(said.plan.confidence)} sure", "dim")]
    phrases = words.treatment(said, brief=True) if options.verbosity >= 0 else []
    rest = "".join(f", {phrase}" for phrase in phrases)
    advice: list[Part] = [(words.dose(said.plan), "dose"), (rest, ""), *sure]
    if wide or options.verbosity < 0:
        yield Line([*lead, (f"{name.ljust(widths[1])}  ", "name")], advice, tail if wide else None, room)
    else:
        yield Line(lead, [(name, "name")], tail, room)
        yield Line([("  ", "")], advice)
    if options.verbosity < 0:
        return
    if said.plan.reason:
        yield Line([("  ", "")], [(clean(said.plan.reason, 600), "")])
    for finding in said.findings:
        yield from _finding(finding, said, options, evidence=options.verbosity > 0)
    if options.verbosity > 0:
        yield from _remarks(said)


def _drawn(curve: Series, columns: int) -> str:
    """A curve, with its name where it is not the training loss."""
    name = "" if curve.role is Role.TRAIN_LOSS else elide(clean(curve.tag), max(columns // 3, 8)) + " "
    return name + blocks(curve, max(columns - len(name), 1))


def _finding(finding: Finding, said: RunDiagnosis, options: Options, *, evidence: bool) -> Iterator[Line]:
    lead: list[Part] = [("  ", ""), (f"{clean(finding.code)} ", "code")]
    title: list[Part] = [(clean(finding.name), _SEVERITY_STYLES[finding.severity]), (": ", "")]
    yield Line(lead, [*title, (clean(finding.message, 1000), "")])
    if evidence:
        where = (
            f"{finding.severity}, {percent(finding.confidence)} sure, {words.stretch(finding.span, said.run)}"
        )
        yield Line([("         ", "")], [(where, "dim")])
        for piece in finding.evidence:
            yield Line([("         - ", "dim")], [(words.argued(piece, said.run), "dim")])


def _fold(verdict: Verdict, runs: Sequence[RunDiagnosis], options: Options) -> Iterator[Line]:
    """Many runs of which nothing needs doing in one line; inconclusive ones by what is missing."""
    style = _STYLES[verdict]
    mark = f"{_MARKS[verdict]} " if options.width is not None else ""
    if verdict is Verdict.HEALTHY:
        names, rest = _names(runs, options)
        yield Line([(f"{mark}{len(runs):,} {verdict}: ", style)], [(names, ""), (rest, "dim")])
        return
    advice = {said.plan.reason for said in runs}
    head = advice.pop() if len(advice) == 1 else ""
    yield Line(
        [(f"{mark}{len(runs):,} {verdict}: ", style)],
        [(clean(head or "the log does not say enough", 600), "")],
    )
    by_reason = sorted(runs, key=lambda said: (_obstacle(said, head), words.natural(said.run.id)))
    for reason, group in groupby(by_reason, key=lambda said: _obstacle(said, head)):
        names, rest = _names(list(group), options)
        yield Line(
            [("    ", "")],
            [(names, "name"), (rest, "dim"), (f": {clean(reason, 600)}" if reason else "", "")],
        )


def _obstacle(said: RunDiagnosis, told: str) -> str:
    """Why nothing can be said of a run: its first finding, or its advice unless that has been told."""
    if said.findings:
        return said.findings[0].message
    return "" if said.plan.reason == told else said.plan.reason


def _names(runs: Sequence[RunDiagnosis], options: Options) -> tuple[str, str]:
    shown = runs if options.width is None else runs[:_NAMES_SHOWN]
    rest = len(runs) - len(shown)
    return ", ".join(clean(said.run.id, 80) for said in shown), f" and {rest:,} more" if rest else ""


def _detailed(said: RunDiagnosis, options: Options) -> Iterator[Line]:
    """A single run: curves, findings with their evidence, and the plan item by item."""
    style = _STYLES.get(said.verdict, "warn")
    run = said.run
    mark = f"{_MARKS.get(said.verdict, _MARK)} " if options.width is not None else ""
    yield Line([(f"{mark}{said.verdict}  ", style)], [(clean(run.id), "name")])
    yield Line([("  ", "")], [(_setup(said), "dim")])
    yield BLANK
    yield from _curves(said, options)
    if said.findings:
        yield Line((), [("What the log shows", "head")])
        for finding in said.findings:
            yield from _finding(finding, said, options, evidence=True)
        yield BLANK
    yield Line((), [("What to do", "head"), (f"  {percent(said.plan.confidence)} sure", "dim")])
    yield from _plan(said)
    remarks = list(_remarks(said, skips=options.verbosity > 0))
    if remarks:
        yield BLANK
        yield from remarks


def _setup(said: RunDiagnosis) -> str:
    run = said.run
    known = {name: value for name, value in run.hyperparameters.items() if value is not None}
    parts = [clean(run.source), clean(run.format)]
    now = words.rate_now(said.plan)
    if now is not None:
        parts.append(f"peak LR {figure(now)}")
    for name in ("optimizer", "batch_size", "schedule", "momentum", "weight_decay"):
        if name in known:
            value = known[name]
            text = figure(value) if isinstance(value, float) else clean(str(value), 40)
            parts.append(text if name == "optimizer" else f"{name.replace('_', ' ')} {text}")
    return " · ".join(parts)


def _curves(said: RunDiagnosis, options: Options) -> Iterator[Line]:
    first = words.leading_curve(said)
    chosen: list[Series] = [] if first is None else [first]
    for role in _CURVES_SHOWN:
        other = primary(said.run, role)
        if other is not None and len(other) and not any(series.role is role for series in chosen):
            chosen.append(other)
    names = [elide(clean(series.tag), 30) for series in chosen]
    width = max((len(name) for name in names), default=0)
    room = 40 if options.width is None else max(16, min(80, options.width - width - 36))
    for name, series in zip(names, chosen, strict=True):
        picture = blocks(series, room)
        yield Line([(f"  {name.ljust(width)}  ", "")], [(picture, "curve"), (f"  {_ends(series)}", "dim")])
    if chosen:
        yield BLANK


def _ends(series: Series) -> str:
    text = f"{figure(float(series.value[0]))} to {figure(float(series.value[-1]))}"
    return f"{text}, {counted(len(series), 'point')}"


def _plan(said: RunDiagnosis) -> Iterator[Line]:
    plan = said.plan
    level = f", {percent(plan.lr.level)} interval" if not words.keeps_rate(plan) else ""
    yield Line([("  - ", "")], [(words.dose(plan), "dose"), (level, "dim")])
    for phrase in words.treatment(said):
        yield Line([("  - ", "")], [(phrase, "")])
    if plan.reason:
        yield Line([("  why: ", "dim")], [(clean(plan.reason, 1000), "")])


def _remarks(said: RunDiagnosis, *, skips: bool = True) -> Iterator[Line]:
    """What else there is to know: consequences of a cause, rules that could not judge, what was mended."""
    for finding, cause in said.masked:
        text = f"{clean(finding.code)} {clean(finding.name)} as well, explained by {clean(cause)}"
        yield Line([("  ", "")], [(text, "dim")])
    if skips:
        by_reason = sorted(said.skips, key=lambda skip: (skip.reason, skip.code))
        for reason, group in groupby(by_reason, key=lambda skip: skip.reason):
            codes = ", ".join(clean(skip.code) for skip in group)
            yield Line([("  not judged: ", "dim")], [(f"{codes} ({clean(reason)})", "dim")])
    for note in said.run.notes:
        yield Line([("  note: ", "dim")], [(clean(note, 600), "dim")])


def _summary(diagnosis: Diagnosis) -> Line:
    counts = words.tally(diagnosis.runs)
    parts: list[Part] = [(f"{counted(len(diagnosis.runs), 'run')}", "name"), (": " if counts else "", "")]
    shares = ((f"{number:,} {verdict}", _STYLES.get(verdict, "warn")) for verdict, number in counts.items())
    parts += _joined(shares)
    if diagnosis.unreadable:
        parts.append((f"; {counted(len(diagnosis.unreadable), 'file')} could not be read", "warn"))
    return Line((), parts)


def _hint(code: str, options: Options, *, many: bool) -> Iterator[Line]:
    """How to learn more; for people at a terminal only."""
    more = "; -v shows the evidence" if many and options.verbosity < 1 else ""
    if not many:
        yield BLANK
    yield Line((), [(f"`lrdoctor explain {clean(code)}` says what a finding means{more}", "dim")])


def _joined(parts: Iterable[Part]) -> list[Part]:
    joined: list[Part] = []
    for number, part in enumerate(parts):
        joined += [(", ", ""), part] if number else [part]
    return joined
