"""Logs that lie elsewhere: anything fsspec has a URL for, as a tree of placeholders here.

A listing makes the tree: every file with its name, size and time, and nothing in it. The first bytes of a file are
fetched when somebody asks whose it is (the whole of a small file: that is one request as well), many files at once; the
rest of a log only when it is read, and it is given up again afterwards. So readers see files as ever, and a bucket of
checkpoints costs their first bytes. The tree lies in the directory for temporary files, and is removed at the end.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

from lrdoctor.errors import UsageError
from lrdoctor.patterns import pattern
from lrdoctor.readers._base import HEAD_BYTES, LogFile
from lrdoctor.records import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lrdoctor.bundles import Bundle, Claimed
    from lrdoctor.records import Run

    Said = TypeVar("Said", bound=Run | Unreadable)

_URL = pattern(r"[A-Za-z][A-Za-z0-9+.-]+(::[a-z].*)?://")
_WHOLE = 256 * 1024
"""Files up to this many bytes are fetched whole at once: 256 KB take hardly longer than 16."""
_AT_ONCE = 64
"""Files whose beginnings are fetched together."""
_NO_LOGS = frozenset({".pt", ".pth", ".ckpt", ".safetensors", ".onnx", ".png", ".jpg", ".jpeg", ".mp4", ".parquet"})
"""What no reader wants, whatever is in it."""
_MARK = ".lrdoctor-mirror"
_TIMES = ("LastModified", "mtime", "last_modified", "updated", "modified", "created")
_SECRETS = pattern(r"SECRET|TOKEN|PASSW|CREDENTIAL|_KEY", re.IGNORECASE)
_QUERY = pattern(r"([?&][^=&\s]{1,60}=)[^&\s'\"]+")
_USER = pattern(r"(?<=://)[^/@\s]+:[^/@\s]*@")


def is_url(path: str | Path) -> TypeGuard[str]:
    """Say whether this names something elsewhere; a path that exists here is a path."""
    return isinstance(path, str) and bool(_URL.match(path)) and not os.path.lexists(path)


def redacted(text: str) -> str:
    """The text without passwords and tokens: those in URLs, and those that the environment holds."""
    text = _QUERY.sub(r"\1***", _USER.sub("***@", text))
    for name, value in os.environ.items():
        if len(value) >= 8 and _SECRETS.search(name):
            text = text.replace(value, "***")
    return text


def told(item: Said, top: Path, url: str) -> Said:
    """The same with a URL in place of the path of a tree; without passwords."""
    here, there = str(top), redacted(url)

    def said(text: str) -> str:
        return redacted(text.replace(here, there))

    if isinstance(item, Unreadable):
        return replace(item, source=said(item.source), error=said(item.error))
    return replace(item, source=said(item.source), notes=tuple(map(said, item.notes)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """What it takes to fetch the files of a bundle, on this machine or another.

    Parameters
    ----------
    url
        The directory that `top` stands for.
    top
        The tree of placeholders, on the machine that listed it.
    files
        Path elsewhere of everything that readers may want to see, by path below `top`.
    begun
        Those of them of which the tree holds no more than the beginning.
    """

    url: str = field(repr=False)
    top: Path
    files: Mapping[str, str] = field(repr=False)
    begun: frozenset[str] = frozenset()

    @contextlib.contextmanager
    def fetched(self, bundle: Bundle) -> Iterator[tuple[Bundle, list[Unreadable], Path]]:
        """The bundle with its files whole, what could not be fetched, and the tree that they are in.

        That is the tree of placeholders where it is on this machine, and one of their own elsewhere.
        """
        if (self.top.parent / _MARK).exists():
            yield *self._fetch(bundle, self.begun, self.top), self.top
            return
        from tempfile import TemporaryDirectory

        with TemporaryDirectory(prefix="lrdoctor-") as other:
            here = Path(other) / self.top.name
            yield *self._fetch(_moved(bundle, self.top, here), self.files.keys(), here), here

    def _fetch(self, bundle: Bundle, names: Iterable[str], top: Path) -> tuple[Bundle, list[Unreadable]]:
        failed: dict[Path, str] = {}
        system, _ = _system(self.url)
        for name in names:
            target = top / name
            part = target.with_name(f"{target.name[:100]}.part")
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                system.get_file(self.files[name], str(part))
                if target.exists():
                    os.utime(part, ns=(0, target.stat().st_mtime_ns))
                part.replace(target)
            except Exception as error:  # whatever a file system of another package may raise
                part.unlink(missing_ok=True)
                failed[target] = f"cannot be fetched ({_words(error)})"
        lost = [
            Unreadable(source=str(source.path), error=failed[file.path], transient=True)
            for source in bundle.all_sources()
            for file in source.files
            if file.path in failed
        ]
        return bundle.without(frozenset(Path(one.source) for one in lost)), lost


class Mirror:
    """The tree of placeholders of one URL.

    Parameters
    ----------
    url
        A directory, or a file.

    Raises
    ------
    UsageError
        There is no such thing, it cannot be listed, or what it takes is not installed.
    """

    def __init__(self, url: str) -> None:
        from tempfile import mkdtemp

        system, path = _system(url)
        self._system = system
        self._home = Path(mkdtemp(prefix="lrdoctor-"))
        system.invalidate_cache()  # of listings: what was there the last time does not count
        try:
            listed, base, self.url = _listing(system, path, url)
            self.top = self._home / (PurePosixPath(base.partition("?")[0]).name or "remote")
            single = base != path
            self.root = self.top / PurePosixPath(path.partition("?")[0]).name if single else self.top
            self._files: dict[str, str] = {}
            self._begun: set[str] = set()
            self._empty: dict[str, int] = {}
            self._lay_out(listed, base)
            (self._home / _MARK).touch()
        except BaseException:
            self.close()
            raise
        # What lives in the memory of this process is fetched by this process.
        self._whole = _WHOLE if getattr(system, "protocol", "") != "memory" else 2**62

    def _lay_out(self, listed: Mapping[str, Mapping[str, Any]], base: str) -> None:
        self.top.mkdir()
        for path, info in listed.items():
            name = path.removeprefix(base).lstrip("/").partition("?")[0]
            parts = name.split("/")
            size = info.get("size")
            if info.get("type") == "directory" or size is None or any(_unsafe(part) for part in parts):
                continue
            target = self.top / name
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as stream:
                    stream.truncate(size)
                moment = _moment(info)
                os.utime(target, ns=(moment, moment))
            except OSError:  # a name that is a directory as well, or too long
                continue
            self._files[name] = path
            if size and target.suffix.lower() not in _NO_LOGS:
                self._empty[name] = size

    def fetch_heads(self, paths: Iterable[Path]) -> None:
        """Fetch the beginnings of some files, and of those that come next: the walk comes by them soon."""
        wanted = [name for path in paths if (name := path.relative_to(self.top).as_posix()) in self._empty]
        if not wanted:
            return
        first = set(wanted)
        later = (name for name in self._empty if name not in first and name > wanted[0])
        wanted += islice(later, max(_AT_ONCE - len(wanted), 0))
        sizes = [self._empty.pop(name) for name in wanted]
        ends = [size if size <= self._whole else HEAD_BYTES for size in sizes]
        heads = self._system.cat_ranges(
            [self._files[name] for name in wanted], [0] * len(wanted), ends, on_error="return"
        )  # fmt: skip
        for name, size, head in zip(wanted, sizes, heads, strict=True):
            path = self.top / name
            if not isinstance(head, bytes) or len(head) < size:
                self._begun.add(name)
            if isinstance(head, bytes):
                moment = path.stat().st_mtime_ns
                with path.open("r+b") as stream:
                    stream.write(head)
                os.utime(path, ns=(moment, moment))

    def completed(self, bundle: Bundle) -> Bundle:
        """The bundle with what it takes to fetch it."""
        claimed = {file.path.relative_to(self.top).as_posix() for one in bundle.all_sources() for file in one.files}
        homes = {PurePosixPath(name).parent for name in claimed}
        beside = {
            path.relative_to(self.top).as_posix()
            for home in homes
            for path in islice((self.top / home).iterdir(), _AT_ONCE * 4)
            if path.is_file() and path.stat().st_size <= _WHOLE
        }
        files = {name: self._files[name] for name in sorted(claimed | beside) if name in self._files}
        begun = frozenset(files) & (self._begun | self._empty.keys())
        return replace(bundle, remote=Remote(url=self.url, top=self.top, files=files, begun=begun))

    def release(self, bundle: Bundle) -> None:
        """Give up what was fetched of a bundle's logs."""
        for source in bundle.all_sources():
            for file in source.files:
                with contextlib.suppress(OSError):
                    status = file.path.stat()
                    file.path.write_bytes(b"")
                    os.truncate(file.path, status.st_size)
                    os.utime(file.path, ns=(status.st_atime_ns, status.st_mtime_ns))
                self._begun.add(file.path.relative_to(self.top).as_posix())

    def close(self) -> None:
        """Remove the tree."""
        shutil.rmtree(self._home, ignore_errors=True)


def expanded(url: str) -> list[str | Path]:
    """The URLs that a pattern matches; the URL itself if it is none; a path for what is here after all.

    Raises
    ------
    UsageError
        Nothing matches.
    """
    if url.startswith(("file://", "local://")):
        return [Path(_system(url)[1])]
    if not re.search(r"[*?\[]", url.partition("?")[0] if url.startswith("http") else url):
        return [url]
    system, path = _system(url)
    try:
        found = [system.unstrip_protocol(match) for match in sorted(system.glob(path))]
    except Exception as error:
        raise UsageError(f"{redacted(url)}: cannot be listed ({_words(error)})") from None
    if not found:
        raise UsageError(f"{redacted(url)}: nothing matches this pattern")
    return found


def _system(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise UsageError("URLs need fsspec: pip install 'lrdoctor[remote]'") from None
    try:
        system, path = url_to_fs(url)
    except ImportError as error:
        raise UsageError(f"{redacted(url)}: {_words(error)}") from None
    except Exception as error:
        raise UsageError(f"{redacted(url)}: cannot be opened ({_words(error)})") from None
    return system, path.rstrip("/")


def _listing(system: Any, path: str, url: str) -> tuple[dict[str, Any], str, str]:
    """Files by path, the directory they are in, and its URL."""
    url = url.rstrip("/")
    try:
        if path and system.isfile(path):
            base, _, _ = path.rpartition("/")
            beside: dict[str, Any] = {}
            with contextlib.suppress(Exception):  # a server may show a file and not its directory
                beside = {info["name"]: info for info in system.ls(base, detail=True)}
            return {**beside, path: system.info(path)}, base, url.partition("?")[0].rpartition("/")[0]
        found = system.find(path, detail=True)
    except Exception as error:
        raise UsageError(f"{redacted(url)}: cannot be listed ({_words(error)})") from None
    if not found and not system.isdir(path):
        raise UsageError(f"no such file or directory: {redacted(url)}")
    return dict(sorted(found.items())), path, url


def _moment(info: Mapping[str, Any]) -> int:
    """When a file changed, in nanoseconds; the time to come where nobody says, so that nothing is remembered of it."""
    for name in _TIMES:
        value = info.get(name)
        if isinstance(value, str):
            with contextlib.suppress(ValueError):
                value = datetime.fromisoformat(value)
        if isinstance(value, datetime):
            return int(value.timestamp() * 1e6) * 1000
        if isinstance(value, int | float) and value > 0:
            return int(value * 1e6) * 1000
    return time.time_ns() + 3600 * 10**9


def _unsafe(part: str) -> bool:
    """Say whether a name elsewhere is none that a file here may have."""
    return part in ("", ".", "..") or "\0" in part or "\\" in part or len(part.encode(errors="replace")) > 200


def _words(error: BaseException) -> str:
    text = redacted(str(error)).strip()
    return f"{type(error).__name__}: {text.splitlines()[0][:300]}" if text else type(error).__name__


def _moved(bundle: Bundle, top: Path, here: Path) -> Bundle:
    """The bundle with its files in another tree."""

    def moved(path: Path) -> Path:
        return here / path.relative_to(top)

    def source(of: Claimed) -> Claimed:
        group = None if of.claim.group is None else moved(of.claim.group)
        files = [LogFile(moved(file.path), named=file.named) for file in of.files]
        return replace(of, claim=replace(of.claim, group=group), path=moved(of.path), files=files)

    return replace(
        bundle,
        root=moved(bundle.root),
        directory=moved(bundle.directory),
        sources=tuple(map(source, bundle.sources)),
        below=tuple(_moved(lower, top, here) for lower in bundle.below),
    )
