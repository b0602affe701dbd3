"""Bytes that are kept between calls: one SQLite file in a directory of the user's choice.

It is a convenience: where it cannot be opened, read or written, or holds something damaged, a warning says so and the
work is done without it.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_WAITING, _SECONDS = 500, 2.0
"""Entries, and seconds, after which what is new is written."""
_AT_ONCE = 500
"""Entries that are asked for together."""
_MAPPED = 2**30
"""Bytes of the file that are read as memory."""
_PATIENCE = 10.0
"""Seconds to wait for another process that writes."""


class Store:
    """Bytes by name, each good as long as its stamp stays the same; several processes may share the file.

    Parameters
    ----------
    path
        The file; made if need be.
    warn
        Told once what is wrong with it.
    """

    def __init__(self, path: Path, warn: Callable[[str], object]) -> None:
        self._path, self._warn = path, warn
        self._new: dict[bytes, tuple[bytes, bytes]] = {}
        self._written = time.monotonic()
        self._file: sqlite3.Connection | None = None
        with self._forgiving():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
            self._file.execute("PRAGMA synchronous = NORMAL")
            self._file.execute(f"PRAGMA mmap_size = {_MAPPED}")
            self._file.execute("CREATE TABLE IF NOT EXISTS known (name BLOB PRIMARY KEY, stamp BLOB, body BLOB)")

    def get(self, name: bytes, stamp: bytes) -> bytes | None:
        """The bytes of that name, if the stamp is still the same and they are undamaged."""
        row = None
        with self._forgiving():
            if self._file is not None:
                row = self._file.execute("SELECT stamp, body FROM known WHERE name = ?", (name,)).fetchone()
        return self._sound(row, stamp)

    def get_all(self, wanted: Sequence[tuple[bytes, bytes]]) -> Iterator[bytes | None]:
        """What `get` says of each name and stamp, many at a time."""
        for begin in range(0, len(wanted), _AT_ONCE):
            some = wanted[begin : begin + _AT_ONCE]
            rows: dict[bytes, tuple[bytes, bytes]] = {}
            with self._forgiving():
                if self._file is not None:
                    marks = ", ".join("?" * len(some))
                    query = f"SELECT name, stamp, body FROM known WHERE name IN ({marks})"
                    rows = {name: kept for name, *kept in self._file.execute(query, [name for name, _ in some])}
            yield from (self._sound(rows.get(name), stamp) for name, stamp in some)

    def _sound(self, row: Sequence[bytes] | None, stamp: bytes) -> bytes | None:
        """The body of an entry, if it is of that stamp and undamaged."""
        if row is None or row[0] != stamp:
            return None
        body = bytes(row[1])
        if body[:4] != _check(body[4:]):
            self._tell("holds damaged entries, which are made anew")
            return None
        return body[4:]

    def put(self, name: bytes, stamp: bytes, body: bytes) -> None:
        """Keep some bytes; they are written with others, a little later."""
        self._new[name] = stamp, _check(body) + body
        if len(self._new) >= _WAITING or time.monotonic() - self._written > _SECONDS:
            self._write()

    def _write(self) -> None:
        with self._forgiving():
            if self._file is not None and self._new:
                rows = [(name, *kept) for name, kept in self._new.items()]
                self._file.execute("BEGIN IMMEDIATE")
                self._file.executemany("INSERT OR REPLACE INTO known VALUES (?, ?, ?)", rows)
                self._file.execute("COMMIT")
        self._new.clear()
        self._written = time.monotonic()

    def close(self) -> None:
        """Write what is left."""
        self._write()
        with self._forgiving():
            if self._file is not None:
                self._file.close()
        self._file = None

    @contextlib.contextmanager
    def _forgiving(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            self._tell(f"cannot be used ({error}); it may be deleted")
            self._file = None

    def _tell(self, what: str) -> None:
        self._warn(f"the cache {self._path} {what}")
        self._warn = lambda message: None


def _check(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(4, "little")
