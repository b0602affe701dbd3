"""What a notebook shows for a report: a table with small curves, a single run drawn in full; no script, and readable on
any background.

Text has the page's colour; what is coloured has mid-tones that stand out on white and on black alike.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from lrdoctor.cleaning import clean
from lrdoctor.figures import run_figure, svg, sweep_figure
from lrdoctor.records import Verdict
from lrdoctor.renderers import _words as words
from lrdoctor.renderers._sparkline import svg as sparkline
from lrdoctor.wording import counted, figure, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrdoctor.records import Diagnosis, RunDiagnosis
    from lrdoctor.studies.sweep import Group, Standing

_COLORS = {
    Verdict.DIVERGED: "#e5484d",
    Verdict.UNSTABLE: "#e5484d",
    Verdict.HEALTHY: "#30a46c",
    Verdict.INCONCLUSIVE: "#8b8d98",
}
_OTHER = "#e07b00"
_MOST_ROWS = 60
_CELL = 'style="text-align:left;vertical-align:top;padding:4px 10px"'
_HEAD = ("verdict", "run", "loss", "what to do", "what the log shows")
_MOST_GROUPS = 12


def html(diagnosis: Diagnosis) -> str:
    """Write the table; healthy and inconclusive runs are named below it when there are many."""
    runs = words.worst_first(diagnosis.runs)
    few = len(runs) <= 8
    rows = [said for said in runs if few or said.verdict not in words.FOLDED][:_MOST_ROWS]
    parts = ['<div style="overflow-x:auto">']
    if rows:
        head = "".join(f'<th scope="col" {_CELL}>{title}</th>' for title in _HEAD)
        body = "".join(f"<tr>{_cells(said)}</tr>" for said in rows)
        table = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
        parts.append(f'<table style="border-collapse:collapse">{table}</table>')
    shown = {id(said) for said in rows}
    for verdict in Verdict:
        rest = [said for said in runs if said.verdict is verdict and id(said) not in shown]
        if rest:
            parts.append(f"<p>{_badge(verdict)} {_names(rest)}</p>")
    if len(runs) == 1:
        parts.append(svg.paint(run_figure(runs[0])))
    parts.append(f"<p>{_summary(diagnosis)}</p>")
    if diagnosis.unreadable:
        items = "".join(
            f"<li>{_text(lost.source)}: {_text(lost.error, 400)}</li>" for lost in diagnosis.unreadable[:20]
        )
        parts.append(f"<details><summary>{_lost(diagnosis)}</summary><ul>{items}</ul></details>")
    return "".join(parts) + "</div>"


def sweep_html(groups: Sequence[Group]) -> str:
    """Write each group as its figure and a table of its runs, best first."""
    parts = []
    for group in groups[:_MOST_GROUPS]:
        parts.append(svg.paint(sweep_figure(group)))
        body = "".join(f"<tr>{_ranked(run)}</tr>" for run in group.runs[:_MOST_ROWS])
        head = "".join(f'<th scope="col" {_CELL}>{title}</th>' for title in ("LR", "end level", "verdict", "run"))
        table = f'<table style="border-collapse:collapse"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        parts.append(f"<details><summary>{counted(len(group.runs), 'run')}, best first</summary>{table}</details>")
        advice = [f"Next: LR <b>{figure(one.lr)}</b>: {_text(one.why, 600)}." for one in group.next]
        parts.append(f"<p>{' '.join(advice) or _text(group.reason, 600)}</p>")
    if len(groups) > _MOST_GROUPS:
        parts.append(f"<p>and {counted(len(groups) - _MOST_GROUPS, 'group')} more</p>")
    return f'<div style="overflow-x:auto">{"".join(parts)}</div>'


def _ranked(run: Standing) -> str:
    level = figure(run.level) if run.state in ("finished", "unfinished") else ""
    end = level if run.state == "finished" else f"{level} {run.state.replace('-', ' ')}".strip()
    rate = "?" if run.lr is None else figure(run.lr)
    cells = (rate, escape(end), _badge(run.facts.said.verdict), _text(run.id))
    return "".join(f"<td {_CELL}>{cell}</td>" for cell in cells)


def _cells(said: RunDiagnosis) -> str:
    curve = words.leading_curve(said)
    picture = f"{sparkline(curve)}<br><small>{_text(curve.tag, 24)}</small>" if curve is not None else ""
    extra = "".join(f"<br>{escape(phrase)}" for phrase in words.treatment(said, brief=True))
    sure = f"<small>{escape(percent(said.plan.confidence))} sure</small>"
    advice = f'<div style="min-width:15em"><b>{escape(words.advice(said))}</b>{extra}<br>{sure}</div>'
    findings = "".join(
        f"<br><small><code>{_text(finding.code)}</code> {_text(finding.message, 600)}</small>"
        for finding in said.findings
    )
    why = f"{_text(said.plan.reason, 600)}{findings}"
    name = f'<div style="min-width:11em;overflow-wrap:anywhere"><b>{_text(said.run.id)}</b></div>'
    cells = (_badge(said.verdict), name, picture, advice, why)
    return "".join(f"<td {_CELL}>{cell}</td>" for cell in cells)


def _badge(verdict: Verdict) -> str:
    color = _COLORS.get(verdict, _OTHER)
    dot = f'<span style="color:{color}">&#9679;</span>'
    return f'<span style="white-space:nowrap">{dot} {escape(verdict)}</span>'


def _names(runs: Sequence[RunDiagnosis]) -> str:
    names = ", ".join(_text(said.run.id, 80) for said in runs[:_MOST_ROWS])
    rest = len(runs) - _MOST_ROWS
    return f"({len(runs):,}): {names}" + (f" and {rest:,} more" if rest > 0 else "")


def _summary(diagnosis: Diagnosis) -> str:
    counts = ", ".join(
        f"{number:,} {escape(verdict)}" for verdict, number in words.tally(diagnosis.runs).items()
    )
    return counted(len(diagnosis.runs), "run") + (f": {counts}" if counts else "")


def _lost(diagnosis: Diagnosis) -> str:
    return f"{counted(len(diagnosis.unreadable), 'file')} could not be read"


def _text(text: str, limit: int = 200) -> str:
    return escape(clean(text, limit), quote=True)
