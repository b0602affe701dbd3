"""Annotations for a GitHub workflow: printed to the log of a step, they show up beside the run and its files.

GitHub keeps ten annotations of a kind per step, so the ten worst runs get one each, and the rest is counted.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lrdoctor.cleaning import clean
from lrdoctor.records import Severity
from lrdoctor.renderers import _words as words
from lrdoctor.wording import percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Diagnosis, RunDiagnosis, Unreadable
    from lrdoctor.renderers._base import Options

_MOST = 10
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "notice",
}


class GithubRenderer:
    """Renders workflow commands, worst run first."""

    name = "github"
    suffix = ".txt"

    def render(self, diagnosis: Diagnosis, options: Options) -> Iterator[str]:
        """Yield a line per annotation, and one that counts what has none."""
        spoken = [said for said in words.worst_first(diagnosis.runs) if said.findings]
        lines = [*map(_run, spoken), *map(_lost, diagnosis.unreadable)]
        # A run that only gives cause for a remark comes after a file that could not be read.
        lines.sort(key=lambda line: ("::error", "::warning", "::notice").index(line.partition(" ")[0]))
        yield from lines[:_MOST]
        if len(lines) > _MOST:
            yield f"lrdoctor: {len(lines) - _MOST:,} more without an annotation\n"


RENDERER = GithubRenderer()


def _run(said: RunDiagnosis) -> str:
    worst = max((finding.severity for finding in said.findings), key=lambda severity: severity.rank)
    advice = ", ".join([words.advice(said), *words.treatment(said, brief=True)])
    found = [f"{finding.code} {finding.name}: {clean(finding.message, 600)}" for finding in said.findings]
    message = "\n".join([f"{advice} ({percent(said.plan.confidence)} sure)", *found])
    return _command(_LEVELS[worst], said.run.source, f"{said.verdict}: {clean(said.run.id, 80)}", message)


def _lost(lost: Unreadable) -> str:
    return _command("warning", lost.source, "lrdoctor cannot read this", clean(lost.error, 400))


def _command(level: str, source: str, title: str, message: str) -> str:
    return f"::{level} file={_escaped(_relative(source))},title={_escaped(title)}::{_data(message)}\n"


def _relative(source: str) -> str:
    """A file as the repository calls it, which is where a workflow runs."""
    path = Path(source)
    here = Path.cwd()
    return clean(str(path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path), 400)


def _data(message: str) -> str:
    return message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
