"""`lrdoctor compare`: whether a change helped, and what else it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.cli._base import Exit
from lrdoctor.cli._progress import Progress
from lrdoctor.cli._shared import add_color, add_reading, existing, roles_given
from lrdoctor.cli._terminal import options, say, show

if TYPE_CHECKING:
    import argparse


class Compare:
    """Holds runs against earlier ones."""

    name = "compare"
    help = "compare a run with an earlier one: is the symptom gone, is it better, what else changed"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        text = "log, or directory of logs: runs of the same id are compared, else the best of either side"
        parser.add_argument("before", metavar="BEFORE", help=text)
        parser.add_argument("after", metavar="AFTER", help="the same, after the change")
        parser.add_argument("--format", choices=("text", "json"), default="text", help="text (the default) or json")
        add_reading(parser)
        add_color(parser)

    def run(self, args: argparse.Namespace) -> Exit:
        """Compare the two."""
        from lrdoctor import api
        from lrdoctor.config import load
        from lrdoctor.renderers._compare_lines import to_lines
        from lrdoctor.renderers._lines import paint

        before, after = existing([args.before]), existing([args.after])
        with Progress() as progress:
            found = api.compare(
                before, after, config=load(args.config), roles=roles_given(args.role), follow_links=args.follow_links,
                progress=progress,
            )  # fmt: skip
        if args.format == "json":
            show([found.to_json()])
        else:
            for lost in found.unreadable:
                say(f"{lost.source}: {lost.error}")
            show(paint(to_lines(found.pairs, found.unmatched), options(args.color)))
        if found.pairs:
            return Exit.OK
        empty = [path for path, count in zip((args.before, args.after), found.counts, strict=True) if not count]
        say(f"no training log could be read in {' and '.join(empty)}")
        return Exit.UNREADABLE if found.unreadable else Exit.NO_RUN


COMMAND = Compare()
