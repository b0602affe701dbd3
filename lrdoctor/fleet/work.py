"""What is done with a bundle, in this process or in another one: read, diagnose, and hand back bytes."""

from __future__ import annotations

import os
import socket
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from lrdoctor.bundles import read_bundle, read_source
from lrdoctor.config import Config
from lrdoctor.errors import OutOfTime
from lrdoctor.examining import diagnosed, with_roles
from lrdoctor.fleet.limits import Limit
from lrdoctor.fleet.wire import encode
from lrdoctor.records import Run, RunDiagnosis, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lrdoctor.bundles import Bundle, Claimed, Found
    from lrdoctor.roles import RoleOverrides
    from lrdoctor.rules._base import Rule


class Task(msgspec.Struct, frozen=True):
    """What is wanted of every run.

    Parameters
    ----------
    config
        With the selection of rules settled.
    roles
        Roles by tag or pattern: those of the call, then those of the configuration.
    timeout
        Seconds that one source may take; 0: as long as it needs.
    home
        Host and process of whoever asks; that process is never ended, whatever hangs.
    """

    config: Config
    roles: dict[str, str]
    timeout: float
    home: tuple[str, int]

    @classmethod
    def of(cls, config: Config, roles: dict[str, str], timeout: float) -> Task:
        """A task of this process."""
        return cls(config, roles, timeout, (socket.gethostname(), os.getpid()))


class Result(NamedTuple):
    """What came of a bundle."""

    data: bytes
    """What was said about its runs, for `wire.decode`; the ids need not be unique yet."""
    lasting: bool
    """Whether the same would come of the same files another time."""


def examine(task: bytes, bundles: Sequence[Bundle]) -> list[Result]:
    """Read and diagnose some bundles.

    Parameters
    ----------
    task
        A `Task` as msgpack: bytes travel well and are easily remembered.
    bundles
        What to read.

    Returns
    -------
    What came of each.
    """
    wanted, rules, overrides = _prepared(task)
    results = []
    with Limit(wanted.timeout, fatal=(socket.gethostname(), os.getpid()) != wanted.home) as limit:
        for bundle in bundles:
            said = list(_examined(bundle, rules, overrides, limit))
            lasting = not any(isinstance(item, Unreadable) and item.transient for item in said)
            results.append(Result(encode(said), lasting))
    return results


def ping() -> bool:
    """Answer that a worker is there."""
    return True


@lru_cache(maxsize=4)
def _prepared(task: bytes) -> tuple[Task, list[Rule], RoleOverrides]:
    from lrdoctor.engine import all_rules
    from lrdoctor.roles import RoleOverrides

    wanted = msgspec.msgpack.decode(task, type=Task)
    return wanted, wanted.config.apply(all_rules()), RoleOverrides(wanted.roles)


def _examined(
    bundle: Bundle, rules: Iterable[Rule], overrides: RoleOverrides, limit: Limit
) -> Iterator[RunDiagnosis | Unreadable]:
    def read(source: Claimed) -> Iterator[Found | Unreadable]:
        try:
            with limit.each():
                items = list(read_source(source))
        except OutOfTime as error:
            items = [Unreadable(source=str(source.path), error=str(error), transient=True)]
        yield from items

    for item in read_bundle(bundle, read):
        try:
            with limit.each():
                run = with_roles(item, overrides) if isinstance(item, Run) else item
                said = diagnosed(run, rules) if isinstance(run, Run) else run
        except OutOfTime as error:
            said = Unreadable(source=item.source, error=str(error), transient=True)
        yield said
