"""What TensorBoard's own download buttons save: `Wall time,Step,Value` as CSV, `[[wall time, step, value],
...]` as JSON, one curve in each file, run and tag in its name (`run-<run>-tag-<tag>.csv`).

These are sampled: a thousand points by default.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.patterns import pattern
from lrdoctor.readers._axis import are_swapped
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._columns import read_columns
from lrdoctor.readers._points import Points, runs_from_points
from lrdoctor.readers._records import load_json
from lrdoctor.readers._table import labelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Run

_NAME = pattern(r"(?:run-(?P<run>.*?)-tag-|tag-)(?P<tag>.+)")
_TRIPLES = pattern(rb"\s*\[\s*\[\s*\d{9,10}(?:\.\d+)?\s*,\s*-?\d+\s*,\s*(?:-?[\d.]|NaN|-?Infinity|\")")
_SPLITS = pattern(r"(?P<base>.*?)[_/.-]?(?P<split>train|training|validation|valid|val|eval|test)")
_DEFAULT_SAMPLE = 1000


class TensorBoardDownloadReader:
    """Reads the files that TensorBoard's scalar charts offer for download."""

    name = "tensorboard-download"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim by the header, or by triples that begin with a time."""
        csv = file.suffix == ".csv" and file.head.lstrip(b"\xef\xbb\xbf").startswith(b"Wall time,Step,Value")
        if csv or (file.suffix == ".json" and _TRIPLES.match(file.head)):
            return Claim(strength=Strength.FORMAT, group=file.path.parent)
        return None

    def read(self, source: Source) -> Iterator[Run]:
        """Read the runs of one directory of downloads; see `Reader.read`."""
        runs: dict[str, dict[str, Points]] = {}
        notes: dict[str, list[str]] = {}
        failure: ReadError | None = None
        for file in source.files:
            match = _NAME.fullmatch(re.sub(r" ?\(\d+\)$", "", file.path.stem))
            run, tag = (match["run"] or "", match["tag"]) if match else ("", file.path.stem)
            split = _SPLITS.fullmatch(run)
            if split is not None:  # Keras writes two runs for one training
                run, tag = split["base"].strip(".") or "", f"{split['split']}/{tag}"
            said = notes.setdefault(run, [])
            try:
                points = _points(file, said)
            except ReadError as error:
                failure = failure or error
                said.append(f"{file.name}: {error.reason}")
                continue
            runs.setdefault(run, {})[tag] = points
            if points.value.size == _DEFAULT_SAMPLE:
                said.append(
                    f"{tag!r} has {_DEFAULT_SAMPLE} points: TensorBoard downloads a sample, not every point"
                )
        if not runs:
            raise failure or NotALogError(source.path, "the downloads hold no numbers")
        for name, curves in runs.items():
            for found in runs_from_points(
                curves, source=str(source.path), format_name=self.name, notes=notes[name]
            ):
                yield labelled(found, name if len(runs) > 1 else "")


def _points(file: LogFile, notes: list[str]) -> Points:
    if file.suffix == ".csv":
        columns = read_columns(file)
        notes += columns.notes
        found = [columns.table.columns.get(name) for name in ("Wall time", "Step", "Value")]
        if any(column is None for column in found):
            raise NotALogError(file.path, "no table of wall time, step and value")
        wall, step, value = np.array(found)
    else:
        content = load_json(file.path)
        rows = (
            [row for row in content if isinstance(row, list) and len(row) == 3]
            if isinstance(content, list)
            else []
        )
        try:
            wall, step, value = np.array(rows, dtype=np.float64).reshape(-1, 3).T
        except (TypeError, ValueError, OverflowError):
            raise NotALogError(file.path, "no list of wall time, step and value") from None
    if are_swapped(step, value):
        step, value = value, step
        notes.append(f"{file.name}: step and value were given in the wrong order; exchanged")
    good = np.isfinite(step) & np.isfinite(wall) & (np.abs(step) < 2**53)
    if not good.any():
        raise NotALogError(file.path, "no points in it")
    return Points(step[good].astype(np.int64), value[good].copy(), wall[good].copy())


READER = TensorBoardDownloadReader()
