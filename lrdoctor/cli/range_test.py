"""`lrdoctor range-test`: what a logged learning-rate range test says, and which rate to take."""

from __future__ import annotations

import argparse

from lrdoctor.cli._base import Exit
from lrdoctor.cli._shared import add_color, add_paths, add_reading, existing, roles_given
from lrdoctor.cli._terminal import options, say, show


class RangeTest:
    """Reads range tests."""

    name = "range-test"
    help = "read a learning-rate range test (LR finder), and say which rate to take"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        add_paths(parser)
        parser.add_argument(
            "--steps", type=_length, metavar="N",
            help="optimizer steps of the training to come: the longer, the lower the rate (default: about 10,000)",
        )  # fmt: skip
        parser.add_argument(
            "--format", choices=("text", "json"), default="text", help="text (the default) or json"
        )
        add_reading(parser)
        add_color(parser)

    def run(self, args: argparse.Namespace) -> Exit:
        """Read the range tests below the paths."""
        from lrdoctor import api
        from lrdoctor.config import load
        from lrdoctor.renderers._lines import paint
        from lrdoctor.renderers._range_test import to_lines

        paths, config = existing(args.paths), load(args.config)
        found = api.range_test(
            paths, steps=args.steps, config=config, roles=roles_given(args.role), follow_links=args.follow_links
        )
        if args.format == "json":
            show([found.to_json()])
        else:
            for lost in found.unreadable:
                say(f"{lost.source}: {lost.error}")
            show(paint(to_lines(found.tests), options(args.color)))
        if not found.tests:
            say("none of the logs could be read" if found.unreadable else "no training log found")
            return Exit.UNREADABLE if found.unreadable else Exit.NO_RUN
        return Exit.OK


def _length(text: str) -> int:
    try:
        steps = round(float(text.replace("_", "").replace(",", "")))
    except (ValueError, OverflowError):
        steps = 0
    if steps < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of steps")
    return steps


COMMAND = RangeTest()
