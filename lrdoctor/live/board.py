"""The table of watched runs that a terminal shows, worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from lrdoctor.cleaning import clean, elide
from lrdoctor.renderers import _words as words
from lrdoctor.renderers._base import Options
from lrdoctor.renderers._lines import THEME
from lrdoctor.renderers._parts import mark, verdict_style
from lrdoctor.renderers._sparkline import blocks
from lrdoctor.wording import counted, figure, percent

if TYPE_CHECKING:
    from collections.abc import Collection

    from rich.console import Group
    from rich.text import Text

    from lrdoctor.live.following import Change
    from lrdoctor.records import RunDiagnosis

_WIDE = 120
"""Columns from which the interval of the dose is shown."""
_OTHERS = (60, 94)
"""Columns that all but the names take, in a narrow table and in a wide one."""


def board(changes: Collection[Change], unreadable: int, width: int, height: int, footer: str) -> Group:
    """Lay out a table that fits into `width` columns and `height` rows; `footer` stands below the counts."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, width=width, header_style=THEME["head"])
    for title in ("verdict", "run", "at", "loss", "now", "LR", "sure"):
        justify: Literal["left", "right"] = "right" if title in ("at", "now", "sure") else "left"
        table.add_column(title, no_wrap=True, justify=justify, ratio=1 if title == "run" else None)
    runs = words.worst_first(change.said for change in changes)
    room = max(height - 5, 1)
    for said in runs[:room]:
        table.add_row(*_row(said, width))
    rest = f"and {len(runs) - room:,} more; " if len(runs) > room else ""
    counts = ", ".join(f"{number:,} {verdict}" for verdict, number in words.tally(runs).items())
    lost = f"; {counted(unreadable, 'file')} cannot be read" if unreadable else ""
    summary = f"{rest}{counted(len(runs), 'run')}{': ' if counts else ''}{counts}{lost}"
    below = [Text(line, style=THEME["dim"]) for line in (summary, footer) if line]
    return Group(*([table] if runs else []), *below)


def _row(said: RunDiagnosis, width: int) -> list[Text]:
    from rich.text import Text

    curve = words.leading_curve(said)
    name = elide(clean(said.run.id), max(width - _OTHERS[width >= _WIDE], 12))  # the end tells most
    picture, now, place = "", "", ""
    if curve is not None:
        picture, now = blocks(curve, max(width // 10, 6)), figure(float(curve.value[-1]))
        place = f"{int(curve.step[-1]):,}{'' if curve.unit == 'step' else f' {curve.unit[:2]}'}"
    return [
        Text(f"{mark(said.verdict, Options(width=width))}{said.verdict}", style=THEME[verdict_style(said.verdict)]),
        Text(name, style=THEME["name"], overflow="ellipsis"),
        Text(place),
        Text(picture, style=THEME["curve"]),
        Text(now),
        Text(_advice(said, width)),
        Text(percent(said.plan.confidence), style=THEME["dim"]),
    ]


def _advice(said: RunDiagnosis, width: int) -> str:
    """The dose; in short form where the terminal is narrow."""
    lr = said.plan.lr
    if width >= _WIDE:
        return words.dose(said.plan)
    if words.keeps_rate(said.plan):
        return "keep"
    return f"× {figure(lr.factor, 2)}" + ("" if lr.value is None else f" → {figure(lr.value)}")
