"""`lrdoctor diagnose`: what is wrong with each run, and what to change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrdoctor.cli._base import Exit
from lrdoctor.cli._files import target, write
from lrdoctor.cli._progress import Progress
from lrdoctor.cli._shared import add_color, add_paths, add_reading, comma_separated, existing, roles_given
from lrdoctor.cli._terminal import options, say, show
from lrdoctor.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from lrdoctor.records import Diagnosis
    from lrdoctor.renderers._base import Options, Renderer, Verbosity


class Diagnose:
    """Reads, judges, advises."""

    name = "diagnose"
    help = "say what is wrong with each run, and what to change"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        add_paths(parser)
        parser.add_argument(
            "--format", metavar="NAME[=FILE]", action="append", default=[],
            help=f"{', '.join(_known_formats())}; with =FILE into that file; repeatable; default: text",
        )  # fmt: skip
        parser.add_argument(
            "--select", metavar="CODES", action="append", default=[],
            help="only these rules: codes, prefixes of codes (OSC) or names, comma-separated",
        )  # fmt: skip
        parser.add_argument("--ignore", metavar="CODES", action="append", default=[], help="not these rules")
        parser.add_argument(
            "--fail-on", metavar="LEVEL", choices=("any", "info", "warning", "error", "critical"),
            help="exit with 1 if a finding is at least this severe (info, warning, error, critical); "
            "any: also if a file cannot be read",
        )  # fmt: skip
        add_reading(parser)
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
        from lrdoctor.config import load

        outputs = _outputs(args.format)
        paths = existing(args.paths)
        config = load(args.config)
        with Progress(wanted=not args.quiet) as progress:
            report = api.diagnose(
                paths,
                config=config,
                roles=roles_given(args.role),
                select=comma_separated(args.select),
                ignore=comma_separated(args.ignore),
                progress=progress,
            )
        verbosity: Verbosity = 1 if args.verbose else -1 if args.quiet else 0
        _deliver(report.diagnosis, outputs, options(args.color, verbosity))
        return _status(report.diagnosis, args.fail_on or config.fail_on)


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
    return sorted(name for name in names if not name.startswith("_"))


def _outputs(formats: Sequence[str]) -> list[_Output]:
    """What to write where; text goes to stdout unless another format does.

    Raises
    ------
    UsageError
        Unknown format, two for stdout, or a file that cannot be written.
    """
    from lrdoctor.config import suggestion
    from lrdoctor.registry import discover

    renderers: dict[str, Renderer] = {r.name: r for r in discover("lrdoctor.renderers", "RENDERER").values()}
    outputs = []
    for wish in formats:
        name, _, file = wish.partition("=")
        if name not in renderers:
            near = suggestion(name, renderers) or f"; known are {', '.join(sorted(renderers))}"
            raise UsageError(f"--format: unknown format {name!r}{near}")
        path = None if file in ("", "-") else target(file, "--format")
        outputs.append(_Output(renderers[name], path))
    on_stdout = [output.renderer.name for output in outputs if output.path is None]
    if len(on_stdout) > 1:
        both = " and ".join(on_stdout)
        raise UsageError(f"--format: {both} cannot share standard output; write {on_stdout[-1]}=FILE")
    return outputs if on_stdout else [_Output(renderers["text"], None), *outputs]


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


def _status(diagnosis: Diagnosis, fail_on: str | None) -> Exit:
    if not diagnosis.runs:
        if diagnosis.unreadable:
            say("none of the logs could be read")
            return Exit.UNREADABLE
        say("no training log found; `lrdoctor runs --help` says what is recognised")
        return Exit.NO_RUN
    if fail_on is None:
        return Exit.OK
    from lrdoctor.records import Severity

    floor = 0 if fail_on == "any" else Severity(fail_on).rank
    found = any(finding.severity.rank >= floor for said in diagnosis.runs for finding in said.findings)
    return Exit.FAILED if found or (fail_on == "any" and diagnosis.unreadable) else Exit.OK
