"""`lrdoctor rules`: all rules, a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrdoctor.cli._base import Exit
from lrdoctor.cli._shared import add_color
from lrdoctor.cli._terminal import options, show
from lrdoctor.registry import discover
from lrdoctor.renderers._lines import Line, paint
from lrdoctor.renderers._page import summary

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

_WIDE = 130


class Rules:
    """Lists the rules."""

    name = "rules"
    help = "list all rules"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        add_color(parser)

    def run(self, args: argparse.Namespace) -> Exit:
        """Print the table."""
        how = options(args.color)
        rules = sorted(discover("lrdoctor.rules", "RULE").values(), key=lambda rule: str(rule.code))
        show(paint(_table(rules, one_line=how.width is None or how.width >= _WIDE), how))
        return Exit.OK


COMMAND = Rules()


def _table(rules: list[Any], *, one_line: bool) -> Iterator[Line]:
    names = max((len(rule.name) for rule in rules), default=0)
    verdicts = max((len(rule.verdict or "-") for rule in rules), default=0)
    for rule in rules:
        code = (f"{rule.code}  ", "code")
        name = (f"{rule.name.ljust(names)}  ", "name")
        kind = (f"{rule.severity.ljust(8)}  {(rule.verdict or '-').ljust(verdicts)}  ", "")
        if one_line:
            yield Line([code, name, kind], [(summary(rule), "dim")])
        else:
            yield Line([code, name], [kind])
            yield Line([(" " * len(code[0]), "")], [(summary(rule), "dim")])
