"""Whose a file is: every reader is asked, and the surest claim wins; and how files come to be opened at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lrdoctor.bundles import LOG_SUFFIXES, Claimed, Found, read_source
from lrdoctor.readers._base import Claim, LogFile, Reader
from lrdoctor.records import Run, Unreadable
from lrdoctor.registry import discover

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

Verdict = tuple[Claimed | None, Unreadable | None]
"""A file that somebody claims, or that nobody does although it looks like a log; or neither."""


class Once:
    """How logs are found, opened and read that are read once."""

    def __init__(self) -> None:
        self.passed = 0
        """Entries of directories that the walk has come by."""

    def pass_by(self, count: int) -> None:
        """The walk has come by some more entries."""
        self.passed += count

    def entries(self, path: Path) -> list[os.DirEntry[str]]:
        """What is in a directory, by name."""
        with os.scandir(path) as found:
            return sorted(found, key=lambda entry: entry.name)

    def stamp(self, path: Path, entries: Sequence[os.DirEntry[str]]) -> bytes:
        """Differs when one of the entries has changed; empty where nobody wants to know."""
        return b""

    def claims(self, path: Path, files: Sequence[os.DirEntry[str]]) -> Iterator[Verdict]:
        """Whose the files of a directory are, one by one."""
        for entry in files:
            yield claim_file(self.file(path / entry.name))

    def file(self, path: Path, *, named: bool = False) -> LogFile:
        """The file at a path."""
        return LogFile(path, named=named)

    def read(self, pending: Claimed) -> Iterator[Found | Unreadable]:
        """The runs of a source."""
        return read_source(pending)

    def settle(self, run: Run) -> Run:
        """The run as it is yielded."""
        return run

    def end(self) -> None:
        """Everything has been yielded."""


def claim_file(file: LogFile) -> Verdict:
    """Ask every reader; the strongest claim wins, the first in alphabetical order among equals."""
    claims: list[tuple[Claim, Reader]] = []
    try:
        for reader in discover("lrdoctor.readers", "READER").values():
            claim = reader.claim(file)
            if claim is not None:
                claims.append((claim, reader))
    except OSError as error:
        return None, Unreadable(source=str(file.path), error=f"cannot be opened: {error.strerror or error}")
    if not claims:
        looks_like_one = file.suffix in LOG_SUFFIXES or "tfevents" in file.name
        return None, Unreadable(source=str(file.path), error=why_not(file)) if looks_like_one else None
    claims.sort(key=lambda pair: -pair[0].strength)
    claim, reader = claims[0]
    path = file.path if claim.group is None else claim.group
    others = [pair for pair in claims[1:] if pair[0].group is None] if claim.group is None else []
    return Claimed(reader=reader, claim=claim, path=path, files=[file], others=others), None


def why_not(file: LogFile) -> str:
    """Say why no reader wanted a file."""
    if file.size == 0:
        return "the file is empty"
    if file.head.startswith(b"version https://git-lfs"):
        return "a git-LFS pointer, not the file itself: run `git lfs pull`"
    if not file.head_text:
        return "binary data, not a log that any reader knows"
    return "no training log: no reader finds steps or losses in it"
