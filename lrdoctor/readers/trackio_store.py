"""Trackio: a SQLite file for each project, a row for each `trackio.log`, metrics as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._hyper import find_hyperparameters
from lrdoctor.readers._json_rows import columns_of
from lrdoctor.readers._points import table_from_rows
from lrdoctor.readers._sqlite import MAGIC, opened, tables
from lrdoctor.readers._table import runs_from_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lrdoctor.records import Run

_METRICS = frozenset(("run_name", "step", "metrics"))
_AXIS = "_step"


class TrackioReader:
    """Reads every run of a project's file."""

    name = "trackio"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim SQLite files with Trackio's table of metrics."""
        if file.suffix != ".db" or not file.head.startswith(MAGIC):
            return None
        ours = tables(file.path).get("metrics", frozenset()) >= _METRICS
        return Claim(strength=Strength.FORMAT) if ours else None

    def read(self, source: Source) -> Iterator[Run]:
        """Read every run; its name is the local id where there are several.

        Raises
        ------
        NotALogError
            Nothing was logged.
        ReadError
            The file is damaged.
        """
        runs = [run for file in source.files for run in _read(file.path)]
        if not runs:
            raise NotALogError(source.path, "a Trackio project in which no run has logged a number")
        if len(runs) == 1:
            runs = [replace(runs[0], id="")]
        yield from runs


READER = TrackioReader()


def _read(path: Path) -> list[Run]:
    has = tables(path)
    if not has.get("metrics", frozenset()) >= _METRICS:
        raise ReadError(path, "the tables of a Trackio project are not in it, or it is damaged")
    key = "run_id" if "run_id" in has["metrics"] else "run_name"
    rows: dict[str, list[tuple[int, object]]] = {}
    names: dict[str, str] = {}
    settings: dict[str, object] = {}
    with opened(path) as connection:
        query = f"SELECT {key}, run_name, step, metrics FROM metrics ORDER BY rowid"
        for run, name, step, metrics in connection.execute(query):
            if isinstance(step, int):
                rows.setdefault(str(run), []).append((step, metrics))
                names[str(run)] = str(name)
        if has.get("configs", frozenset()) >= {key, "config"}:
            settings = {
                str(run): config for run, config in connection.execute(f"SELECT {key}, config FROM configs")
            }
    runs: list[Run] = []
    labels = list(names.values())
    for run, logged in rows.items():
        label = names[run] if labels.count(names[run]) == 1 else f"{names[run]}.{run[:8]}"
        columns = columns_of(_dictionary(metrics) for _, metrics in logged)
        columns[_AXIS] = np.arange(len(logged)), np.array([step for step, _ in logged], np.float64)
        table, notes = table_from_rows(len(logged), columns, first=[_AXIS])
        config = {
            name: value for name, value in _dictionary(settings.get(run)).items() if not name.startswith("_")
        }
        found = runs_from_table(
            table, source=str(path), format_name=READER.name, hyperparameters=find_hyperparameters(config),
            notes=notes, axis=_AXIS, blank_may_be_nan=False,
        )  # fmt: skip
        runs += [replace(each, id=f"{label}.{each.id}" if each.id else label) for each in found]
    return runs


def _dictionary(text: object) -> dict[str, object]:
    if not isinstance(text, (str, bytes)):
        return {}
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
