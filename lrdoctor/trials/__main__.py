"""``python -m lrdoctor.trials COMMAND``: train grids, fit on them, judge the fits."""

from __future__ import annotations

import argparse
import fnmatch
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lrdoctor.trials.grid import TABLE

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; exit status 0, or 2 when no grid matches."""
    parser = argparse.ArgumentParser(prog="python -m lrdoctor.trials", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("run", "train the grids that are missing"),
        ("list", "show all grids and which exist"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--only", default="*", metavar="PATTERN", help="names of grids, as a shell pattern")
        command.add_argument("--table", type=Path, default=TABLE, metavar="DIR", help="where the grids are kept")
        if name == "run":
            command.add_argument("--jobs", type=int, default=1, help="processes, each with one thread (default 1)")
            command.add_argument("--again", action="store_true", help="also those that exist")
    for name, text in (
        ("fit", "fit the dose anew"),
        ("score", "judge it on held-out tasks and write docs/evidence.md"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--table", type=Path, default=TABLE, metavar="DIR", help="recorded grids")
        command.add_argument(
            "--public", type=Path, metavar="DIR", help="public grids, whose curves are not in the table"
        )
        command.add_argument("--cache", type=Path, metavar="DIR", help="keep rows and held-out responses here")
        command.add_argument("--jobs", type=int, default=1, help="processes that fit those that judge (default 1)")
    command = commands.add_parser("ranking", help="what a short run's ranking is worth, for docs/search.md")
    command.add_argument("--table", type=Path, default=TABLE, metavar="DIR", help="recorded grids")
    command = commands.add_parser("treat", help="measure what decay, warm-up and clipping did, for the plan to quote")
    command.add_argument("--table", type=Path, default=TABLE, metavar="DIR", help="recorded grids")
    command = commands.add_parser("decay", help="fit what a decay brings, for docs/schedules.md")
    command.add_argument("--table", type=Path, default=TABLE, metavar="DIR", help="recorded grids")
    command.add_argument("--train", type=Path, metavar="DIR", help="train the runs anew, and keep their grids here")
    command.add_argument("--jobs", type=int, default=1, help="processes to train in, each with one thread (default 1)")
    command = commands.add_parser("range-test", help="fit what a range test recommends, for docs/range-test.md")
    command.add_argument("--table", type=Path, default=TABLE, metavar="DIR", help="recorded grids")
    command.add_argument("--public", type=Path, metavar="DIR", help="public grids, as a check from outside")
    command.add_argument("--record", action="store_true", help="run the ramps anew (minutes)")
    options = parser.parse_args(argv)
    if options.command == "decay":
        from lrdoctor.trials import cooling

        if options.train is not None:
            cooling.train(options.train, options.jobs)
        print(cooling.fit(cooling.load() if options.train is None else cooling.record(options.train), options.table))
        return 0
    if options.command == "range-test":
        return _range_test(options)
    if options.command in ("fit", "score"):
        return _fit_or_score(options)
    if options.command == "ranking":
        from lrdoctor.trials.grid import load_table
        from lrdoctor.trials.ranking import table, trust

        print(table(trust(load_table(options.table))))
        return 0

    if options.command == "treat":
        from lrdoctor.trials.grid import load_table
        from lrdoctor.trials.making import table_digest
        from lrdoctor.trials.treating import effects, write

        write(effects(load_table(options.table)), table_digest(options.table))
        return 0

    from lrdoctor.trials.protocol import all_trials

    trials = [trial for trial in all_trials() if fnmatch.fnmatch(trial.name, options.only)]
    if not trials:
        print(f"no grid is called like {options.only!r}", file=sys.stderr)
        return 2
    missing = [trial for trial in trials if not (options.table / f"{trial.name}.npz").exists()]
    if options.command == "list":
        for trial in trials:
            state = "missing" if trial in missing else "done"
            print(f"{state:8}{trial.name:60}{trial.task.family:20}{trial.steps:>7}")
        print(f"{len(trials)} grids, {len(missing)} missing", file=sys.stderr)
        return 0
    from lrdoctor.trials.running import run_all

    run_all(trials if options.again else missing, options.table, options.jobs)
    return 0


def _fit_or_score(options: argparse.Namespace) -> int:
    from lrdoctor.trials.making import fit_model, gather

    fit = options.command == "fit"
    material = gather(options.table, options.public if fit else None, options.cache, options.jobs)
    if fit:
        fit_model(material, table=options.table)
    else:
        from lrdoctor.trials.evidence import write_page

        write_page(material, options.public, where=options.table)
    return 0


def _range_test(options: argparse.Namespace) -> int:
    from lrdoctor.trials import range_evidence
    from lrdoctor.trials.grid import DRAWN, load_public_grid, load_table
    from lrdoctor.trials.ramps import load_ramps, record_all

    plain = [grid for grid in load_table(options.table) if grid.schedule == "constant" and grid.clip_norm is None]
    grids = [grid for grid in plain if not grid.name.startswith(DRAWN)]  # no ramps of these were recorded
    public = [] if options.public is None else [load_public_grid(p) for p in sorted(options.public.glob("*.npz"))]
    print(range_evidence.run(record_all(grids) if options.record else load_ramps(), grids, public))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
