"""`lrdoctor fleet`: tables of very many runs in one view."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lrdoctor.cli._base import Exit
from lrdoctor.cli._shared import add_color
from lrdoctor.cli._terminal import options, show

if TYPE_CHECKING:
    import argparse


class Fleet:
    """Sums up tables of runs."""

    name = "fleet"
    help = "sum up the tables of runs that `diagnose --format parquet=FILE` wrote"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("tables", metavar="FILE", nargs="+", type=Path, help="Parquet file with a row per run")
        parser.add_argument(
            "--format", choices=("text", "json", "html"), default="text", help="text (the default), json or html"
        )
        parser.add_argument(
            "--worst", metavar="N", type=int, default=10, help="how many of the worst runs to name (10)"
        )
        add_color(parser)

    def run(self, args: argparse.Namespace) -> Exit:
        """Show the overview."""
        from lrdoctor.errors import UsageError
        from lrdoctor.fleet.page import to_html
        from lrdoctor.fleet.showing import to_json, to_lines
        from lrdoctor.fleet.summary import overview
        from lrdoctor.renderers._lines import paint

        if args.worst < 0:
            raise UsageError("--worst: cannot be negative")
        found = overview(*args.tables, worst=args.worst)
        if args.format == "text":
            show(paint(to_lines(found), options(args.color)))
        else:
            show([to_json(found) if args.format == "json" else to_html(found)])
        return Exit.OK


COMMAND = Fleet()
