"""tensorboardX: `all_scalars.json` of `export_scalars_to_json`, lists of [wall time, step, value] by tag."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import NotALogError
from lrdoctor.patterns import pattern
from lrdoctor.readers._axis import are_swapped
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._points import Points, runs_from_points
from lrdoctor.readers._records import load_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lrdoctor.records import Run

_SHAPE = pattern(rb'\s*\{\s*"[^"]{1,400}"\s*:\s*\[\s*\[\s*\d{9,10}(?:\.\d+)?\s*,')


class TensorBoardXReader:
    """Reads `all_scalars.json`."""

    name = "tensorboardx-json"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim an object of lists of triples that begin with a time."""
        if file.suffix != ".json" or not _SHAPE.match(file.head):
            return None
        return Claim(strength=Strength.FORMAT)

    def read(self, source: Source) -> Iterator[Run]:
        """Read the run; see `Reader.read`."""
        file = source.files[0]
        content = load_json(file.path)
        points: dict[str, Points] = {}
        notes: list[str] = []
        for tag, rows in content.items() if isinstance(content, dict) else ():
            try:
                wall, step, value = np.array(rows, dtype=np.float64).reshape(-1, 3).T
            except (TypeError, ValueError, OverflowError):
                continue
            if are_swapped(step, value):
                step, value = value, step
                notes.append(f"{tag!r}: step and value were given in the wrong order; exchanged")
            good = np.isfinite(step) & np.isfinite(wall) & (np.abs(step) < 2**53)
            points[tag] = Points(step[good].astype(np.int64), value[good].copy(), wall[good].copy())
        if not points:
            raise NotALogError(file.path, "no lists of wall time, step and value")
        yield from runs_from_points(
            _without_directory(points), source=str(file.path), format_name=self.name, notes=notes
        )


def _without_directory(points: Mapping[str, Points]) -> dict[str, Points]:
    """Tags without the log directory that tensorboardX writes in front of each."""
    paths = [tag.split("/") for tag in points]
    shared = 0
    while all(len(path) > shared + 1 and path[shared] == paths[0][shared] for path in paths):
        shared += 1
    if len(paths) == 1:  # nothing tells where the directory ends
        shared = sum(part in (".", "..", "runs", "logs") for part in paths[0][:-1])
    return {"/".join(path[shared:]): some for path, some in zip(paths, points.values(), strict=True)}


READER = TensorBoardXReader()
