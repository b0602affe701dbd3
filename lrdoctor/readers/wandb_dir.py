"""Run directories of Weights & Biases: `wandb/run-*`, `wandb/offline-run-*`, any with a `run-<id>.wandb`.

The directory is one source. Its `files/` and `logs/` (console output, configuration, summary) belong to the
run and are no runs of their own. Directories of one run that was resumed (same id) are read as the one
training they are.
"""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.patterns import pattern
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._beside import read_companion_json, read_companion_yaml
from lrdoctor.readers._hyper import find_hyperparameters
from lrdoctor.readers._links import within_reach

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from lrdoctor.readers._wandb.merging import Logged
    from lrdoctor.records import Run

_RUN_DIR = pattern(r"(?:offline-|dry)?run-\d{8}_\d{6}-(?P<id>[^/]+)")
_BINARY = pattern(r"run-(?P<id>.+)\.wandb")
_JSON_LINES = "wandb-history.jsonl"
_BELOW = frozenset(("files", "logs"))
_LFS = b"version https://git-lfs"


class WandbRunReader:
    """Reads the directory that wandb leaves behind for each run."""

    name = "wandb-run"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim the log of a run directory, and what lies beside it, so that no other reader takes that for a
        run."""
        directory = file.path.parent
        if not (_BINARY.fullmatch(file.name) or (file.suffix == ".wandb" and _is_binary(file))):
            found = _run_directory(file.path)
            if found is None:
                return None
            directory = found
        return Claim(strength=Strength.FORMAT, group=_group(directory))

    def read(self, source: Source) -> Iterator[Run]:
        """Read every run of the group, directories of one run id together.

        Raises
        ------
        NotALogError
            Nothing was ever logged in any of them.
        ReadError
            The log is damaged beyond use.
        """
        directories = sorted(
            {d for file in source.files if (d := _owner(file.path, source.path)) is not None}
        )
        by_id: dict[str, list[Path]] = defaultdict(list)
        for directory in directories:
            by_id[_run_id(directory)].append(directory)
        if not by_id:
            raise NotALogError(source.path, "no run-<id>.wandb and no wandb-history.jsonl in it")
        files = {file.path: file for file in source.files}
        failures: list[ReadError] = []
        count = 0
        for number, members in by_id.items():
            try:
                runs = _read_run(members, files)
            except ReadError as error:
                failures.append(error)
                continue
            count += len(runs)
            for run in runs:
                local = ".".join(part for part in (number if len(by_id) > 1 else "", run.id) if part)
                yield replace(run, id=local)
        if failures and not count:
            raise failures[0]


READER = WandbRunReader()


def _is_binary(file: LogFile) -> bool:
    from lrdoctor.readers._wandb.leveldb import MAGIC

    return file.head.startswith(MAGIC)


def _group(directory: Path) -> Path:
    """The run directory; its parent if the run was resumed there, in a directory of its own each time."""
    match = _RUN_DIR.fullmatch(directory.name)
    if match is None:
        return directory
    again = _run_directories(directory.parent, _modified(directory.parent)).get(match["id"], 0)
    return directory.parent if again > 1 else directory


@lru_cache(maxsize=256)
def _run_directories(parent: Path, _modified: int) -> dict[str, int]:
    """How many run directories there are for each run id."""
    count: dict[str, int] = defaultdict(int)
    try:
        with os.scandir(parent) as entries:
            for entry in entries:
                match = _RUN_DIR.fullmatch(entry.name)
                if match is not None and entry.is_dir():
                    count[match["id"]] += 1
    except OSError:
        pass
    return dict(count)


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _run_directory(path: Path) -> Path | None:
    """The run directory that a companion lies in; None for a file that is none, or whose run has no log."""
    for parent in list(path.parents)[:8]:
        if _RUN_DIR.fullmatch(parent.name):
            return parent if _log_names(parent, _modified(parent)) else None
    parent = path.parent
    if parent.name in _BELOW:
        parent = parent.parent
    elif path.name != _JSON_LINES:
        return None
    return parent if _log_names(parent, _modified(parent)) else None


@lru_cache(maxsize=1024)
def _log_names(directory: Path, _modified: int) -> tuple[str, ...]:
    """Logs of a run directory, best first, relative to it."""
    try:
        names = sorted(name for name in os.listdir(directory) if _BINARY.fullmatch(name))  # noqa: PTH208 - names only
    except OSError:
        return ()
    legacy = [name for name in (_JSON_LINES, f"files/{_JSON_LINES}") if (directory / name).is_file()]
    return (*names, *legacy)


def _owner(path: Path, root: Path) -> Path | None:
    """The run directory below (or at) the group's directory that a file belongs to."""
    if path.suffix == ".wandb":
        return path.parent
    directory = _run_directory(path)
    return directory if directory is not None and (directory == root or root in directory.parents) else None


def _run_id(directory: Path) -> str:
    match = _RUN_DIR.fullmatch(directory.name)
    return match["id"] if match else directory.name


def _read_run(directories: Sequence[Path], files: Mapping[Path, LogFile]) -> list[Run]:
    """Read one training, from one directory or from as many as it was resumed in."""
    from lrdoctor.readers._points import table_from_rows
    from lrdoctor.readers._table import runs_from_table
    from lrdoctor.readers._wandb.arguments import parse_arguments
    from lrdoctor.readers._wandb.merging import choose_step, concatenate

    parts: list[Logged] = []
    failures: list[ReadError] = []
    for directory in directories:
        try:
            parts += _read_directory(directory, files)
        except ReadError as error:
            failures.append(error)
    if not parts:
        raise failures[0]
    logged = concatenate(parts)
    notes = list(logged.notes)
    if len(parts) > 1:
        notes.append(f"resumed: joined from {len(parts)} logs of the same run")
    notes += [f"{error.source}: {error.reason}" for error in failures if not isinstance(error, NotALogError)]
    columns, axis = choose_step(logged)
    table, left_out = table_from_rows(logged.rows, columns, first=[axis])
    setup: dict[str, object] = {}
    for directory in directories:
        setup |= parse_arguments(read_companion_json(directory / "files" / "wandb-metadata.json").get("args"))
    for directory in directories:
        for place in (directory / "files", directory):
            setup |= read_companion_yaml(place / "config.yaml")
    return runs_from_table(
        table,
        source=str(directories[0]),
        format_name=READER.name,
        hyperparameters=find_hyperparameters(setup | logged.config),
        notes=[*notes, *left_out],
        axis=axis,
        blank_may_be_nan=False,
    )


def _read_directory(directory: Path, files: Mapping[Path, LogFile]) -> list[Logged]:
    """Every log of one directory that holds a history; the binary one leads."""
    failures: list[ReadError] = []
    from lrdoctor.readers._wandb.merging import from_json_lines

    found: list[Logged] = []
    for name in _log_names(directory, _modified(directory)) or _stray_logs(directory):
        if found and name.endswith(".jsonl"):
            break  # the same history, in the older form
        path = directory / name
        if not within_reach(path):
            failures.append(ReadError(path, "a link that leads outside of what was named"))
            continue
        try:
            log = files.get(path) or LogFile(path)
            found.append(from_json_lines(path) if name.endswith(".jsonl") else _read_binary(log))
        except ReadError as error:
            failures.append(error)
    if found:
        return found
    damaged = [error for error in failures if not isinstance(error, NotALogError)]
    if damaged or not failures:
        raise damaged[0] if damaged else NotALogError(directory, "no log of the run in it")
    console = directory / "files" / "output.log"
    hint = (
        "; its console output is in files/output.log" if console.is_file() and console.stat().st_size else ""
    )
    raise NotALogError(directory, failures[0].reason + hint)


def _stray_logs(directory: Path) -> tuple[str, ...]:
    """Binary logs under names of the user's own."""
    return tuple(sorted(path.name for path in directory.glob("*.wandb")))


def _read_binary(file: LogFile) -> Logged:
    from lrdoctor.readers._wandb.merging import from_log

    path = file.path
    try:
        with path.open("rb") as stream:
            head = stream.read(64)
        if not head:
            raise NotALogError(path, "the file is empty: the run ended before anything was written")
        if head.startswith(_LFS):
            raise ReadError(path, "is a git-LFS pointer, not the log itself; fetch it with `git lfs pull`")
        return from_log(file)
    except OSError as error:
        raise ReadError(path, f"cannot be read: {error.strerror or error}") from None
