"""Neptune in offline mode: `.neptune/offline/<run>/data-*.log`, JSON lines of operations."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._hyper import find_hyperparameters
from lrdoctor.readers._json_table import load_records
from lrdoctor.readers._points import Points, runs_from_points

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Run


class NeptuneReader:
    """Reads the operations that Neptune has put off."""

    name = "neptune-offline"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim `data-*.log` that holds Neptune operations; the parts of one run belong together."""
        if not (file.name.startswith("data-") and file.suffix == ".log"):
            return None
        first = file.head.partition(b"\n")[0]
        known = first.startswith(b'{"obj"') and b'"type"' in file.head
        return Claim(strength=Strength.FORMAT, group=file.path.parent) if known else None

    def read(self, source: Source) -> Iterator[Run]:
        """Read the run; see `Reader.read`."""
        values: defaultdict[str, list[tuple[float | None, float, float]]] = defaultdict(list)
        settings: dict[str, Any] = {}
        notes: list[str] = []
        failure: ReadError | None = None
        for file in sorted(source.files, key=lambda file: (len(file.name), file.name)):
            try:
                records, mended = load_records(file.path)
            except ReadError as error:
                failure = failure or error
                continue
            notes += mended
            for record in records:
                _take(record.get("obj"), values, settings)
        points = {name: _points(rows) for name, rows in values.items() if rows}
        if not points:
            raise failure or NotALogError(source.path, "no series of numbers was logged")
        parameters = {name.removeprefix("parameters/"): value for name, value in settings.items()}
        yield from runs_from_points(
            points, source=str(source.path), format_name=self.name, notes=notes,
            hyperparameters=find_hyperparameters(parameters),
        )  # fmt: skip


def _take(
    operation: Any,
    values: defaultdict[str, list[tuple[float | None, float, float]]],
    settings: dict[str, Any],
) -> None:
    """Take one operation: points of a series, or a setting; all others are passed over."""
    if not isinstance(operation, dict) or not isinstance(operation.get("path"), list):
        return
    name = "/".join(map(str, operation["path"]))
    if name.startswith(("sys/", "monitoring/", "source_code/")):
        return
    kind = operation.get("type")
    if kind == "LogFloats" and isinstance(operation.get("values"), list):
        for point in operation["values"]:
            value = point.get("value") if isinstance(point, dict) else None
            if isinstance(value, float) or (type(value) is int and abs(value) < 1 << 63):
                step, time = point.get("step"), point.get("ts")
                values[name].append((
                    step if isinstance(step, (int, float)) else None,
                    float(value),
                    float(time) if isinstance(time, (int, float)) and abs(time) < 1e300 else np.nan,
                ))  # fmt: skip
    elif kind in ("AssignFloat", "AssignInt", "AssignString", "AssignBool"):
        settings[name] = operation.get("value")


def _points(rows: list[tuple[float | None, float, float]]) -> Points:
    value = np.array([row[1] for row in rows], dtype=np.float64)
    time = np.array([row[2] for row in rows], dtype=np.float64)
    steps = [row[0] for row in rows]
    known = [step for step in steps if step is not None and abs(step) < 2**53]
    step = np.array(known, dtype=np.float64).astype(np.int64) if len(known) == len(steps) else None
    return Points(step, value, time if np.isfinite(time).all() else None)


READER = NeptuneReader()
