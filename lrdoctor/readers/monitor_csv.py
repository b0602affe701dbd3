"""Gym's Monitor: `*monitor.csv`, a row for each episode with its return `r`, length `l` and end `t`.

Several environments of one training write a file each; together they are one run.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._columns import read_columns
from lrdoctor.readers._hyper import find_hyperparameters
from lrdoctor.readers._sheet import header_names
from lrdoctor.readers._table import Table, runs_from_table
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lrdoctor.records import Run


class MonitorReader:
    """Reads the monitor files of one training."""

    name = "monitor-csv"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim `*monitor.csv` with columns r, l, t."""
        if not file.name.endswith("monitor.csv") or not {"r", "l", "t"} <= set(header_names(file)):
            return None
        return Claim(strength=Strength.FORMAT, group=file.path.parent)

    def read(self, source: Source) -> Iterator[Run]:
        """Put the episodes of all environments in the order in which they ended; see `Reader.read`."""
        episodes: list[NDArray[np.float64]] = []
        settings: dict[str, object] = {}
        notes: list[str] = []
        failure: ReadError | None = None
        for file in source.files:
            try:
                columns = read_columns(file)
            except ReadError as error:
                failure = failure or error
                notes.append(f"{file.name}: {error.reason}")
                continue
            table = columns.table
            if not {"r", "l", "t"} <= set(table.columns):
                continue
            head = _head(columns.dialect.comments)
            settings |= head
            start = head.get("t_start", 0.0)
            start = float(start) if isinstance(start, (int, float)) and abs(start) < 1e300 else 0.0
            notes += columns.notes
            episodes.append(np.stack([table.columns["r"], table.columns["l"], table.columns["t"] + start]))
        together = np.concatenate(episodes, axis=1) if episodes else np.empty((3, 0))
        together = together[:, np.isfinite(together[1:]).all(axis=0)]
        if not together.size:
            raise failure or NotALogError(source.path, "no episode has ended yet")
        reward, length, end = together[:, np.argsort(together[2], kind="stable")]
        columns_of_run = {"timesteps": np.cumsum(length), "r": reward, "l": length}
        if end[0] > 6e8:
            columns_of_run["timestamp"] = end
        settings.pop("t_start", None)
        yield from runs_from_table(
            Table(columns_of_run),
            source=str(source.path if len(source.files) > 1 else source.files[0].path),
            format_name=self.name, hyperparameters=find_hyperparameters(settings), notes=notes,
            axis="timesteps",
            roles={"r": (Role.REWARD, "Monitor: return of the episode"),
                   "l": (Role.OTHER, "Monitor: length of the episode")},
        )  # fmt: skip


def _head(comments: tuple[str, ...]) -> dict[str, object]:
    """The JSON object in the comment above the header: when the training began, on which environment."""
    for comment in comments:
        try:
            content = json.loads(comment)
        except (ValueError, RecursionError):
            continue
        if isinstance(content, dict):
            return content
    return {}


READER = MonitorReader()
