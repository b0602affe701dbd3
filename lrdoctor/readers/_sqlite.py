"""SQLite stores of trackers, read without leaving a trace beside them.

A store may be hostile: what looks like a table may be a view that never ends, a text may be as large as a
disk.
"""

from __future__ import annotations

import time
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from lrdoctor.errors import ReadError
from lrdoctor.readers._links import within_reach

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

MAGIC = b"SQLite format 3\x00"

_MAX_VALUE = 16 << 20
_MAX_COPY = 4 << 30
_STEPS_BETWEEN_CHECKS = 200_000
_BASE_SECONDS, _SECONDS_PER_MIB = 20.0, 0.5


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a store for reading.

    Entries that are still in its write-ahead file are read from a copy, since SQLite would otherwise write
    beside the store. A statement that runs far longer than the size of the store warrants is ended.

    Raises
    ------
    ReadError
        It is damaged, locked, or a statement took too long.
    """
    import sqlite3

    try:
        with _place(path) as place, closing(_connect(place)) as connection:
            yield connection
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter where SQLite quotes damaged text
        raise ReadError(path, f"the SQLite store cannot be read ({error})") from None
    except MemoryError:  # SQLite asked for what a damaged header or cell claims
        raise ReadError(path, "the SQLite store is damaged: a size in it is beyond all memory") from None
    except OSError as error:
        raise ReadError(path, f"cannot be read: {error.strerror or error}") from None


@contextmanager
def _place(path: Path) -> Iterator[Path]:
    """The store itself, or a copy of it together with its write-ahead file."""
    ahead = path.with_name(f"{path.name}-wal")
    if not (ahead.is_file() and ahead.stat().st_size and within_reach(ahead)):
        yield path
        return
    if path.stat().st_size + ahead.stat().st_size > _MAX_COPY:
        yield path  # what was checkpointed is better than nothing
        return
    import shutil
    import tempfile

    with tempfile.TemporaryDirectory(prefix="lrdoctor-") as folder:
        copy = Path(folder) / "store.db"
        shutil.copyfile(path, copy)
        shutil.copyfile(ahead, Path(f"{copy}-wal"))
        yield copy


def _connect(path: Path) -> sqlite3.Connection:
    import sqlite3

    mode = "mode=rw" if Path(f"{path}-wal").exists() and path.name == "store.db" else "mode=ro&immutable=1"
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True, timeout=2.0)
    connection.text_factory = lambda raw: raw.decode("utf-8", errors="replace")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA temp_store = MEMORY")
    until = time.monotonic() + _BASE_SECONDS + _SECONDS_PER_MIB * path.stat().st_size / (1 << 20)
    connection.set_progress_handler(lambda: int(time.monotonic() > until), _STEPS_BETWEEN_CHECKS)
    return connection


def tables(path: Path) -> dict[str, frozenset[str]]:
    """Columns of each true table of a store, by name; empty for what is no store."""
    try:
        status = path.stat()
        return _tables(path, status.st_mtime_ns, status.st_size)
    except OSError:
        return {}


@lru_cache(maxsize=64)
def _tables(path: Path, _modified: int, _size: int) -> dict[str, frozenset[str]]:
    try:
        with opened(path) as connection:
            names = connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%' LIMIT 500"
            ).fetchall()
            found = {}
            for (name,) in names:
                quoted = str(name).replace('"', '""')
                columns = connection.execute(f'PRAGMA table_info("{quoted}")').fetchall()
                found[str(name)] = frozenset(str(column[1]) for column in columns)
            return found
    except ReadError:
        return {}
