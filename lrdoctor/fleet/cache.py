"""What was said about logs that have not changed since.

Three things are kept. Of a whole pass, what it has seen and what came of it (`passes`). Of a directory, whose its files
are, for as long as names, sizes and times in it stay the same (and those of its neighbours, where a reader looked at
them). Of a bundle, what was said about its runs, for as long as nothing in or below its directory changes. All hold for
one version of lrdoctor and one choice of settings.
"""

from __future__ import annotations

import hashlib
import os
import time
import warnings
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

import lrdoctor
from lrdoctor.bundles import Claimed
from lrdoctor.fleet.passes import Noting, packed, unpacked
from lrdoctor.fleet.store import Store
from lrdoctor.readers._base import Claim, Strength
from lrdoctor.records import Unreadable
from lrdoctor.registry import declared, discover
from lrdoctor.remote import is_url

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from lrdoctor.bundles import Bundle
    from lrdoctor.claiming import Once, Verdict
    from lrdoctor.fleet.passes import Pass
    from lrdoctor.readers._base import LogFile, Reader

FILE = "lrdoctor-1.sqlite"
_SETTLED, _SETTLED_COARSE = 50_000_000, 2_000_000_000
"""Nanoseconds after which a file is changed no more without its time changing; where times are whole seconds."""
_FEW = 16


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """Whose a file is: the readers that claimed it, surest first; or why nobody did."""

    name: str
    readers: tuple[tuple[str, Strength, int | None, bool], ...]
    """Reader, strength, how many levels above the directory its group is, whether it is quiet."""
    refusal: str | None


class _Claims(msgspec.Struct, frozen=True, array_like=True):
    around: bytes
    """The neighbours of the directory, where a reader looked further than into it."""
    files: list[_Kept]


class Cache:
    """Remembers what became of files.

    Parameters
    ----------
    directory
        Where the file lies or is to lie; made if need be.
    settings
        Whatever the answers depend on besides the files.
    warn
        Told once why the cache is not used.
    """

    def __init__(self, directory: Path, settings: bytes, warn: Callable[[str], object] = warnings.warn) -> None:
        self._settings = settings + _own_version()
        self._listed: tuple[Path, bytes] = (Path(), b"")
        self._store = Store(directory / FILE, warn)
        self._roots: list[Path] = []
        self._noting: Noting | None = None

    @cached_property
    def _readers(self) -> dict[str, Reader]:
        return {reader.name: reader for reader in discover("lrdoctor.readers", "READER").values()}

    def recall(self, paths: Sequence[str | Path], files: Once) -> Generator[bytes, None, bool]:
        """What was said the last time about everything below some paths, in order.

        Returns
        -------
        Whether that is all. Where it is not, because something has changed or nothing is known, what has been yielded
        is what a walk would come by first; the walk is noted for the next time.
        """
        self._roots = [Path(path) for path in paths if not is_url(path)]
        if len(self._roots) < len(paths) or not all(root.is_dir() for root in self._roots):
            return False
        name = self._name_of_pass(files)
        notes = unpacked(self._store.get(name, b""))
        if notes is None or not self._holds(notes, files):
            self._noting = Noting(name, self._roots)
            return False
        wanted = [answer for answer in notes.answers if not isinstance(answer, bytes)]
        bodies = self._store.get_all(wanted)
        for answer in notes.answers:
            body = answer if isinstance(answer, bytes) else next(bodies)
            if body is None:  # the walk will put it into the store again
                return False
            yield body
        return True

    def _holds(self, notes: Pass, files: Once) -> bool:
        """Whether every directory is as it was."""
        files.passed = 0
        if notes.around and notes.around != self._around_roots():
            return False
        for name, stamp in notes.seen:
            try:
                if self._stamp(files.entries(Path(name))) != stamp:
                    return False
            except OSError:
                return False
        return True

    def _name_of_pass(self, files: Once) -> bytes:
        places = [place for root in self._roots for place in (str(root), str(root.absolute()))]
        links = b"everywhere" if files.follow_links else b"within"
        return _digest(self._settings, b"pass", links, *map(os.fsencode, places))

    def _around_roots(self) -> bytes:
        around = [_around(root) for root in self._roots]
        return _digest(*around) if all(around) else b""

    def get(self, bundle: Bundle) -> bytes | None:
        """What was said about the runs of a bundle, if nothing has changed since; asked for each bundle of a walk."""
        stamp, name = _stamp_of(bundle), self._name(bundle)
        if self._noting is not None:
            self._noting.answered((name, stamp))
        return self._store.get(name, stamp) if stamp else None

    def lost(self, body: bytes, *, lasting: bool) -> None:
        """A walk has come by something that cannot be read."""
        if self._noting is not None:
            self._noting.answered(body if lasting else (b"", b""))

    def put(self, bundle: Bundle, body: bytes, *, lasting: bool) -> None:
        """Remember what was said about the runs of a bundle, if the same would be said another time."""
        stamp = _stamp_of(bundle)
        if stamp and lasting:
            self._store.put(self._name(bundle), stamp, body)
        elif self._noting is not None:
            self._noting.good = False

    def _name(self, bundle: Bundle) -> bytes:
        ends = (bundle.sources[0].path, bundle.sources[-1].path) if bundle.sources else ()
        paths = [bundle.root, bundle.directory, *ends]
        if bundle.remote is None:
            places = [str(bundle.root.absolute()), *map(str, paths)]
        else:  # the tree of placeholders has another name every time
            places = [bundle.remote.url, *(str(path.relative_to(bundle.remote.top)) for path in paths)]
        return _digest(self._settings, *map(os.fsencode, [bundle.prefix, *places]))

    def stamp(self, path: Path, entries: Sequence[os.DirEntry[str]]) -> bytes:
        """Names, sizes and times of what is in a directory; empty where some file is too new to tell."""
        self._listed = path, self._stamp(entries)
        if self._noting is not None:
            self._noting.saw(*self._listed)
        return self._listed[1]

    def _stamp(self, entries: Sequence[os.DirEntry[str]]) -> bytes:
        now, parts = time.time_ns(), []
        for entry in entries:
            try:
                if entry.is_symlink():
                    parts.append(os.fsencode(os.readlink(entry.path)))  # noqa: PTH115 - many
                if entry.is_dir():
                    parts.append(os.fsencode(entry.name))
                    continue
                status = entry.stat()
            except OSError:
                return b""
            if not _settled(status.st_mtime_ns, now):
                return b""
            parts.append(b"%s %d %d" % (os.fsencode(entry.name), status.st_size, status.st_mtime_ns))
        return _digest(*parts)

    def claims(self, path: Path, files: Sequence[os.DirEntry[str]], opener: Once) -> Iterator[Verdict]:
        """Whose the files of a directory are: as it was found the last time, if nothing has changed."""
        stamp = self._listed[1] if self._listed[0] == path else b""
        if not files or not stamp:
            yield from opener.asked(path, files)
            return
        mirror = opener.mirror(path)
        place = str(path.absolute()) if mirror is None else f"{mirror.url}/{path.relative_to(mirror.top)}"
        name = _digest(self._settings, b"claims", os.fsencode(place))
        known = self._known(name, stamp, path)
        if known is not None:
            if self._noting is not None and known.around:
                self._noting.looked_around(path)
            yield from (self._verdict(opener.file(path / kept.name), kept) for kept in known.files)
            return
        verdicts = list(opener.asked(path, files))
        yield from verdicts
        claims = _claims(path, [entry.name for entry in files], verdicts)
        if claims is not None:
            self._store.put(name, stamp, msgspec.msgpack.encode(claims))
        if self._noting is not None and claims is None:
            self._noting.good = False
        elif self._noting is not None and claims is not None and claims.around:
            self._noting.looked_around(path)

    def _known(self, name: bytes, stamp: bytes, path: Path) -> _Claims | None:
        """What was found of the files of a directory, if it still holds."""
        body = self._store.get(name, stamp)
        try:
            claims = None if body is None else _CLAIMS.decode(body)
        except msgspec.MsgspecError:
            return None
        if claims is None or (claims.around and claims.around != _around(path)):
            return None
        named = {reader for kept in claims.files for reader, *_ in kept.readers}
        return claims if named <= self._readers.keys() else None

    def _verdict(self, file: LogFile, kept: _Kept) -> Verdict:
        path = file.path.parent
        if kept.refusal is not None:
            return None, Unreadable(source=str(file.path), error=kept.refusal)
        claims = [
            (Claim(strength=strength, group=None if up is None else (path, *path.parents)[up], quiet=quiet), reader)
            for reader, strength, up, quiet in kept.readers
        ]
        claim, reader = claims[0]
        others = [(weaker, self._readers[name]) for weaker, name in claims[1:]]
        return Claimed(self._readers[reader], claim, claim.group or file.path, [file], others), None

    def close(self, *, complete: bool) -> None:
        """Write what is new; a pass is kept only if it came to its end."""
        noting = self._noting
        if complete and noting is not None and noting.good:
            noting.notes.around = self._around_roots() if noting.looked_beyond else b""
            if noting.notes.around or not noting.looked_beyond:
                self._store.put(noting.name, b"", packed(noting.notes))
        self._store.close()


_CLAIMS = msgspec.msgpack.Decoder(_Claims)


def _claims(path: Path, names: Sequence[str], verdicts: Sequence[Verdict]) -> _Claims | None:
    """What to remember of the files of a directory; None where it cannot be."""
    files, looked_around = [], False
    homes = (path, *path.parents)
    for name, (claimed, refusal) in zip(names, verdicts, strict=True):
        readers = []
        if refusal is not None and refusal.transient:
            return None
        for claim, reader in [(claimed.claim, claimed.reader), *claimed.others] if claimed is not None else []:
            if claim.group is not None and claim.group not in homes:
                return None
            up = None if claim.group is None else homes.index(claim.group)
            looked_around |= up is not None
            readers.append((reader.name, claim.strength, up, claim.quiet))
        if claimed is not None or refusal is not None:
            files.append(_Kept(name, tuple(readers), None if refusal is None else refusal.error))
    around = _around(path) if looked_around else b""
    return None if looked_around and not around else _Claims(around, files)


def _around(path: Path) -> bytes:
    """When the directories changed that readers of groups look at: parents, and neighbours where there are few."""
    try:
        parent = path.parent.stat().st_mtime_ns
        times = [parent, path.parent.parent.stat().st_mtime_ns]
        times += [os.stat(name).st_mtime_ns for name in _neighbours(str(path.parent), parent)]  # noqa: PTH116 - many
    except OSError:
        return b""
    now = time.time_ns()
    return _digest(*(b"%d" % moment for moment in times)) if all(_settled(moment, now) for moment in times) else b""


@lru_cache(maxsize=64)
def _neighbours(parent: str, changed: int) -> tuple[str, ...]:
    """The directories in a directory, unless they are many."""
    with os.scandir(parent) as entries:
        found = list(islice((entry.path for entry in entries if entry.is_dir()), _FEW + 1))
    return tuple(sorted(found)) if len(found) <= _FEW else ()


def _stamp_of(bundle: Bundle) -> bytes:
    """What differs when a log of the bundle, or anything beside or below it, has changed; empty where unknown."""
    named = any(file.named for source in bundle.sources for file in source.files)
    if not bundle.part and not named:
        return bundle.stamp
    now, parts = time.time_ns(), []
    try:
        files = [file for source in bundle.all_sources() for file in source.files]
        parts = [file.stamp[2:] for file in files]
        beside = bundle.directory.parent.stat().st_mtime_ns if named else 0  # a configuration that comes or goes
    except OSError:
        return b""
    if not all(_settled(changed, now) for _, changed in parts):
        return b""
    return _digest(b"%d" % beside, *(b"%d %d" % pair for pair in parts))


def _settled(changed: int, now: int) -> bool:
    """Say whether a change that is still to come would give a file another time."""
    return now - changed > (_SETTLED if changed % 1_000_000_000 else _SETTLED_COARSE)


def _digest(*parts: bytes) -> bytes:
    return hashlib.blake2b(b"\0".join(parts), digest_size=16).digest()


def _own_version() -> bytes:
    """Differs when lrdoctor itself, or a plug-in of another package, has changed."""
    home = Path(__file__).parent.parent
    own = [
        os.stat(os.path.join(folder, name))  # noqa: PTH116, PTH118 - four hundred files, at the start of every call
        for folder, _, names in sorted(os.walk(home))
        for name in sorted(names)
        if name.endswith((".py", ".toml", ".npz"))
    ]
    others = [
        f"{point.value} {point.dist.version if point.dist else ''}"
        for group in ("lrdoctor.readers", "lrdoctor.rules")
        for point in declared(group)
    ]
    sizes = [b"%d %d" % (status.st_size, status.st_mtime_ns) for status in own]
    return _digest(lrdoctor.__version__.encode(), *sizes, *(other.encode() for other in sorted(others)))
