"""Whose a file is: every reader is asked, and the surest claim wins; and how files come to be opened at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from lrdoctor.bundles import LOG_SUFFIXES, Claimed, Found, read_source
from lrdoctor.readers._base import Claim, LogFile, Reader
from lrdoctor.records import Run, Unreadable
from lrdoctor.registry import discover
from lrdoctor.remote import Mirror, told

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lrdoctor.bundles import Bundle

Verdict = tuple[Claimed | None, Unreadable | None]
"""A file that somebody claims, or that nobody does although it looks like a log; or neither."""


class Memory(Protocol):
    """Remembers whose files are."""

    def stamp(self, path: Path, entries: Sequence[os.DirEntry[str]]) -> bytes:
        """Differs when one of the entries of a directory has changed; empty where that cannot be told."""
        ...

    def claims(self, path: Path, files: Sequence[os.DirEntry[str]], opener: Once) -> Iterator[Verdict]:
        """Whose the files of a directory are; `opener` knows, if this does not."""
        ...


class Once:
    """How logs are found, opened and read that are read once.

    Parameters
    ----------
    memory
        Asked before any file is opened.
    follow_links
        Whether links are followed that lead outside of what the user named.
    """

    def __init__(self, memory: Memory | None = None, *, follow_links: bool = False) -> None:
        self.memory = memory
        self.follow_links = follow_links
        self.passed = 0
        """Entries of directories that the walk has come by."""
        self._mirrors: list[Mirror] = []

    def mount(self, url: str) -> Path:
        """The path under which something that lies elsewhere can be read, until the end."""
        self._mirrors.append(Mirror(url))
        return self._mirrors[-1].root

    def mirror(self, path: Path) -> Mirror | None:
        """What a path below a mounted URL stands for; None for any other."""
        return next((mirror for mirror in self._mirrors if path.is_relative_to(mirror.top)), None)

    def entries(self, path: Path) -> list[os.DirEntry[str]]:
        """What is in a directory, by name."""
        with os.scandir(path) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        self.passed += len(entries)
        return entries

    def stamp(self, path: Path, entries: Sequence[os.DirEntry[str]]) -> bytes:
        """Differs when one of the entries has changed; empty where nobody wants to know."""
        return b"" if self.memory is None else self.memory.stamp(path, entries)

    def claims(self, path: Path, files: Sequence[os.DirEntry[str]]) -> Iterator[Verdict]:
        """Whose the files of a directory are, one by one."""
        return self.asked(path, files) if self.memory is None else self.memory.claims(path, files, self)

    def asked(self, path: Path, files: Sequence[os.DirEntry[str]]) -> Iterator[Verdict]:
        """The same from every reader."""
        paths = [path / entry.name for entry in files]
        mirror = self.mirror(path)
        if mirror is not None:
            mirror.fetch_heads(paths)
        for one in paths:
            yield claim_file(self.file(one))

    def file(self, path: Path, *, named: bool = False) -> LogFile:
        """The file at a path."""
        mirror = self.mirror(path) if named else None
        if mirror is not None:
            mirror.fetch_heads([path])
        return LogFile(path, named=named)

    def completed(self, bundle: Bundle) -> Bundle:
        """The bundle as it is yielded."""
        mirror = self.mirror(bundle.root)
        return bundle if mirror is None else mirror.completed(bundle)

    def read(self, pending: Claimed) -> Iterator[Found | Unreadable]:
        """The runs of a source."""
        return read_source(pending)

    def told(self, lost: Unreadable) -> Unreadable:
        """What could not be read, with URLs for what lies elsewhere."""
        for mirror in self._mirrors:
            lost = told(lost, mirror.top, mirror.url)
        return lost

    def release(self, bundle: Bundle) -> None:
        """The bundle has been read."""
        mirror = self.mirror(bundle.root)
        if mirror is not None:
            mirror.release(bundle)

    def settle(self, run: Run) -> Run:
        """The run as it is yielded."""
        return run

    def end(self) -> None:
        """Everything has been yielded."""
        for mirror in self._mirrors:
            mirror.close()
        self._mirrors.clear()


def claim_file(file: LogFile) -> Verdict:
    """Ask every reader; the strongest claim wins, the first in alphabetical order among equals."""
    claims: list[tuple[Claim, Reader]] = []
    try:
        for reader in discover("lrdoctor.readers", "READER").values():
            claim = reader.claim(file)
            if claim is not None:
                claims.append((claim, reader))
    except OSError as error:
        reason = f"cannot be opened: {error.strerror or error}"
        return None, Unreadable(source=str(file.path), error=reason, transient=True)
    if not claims:
        looks_like_one = file.suffix in LOG_SUFFIXES or "tfevents" in file.name
        return None, Unreadable(source=str(file.path), error=why_not(file)) if looks_like_one else None
    claims.sort(key=lambda pair: -pair[0].strength)
    claim, reader = claims[0]
    path = file.path if claim.group is None else claim.group
    others = [pair for pair in claims[1:] if pair[0].group is None] if claim.group is None else []
    return Claimed(reader=reader, claim=claim, path=path, files=[file], others=others), None


def sounds_like_a_log(name: str) -> bool:
    """Say whether a name lets one expect a log, of a file that is not to be opened."""
    from lrdoctor.readers._text.claims import is_telling

    return name.lower().endswith((*LOG_SUFFIXES, ".wandb")) or "tfevents" in name or is_telling(name)


def why_not(file: LogFile) -> str:
    """Say why no reader wanted a file."""
    if file.size == 0:
        return "the file is empty"
    if file.head.startswith(b"version https://git-lfs"):
        return "a git-LFS pointer, not the file itself: run `git lfs pull`"
    if not file.head_text:
        return "binary data, not a log that any reader knows"
    return "no training log: no reader finds steps or losses in it"
