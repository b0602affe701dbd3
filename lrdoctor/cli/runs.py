"""`lrdoctor runs`: what was read, which curve got which role, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.cli._base import Exit
from lrdoctor.cli._shared import add_color, add_paths, add_reading, existing, roles_given
from lrdoctor.cli._terminal import options, say, show

if TYPE_CHECKING:
    import argparse

    from lrdoctor.records import Run, Unreadable


class Runs:
    """Lists what was read."""

    name = "runs"
    help = "list the runs that were found, and what each curve means"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        add_paths(parser)
        parser.add_argument(
            "--format", choices=("text", "json"), default="text", help="text (the default) or json"
        )
        add_reading(parser)
        add_color(parser)

    def run(self, args: argparse.Namespace) -> Exit:
        """List the runs below the paths; as text each one as soon as it is read."""
        import lrdoctor
        from lrdoctor.claiming import Once
        from lrdoctor.config import load
        from lrdoctor.records import Run
        from lrdoctor.renderers._lines import paint
        from lrdoctor.renderers._listing import to_json, to_lines
        from lrdoctor.sources import stream

        how = options(args.color)
        runs: list[Run] = []
        lost: list[Unreadable] = []
        count = 0
        paths = existing(args.paths)
        settled = load(args.config).roles
        files = Once(follow_links=args.follow_links)
        for item in stream(paths, roles=roles_given(args.role), settled=settled, files=files):
            if not isinstance(item, Run):
                lost.append(item)
                if args.format == "text":
                    say(f"{item.source}: {item.error}")
                continue
            count += 1
            if args.format == "text":
                show(paint(to_lines(item, wrapped=how.width is not None), how))
            else:
                runs.append(item)
        if args.format == "json":
            show([to_json(runs, lost, lrdoctor.__version__)])
        if count:
            return Exit.OK
        if lost:
            say("none of the logs could be read")
            return Exit.UNREADABLE
        say("no training log found")
        return Exit.NO_RUN


COMMAND = Runs()
