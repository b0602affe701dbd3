"""From what the user named to runs: walk, let readers claim, and bundle what may be logs of one training.

Bundles come out directory by directory, so memory does not grow with the size of the tree.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lrdoctor.bundles import Bundle, Claimed, Found, read_bundle, read_source
from lrdoctor.claiming import Once, claim_file, sounds_like_a_log, why_not
from lrdoctor.readers._base import LogFile
from lrdoctor.readers._links import EVERYWHERE, Reach
from lrdoctor.records import Run, Unreadable
from lrdoctor.remote import is_url, redacted
from lrdoctor.wording import counted

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
_MAX_DEPTH = 64
_MOST_TOGETHER = 256
_MOST_BYTES = 64 * 2**20
"""Logs in and below a directory that are read together and compared, and their size; the rest streams past."""
_NAMED = 3
"""Of the links that are not followed."""
_FEW = 16
"""Logs that are read together whatever their size: the several logs of one large training."""


class Bookmarks(Once):
    """How far each log below some paths has been read, for calling `gather` again and again while they grow.

    Files that have not changed are not read again, those that have grown from where they had been read to (by
    readers that can; see `LogFile.keep`), and those that were replaced or cut from their beginning.
    """

    def __init__(self, *, follow_links: bool = False) -> None:
        super().__init__(follow_links=follow_links)
        self._files: dict[Path, LogFile] = {}
        self._read: dict[tuple[str, Path], tuple[_Stamps, list[Found | Unreadable]]] = {}
        self._runs: dict[str, Run] = {}
        self._seen: set[object] = set()

    def file(self, path: Path, *, named: bool = False) -> LogFile:
        """The file at a path, with what readers have kept of it."""
        self._seen.add(path)
        file = self._files.setdefault(path, LogFile(path, named=named, followed=True))
        file.look_again()
        return file

    def read(self, pending: Claimed) -> Iterator[Found | Unreadable]:
        """The runs of a source; those of the last time where no file of it has changed since."""
        key = (pending.reader.name, pending.path)
        self._seen.add(key)
        stamps = _stamps(pending)
        known = self._read.get(key)
        if known is None or not stamps or known[0] != stamps:
            known = self._read[key] = stamps, list(read_source(pending))
        for item in known[1]:
            yield replace(item) if isinstance(item, Found) else item

    def settle(self, run: Run) -> Run:
        """The very run of the last time if nothing has come to it."""
        self._seen.add(run.id)
        before = self._runs.setdefault(run.id, run)
        if not _has_same(before, run):
            self._runs[run.id] = run
        return self._runs[run.id]

    def end(self) -> None:
        """Forget what is no longer there."""
        self._files = {path: file for path, file in self._files.items() if path in self._seen}
        self._read = {key: known for key, known in self._read.items() if key in self._seen}
        self._runs = {name: run for name, run in self._runs.items() if name in self._seen}
        self._seen.clear()


_Stamps = list[tuple[int, int, int, int]]


def _stamps(pending: Claimed) -> _Stamps:
    """What would differ if one of the files had changed; nothing if one of them is gone."""
    try:
        return [file.stamp for file in sorted(pending.files, key=lambda file: file.path)]
    except OSError:
        return []


def _has_same(one: Run, other: Run) -> bool:
    """Say whether two runs are made of the very same curves."""
    return (
        one.series.keys() == other.series.keys()
        and all(curve is other.series[tag] for tag, curve in one.series.items())
        and (one.source, one.notes, one.hyperparameters) == (other.source, other.notes, other.hyperparameters)
    )


def gather(
    paths: Sequence[str | Path], *, bookmarks: Bookmarks | None = None, files: Once | None = None
) -> Iterator[Run | Unreadable]:
    """Read every log below some paths.

    Parameters
    ----------
    paths
        Files and directories; directories are walked.
    bookmarks
        What was kept when the same paths were gathered before. A run to which nothing has come is then the same
        object as it was that time.
    files
        How files are found and opened otherwise.

    Yields
    ------
    Runs with ids that are unique in this call (roles not yet assigned), and one `Unreadable` for each file
    that looked like a log and could not be read or holds no training curve.
    """
    files = bookmarks or files or Once()
    taken: Counter[str] = Counter()
    try:
        for item in bundles(paths, files=files):
            for run in [item] if isinstance(item, Unreadable) else read_bundle(item, files.read):
                if isinstance(run, Run):
                    taken[run.id] += 1
                    yield files.settle(run if taken[run.id] == 1 else replace(run, id=f"{run.id}~{taken[run.id]}"))
                else:
                    yield run
            if isinstance(item, Bundle):
                files.release(item)
    finally:
        files.end()


def bundles(paths: Sequence[str | Path], *, files: Once | None = None) -> Iterator[Bundle | Unreadable]:
    """Find every log below some paths, without reading more of any than its beginning.

    Parameters
    ----------
    paths
        Files and directories; directories are walked.
    files
        How files are opened; by default as if for the first and only time.

    Yields
    ------
    What is to be read together, and an `Unreadable` for each file that looked like a log and is none.
    """
    files = files or Once()
    here = [path for path in paths if not is_url(path)]
    reach = EVERYWHERE if files.follow_links else Reach.of(here)
    strays: list[Path] = []
    for path in paths:
        name = redacted(path).rstrip("/") if is_url(path) else Path(path).as_posix()
        root = files.mount(path) if is_url(path) else Path(path)
        links = _Links(EVERYWHERE if is_url(path) else reach, strays)
        for item in _below(root, name if len(paths) > 1 else "", files, links):
            yield files.completed(item) if isinstance(item, Bundle) else files.told(item)
    if strays:
        yield _passed_over(strays)


def _passed_over(strays: Sequence[Path]) -> Unreadable:
    """One line for all links that were not followed."""
    first, *others = strays
    examples = ", ".join([*map(str, others[:_NAMED]), *(["..."] if len(others) > _NAMED else [])])
    also = f", and so do {counted(len(others), 'other link')}: {examples}" if others else ""
    error = f"leads outside of what was named, to {os.path.realpath(first)}{also}; name that too, or add --follow-links"
    return Unreadable(source=str(first), error=error)


def _below(root: Path, prefix: str, files: Once, links: _Links) -> Iterator[Bundle | Unreadable]:
    if root.is_dir():
        yield from _Walk(root, prefix, files, links).directory(root, depth=0, parent_pending={})
    elif not root.exists():
        yield Unreadable(source=str(root), error="no such file or directory")
    else:
        file = files.file(root, named=True)
        pending, refusal = claim_file(file)
        if pending is None:
            yield refusal or Unreadable(source=str(root), error=why_not(file))
        else:
            yield Bundle(root=root, prefix=prefix, directory=root, sources=(pending,), reach=links.reach.near(root))


class _Links:
    """Which links are followed; keeps those that are not and whose name lets one expect logs."""

    def __init__(self, reach: Reach, strays: list[Path]) -> None:
        self.reach = reach
        self._strays = strays

    def followed(self, path: Path, entries: Sequence[os.DirEntry[str]]) -> list[os.DirEntry[str]]:
        """The entries of a directory without the links that lead outside."""
        return [entry for entry in entries if not entry.is_symlink() or self._holds(path, entry)]

    def _holds(self, path: Path, entry: os.DirEntry[str]) -> bool:
        if self.reach.holds(path / entry.name):
            return True
        if (_is_directory(entry) and entry.name not in _PRUNED) or (_is_file(entry) and sounds_like_a_log(entry.name)):
            self._strays.append(path / entry.name)
        return False


class _Walk:
    """One walk over a tree; remembers the directories it has been in, so that links cannot make a loop."""

    def __init__(self, root: Path, prefix: str, files: Once, links: _Links) -> None:
        self._root, self._prefix = root, prefix
        self._files, self._links = files, links
        self._reach = links.reach.near(root)
        self._seen: set[tuple[int, int]] = set()
        self._trees: dict[Path, bytes] = {}

    def directory(self, path: Path, depth: int, parent_pending: _Groups) -> Iterator[Bundle | Unreadable]:
        """Yield what is below one directory; groups that belong to a parent are handed up through the dictionary."""
        try:
            status = path.stat()
            entries = self._links.followed(path, self._files.entries(path))
        except OSError as error:
            yield Unreadable(source=str(path), error=f"cannot be listed: {error.strerror or error}", transient=True)
            return
        if (status.st_dev, status.st_ino) in self._seen or depth > _MAX_DEPTH:
            return
        self._seen.add((status.st_dev, status.st_ino))
        stamp = self._files.stamp(path, entries)
        folders, alone, pending, refusals = _look(path, entries, self._files)
        yield from refusals
        held: list[Bundle] = []
        hold = _Load() if alone or pending else None
        for folder in folders:
            for item in self.directory(folder, depth + 1, pending):
                if isinstance(item, Bundle) and hold is not None and hold.takes(*item.all_sources()):
                    held.append(item)  # it may be the same training as a log in this directory
                else:
                    yield item
        own = [*alone, *_own(pending, path, parent_pending, is_root=depth == 0)]
        self._trees[path] = self._tree(stamp, folders)
        yield from self._bundled(path, own, held)

    def _tree(self, stamp: bytes, folders: Sequence[Path]) -> bytes:
        """Differs when anything in or below a directory has changed; empty where that is not known."""
        below = [self._trees.pop(folder, b"entered by another way") for folder in folders]
        if not stamp or not all(below):
            return b""
        from hashlib import blake2b

        return blake2b(b"".join([stamp, *below]), digest_size=16).digest()

    def _bundled(self, path: Path, own: Sequence[Claimed], held: Sequence[Bundle]) -> Iterator[Bundle]:
        """The logs of one directory in one bundle, or in several where they are many."""
        parts = list(_parts(own))
        for place, part in enumerate(parts or [[]]):
            below = tuple(held) if place == 0 else ()
            if part or below:
                yield Bundle(
                    root=self._root, prefix=self._prefix, directory=path, sources=tuple(part), below=below,
                    part=len(parts) > 1, stamp=self._trees[path], reach=self._reach,
                )  # fmt: skip


class _Load:
    """How much is read together: any few logs, then up to so many logs and bytes."""

    def __init__(self) -> None:
        self._count = self._bytes = 0
        self._unmeasured: list[Claimed] = []

    def takes(self, *sources: Claimed) -> bool:
        """Add some more, if they still fit."""
        count = self._count + len(sources)
        if count > _FEW:
            self._bytes += sum(map(_size, self._unmeasured))
            self._unmeasured.clear()
            if count > _MOST_TOGETHER or self._bytes + sum(map(_size, sources)) > _MOST_BYTES:
                return False
        self._count = count
        self._unmeasured += sources
        return True


def _size(source: Claimed) -> int:
    try:
        return sum(file.size for file in source.files)
    except OSError:
        return 0


def _parts(sources: Sequence[Claimed]) -> Iterator[list[Claimed]]:
    """Split the logs of a directory that has very many, but not between `run7.csv` and `run7.jsonl`."""
    part: list[Claimed] = []
    load = _Load()
    for source in sources:
        if not load.takes(source) and source.path.name.split(".")[0] != part[-1].path.name.split(".")[0]:
            yield part
            part, load = [], _Load()
            load.takes(source)
        part.append(source)
    if part:
        yield part


_Groups = dict[tuple[str, Path], Claimed]


def _look(
    path: Path, entries: Sequence[os.DirEntry[str]], files: Once
) -> tuple[list[Path], list[Claimed], _Groups, list[Unreadable]]:
    """Sort the entries of a directory into folders, files that stand alone, groups, and what cannot be opened."""
    folders: list[Path] = []
    links: list[Path] = []
    alone: list[Claimed] = []
    pending: _Groups = {}
    refusals: list[Unreadable] = []
    for entry in entries:
        if _is_directory(entry) and entry.name not in _PRUNED:
            # Links last (`wandb/latest-run`): what they lead to is then known by its own name.
            (links if entry.is_symlink() else folders).append(path / entry.name)
    for claimed, refusal in files.claims(path, [entry for entry in entries if _is_file(entry)]):
        if refusal is not None:
            refusals.append(refusal)
        elif claimed is not None and claimed.claim.group is None:
            alone.append(claimed)
        elif claimed is not None:
            _add(pending, claimed)
    return [*folders, *links], alone, pending, refusals


def _own(pending: _Groups, path: Path, parent: _Groups, *, is_root: bool) -> list[Claimed]:
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


def _add(pending: dict[tuple[str, Path], Claimed], new: Claimed) -> None:
    """Put a claimed file (or a half-filled group) into its group."""
    key = (new.reader.name, new.path)
    if key in pending:
        pending[key].files += new.files
    else:
        pending[key] = new
