"""`lrdoctor plot`: a run, a directory of runs or a sweep as one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.cli._base import Exit
from lrdoctor.cli._files import target, write
from lrdoctor.cli._progress import Progress
from lrdoctor.cli._shared import add_paths, add_reading, existing, roles_given
from lrdoctor.cli._terminal import say
from lrdoctor.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from lrdoctor.config import Config
    from lrdoctor.figures import Figure
    from lrdoctor.records import Unreadable
    from lrdoctor.report import RunReport

_KINDS = (".svg", ".png", ".pdf", ".jpg")
_DPI = 150


class Plot:
    """Draws."""

    name = "plot"
    help = "draw a run with its findings and the advised rate, several runs, a sweep, a range test, or a schedule"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        add_paths(parser)
        parser.add_argument(
            "-o", "--output", metavar="FILE", required=True,
            help=f"file to write; its ending says how: {', '.join(_KINDS)}",
        )  # fmt: skip
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--run", metavar="ID", help="draw this one of several runs, by its id or a part of it")
        what.add_argument("--sweep", action="store_true", help="draw where the runs ended against their learning rates")
        what.add_argument("--range-test", action="store_true", help="draw the loss of a range test against its rate")
        what.add_argument("--schedule", action="store_true", help="draw the advised schedule over the rate of the run")
        add_reading(parser)

    def run(self, args: argparse.Namespace) -> Exit:
        """Draw what is below the paths."""
        from lrdoctor.config import load

        path = target(args.output, "--output")
        if path.suffix.lower() not in _KINDS:
            raise UsageError(f"--output: cannot tell from {path.name!r} what to write; end it in {' or '.join(_KINDS)}")
        config = load(args.config)
        draw = _of_runs
        if args.sweep or args.range_test:
            draw = _of_sweep if args.sweep else _of_range_test
        with Progress() as progress:
            figure, lost = draw(args, config, progress)
        for one in lost:
            say(f"{one.source}: {one.error}")
        if figure is None:
            say("none of the logs could be read" if lost else "no training log found")
            return Exit.UNREADABLE if lost else Exit.NO_RUN
        write(path, _painted(figure, path))
        return Exit.OK


COMMAND = Plot()


def _of_runs(
    args: argparse.Namespace, config: Config, progress: Progress
) -> tuple[Figure | None, Sequence[Unreadable]]:
    from lrdoctor import api
    from lrdoctor.figures import overview_figure, run_figure

    report = api.diagnose(
        existing(args.paths), config=config, roles=roles_given(args.role), follow_links=args.follow_links,
        progress=progress,
    )  # fmt: skip
    runs = report.runs
    if args.run is not None and runs:
        runs = (_named(runs, args.run),)
    if args.schedule and runs:
        if len(runs) > 1:
            raise UsageError(f"--schedule: {len(runs)} runs; name the log of one of them")
        return _next_schedule(runs[0]), report.diagnosis.unreadable
    figure = run_figure(runs[0]) if len(runs) == 1 else overview_figure(runs) if runs else None
    return figure, report.diagnosis.unreadable


def _next_schedule(said: RunReport) -> Figure:
    from lrdoctor.figures import schedule_figure
    from lrdoctor.prescribing.schedules import schedule
    from lrdoctor.records import Role
    from lrdoctor.roles import primary

    return schedule_figure(schedule(said), before=primary(said.run, Role.LR))


def _of_sweep(
    args: argparse.Namespace, config: Config, progress: Progress
) -> tuple[Figure | None, Sequence[Unreadable]]:
    """The group with the most runs."""
    from lrdoctor import api
    from lrdoctor.figures import sweep_figure

    found = api.sweep(
        existing(args.paths), config=config, roles=roles_given(args.role), follow_links=args.follow_links,
        progress=progress,
    )  # fmt: skip
    if len(found) > 1:
        say(f"{len(found)} groups that cannot be compared; the largest is drawn, `lrdoctor sweep` names the others")
    groups = sorted(found.groups, key=lambda group: -len(group.runs))
    return sweep_figure(groups[0]) if groups else None, found.unreadable


def _of_range_test(
    args: argparse.Namespace, config: Config, progress: Progress
) -> tuple[Figure | None, Sequence[Unreadable]]:
    """The first one that is usable."""
    from lrdoctor import api
    from lrdoctor.figures import range_test_figure

    found = api.range_test(
        existing(args.paths), config=config, roles=roles_given(args.role), follow_links=args.follow_links
    )
    return range_test_figure(found.result) if found.tests else None, found.unreadable


def _named(runs: Sequence[RunReport], name: str) -> RunReport:
    """The run of that id, or else the only one whose id ends in it or holds it."""
    from lrdoctor.config import suggestion

    ids = [said.run.id for said in runs]
    for fits in (str.__eq__, str.endswith, str.__contains__):
        matching = [said for said in runs if fits(said.run.id, name)]
        if len(matching) == 1:
            return matching[0]
        if matching:
            several = ", ".join(said.run.id for said in matching[:5])
            raise UsageError(f"--run: {name!r} fits {len(matching)} runs: {several}")
    raise UsageError(f"--run: there is no run {name!r}{suggestion(name, ids) or '; `lrdoctor runs` lists them'}")


def _painted(figure: Figure, path: Path) -> bytes:
    """The picture in the form that the file's ending asks for."""
    if path.suffix.lower() == ".svg":
        from lrdoctor.figures import svg

        return svg.paint(figure, standalone=True).encode("utf-8", "backslashreplace")
    import io

    from lrdoctor.figures import mpl

    sink = io.BytesIO()
    mpl.fresh(figure).savefig(sink, format=path.suffix.lower()[1:], dpi=_DPI, bbox_inches="tight")
    return sink.getvalue()
