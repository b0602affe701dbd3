"""`lrdoctor explain`: what a finding means, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrdoctor.cli._base import Exit
from lrdoctor.cli._shared import add_color
from lrdoctor.cli._terminal import options, show
from lrdoctor.errors import UsageError
from lrdoctor.registry import discover
from lrdoctor.renderers._page import page, summary

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from lrdoctor.renderers._base import Options

_READABLE = 100
"""Columns beyond which prose is hard to read."""
_VERDICTS = {
    "healthy": "Nothing in the curve asks for another rate.",
    "lr-too-high": "The peak rate is too high: multiply it by the factor given.",
    "lr-too-low": "The peak rate is too low: multiply it by the factor given.",
    "needs-decay": "The peak is right, the end wants a lower rate.",
    "unstable": "The loss has spikes that recover, or half precision overflows again and again.",
    "diverged": "The loss became NaN, or rose and stayed up.",
    "stalled": "Nothing moves, or the rate ran out.",
    "overfitting": "The validation loss turned; the rate is not the cause.",
    "inconclusive": "The log cannot tell; the plan says what to log next time.",
}


class Explain:
    """Shows the pages of rules, and what a verdict means."""

    name = "explain"
    help = "say what a finding or a verdict means, why it is bad, and what to do"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "rules", metavar="RULE", nargs="+", help="code (OSC101), prefix of codes (OSC), name, or verdict (stalled)"
        )
        add_color(parser)

    def run(self, args: argparse.Namespace) -> Exit:
        """Print the pages."""
        from lrdoctor.config import find_rules, suggestion

        known = list(discover("lrdoctor.rules", "RULE").values())
        pages: dict[str, str] = {}
        for entry in args.rules:
            matching = find_rules(known, entry)
            if entry.lower() in _VERDICTS:
                pages[entry.lower()] = _of_verdict(entry.lower(), known)
            elif not matching:
                names = [*_VERDICTS, *(str(name) for rule in known for name in (rule.code, rule.name))]
                near = suggestion(entry, names) or "; `lrdoctor rules` lists them"
                raise UsageError(f"there is no rule {entry!r}{near}")
            pages.update((rule.code, page(rule)) for rule in matching)
        show(_shown(list(pages.values()), options(args.color)))
        return Exit.OK


COMMAND = Explain()


def _of_verdict(verdict: str, rules: list[Any]) -> str:
    """What a verdict means, and the rules that lead to it."""
    ordered = sorted(rules, key=lambda rule: str(rule.code))
    leading = [f"- {rule.code} {rule.name}: {summary(rule)}" for rule in ordered if rule.verdict == verdict]
    found = ["## Findings that lead to it", "\n".join(leading)] if leading else []
    return "\n\n".join([f"# {verdict}", _VERDICTS[verdict], *found]) + "\n"


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
