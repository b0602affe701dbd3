"""The report as Markdown: for pull requests, step summaries and notes.

Bounded, since a comment on GitHub holds 65,536 characters: what does not fit is counted, never cut in the middle.
Names and messages may come from a log, so nothing in them is markup, a mention or a link.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from lrdoctor.cleaning import clean
from lrdoctor.records import Verdict
from lrdoctor.renderers import _words as words
from lrdoctor.renderers._sparkline import blocks
from lrdoctor.wording import counted, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lrdoctor.records import Diagnosis, RunDiagnosis
    from lrdoctor.renderers._base import Options

_ROOM = 60_000
"""Characters of the whole: a little below what a comment may hold."""
_ROWS_ROOM = 30_000
"""Of these, what the table may take."""
_NAMES_SHOWN = 30
_NAME = 80
_SIGNS = {Verdict.DIVERGED: "🔴", Verdict.UNSTABLE: "🔴", Verdict.HEALTHY: "🟢", Verdict.INCONCLUSIVE: "⚪"}
_SIGN = "🟠"
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~$&!])")
# GitHub turns @name into a mention, and an address into a link, wherever it stands outside of code.
_LIVE = re.compile(r"(@|://|www\.)", re.IGNORECASE)


class MarkdownRenderer:
    """Renders a table, worst run first, with the details of each run folded."""

    name = "markdown"
    suffix = ".md"

    def render(self, diagnosis: Diagnosis, options: Options) -> Iterator[str]:
        """Yield the document."""
        runs = words.worst_first(diagnosis.runs)
        room = _ROOM
        for piece in (_title(diagnosis), *_table(runs, options), *_folded(runs, options), *_lost(diagnosis)):
            room -= len(piece)
            yield piece
        if options.verbosity < 0:
            return
        detailed = [said for said in runs if said.findings and (options.verbosity > 0 or _speaks(said))]
        for position, said in enumerate(detailed):
            piece = _details(said)
            if len(piece) > room:
                yield f"\nThere is no room for the details of {counted(len(detailed) - position, 'more run')}.\n"
                return
            room -= len(piece)
            yield piece


RENDERER = MarkdownRenderer()


def text(words_of_a_log: str, limit: int = 600) -> str:
    """Words that may come from a log, as plain text within Markdown."""
    return _LIVE.sub(r"\1<!-- -->", _MARKUP.sub(r"\\\1", clean(words_of_a_log, limit)))


def code(name: str, limit: int = _NAME) -> str:
    """A name that may come from a log, as a code span that can stand in a table."""
    shown = clean(name, limit).replace("|", "\\|")
    fence = "`" * (1 + max((len(ticks) for ticks in re.findall("`+", shown)), default=0))
    pad = " " if shown.startswith("`") or shown.endswith("`") or not shown.strip() else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _speaks(said: RunDiagnosis) -> bool:
    return said.verdict not in words.FOLDED


def _sign(verdict: Verdict) -> str:
    return f"{_SIGNS.get(verdict, _SIGN)} {verdict}"


def _title(diagnosis: Diagnosis) -> str:
    counts = ", ".join(f"{number:,} {verdict}" for verdict, number in words.tally(diagnosis.runs).items())
    more = "" if diagnosis.complete else "\nThe work was interrupted: there may be more runs than these.\n"
    return f"## lrdoctor: {counted(len(diagnosis.runs), 'run')}{', ' if counts else ''}{counts}\n{more}"


def _table(runs: Sequence[RunDiagnosis], options: Options) -> Iterator[str]:
    shown = [said for said in runs if options.verbosity > 0 or len(runs) == 1 or _speaks(said)]
    if not shown:
        return
    yield "\n| verdict | run | loss | what to do | sure |\n|---|---|---|---|---|\n"
    room = _ROWS_ROOM
    for position, said in enumerate(shown):
        row = _row(said)
        room -= len(row)
        if room < 0:
            yield f"\nand {counted(len(shown) - position, 'more run')}\n"
            return
        yield row


def _row(said: RunDiagnosis) -> str:
    curve = words.leading_curve(said)
    picture = f"`{blocks(curve, 16)}`" if curve is not None else ""
    phrases = [text(phrase) for phrase in words.treatment(said, brief=True)]
    advice = ", ".join([f"**{words.advice(said)}**", *phrases])
    cells = (_sign(said.verdict), code(said.run.id), picture, advice, text(percent(said.plan.confidence)))
    return f"| {' | '.join(cells)} |\n"


def _folded(runs: Sequence[RunDiagnosis], options: Options) -> Iterator[str]:
    """Runs of which nothing needs doing, by name."""
    if options.verbosity != 0 or len(runs) == 1:
        return
    for verdict in (Verdict.INCONCLUSIVE, Verdict.HEALTHY):
        same = [said for said in runs if said.verdict is verdict]
        if same:
            names = ", ".join(code(said.run.id) for said in same[:_NAMES_SHOWN])
            rest = f" and {len(same) - _NAMES_SHOWN:,} more" if len(same) > _NAMES_SHOWN else ""
            yield f"\n{_sign(verdict)} ({len(same):,}): {names}{rest}\n"


def _lost(diagnosis: Diagnosis) -> Iterator[str]:
    if diagnosis.unreadable:
        yield f"\n{counted(len(diagnosis.unreadable), 'file')} could not be read:\n\n"
        for lost in diagnosis.unreadable[:_NAMES_SHOWN]:
            yield f"- {code(lost.source)}: {text(lost.error, 300)}\n"
        if len(diagnosis.unreadable) > _NAMES_SHOWN:
            yield f"- and {len(diagnosis.unreadable) - _NAMES_SHOWN:,} more\n"


def _details(said: RunDiagnosis) -> str:
    codes = ", ".join(finding.code for finding in said.findings)
    name = escape(clean(said.run.id, _NAME))
    lines = [f"\n<details><summary><code>{name}</code>: {said.verdict}, {escape(clean(codes))}</summary>\n"]
    if said.plan.reason:
        lines.append(f"{text(said.plan.reason, 1000)}\n")
    for finding in said.findings:
        where = words.stretch(finding.span, said.run)
        lines.append(
            f"- **{text(finding.code)} {text(finding.name)}** ({finding.severity}, {text(percent(finding.confidence))} "
            f"sure, {where}): {text(finding.message, 1000)}"
        )
        lines += [f"  - {text(words.argued(piece, said.run))}" for piece in finding.evidence]
    return "\n".join([*lines, "\n</details>\n"])
