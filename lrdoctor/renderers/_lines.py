"""Lines of a text report, and the two ways to put them out: for a terminal, and for a pipe."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrdoctor.renderers._links import rule_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rich.console import Console
    from rich.text import Text

    from lrdoctor.renderers._base import Options

Part = tuple[str, str]
"""A piece of text and the name of its style."""

THEME = {
    "": "",
    "name": "bold",
    "dim": "dim",
    "bad": "bold red",
    "warn": "bold yellow",
    "good": "green",
    "unsure": "cyan",
    "dose": "bold",
    "code": "magenta",
    "curve": "blue",
    "head": "bold underline",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a report, which may take several rows of a terminal.

    Parameters
    ----------
    lead
        Stands at the left of the first row; the rows below are indented by its width.
    body
        Wrapped where a terminal is too narrow.
    tail
        Answers what to draw into so many columns at the right edge of the first row; it is left out where
        there is no room, and stands after the body in a pipe.
    most
        Most columns of the tail.
    """

    lead: Sequence[Part] = ()
    body: Sequence[Part] = ()
    tail: Callable[[int], str] | None = None
    most: int = 40


BLANK = Line()
_LEAST = 8
"""Columns below which a tail shows nothing."""
_GLUE = "\ue000"
"""Stands for a space at which no row may end; no text that is shown holds it."""


def paint(lines: Iterable[Line], options: Options) -> Iterator[str]:
    """Yield rows, each with its newline."""
    return _plain(lines) if options.width is None else _fancy(lines, options.width, options)


def _plain(lines: Iterable[Line]) -> Iterator[str]:
    """One row per line, whatever its length: what a pipe, a file and grep want."""
    for line in lines:
        text = "".join(text for text, _ in (*line.lead, *line.body))
        tail = "  " + line.tail(line.most) if line.tail is not None else ""
        yield (text + tail).rstrip() + "\n"


def _fancy(lines: Iterable[Line], width: int, options: Options) -> Iterator[str]:
    from rich.console import Console

    sink = io.StringIO()
    console = Console(
        file=sink, width=width, force_terminal=True, color_system="standard" if options.color else None,
        no_color=not options.color, markup=False, emoji=False, highlight=False, legacy_windows=False,
    )  # fmt: skip
    for line in lines:
        for row in _rows(line, width, console, links=options.links):
            console.print(row, soft_wrap=True)
        yield sink.getvalue()
        sink.seek(0)
        sink.truncate()


def _rows(line: Line, width: int, console: Console, *, links: bool) -> Iterator[Text]:
    from rich.text import Text

    lead, body = (
        Text.assemble(*((text.replace(" %", f"{_GLUE}%"), _style(text, style, links=links)) for text, style in part))
        for part in (line.lead, line.body)
    )
    left = width - lead.cell_len - body.cell_len - 2
    if line.tail is not None and left >= _LEAST:
        tail = Text(line.tail(min(left, line.most)), style=THEME["curve"])
        yield _unglued(Text.assemble(lead, body, " " * (left + 2 - tail.cell_len), tail))
        return
    indent = lead.cell_len
    if indent > width // 2:  # no room for a column of its own
        lead, body, indent = Text(), Text.assemble(lead, body), 4
    rows = body.wrap(console, max(width - indent, 8)) or [Text()]
    for number, row in enumerate(rows):
        row.rstrip()
        yield _unglued(Text.assemble(lead if number == 0 else " " * indent, row))


def _unglued(row: Text) -> Text:
    row.plain = row.plain.replace(_GLUE, " ")
    return row


def _style(text: str, style: str, *, links: bool) -> str:
    """A style as rich understands it; the code of a rule leads to its page."""
    page = rule_page(text.strip()) if links and style == "code" else None
    return THEME[style] if page is None else f"{THEME[style]} link {page}"
