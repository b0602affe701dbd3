"""Bundles through an executor, and their results in order; a worker that dies costs only the log that killed it.

Every executor with the interface of `concurrent.futures` will do: a process pool, a Dask cluster, MPI. Bundles travel
in small chunks. Where a chunk fails, its bundles are tried again one by one, and a bundle that fails again source by
source, until it is known which file is at fault; everything else is then read without it.
"""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, wait
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lrdoctor.errors import LrdoctorError
from lrdoctor.fleet.wire import encode
from lrdoctor.fleet.work import Result, examine
from lrdoctor.records import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from lrdoctor.bundles import Bundle
    from lrdoctor.fleet.pool import Pool

_CHUNK_BUNDLES, _CHUNK_SOURCES = 8, 32
"""Bundles and sources that travel together: enough that sending is no cost, few enough to try again."""
_MOST_WAITING = 4096
"""Chunks that may be finished before their turn: what one slow log may hold up."""


@dataclass(slots=True)
class Chunk:
    """Some bundles, and for each what came of it once that is known."""

    bundles: list[Bundle]
    results: list[tuple[Bundle, Result]] | None = None


class Crew:
    """Workers, and what they have been given.

    Parameters
    ----------
    pool
        Where the work is done.
    task
        What is to be done with each bundle, as `work.examine` takes it.
    timeout
        Seconds that one source may take, as in the task.
    """

    def __init__(self, pool: Pool, task: bytes, timeout: float) -> None:
        self._pool, self._task, self._timeout = pool, task, timeout
        self._running: dict[Future[list[Result]], Chunk] = {}

    def run(self, items: Iterable[Bundle | Result]) -> Iterator[tuple[Bundle | None, Result]]:
        """Yield the result of every bundle, in the order given.

        Parameters
        ----------
        items
            Bundles; a result that is known already takes its place among those of the others.

        Raises
        ------
        UsageError
            Workers cannot be started, or the executor is gone.
        """
        line: deque[Chunk | Result] = deque()
        chunk = Chunk([])
        for item in items:
            if isinstance(item, Result):
                chunk = self._sent(chunk, line)
                line.append(item)
            else:
                chunk.bundles.append(item)
                if len(chunk.bundles) >= _CHUNK_BUNDLES or sum(map(len, chunk.bundles)) >= _CHUNK_SOURCES:
                    chunk = self._sent(chunk, line)
            while self._running and (len(self._running) >= self._pool.capacity or len(line) > _MOST_WAITING):
                self._advance()
            yield from _finished(line)
        self._sent(chunk, line)
        while line:
            if self._running:
                self._advance()
            yield from _finished(line)

    def _sent(self, chunk: Chunk, line: deque[Chunk | Result]) -> Chunk:
        """Send a chunk that has something in it, and answer an empty one."""
        if not chunk.bundles:
            return chunk
        line.append(chunk)
        try:
            self._running[self._pool.submit(examine, self._task, chunk.bundles)] = chunk
        except BrokenExecutor:  # it broke since the last result came
            self._recover([chunk])
        return Chunk([])

    def _advance(self) -> None:
        """Wait until something is finished, and take it in."""
        wait(self._running, return_when=FIRST_COMPLETED)
        failed = self._collected()
        if failed:
            self._recover(failed)

    def _collected(self) -> list[Chunk]:
        """Take in what is finished; the chunks that failed."""
        failed = []
        for future in [future for future in self._running if future.done()]:
            chunk = self._running.pop(future)
            try:
                chunk.results = list(zip(chunk.bundles, future.result(), strict=True))
            except LrdoctorError:
                raise
            except (Exception, CancelledError):
                failed.append(chunk)
        return failed

    def _recover(self, failed: list[Chunk]) -> None:
        """Find out what is at fault, with nothing else under way that could be."""
        wait(self._running)
        for chunk in [*failed, *self._collected()]:
            chunk.results = [(bundle, result) for bundle in chunk.bundles for result in self._alone(bundle)]

    def _alone(self, bundle: Bundle) -> list[Result]:
        """A bundle by itself; if that fails, without the sources that cannot be read."""
        whole = self._tried(bundle)
        if isinstance(whole, Result):
            return [whole]
        reasons: dict[Path, str] = {}
        for source in bundle.all_sources():
            single = replace(bundle, sources=(source,), below=(), part=True)
            outcome = self._tried(single) if len(bundle) > 1 else whole
            if not isinstance(outcome, Result):
                reasons[source.path] = outcome
        rest = bundle.without(frozenset(reasons))
        kept = self._tried(rest) if reasons and len(rest) else whole
        if not isinstance(kept, Result):  # one by one they can be read, but not together
            reasons |= {source.path: kept for source in rest.all_sources()}
        lost = [Unreadable(source=str(path), error=reason, transient=True) for path, reason in reasons.items()]
        found = [Result(kept.data, lasting=False)] if isinstance(kept, Result) else []
        return [*found, Result(encode(lost), lasting=False)]

    def _tried(self, bundle: Bundle) -> Result | str:
        """The result, or what came in its way."""
        try:
            future = self._pool.submit(examine, self._task, [bundle])
        except BrokenExecutor:
            self._pool.renew()
            future = self._pool.submit(examine, self._task, [bundle])
        begun = time.monotonic()
        try:
            result: Result = future.result()[0]
        except BrokenExecutor:
            self._pool.renew()
            reason = "reading it ended the worker process: too large for its memory, or a crash in a library"
        except LrdoctorError:
            raise
        except (Exception, CancelledError) as error:
            reason = f"the worker that read it failed ({type(error).__name__}: {error})"[:400]
        else:
            return result
        overdue = 0 < self._timeout <= time.monotonic() - begun
        return f"took longer than {self._timeout:g} s and was given up" if overdue else reason


def _finished(line: deque[Chunk | Result]) -> Iterator[tuple[Bundle | None, Result]]:
    """Take what is finished from the head of the line."""
    while line:
        head = line[0]
        if isinstance(head, Result):
            yield None, head
        elif head.results is not None:
            yield from head.results
        else:
            return
        line.popleft()
