"""`lrdoctor plan`: the next learning rates to try, from what has been run or from nothing but the optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.cli._base import Exit
from lrdoctor.cli._progress import Progress
from lrdoctor.cli._shared import add_color, add_reading, existing, roles_given
from lrdoctor.cli._terminal import options, say, show

if TYPE_CHECKING:
    import argparse


class Plan:
    """Plans a search over learning rates."""

    name = "plan"
    help = "plan the next learning rates to try: a grid, a random sample, short runs first"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        add = parser.add_argument
        add("paths", metavar="PATH", nargs="*", help="logs of what has been run; none: start from the optimizer")
        add("--optimizer", metavar="NAME", help="without logs: search around its usual rate, e.g. adamw or momentum")
        add("--fine-tuning", action="store_true", help="without logs: for a pretrained network, 30 times lower")
        add("--around", metavar="LR", type=float, help="without logs: search around this rate (of a range test, say)")
        add("--runs", metavar="N", type=int, default=5, help="how many rates at most (default %(default)s)")
        add("--budget", metavar="N", type=int, help="length of a full run, if not that of the logs")
        add("--sample", metavar="N", type=int, default=0, help="also draw N rates, log-uniform, for a random search")
        add("--seed", metavar="N", type=int, default=0, help="of the sample (default %(default)s)")
        add(
            "--optuna", metavar="URL", help="create a study in this storage with the rates queued, e.g. sqlite:///lr.db"
        )
        add("--study", metavar="NAME", default="lrdoctor", help="name of that study (default %(default)s)")
        add("--pruner", choices=("halving", "hyperband"), default="halving", help="of that study (default %(default)s)")
        add("--format", choices=("text", "json"), default="text", help="text (the default) or json")
        add_reading(parser)
        add_color(parser)

    def run(self, args: argparse.Namespace) -> Exit:
        """Plan, and set up the study if one is wanted."""
        from lrdoctor import api
        from lrdoctor.config import load

        paths = existing(args.paths)
        with Progress() as progress:
            found = api.plan(
                paths or None, optimizer=args.optimizer, fine_tuning=args.fine_tuning, around=args.around,
                runs=args.runs, budget=args.budget, sample=args.sample, seed=args.seed, config=load(args.config),
                roles=roles_given(args.role), follow_links=args.follow_links, progress=progress,
            )  # fmt: skip
        if args.format == "json":
            show([found.to_json()])
        else:
            from lrdoctor.renderers._lines import paint
            from lrdoctor.renderers._plan import to_lines

            for lost in found.unreadable:
                say(f"{lost.source}: {lost.error}")
            show(paint(to_lines(found.searches), options(args.color)))
        if not found.searches:
            say("none of the logs could be read" if found.unreadable else "no training log found")
            return Exit.UNREADABLE if found.unreadable else Exit.NO_RUN
        if args.optuna:
            study = found.to_optuna(storage=args.optuna, name=args.study, pruner=args.pruner, seed=args.seed)
            say(f"study {study.study_name!r} in {args.optuna} has {len(study.trials)} trials")
        return Exit.OK


COMMAND = Plan()
