"""`lrdoctor explain`: what a finding means, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.cli._base import Exit
from lrdoctor.cli._shared import add_color
from lrdoctor.cli._terminal import options, show
from lrdoctor.errors import UsageError
from lrdoctor.registry import discover
from lrdoctor.renderers._page import page

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from lrdoctor.renderers._base import Options

_READABLE = 100
"""Columns beyond which prose is hard to read."""


class Explain:
    """Shows the pages of rules."""

    name = "explain"
    help = "say what a finding means, why it is bad, and what to do"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "rules", metavar="RULE", nargs="+", help="code (OSC101), prefix of codes (OSC) or name"
        )
        add_color(parser)

    def run(self, args: argparse.Namespace) -> Exit:
        """Print the pages."""
        from lrdoctor.config import find_rules, suggestion

        known = list(discover("lrdoctor.rules", "RULE").values())
        pages: dict[str, str] = {}
        for entry in args.rules:
            matching = find_rules(known, entry)
            if not matching:
                names = [str(name) for rule in known for name in (rule.code, rule.name)]
                near = suggestion(entry, names) or "; `lrdoctor rules` lists them"
                raise UsageError(f"there is no rule {entry!r}{near}")
            pages.update((rule.code, page(rule)) for rule in matching)
        show(_shown(list(pages.values()), options(args.color)))
        return Exit.OK


COMMAND = Explain()


def _shown(pages: list[str], how: Options) -> Iterator[str]:
    if how.width is None:
        yield "\n".join(pages)
        return
    import io

    from rich.console import Console
    from rich.markdown import Markdown

    sink = io.StringIO()
    console = Console(
        file=sink, width=min(how.width, _READABLE), force_terminal=True, legacy_windows=False,
        color_system="standard" if how.color else None, no_color=not how.color, highlight=False,
    )  # fmt: skip
    for text in pages:
        console.print(Markdown(text, code_theme="ansi_dark"))
    yield sink.getvalue()
