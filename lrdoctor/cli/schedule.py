"""`lrdoctor schedule`: a learning-rate schedule as a picture, as numbers and as code."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from lrdoctor.cli._base import Exit
from lrdoctor.cli._shared import add_reading, comma_separated, roles_given
from lrdoctor.cli._terminal import say, show
from lrdoctor.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from lrdoctor.prescribing.schedules import Schedule
    from lrdoctor.records import RunDiagnosis

SCHEMA = "lrdoctor.schedule/1"
_GIVEN = ("peak", "steps", "warmup", "floor", "factor", "cooldown", "optimizer")
_WIDTH = 80
_POINTS = 200
"""Rates in the JSON form, which also has the phases that they follow exactly."""


class ScheduleCommand:
    """Builds schedules."""

    name = "schedule"
    help = "build a learning-rate schedule by its name, or the one a log asks for: picture, numbers, code"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        from lrdoctor.prescribing.schedules import FRAMEWORKS, KINDS

        add = parser.add_argument
        add("what", metavar="KIND|PATH", help=f"one of {', '.join(KINDS)}; or a log, whose plan is taken")
        add("--peak", metavar="LR", type=float, help="highest rate (for a log: the advised one)")
        add("--steps", metavar="N", type=int, help="optimizer steps (for a log: as many as it had)")
        add("--warmup", metavar="SHARE", type=float, help="share of the steps that rises, or their number")
        add("--floor", metavar="SHARE", type=float, help="rate at the end, as a share of the peak")
        add("--cuts", metavar="SHARES", help="where step cuts the rate (default 0.5,0.75)")
        add("--factor", metavar="X", type=float, help="what a cut leaves of the rate (default 0.1)")
        add("--cooldown", metavar="SHARE", type=float, help="share of the steps that cooldown falls (default 0.2)")
        add("--optimizer", metavar="NAME", help="that the code is to make (default adamw; for a log: its own)")
        add("--code", metavar="FRAMEWORK", help=f"print code instead: {', '.join(FRAMEWORKS)}")
        add("--format", choices=("text", "json"), default="text", help="text (the default) or json")
        add_reading(parser)

    def run(self, args: argparse.Namespace) -> Exit:
        """Build and show."""
        from lrdoctor.prescribing.schedules import schedule

        given = {name: getattr(args, name) for name in _GIVEN}
        options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        if args.cuts is not None:
            options["cuts"] = _shares(args.cuts)
        made: list[tuple[RunDiagnosis | None, Schedule]] = []
        if os.path.exists(args.what):  # noqa: PTH110 - unlike Path.exists() it answers for every string
            runs = _diagnosed(args)
            if not runs:
                say("no training log found, or none that could be read")
                return Exit.NO_RUN
            made = list(_built(runs, options))
        elif missing := " and ".join(f"--{name}" for name in ("peak", "steps") if name not in options):
            raise UsageError(f"{args.what!r} is no log here, and a schedule by its name needs {missing} as well")
        else:
            made = [(None, schedule(args.what, **options))]
        if args.code is not None:
            if len(made) > 1:
                raise UsageError(f"{len(made)} runs: name the log of one of them for its code")
            show([made[0][1].code(args.code)])
        elif args.format == "json":
            show([_json(made)])
        else:
            show(_text(said, built) for said, built in made)
        return Exit.OK


COMMAND = ScheduleCommand()


def _diagnosed(args: argparse.Namespace) -> list[RunDiagnosis]:
    from lrdoctor import api
    from lrdoctor.config import load

    report = api.diagnose(
        args.what, config=load(args.config), roles=roles_given(args.role), follow_links=args.follow_links
    )
    for lost in report.diagnosis.unreadable:
        say(f"{lost.source}: {lost.error}")
    return list(report.runs)


def _built(runs: list[RunDiagnosis], options: dict[str, Any]) -> Iterator[tuple[RunDiagnosis, Schedule]]:
    """The schedule of each run; of several, those of which too little is known are but named."""
    from lrdoctor.prescribing.schedules import schedule

    for said in runs:
        try:
            yield said, schedule(said, **options)
        except UsageError as error:
            if len(runs) == 1:
                raise
            say(f"{said.run.id}: {error}")


def _shares(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in comma_separated([text]))
    except ValueError:
        raise UsageError(f"--cuts {text}: write shares of the steps, e.g. 0.5,0.75") from None


def _text(said: RunDiagnosis | None, built: Schedule) -> str:
    from textwrap import fill

    from lrdoctor.cleaning import clean

    if said is None:
        return f"{built!r}\n"
    head = fill(f"{clean(said.run.id)}: {said.verdict}. {said.plan.reason}", _WIDTH)
    return f"{head}\n{built!r}\n\n"


def _json(made: list[tuple[RunDiagnosis | None, Schedule]]) -> str:
    import json
    from dataclasses import asdict

    import numpy as np

    entries = []
    for said, built in made:
        steps = np.unique(np.linspace(0, built.steps - 1, min(_POINTS, built.steps)).round().astype(np.int64))
        values = built.at(steps)
        entries.append(
            {"run": None if said is None else said.run.id, **asdict(built),
             "points": [[int(step), float(value)] for step, value in zip(steps, values, strict=True)]}
        )  # fmt: skip
    return json.dumps({"schema": SCHEMA, "schedules": entries}, indent=2) + "\n"
