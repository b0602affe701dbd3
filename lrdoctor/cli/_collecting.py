"""Taking in what is said about run after run: into a report, into tables, or both."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from lrdoctor.cli._files import target
from lrdoctor.cli._shared import positive
from lrdoctor.cli._terminal import say
from lrdoctor.errors import UsageError
from lrdoctor.wording import counted

if TYPE_CHECKING:
    import argparse
    from collections.abc import Generator, Iterable, Iterator
    from concurrent.futures import Executor
    from pathlib import Path

    from lrdoctor.cli._progress import Progress
    from lrdoctor.fleet.holding import Holding
    from lrdoctor.fleet.table import TableWriter
    from lrdoctor.records import RunDiagnosis, Unreadable

TABLE = "parquet"
"""What `--format` calls a table; it is no renderer, since it is written run by run."""


def add_fleet(parser: argparse.ArgumentParser) -> None:
    """--workers, --dask, --cache, --timeout: for many runs."""
    group = parser.add_argument_group("many runs")
    workers = group.add_mutually_exclusive_group()
    workers.add_argument("--workers", metavar="N", type=positive, default=1, help="share the work among N processes")
    workers.add_argument("--dask", metavar="ADDRESS", help="share it among the workers of a Dask scheduler (tcp://...)")
    group.add_argument(
        "--cache", metavar="DIR", help="remember answers there; logs that have not changed are not read again"
    )
    group.add_argument(
        "--timeout", metavar="SECONDS", type=float, default=600.0,
        help="give a log up that takes a worker longer (600; 0: never)",
    )  # fmt: skip


def tables_among(formats: Iterable[str]) -> list[Path]:
    """The files of `--format parquet=FILE`.

    Raises
    ------
    UsageError
        A table without a file, or one that cannot be written.
    """
    found = []
    for name, _, file in (wish.partition("=") for wish in formats):
        if name == TABLE:
            if file in ("", "-"):
                raise UsageError("--format: parquet needs a file: parquet=FILE")
            found.append(target(file, "--format"))
    return found


@contextlib.contextmanager
def workers_of(address: str | None) -> Iterator[Executor | None]:
    """The workers of a Dask scheduler, if one was named."""
    if address is None:
        yield None
        return
    from lrdoctor.fleet.dask import dask_executor

    with dask_executor(address) as executor:
        yield executor


class Taken:
    """How many runs there were, and how bad it is."""

    def __init__(self) -> None:
        self.runs = self.unreadable = 0
        self.worst = -1
        """Rank of the worst finding; -1: there is none."""
        self.complete = True

    def all_of(
        self,
        items: Generator[RunDiagnosis | Unreadable],
        tables: Iterable[TableWriter],
        holding: Holding | None,
        progress: Progress,
    ) -> None:
        """Take in everything, or what there is until Ctrl-C is pressed."""
        try:
            with contextlib.closing(items):
                for item in items:
                    for table in tables:
                        table.add(item)
                    if holding is not None:
                        holding.add(item)
                    self._count(item, progress)
        except KeyboardInterrupt:
            self.complete = False
        for table in tables:
            table.close(complete=self.complete)
        if not self.complete:
            say(f"interrupted after {counted(self.runs, 'run')}; there are more")

    def _count(self, item: RunDiagnosis | Unreadable, progress: Progress) -> None:
        from lrdoctor.records import Unreadable

        if isinstance(item, Unreadable):
            self.unreadable += 1
            return
        self.runs += 1
        self.worst = max([self.worst, *(finding.severity.rank for finding in item.findings)])
        progress(self.runs, item.run.id)
