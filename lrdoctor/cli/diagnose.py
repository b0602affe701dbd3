"""`lrdoctor diagnose`: what is wrong with each run, and what to change."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrdoctor.cli._base import Exit
from lrdoctor.cli._collecting import TABLE, Taken, add_fleet, tables_among, workers_of
from lrdoctor.cli._files import target, write
from lrdoctor.cli._progress import Progress
from lrdoctor.cli._shared import (
    add_color,
    add_paths,
    add_reading,
    add_rules,
    comma_separated,
    existing,
    roles_given,
    status,
)
from lrdoctor.cli._terminal import options, say, show
from lrdoctor.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from lrdoctor.records import Diagnosis
    from lrdoctor.renderers._base import Options, Renderer


class Diagnose:
    """Reads, judges, advises."""

    name = "diagnose"
    help = "say what is wrong with each run, and what to change"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        add_paths(parser)
        parser.add_argument(
            "--format", metavar="NAME[=FILE]", action="append", default=[],
            help=f"{', '.join(_known_formats())}; with =FILE into it, beside the text; repeatable; default: text",
        )  # fmt: skip
        add_rules(parser)
        add_reading(parser)
        add_fleet(parser)
        loudness = parser.add_mutually_exclusive_group()
        loudness.add_argument(
            "-v", "--verbose", action="store_true", help="show the evidence, and healthy runs too"
        )
        loudness.add_argument(
            "-q", "--quiet", action="store_true", help="one line per run that needs something"
        )
        add_color(parser)

    def run(self, args: argparse.Namespace) -> Exit:
        """Diagnose what is below the paths."""
        from lrdoctor import api
        from lrdoctor.claiming import Once
        from lrdoctor.config import load
        from lrdoctor.fleet.holding import Holding
        from lrdoctor.fleet.table import TableWriter

        tables = tables_among(args.format)
        formats = [wish for wish in args.format if wish.partition("=")[0] != TABLE]
        # A table alone is for more runs than fit into memory: then nothing else is kept of them.
        outputs = _outputs(formats) if formats or not tables else []
        holding = Holding() if outputs else None
        paths, config = existing(args.paths), load(args.config)
        files = Once(follow_links=args.follow_links)
        taken = Taken()
        with contextlib.ExitStack() as stack:
            executor = stack.enter_context(workers_of(args.dask))
            writers = [stack.enter_context(TableWriter(path)) for path in tables]
            progress = stack.enter_context(Progress(wanted=not args.quiet, paths=paths, files=files))
            items = api.diagnose_each(
                paths,
                config=config,
                roles=roles_given(args.role),
                select=comma_separated(args.select),
                ignore=comma_separated(args.ignore),
                workers=args.workers,
                executor=executor,
                cache=args.cache,
                timeout=args.timeout,
                warn=say,
                files=files,
            )
            taken.all_of(items, writers, holding, progress)
        how = options(args.color, 1 if args.verbose else -1 if args.quiet else 0)
        if holding is not None:
            _deliver(holding.diagnosis(complete=taken.complete), outputs, how)
        elif taken.runs:
            _sum_up(tables[0], how)
        return _status(taken, args.fail_on or config.fail_on)


COMMAND = Diagnose()


@dataclass(frozen=True, slots=True)
class _Output:
    renderer: Renderer
    path: Path | None


def _known_formats() -> list[str]:
    """Names of the package's renderers, without importing them: help should cost nothing."""
    import pkgutil

    import lrdoctor.renderers

    names = [module.name for module in pkgutil.iter_modules(lrdoctor.renderers.__path__)]
    return sorted([TABLE, *(name for name in names if not name.startswith("_"))])


def _outputs(formats: Sequence[str]) -> list[_Output]:
    """What to write where; text goes to stdout unless another format does.

    Raises
    ------
    UsageError
        Unknown format, two for stdout, or a file that cannot be written.
    """
    outputs = []
    for wish in formats:
        name, _, file = wish.partition("=")
        renderer = _renderer(name)
        path = None if file in ("", "-") else target(file, "--format")
        outputs.append(_Output(renderer, path))
    on_stdout = [output.renderer.name for output in outputs if output.path is None]
    if len(on_stdout) > 1:
        both = " and ".join(on_stdout)
        raise UsageError(f"--format: {both} cannot share standard output; write {on_stdout[-1]}=FILE")
    return outputs if on_stdout else [_Output(_renderer("text"), None), *outputs]


def _renderer(name: str) -> Renderer:
    from lrdoctor.registry import discover, named

    renderer: Renderer | None = named("lrdoctor.renderers", "RENDERER", name)
    if renderer is None:
        from lrdoctor.config import suggestion

        known = sorted([*discover("lrdoctor.renderers", "RENDERER"), TABLE])
        near = suggestion(name, known) or f"; known are {', '.join(known)}"
        raise UsageError(f"--format: unknown format {name!r}{near}")
    return renderer


def _deliver(diagnosis: Diagnosis, outputs: Iterable[_Output], how: Options) -> None:
    from lrdoctor.renderers._base import Options

    for output in outputs:
        if output.path is not None:
            text = "".join(output.renderer.render(diagnosis, Options(verbosity=how.verbosity)))
            write(output.path, text.encode("utf-8", "backslashreplace"))
        elif output.renderer.name == "text":
            for lost in diagnosis.unreadable:
                say(f"{lost.source}: {lost.error}")
            if diagnosis.runs:
                show(output.renderer.render(diagnosis, how))
        else:
            show(output.renderer.render(diagnosis, how))


def _sum_up(table: Path, how: Options) -> None:
    """Show what `lrdoctor fleet` shows of a table."""
    from lrdoctor.fleet.showing import to_lines
    from lrdoctor.fleet.summary import overview
    from lrdoctor.renderers._lines import paint

    show(paint(to_lines(overview(table)), how))


def _status(taken: Taken, fail_on: str | None) -> Exit:
    if not taken.complete:
        return Exit.INTERRUPTED
    if not taken.runs:
        if taken.unreadable:
            say("none of the logs could be read")
            return Exit.UNREADABLE
        say("no training log found; name a file to hear why it is none")
        return Exit.NO_RUN
    return status(fail_on, taken.worst, unreadable=bool(taken.unreadable))
