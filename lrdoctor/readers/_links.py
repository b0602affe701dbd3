"""Which links are followed: those that lead to what was named, or to what lies below it.

A directory may come from somebody else, and a link in it may lead anywhere; what the user names is meant, wherever it
leads.
"""

from __future__ import annotations

import os
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Item = TypeVar("Item")

# ruff: noqa: PTH100, PTH118, PTH120 - asked for every link and companion of a fleet, and paths are compared as text
_FEW = 64


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be opened.

    Parameters
    ----------
    roots
        Directories and files, without links in their paths: these, and what lies below them. None: everything.
    home
        The one among them in which somebody reads, as the user named it.
    """

    roots: frozenset[str] | None = None
    home: str = ""

    @classmethod
    def of(cls, paths: Iterable[str | os.PathLike[str]]) -> Reach:
        """What lies below some paths, whether they are links themselves or not."""
        return cls(frozenset(map(os.path.realpath, paths)))

    def near(self, home: str | os.PathLike[str]) -> Reach:
        """The same for reading below one of the paths: of very many, only that one travels to other processes."""
        if self.roots is None:
            return self
        roots = self.roots if len(self.roots) <= _FEW else Reach.of([home]).roots
        return Reach(roots, os.path.abspath(home))

    def holds(self, path: str | os.PathLike[str]) -> bool:
        """Say whether a path leads to what was named, or to something below it."""
        if self.roots is None:
            return True
        place, below = os.path.realpath(path), ""
        while place not in self.roots and place != below:
            place, below = os.path.dirname(place), place
        return place in self.roots

    def holds_beside(self, path: str | os.PathLike[str]) -> bool:
        """The same, or say that no link leads there: what lies beside and above a log may belong to it."""
        if self.holds(path):
            return True
        place = os.path.abspath(path)
        shared = os.path.commonpath([place, self.home])  # the user's own words, so links in it are meant
        return os.path.realpath(place) == os.path.join(os.path.realpath(shared), os.path.relpath(place, shared))

    def confining(self, items: Iterator[Item]) -> Iterator[Item]:
        """Pass on what an iterator yields, whose work is then confined to this."""
        while True:
            token = _REACH.set(self)
            try:
                item = next(items)
            except StopIteration:
                return
            finally:
                _REACH.reset(token)
            yield item


EVERYWHERE = Reach()
_REACH: ContextVar[Reach] = ContextVar("reach", default=EVERYWHERE)


def within_reach(path: str | os.PathLike[str]) -> bool:
    """Say whether a file beside a log may be opened: always, unless it is a link that leads outside."""
    return _REACH.get().holds_beside(path)
