"""MLflow's stores: `mlruns/<experiment>/<run>/metrics/**`, and the SQLite file that newer versions keep
instead."""

from __future__ import annotations

import os
import sys
from array import array
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.patterns import pattern
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._beside import read_companion_yaml
from lrdoctor.readers._hyper import find_hyperparameters
from lrdoctor.readers._links import within_reach
from lrdoctor.readers._points import Points, runs_from_points
from lrdoctor.readers._sqlite import MAGIC, opened, tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lrdoctor.records import Run

_LINE = pattern(rb"\d+ \S+(?: -?\d+)?(?: .*)?\r?")
_MACHINE = "system/"
"""Prefix of the metrics that MLflow takes of the machine."""
_MAX_PARAMS, _MAX_PARAM = 1_000, 10_000
_METRICS = frozenset(("key", "value", "timestamp", "run_uuid"))


class MlflowReader:
    """Reads runs from either store."""

    name = "mlflow"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim metric files below a run directory, and SQLite files with MLflow's tables."""
        run = _run_directory(file.path)
        if run is not None:
            first, _, rest = file.head.partition(b"\n")
            whole = bool(rest) or file.size <= len(file.head)
            if file.size == 0 or (whole and _LINE.fullmatch(first)):
                return Claim(strength=Strength.FORMAT, group=run)
            return None
        if file.suffix in (".db", ".sqlite", ".sqlite3") and file.head.startswith(MAGIC):
            found = tables(file.path)
            # One that bears MLflow's name and cannot be opened is to be refused with the reason.
            if _is_store(found) or (not found and file.name == "mlflow.db"):
                return Claim(strength=Strength.FORMAT)
        return None

    def read(self, source: Source) -> Iterator[Run]:
        """Read the run of a directory, or every run of a database; its name is the local id.

        Raises
        ------
        NotALogError
            No metric was logged.
        ReadError
            The store is damaged.
        """
        if source.path.is_dir():
            yield from _read_directory(source)
            return
        for file in source.files:
            yield from _read_database(file.path)


READER = MlflowReader()


def _run_directory(path: Path) -> Path | None:
    """The run directory that a metric file lies in; a metric's own name may have directories in it."""
    found = None
    for parent in path.parents:
        if parent.name == "metrics" and _has_meta(parent.parent):
            found = parent.parent
    return found


@lru_cache(maxsize=4096)
def _has_meta(directory: Path) -> bool:
    return (directory / "meta.yaml").is_file()


def _read_directory(source: Source) -> list[Run]:
    points: dict[str, Points] = {}
    notes: list[str] = []
    for file in source.files:
        name = file.path.relative_to(source.path / "metrics").as_posix()
        if name.startswith(_MACHINE):
            continue
        try:
            some, bad = _read_metric(file)
        except OSError as error:
            notes.append(f"metric {name!r} cannot be read: {error.strerror or error}")
            continue
        if bad:
            notes.append(
                f"metric {name!r}: {bad} lines are not what MLflow writes (the last may be cut off): left out"
            )
        points[name] = some
    meta = read_companion_yaml(source.path / "meta.yaml")
    if meta.get("run_name"):
        notes.append(f"named {meta['run_name']!r} in MLflow")
    if meta.get("lifecycle_stage") == "deleted":
        notes.append("deleted in MLflow")
    runs = runs_from_points(
        points,
        source=str(source.path),
        format_name=READER.name,
        hyperparameters=find_hyperparameters(dict(_params(source.path / "params"))),
        notes=notes,
    )
    if not runs:
        raise NotALogError(source.path, "no metric of this MLflow run has a value")
    return runs


@dataclass(slots=True)
class _Lines:
    """The whole lines of a metric file, as far as it has been read."""

    tables: list[np.ndarray] = field(default_factory=list)
    """float64 [n, 3]: time, value, step; 0 where a line has no step."""
    narrowest: int = 3
    widest: int = 0
    bad: int = 0

    def with_lines(self, lines: Sequence[bytes]) -> _Lines:
        """These and some more."""
        rows = [line.split() for line in lines if line]
        widths = list(map(len, rows))
        table, bad = _table(rows, min(widths, default=3))
        return _Lines(
            [*self.tables, table], min([self.narrowest, *widths]), max([self.widest, *widths]), self.bad + bad
        )

    def points(self) -> Points:
        """The curve; without steps where the lines have none and nothing is wrong with them."""
        table = np.concatenate(self.tables)
        step = None
        if self.narrowest > 2 or self.bad:
            step = np.clip(np.nan_to_num(table[:, 2]), -(2.0**53), 2.0**53).astype(np.int64)
        return Points(step, table[:, 1].copy(), table[:, 0].copy())


def _read_metric(file: LogFile) -> tuple[Points, int]:
    """Read the lines of one metric, of a file that is followed only what is new; and how many lines are no such.

    A line holds the time in milliseconds, the value, the step, and what newer versions add.
    """
    offset, known = file.kept("metric") or (0, _Lines())
    with file.path.open("rb") as stream:
        stream.seek(offset)
        data = stream.read()
    end = data.rfind(b"\n") + 1
    known = known.with_lines(data[:end].split(b"\n"))
    file.keep("metric", offset + end, known)
    cut = data[end:]
    if len(cut.split()) >= (known.widest or 3):
        known = known.with_lines([cut])
        cut = b""
    return known.points(), known.bad + bool(cut)


def _table(rows: Sequence[Sequence[bytes]], width: int) -> tuple[np.ndarray, int]:
    """Times, values and steps of some lines, [n, 3], and how many of them cannot be read."""
    if width >= 3:
        try:
            return np.array([row[:3] for row in rows], "S40").astype(np.float64).reshape(-1, 3), 0
        except ValueError:
            pass
    good = []
    for row in rows:
        try:
            good.append([float(row[0]), float(row[1]), float(row[2]) if len(row) > 2 else 0.0])
        except (ValueError, IndexError):
            continue
    return np.array(good, np.float64).reshape(-1, 3), len(rows) - len(good)


def _params(directory: Path) -> Iterator[tuple[str, str]]:
    """Settings, a small file each; links are not followed."""
    count = 0
    if not within_reach(directory):
        return
    for folder, _, names in os.walk(directory):
        for name in sorted(names):
            path = directory.__class__(folder) / name
            count += 1
            try:
                if count > _MAX_PARAMS or path.is_symlink() or path.stat().st_size > _MAX_PARAM:
                    continue
                text = path.read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            yield path.relative_to(directory).as_posix(), text.strip()


@dataclass(slots=True)
class _Metric:
    """Columns of one metric in the making."""

    step: array[int] = field(default_factory=lambda: array("q"))
    value: array[float] = field(default_factory=lambda: array("d"))
    time: array[float] = field(default_factory=lambda: array("d"))


def _is_store(found: dict[str, frozenset[str]]) -> bool:
    return found.get("metrics", frozenset()) >= _METRICS and "run_uuid" in found.get("runs", frozenset())


def _read_database(path: Path) -> list[Run]:
    has = tables(path)
    if not _is_store(has):
        with opened(path):  # says what is wrong with it
            raise ReadError(path, "the tables of an MLflow store are not in it, or it is damaged")
    step = "step" if "step" in has["metrics"] else "0"
    is_nan = "is_nan" if "is_nan" in has["metrics"] else "0"
    metrics: dict[str, dict[str, _Metric]] = defaultdict(dict)
    params: dict[str, dict[str, object]] = defaultdict(dict)
    with opened(path) as connection:
        query = f"SELECT run_uuid, key, value, timestamp, {step}, {is_nan} FROM metrics ORDER BY rowid"
        for run, key, value, when, at, nan in connection.execute(query):
            if not isinstance(key, str) or key.startswith(_MACHINE):
                continue
            metric = metrics[run].get(key)
            if metric is None:
                metric = metrics[run][key] = _Metric()
            try:
                number, count, clock = float(value), int(at), float(when)
                metric.step.append(count)
            except (TypeError, ValueError, OverflowError):
                continue
            metric.value.append(float("nan") if nan else number)
            metric.time.append(clock)
        columns = ["run_uuid", "name" if "name" in has["runs"] else "NULL"]
        columns.append("lifecycle_stage" if "lifecycle_stage" in has["runs"] else "NULL")
        described = connection.execute(f"SELECT {', '.join(columns)} FROM runs")
        names = {run: (name, stage) for run, name, stage in described}
        if "params" in has:
            for run, key, value in connection.execute("SELECT run_uuid, key, value FROM params"):
                params[run][str(key)] = value
    runs = _from_database(path, metrics, params, names)
    if not runs:
        raise NotALogError(path, "an MLflow store in which no run has logged a metric")
    return runs


def _from_database(
    path: Path,
    metrics: dict[str, dict[str, _Metric]],
    params: dict[str, dict[str, object]],
    names: dict[str, tuple[object, object]],
) -> list[Run]:
    shared = Counter(str(name) for name, _ in names.values())
    runs: list[Run] = []
    for run, some in metrics.items():
        name, stage = names.get(run, (None, None))
        label = str(name) if name and shared[str(name)] == 1 else f"{name or 'run'}.{str(run)[:8]}"
        points = {key: _from_arrays(metric) for key, metric in some.items()}
        found = runs_from_points(
            points,
            source=str(path),
            format_name=READER.name,
            hyperparameters=find_hyperparameters(params.get(run, {})),
            notes=["deleted in MLflow"] if stage == "deleted" else [],
        )
        runs += [replace(each, id=f"{label}.{each.id}" if each.id else label) for each in found]
    return [replace(runs[0], id="")] if len(runs) == 1 else runs


def _from_arrays(metric: _Metric) -> Points:
    value = np.array(metric.value, np.float64)
    # SQLite columns of MLflow hold no infinity: it writes the largest number there is.
    value[np.abs(value) >= sys.float_info.max] *= np.inf
    return Points(np.array(metric.step, np.int64), value, np.array(metric.time, np.float64))
