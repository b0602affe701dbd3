"""What a user holds, as runs: paths, patterns, URLs, objects of other libraries, and lists of any of these."""

from __future__ import annotations

import glob
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrdoctor.errors import UsageError
from lrdoctor.records import Run, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lrdoctor.claiming import Once


def stream(
    source: Any,
    *,
    roles: Mapping[str, str] | None = None,
    settled: Mapping[str, str] | None = None,
    files: Once | None = None,
) -> Iterator[Run | Unreadable]:
    """Yield runs with their roles as they are read, and what could not be read; arguments as for `read`.

    `files` says how files are found and opened. `settled` holds roles from a configuration file: `roles` go before
    them, and they need not match anything, since one file serves many logs.
    """
    from lrdoctor.examining import with_roles
    from lrdoctor.roles import RoleOverrides

    wanted = RoleOverrides(roles or {})
    overrides = RoleOverrides(all_roles(roles, settled))
    found = False
    taken: Counter[str] = Counter()
    for item in _items(source, files):
        if not isinstance(item, Run):
            yield item
            continue
        found = True
        item = _named(item, taken)
        wanted.resolve(item.series)
        yield with_roles(item, overrides)
    if found:
        wanted.check()


def all_roles(roles: Mapping[str, str] | None, settled: Mapping[str, str] | None) -> dict[str, str]:
    """Roles of a call, and behind them those that were settled before."""
    roles = roles or {}
    return {**roles, **{tag: role for tag, role in (settled or {}).items() if tag not in roles}}


def _named(run: Run, taken: Counter[str]) -> Run:
    """The run under an id that no other has: what is read from memory may have none, or that of another."""
    name = run.id or "run"
    taken[name] += 1
    unique = name if taken[name] == 1 else f"{name}~{taken[name]}"
    return run if unique == run.id else replace(run, id=unique)


def paths_of(source: Any) -> list[str | Path] | None:
    """The paths that somebody has named, unless it is something else."""
    if isinstance(source, str | Path):
        return [source]
    if isinstance(source, list | tuple) and source and all(isinstance(item, str | Path) for item in source):
        return list(source)
    return None


def _items(source: Any, files: Once | None) -> Iterator[Run | Unreadable]:
    """Dispatch on what the user has."""
    paths = paths_of(source)
    if paths is not None:
        from lrdoctor.gather import gather

        yield from gather(expand(paths), files=files)
        return
    if isinstance(source, Run):
        yield source
        return
    if isinstance(source, list | tuple) and source and not _is_one_log(source):
        for number, item in enumerate(source, 1):
            yield from _numbered(item, number, files)
        return
    from lrdoctor.readers._memory import runs_from_object

    yield from runs_from_object(source)


def _is_one_log(items: Sequence[Any]) -> bool:
    """A list of numbers is one curve, a list of dicts one log history; a list of anything else is several logs."""
    return all(isinstance(item, int | float) for item in items) or (
        all(isinstance(item, dict) for item in items)
        and not any(
            isinstance(value, list | tuple) or hasattr(value, "__array__") for item in items for value in item.values()
        )
    )


def _numbered(item: Any, number: int, files: Once | None) -> Iterator[Run | Unreadable]:
    for entry in _items(item, files):
        if isinstance(entry, Run) and not isinstance(item, str | Path | Run):
            entry = replace(entry, id=f"{entry.id or 'run'}-{number}")
        yield entry


def expand(paths: Sequence[str | Path]) -> list[str | Path]:
    """Resolve globs; a path that exists is taken as it stands, whatever characters are in it."""
    from lrdoctor.remote import expanded, is_url

    found: list[str | Path] = []
    for path in paths:
        if not str(path):
            raise UsageError("the path is empty")
        if is_url(path):
            found += expanded(str(path))
            continue
        if Path(path).exists() or not glob.has_magic(str(path)):
            found.append(Path(path))
            continue
        matches = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 - absolute patterns too
        if not matches:
            raise UsageError(f"{path}: nothing matches this pattern")
        found += [Path(match) for match in matches]
    return found
