"""From what the user named to runs: walk, let readers claim, read, and join the several logs of one training.

Runs come out directory by directory, so memory does not grow with the size of the tree.
"""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.joining import join_runs
from lrdoctor.readers._base import Claim, LogFile, Reader, Source
from lrdoctor.records import Run, Unreadable
from lrdoctor.registry import discover

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Directories that hold code, environments or caches, never logs that someone means.
_PRUNED = frozenset(
    {
        "__pycache__",
        "node_modules",
        "site-packages",
        ".git",
        ".hg",
        ".svn",
        ".venv",
        "venv",
        ".tox",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".ipynb_checkpoints",
        ".cache",
        ".eggs",
    }
)
_LOG_SUFFIXES = frozenset({".csv", ".tsv", ".jsonl"})
"""A file of such a name that no reader wants is worth a word: somebody may have meant it."""
_MAX_DEPTH = 64
_MOST_HELD = 256
"""Runs below a directory that are compared with the logs in it; the rest of a large tree streams past."""


@dataclass(slots=True)
class _Pending:
    """A source in the making: a group of files that one reader claimed."""

    reader: Reader
    claim: Claim
    path: Path
    files: list[LogFile] = field(default_factory=list)
    others: list[tuple[Claim, Reader]] = field(default_factory=list)
    """Weaker claims on a file that stands alone, to be tried if the strongest one is withdrawn."""


@dataclass(slots=True)
class _Found:
    """A run with the place it was found at, before it has its final id."""

    run: Run
    place: Path
    """The directory or file that names the run."""
    strength: int


def gather(paths: Sequence[str | Path]) -> Iterator[Run | Unreadable]:
    """Read every log below some paths.

    Parameters
    ----------
    paths
        Files and directories; directories are walked.

    Yields
    ------
    Runs with ids that are unique in this call (roles not yet assigned), and one `Unreadable` for each file
    that looked like a log and could not be read or holds no training curve.
    """
    roots = [Path(path) for path in paths]
    taken: dict[str, int] = defaultdict(int)
    for root in roots:
        prefix = root.as_posix() if len(roots) > 1 else ""
        for item in _below(root):
            if isinstance(item, Unreadable):
                yield item
                continue
            name = _global_id(item, root, prefix)
            taken[name] += 1
            yield replace(item.run, id=name if taken[name] == 1 else f"{name}~{taken[name]}")


def _global_id(found: _Found, root: Path, prefix: str) -> str:
    """Path of the run below what the user named; the root's own name for a run at the root itself."""
    # A group may lie above what was named: `train/` belongs to the run above it.
    relative = found.place.relative_to(root).as_posix() if found.place.is_relative_to(root) else "."
    if relative == ".":
        base = prefix or (root.resolve().name if root.is_dir() else root.name) or root.as_posix()
    else:
        base = f"{prefix}/{relative}" if prefix else relative
    return f"{base}#{found.run.id}" if found.run.id else base


def _below(root: Path) -> Iterator[_Found | Unreadable]:
    if root.is_dir():
        yield from _Walk().directory(root, depth=0, parent_pending={})
    elif not root.exists():
        yield Unreadable(source=str(root), error="no such file or directory")
    else:
        file = LogFile(root, named=True)
        pending, refusal = _claimed(file)
        if pending is None:
            yield refusal or Unreadable(source=str(root), error=_unknown(file))
            return
        for item in _read(pending):
            if isinstance(item, _Found):
                item.place = root
            yield item


def _unknown(file: LogFile) -> str:
    """Say why no reader wanted a file."""
    if file.size == 0:
        return "the file is empty"
    if file.head.startswith(b"version https://git-lfs"):
        return "a git-LFS pointer, not the file itself: run `git lfs pull`"
    if not file.head_text:
        return "binary data, not a log that any reader knows"
    return "no training log: no reader finds steps or losses in it"


class _Walk:
    """One walk over a tree; remembers the directories it has been in, so that links cannot make a loop."""

    def __init__(self) -> None:
        self._seen: set[tuple[int, int]] = set()

    def directory(self, path: Path, depth: int, parent_pending: _Groups) -> Iterator[_Found | Unreadable]:
        """Yield what is below one directory; groups that belong to a parent are handed up through the dictionary."""
        try:
            status = path.stat()
            entries = sorted(os.scandir(path), key=lambda entry: entry.name)
        except OSError as error:
            yield Unreadable(source=str(path), error=f"cannot be listed: {error.strerror or error}")
            return
        if (status.st_dev, status.st_ino) in self._seen or depth > _MAX_DEPTH:
            return
        self._seen.add((status.st_dev, status.st_ino))
        folders, alone, pending, refusals = _look(path, entries)
        yield from refusals
        held: list[_Found] = []
        holding = bool(alone or pending)
        for folder in folders:
            for item in self.directory(folder, depth + 1, pending):
                if isinstance(item, _Found) and holding and len(held) < _MOST_HELD:
                    held.append(item)  # it may be the same training as a log in this directory
                else:
                    yield item
        found: list[_Found] = []
        for source in [*alone, *_own(pending, path, parent_pending, is_root=depth == 0)]:
            for item in _read(source):
                if isinstance(item, _Found):
                    found.append(item)
                else:
                    yield item
        yield from _joined(found, held, path)


_Groups = dict[tuple[str, Path], _Pending]


def _look(
    path: Path, entries: Sequence[os.DirEntry[str]]
) -> tuple[list[Path], list[_Pending], _Groups, list[Unreadable]]:
    """Sort the entries of a directory into folders, files that stand alone, groups, and what cannot be opened."""
    folders: list[Path] = []
    links: list[Path] = []
    alone: list[_Pending] = []
    pending: _Groups = {}
    refusals: list[Unreadable] = []
    for entry in entries:
        if _is_directory(entry):
            if entry.name not in _PRUNED:
                # Links last (`wandb/latest-run`): what they lead to is then known by its own name.
                (links if entry.is_symlink() else folders).append(path / entry.name)
            continue
        if not _is_file(entry):
            continue
        claimed, refusal = _claimed(LogFile(path / entry.name))
        if refusal is not None:
            refusals.append(refusal)
        elif claimed is not None and claimed.claim.group is None:
            alone.append(claimed)
        elif claimed is not None:
            _add(pending, claimed)
    return [*folders, *links], alone, pending, refusals


def _own(pending: _Groups, path: Path, parent: _Groups, *, is_root: bool) -> list[_Pending]:
    """The groups that are complete in this directory; the others go up to the parent."""
    own = []
    for key, group in pending.items():
        if key[1] == path or is_root:
            own.append(group)
        else:
            _add(parent, group)
    return own


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()  # not a socket, pipe or device: those would block
    except OSError:
        return False


def _add(pending: dict[tuple[str, Path], _Pending], new: _Pending) -> None:
    """Put a claimed file (or a half-filled group) into its group."""
    key = (new.reader.name, new.path)
    if key in pending:
        pending[key].files += new.files
    else:
        pending[key] = new


def _claimed(file: LogFile) -> tuple[_Pending | None, Unreadable | None]:
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
        looks_like_one = file.suffix in _LOG_SUFFIXES or "tfevents" in file.name
        return None, Unreadable(source=str(file.path), error=_unknown(file)) if looks_like_one else None
    claims.sort(key=lambda pair: -pair[0].strength)
    claim, reader = claims[0]
    path = file.path if claim.group is None else claim.group
    others = [pair for pair in claims[1:] if pair[0].group is None] if claim.group is None else []
    return _Pending(reader=reader, claim=claim, path=path, files=[file], others=others), None


def _read(pending: _Pending) -> Iterator[_Found | Unreadable]:
    """Read one source; what goes wrong becomes a line, never the end."""
    source = Source(path=pending.path, files=tuple(sorted(pending.files, key=lambda file: str(file.path))))
    count = 0
    try:
        for run in pending.reader.read(source):
            count += 1
            yield _Found(run=run, place=pending.path, strength=int(pending.claim.strength))
        if count == 0:
            raise NotALogError(source.path, "holds no training curve")
    except NotALogError as error:
        if pending.others and count == 0:
            claim, reader = pending.others[0]
            claim = replace(claim, quiet=claim.quiet and pending.claim.quiet)
            yield from _read(_Pending(reader, claim, pending.path, pending.files, pending.others[1:]))
        elif not pending.claim.quiet or any(file.named or file.suffix in _LOG_SUFFIXES for file in pending.files):
            yield Unreadable(source=error.source, error=error.reason)
    except ReadError as error:
        yield Unreadable(source=error.source, error=error.reason)
    except OSError as error:
        yield Unreadable(source=str(source.path), error=f"cannot be read: {error.strerror or error}")
    except MemoryError:
        yield Unreadable(source=str(source.path), error="too large for the memory of this machine")
    except Exception as error:  # a defect of ours must not cost the user the other files
        kind = type(error).__name__
        message = f"the {pending.reader.name} reader failed on it ({kind}: {error}); this is a bug, please report it"
        yield Unreadable(source=str(source.path), error=message)


def _joined(found: list[_Found], held: list[_Found], directory: Path) -> Iterator[_Found]:
    """Join logs of the same training, then name what is left after its directory or file."""
    everything = [*found, *held]
    groups = join_runs([item.run for item in everything], [item.strength for item in everything])
    survivors: list[_Found] = []
    for indices, run in groups:
        item = everything[indices[0]]
        several = len({everything[index].place for index in indices}) > 1
        outside = any(index < len(found) for index in indices)  # one of its logs lies in this very directory
        place = directory if several and outside else item.place
        survivors.append(_Found(run=run, place=place, strength=item.strength))
    direct = {item.place for item in survivors if item.place.parent == directory and item.place.is_file()}
    alone = len(direct) == 1 and not any(item.place == directory for item in survivors)
    for item in survivors:
        if item.place in direct:
            item.place = directory if alone else item.place.with_suffix("")
        yield item
