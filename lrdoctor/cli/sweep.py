"""`lrdoctor sweep`: what runs at several rates say together, and which rate to try next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.cli._base import Exit
from lrdoctor.cli._progress import Progress
from lrdoctor.cli._shared import add_color, add_paths, add_reading, existing, roles_given
from lrdoctor.cli._terminal import options, say, show

if TYPE_CHECKING:
    import argparse


class Sweep:
    """Compares runs of the same thing at several rates."""

    name = "sweep"
    help = "compare runs of the same training, and say which learning rate to try next"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        add_paths(parser)
        parser.add_argument(
            "--format", choices=("text", "json"), default="text", help="text (the default) or json"
        )
        add_reading(parser)
        add_color(parser)

    def run(self, args: argparse.Namespace) -> Exit:
        """Compare the runs below the paths."""
        from lrdoctor import api
        from lrdoctor.config import load
        from lrdoctor.renderers._lines import paint
        from lrdoctor.renderers._sweep import to_lines

        paths = existing(args.paths)
        config = load(args.config)
        with Progress() as progress:
            found = api.sweep(
                paths, config=config, roles=roles_given(args.role), follow_links=args.follow_links, progress=progress
            )
        if args.format == "json":
            show([found.to_json()])
        else:
            for lost in found.unreadable:
                say(f"{lost.source}: {lost.error}")
            show(paint(to_lines(found.groups), options(args.color)))
        if found.groups:
            return Exit.OK
        if found.unreadable:
            say("none of the logs could be read")
            return Exit.UNREADABLE
        say("no training log found")
        return Exit.NO_RUN


COMMAND = Sweep()
