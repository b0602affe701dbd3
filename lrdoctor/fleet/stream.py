"""From paths to diagnoses, one after the other, through whatever executor and past whatever cache there is."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from lrdoctor.claiming import Once
from lrdoctor.fleet.crew import Crew
from lrdoctor.fleet.wire import decode, encode
from lrdoctor.fleet.work import Result
from lrdoctor.gather import bundles
from lrdoctor.records import RunDiagnosis, Unreadable
from lrdoctor.roles import RoleOverrides

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from lrdoctor.bundles import Bundle
    from lrdoctor.fleet.cache import Cache
    from lrdoctor.fleet.pool import Pool
    from lrdoctor.fleet.work import Task


def diagnose_paths(
    paths: Sequence[str | Path],
    task: Task,
    pool: Pool,
    *,
    wanted: Mapping[str, str] | None = None,
    cache: Cache | None = None,
    files: Once | None = None,
) -> Iterator[RunDiagnosis | Unreadable]:
    """Diagnose every run below some paths, holding no more than is under way.

    Parameters
    ----------
    paths
        Files and directories.
    task
        What is wanted of each run.
    pool
        Where the work is done; closed at the end, or when the iterator is.
    wanted
        The roles of the task that must match some curve.
    cache
        What is known from another time.
    files
        How files are found and opened.

    Yields
    ------
    What is said about each run, with curves thinned and in an order that does not depend on the pool.

    Raises
    ------
    UsageError
        Workers cannot be started, or the executor is gone.
    ConfigError
        One of the `wanted` roles matches no curve of any run.
    """
    crew = Crew(pool, msgspec.msgpack.encode(task), task.timeout)
    overrides = RoleOverrides(wanted or {})
    taken: Counter[str] = Counter()
    files = files or Once()
    files.memory = cache

    complete = False
    try:
        for bundle, result in crew.run(_items(paths, files, cache)):
            if bundle is not None:
                files.release(bundle)
                if cache is not None:
                    cache.put(bundle, result.data, lasting=result.lasting)
            for said in decode(result.data):
                if isinstance(said, RunDiagnosis):
                    overrides.resolve(said.run.series)
                    taken[said.run.id] += 1
                    if taken[said.run.id] > 1:
                        said = replace(said, run=replace(said.run, id=f"{said.run.id}~{taken[said.run.id]}"))
                yield files.told(said) if isinstance(said, Unreadable) else said
        complete = True
    finally:
        pool.close()
        files.end()
        if cache is not None:
            cache.close(complete=complete)
    if taken:
        overrides.check()


def _items(paths: Sequence[str | Path], files: Once, cache: Cache | None) -> Iterator[Bundle | Result]:
    """What is to be read, and in its place what is known already."""
    told = 0
    if cache is not None:
        known = cache.recall(paths, files)
        while True:
            try:
                data = next(known)
            except StopIteration as end:
                if end.value:
                    return
                break
            told += 1
            yield Result(data, lasting=False)
    for item in islice(bundles(paths, files=files), told, None):
        if isinstance(item, Unreadable):
            data = encode([item])
            if cache is not None:
                cache.lost(data, lasting=not item.transient)
            yield Result(data, lasting=False)
            continue
        answer = None if cache is None else cache.get(item)
        yield item if answer is None else Result(answer, lasting=False)
