"""Pieces of a text report that the overview of many runs and the page of a single one share."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from lrdoctor.cleaning import clean, elide
from lrdoctor.records import Role, Severity, Verdict
from lrdoctor.renderers import _words as words
from lrdoctor.renderers._lines import Line
from lrdoctor.renderers._sparkline import blocks
from lrdoctor.wording import percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Finding, RunDiagnosis, Series
    from lrdoctor.renderers._base import Options
    from lrdoctor.renderers._lines import Part

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


def verdict_style(verdict: Verdict) -> str:
    """Style of a verdict."""
    return _STYLES.get(verdict, "warn")


def mark(verdict: Verdict, options: Options) -> str:
    """Sign that stands before a verdict on a terminal: told apart without colour, too."""
    return f"{_MARKS.get(verdict, _MARK)} " if options.width is not None else ""


def drawn(curve: Series, columns: int) -> str:
    """A curve, with its name where it is not the training loss."""
    name = "" if curve.role is Role.TRAIN_LOSS else elide(clean(curve.tag), max(columns // 3, 8)) + " "
    return name + blocks(curve, max(columns - len(name), 1))


def finding_lines(finding: Finding, said: RunDiagnosis, *, evidence: bool) -> Iterator[Line]:
    """A finding, with its evidence if wanted."""
    lead: list[Part] = [("  ", ""), (clean(finding.code), "code"), (" ", "")]
    title: list[Part] = [(clean(finding.name), _SEVERITY_STYLES[finding.severity]), (": ", "")]
    yield Line(lead, [*title, (clean(finding.message, 1000), "")])
    if evidence:
        where = (
            f"{finding.severity}, {percent(finding.confidence)} sure, {words.stretch(finding.span, said.run)}"
        )
        yield Line([("         ", "")], [(where, "dim")])
        for piece in finding.evidence:
            yield Line([("         - ", "dim")], [(words.argued(piece, said.run), "dim")])


def remark_lines(said: RunDiagnosis, *, skips: bool = True) -> Iterator[Line]:
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
