"""What is read in one go: logs that may be of one training, from claimed files to runs with names.

A bundle says all that reading needs to know, so that it can be read where and when it suits: here and now, in another
process, on another machine.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.joining import join_runs
from lrdoctor.readers._base import Claim, LogFile, Reader, Source
from lrdoctor.readers._links import EVERYWHERE, Reach
from lrdoctor.records import Run, Unreadable
from lrdoctor.remote import told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lrdoctor.remote import Remote

LOG_SUFFIXES = frozenset({".csv", ".tsv", ".jsonl"})
"""A file of such a name that no reader wants is worth a word: somebody may have meant it."""


@dataclass(slots=True)
class Claimed:
    """A source in the making: a group of files that one reader claimed."""

    reader: Reader
    claim: Claim
    path: Path
    files: list[LogFile] = field(default_factory=list)
    others: list[tuple[Claim, Reader]] = field(default_factory=list)
    """Weaker claims on a file that stands alone, to be tried if the strongest one is withdrawn."""


@dataclass(slots=True)
class Found:
    """A run with the place it was found at, before it has its final id."""

    run: Run
    place: Path
    """The directory or file that names the run."""
    strength: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Logs that are read together.

    Parameters
    ----------
    root, prefix
        What the user named, and what stands before the ids of its runs.
    directory
        Where the logs are joined; the file itself if the user named one.
    sources
        The logs of this very directory (or of groups that end in it).
    below
        What lies further down and may be of the same trainings.
    part
        True where the directory holds more logs than these.
    stamp
        Differs when anything in or below the directory has changed; empty unless somebody wants to know.
    remote
        What it takes to fetch the files, where they are not here.
    reach
        Where links may lead.
    """

    root: Path
    prefix: str
    directory: Path
    sources: tuple[Claimed, ...]
    below: tuple[Bundle, ...] = ()
    part: bool = False
    stamp: bytes = b""
    remote: Remote | None = None
    reach: Reach = EVERYWHERE

    def __len__(self) -> int:
        return len(self.sources) + sum(map(len, self.below))

    def all_sources(self) -> Iterator[Claimed]:
        """Every source, in the order in which they are read."""
        for bundle in self.below:
            yield from bundle.all_sources()
        yield from self.sources

    def without(self, sources: frozenset[Path]) -> Bundle:
        """The same without some sources, by their paths."""
        kept = tuple(source for source in self.sources if source.path not in sources)
        return replace(self, sources=kept, below=tuple(lower.without(sources) for lower in self.below))


def read_bundle(
    bundle: Bundle, read: Callable[[Claimed], Iterator[Found | Unreadable]] | None = None
) -> Iterator[Run | Unreadable]:
    """Read, join and name the logs of a bundle.

    Parameters
    ----------
    bundle
        What to read.
    read
        Reads one source; `read_source` by default.

    Yields
    ------
    Runs whose ids need not be unique yet, and an `Unreadable` for each source that could not be read.
    """
    if bundle.remote is None:
        yield from bundle.reach.confining(_named(bundle, read or read_source))
        return
    with bundle.remote.fetched(bundle) as (here, lost, top):
        for item in [*lost, *_named(here, read or read_source)]:
            yield told(item, top, bundle.remote.url)


def _named(bundle: Bundle, read: Callable[[Claimed], Iterator[Found | Unreadable]]) -> Iterator[Run | Unreadable]:
    for item in _found(bundle, read):
        yield replace(item.run, id=_global_id(item, bundle)) if isinstance(item, Found) else item


def read_source(source: Claimed, *, refusal: str = "") -> Iterator[Found | Unreadable]:
    """Read one source; what goes wrong becomes a line, never the end.

    Parameters
    ----------
    source
        A log, and whose it is; the others that claim it are asked where that one finds no curve.
    refusal
        Why a surer reader found none: what is said if nobody does.
    """
    files = Source(path=source.path, files=tuple(sorted(source.files, key=lambda file: str(file.path))))
    count = 0
    try:
        for run in source.reader.read(files):
            count += 1
            yield Found(run=run, place=source.path, strength=int(source.claim.strength))
        if count == 0:
            raise NotALogError(source.path, "holds no training curve")
    except NotALogError as error:
        if source.others and count == 0:
            claim, reader = source.others[0]
            claim = replace(claim, quiet=claim.quiet and source.claim.quiet)
            rest = Claimed(reader, claim, source.path, source.files, source.others[1:])
            yield from read_source(rest, refusal=refusal or error.reason)
        elif not source.claim.quiet or any(file.named or file.suffix in LOG_SUFFIXES for file in source.files):
            yield Unreadable(source=error.source, error=refusal or error.reason)
    except ReadError as error:
        yield Unreadable(source=error.source, error=error.reason)
    except OSError as error:
        yield Unreadable(source=str(source.path), error=f"cannot be read: {error.strerror or error}", transient=True)
    except MemoryError:
        reason = "too large for the memory of this machine"
        yield Unreadable(source=str(source.path), error=reason, transient=True)
    except Exception as error:  # a defect of ours must not cost the user the other files
        kind = type(error).__name__
        message = f"the {source.reader.name} reader failed on it ({kind}: {error}); this is a bug, please report it"
        yield Unreadable(source=str(source.path), error=message)


def _found(bundle: Bundle, read: Callable[[Claimed], Iterator[Found | Unreadable]]) -> Iterator[Found | Unreadable]:
    held: list[Found] = []
    for lower in bundle.below:
        for item in _found(lower, read):
            if isinstance(item, Found):
                held.append(item)
            else:
                yield item
    found: list[Found] = []
    for source in bundle.sources:
        for item in read(source):
            if isinstance(item, Found):
                found.append(item)
            else:
                yield item
    if bundle.directory == bundle.root and any(file.named for source in bundle.sources for file in source.files):
        yield from (replace(item, place=bundle.root) for item in found)
    else:
        yield from _joined(found, held, bundle)


def _joined(found: list[Found], held: list[Found], bundle: Bundle) -> Iterator[Found]:
    """Join logs of the same training, then name what is left after its directory or file."""
    directory = bundle.directory
    everything = [*found, *held]
    groups = join_runs([item.run for item in everything], [item.strength for item in everything])
    survivors: list[Found] = []
    for indices, run in groups:
        item = everything[indices[0]]
        several = len({everything[index].place for index in indices}) > 1
        outside = any(index < len(found) for index in indices)  # one of its logs lies in this very directory
        place = directory if several and outside and not bundle.part else item.place
        survivors.append(Found(run=run, place=place, strength=item.strength))
    direct = {item.place for item in survivors if item.place.parent == directory and item.place.is_file()}
    alone = len(direct) == 1 and not bundle.part and not any(item.place == directory for item in survivors)
    for item in survivors:
        if item.place in direct:
            item.place = directory if alone else item.place.with_suffix("")
        yield item


def _global_id(found: Found, bundle: Bundle) -> str:
    """Path of the run below what the user named; the root's own name for a run at the root itself."""
    # A group may lie above what was named: `train/` belongs to the run above it.
    root, prefix = bundle.root, bundle.prefix
    relative = found.place.relative_to(root).as_posix() if found.place.is_relative_to(root) else "."
    if relative == ".":
        base = prefix or (root.resolve().name if root.is_dir() else root.name) or root.as_posix()
    else:
        base = f"{prefix}/{relative}" if prefix else relative
    return f"{base}#{found.run.id}" if found.run.id else base
