"""What people save from Weights & Biases: CSV exports of charts; histories as CSV, JSON, JSONL, parquet.

A chart's export holds one metric of several runs (`"Step","<run> - <metric>","<run> - <metric>__MIN",...`),
so that the files of one directory are read together: the metrics of a run are spread over them.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.patterns import pattern
from lrdoctor.readers._base import Claim, LogFile, Source, Strength

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Run

_HISTORY = ("_step",)
_CLOCKS = ("_runtime", "_timestamp")
# Columns of the runs table, as the UI names them.
_TABLE = frozenset(
    ("State", "Notes", "User", "Tags", "Created", "Runtime", "End Time", "ID", "Updated", "Sweep", "Agent",
     "GPU Type", "Hostname", "Job Type", "Group",
     "Start Time", "Heartbeat At", "Description", "Commit", "GPU Count")
)  # fmt: skip
_COMPANIONS = frozenset(("wandb-summary.json", "wandb-metadata.json", "wandb-events.jsonl"))
_BOUNDS = ("__MIN", "__MAX")
_PHASES = frozenset(("train", "training", "val", "valid", "validation", "test", "eval", "dev"))
_CHART, _TABULAR = "chart", "table of runs"
_JSON_KEY = {key: pattern(rf'"{key}"\s*:') for key in (*_HISTORY, *_CLOCKS)}


class WandbExportReader:
    """Reads what was saved from W&B by its web pages or its API."""

    name = "wandb-export"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim by the column names that W&B alone uses; any parquet file, quietly."""
        if file.name in _COMPANIONS:
            return None
        if file.suffix in (".json", ".jsonl", ".ndjson"):
            return Claim(strength=Strength.FORMAT) if _is_json_history(file.head_text) else None
        if file.suffix in (".parquet", ".pq"):
            known = "history" in file.name
            return Claim(strength=Strength.FORMAT if known else Strength.SHAPE, quiet=not known)
        if file.suffix not in (".csv", ".tsv", ".txt", ""):
            return None
        names = _header(file)
        kind = _kind(names)
        if kind is None:
            return None
        if kind == _CHART:
            return Claim(strength=Strength.FORMAT, group=file.path.parent)
        return Claim(strength=Strength.FORMAT)

    def read(self, source: Source) -> Iterator[Run]:
        """Read every run of the source.

        Raises
        ------
        NotALogError
            A table with one row per run, or a table without a curve.
        ReadError
            The file is damaged, or needs a package that is not there.
        """
        from lrdoctor.readers._wandb.charts import read_charts

        charts = [
            file
            for file in source.files
            if file.suffix not in (".json", ".jsonl", ".ndjson", ".parquet", ".pq")
        ]
        kinds = {file.path: _kind(_header(file)) for file in charts}
        grouped = [file.path for file in charts if kinds[file.path] == _CHART]
        if grouped:
            yield from read_charts(grouped, source.path, self.name)
        for file in source.files:
            if file.path not in grouped:
                yield from self._single(file, kinds.get(file.path))

    def _single(self, file: LogFile, kind: str | None) -> list[Run]:
        from lrdoctor.readers._wandb.frames import PARQUET_MAGIC, read_csv_history, read_json_history, read_parquet

        if kind == _TABULAR:
            raise NotALogError(
                file.path,
                "one row per run: this is W&B's table of runs, not their curves; export the history instead "
                "(a chart's menu > Export > CSV, or run.scan_history())",
            )
        try:
            if file.suffix in (".parquet", ".pq"):
                if not file.head.startswith(PARQUET_MAGIC):
                    raise ReadError(file.path, "does not begin like a parquet file")
                return read_parquet(file.path, self.name)
            if file.suffix in (".json", ".jsonl", ".ndjson"):
                return read_json_history(file.path, self.name)
            return read_csv_history(file.path, self.name)
        except OSError as error:
            raise ReadError(file.path, f"cannot be read: {error.strerror or error}") from None


READER = WandbExportReader()


def _header(file: LogFile) -> list[str]:
    """Names in the first line of a comma-separated file; a last one that the window cuts is left out."""
    text = file.head_text
    line, newline, _ = text.partition("\n")
    try:
        names = next(
            csv.reader([line.rstrip("\r")], delimiter="\t" if "\t" in line and "," not in line else ","), []
        )
    except csv.Error:
        return []
    return names if newline or len(names) < 2 or file.size <= len(file.head) else names[:-1]


def _kind(names: list[str]) -> str | None:
    """What a header says that the file is; None for nothing of W&B's."""
    known = set(names)
    others = names[1:]
    titled = sum(" - " in name for name in others)
    if any(name.endswith(_BOUNDS) and name[:-5] in known for name in others):
        drawn = sum(" - " in name or name.endswith(_BOUNDS) or f"{name}__MIN" in known for name in others)
        if drawn >= 0.8 * len(others):
            return _CHART
    steps = any(name.endswith(" - _step") for name in others)
    if others and titled == len(others) and (steps or _is_axis(names[0])):
        runs = {name.rpartition(" - ")[0].lower() for name in others}
        return None if runs & _PHASES else _CHART  # "train - loss" is somebody's own spelling
    if "_step" in known and known.intersection(_CLOCKS):
        return "history"
    if names and names[0].lstrip("\ufeff") == "Name" and len(known & _TABLE) >= 2:
        return _TABULAR
    return None


def _is_axis(name: str) -> bool:
    plain = name.lstrip("\ufeff").strip()
    return plain in ("Step", "_step", "Wall Time") or plain.startswith("Relative Time")


def _is_json_history(text: str) -> bool:
    """Say whether a text begins with history rows: a list or lines of dictionaries, or columns of a frame."""
    start = text.lstrip()[:1]
    if start not in ("[", "{"):
        return False
    if text[:4096].lstrip("{ \r\n\t").startswith('"columns"'):  # a frame, its names in a list
        return '"_step"' in text and any(f'"{clock}"' in text for clock in _CLOCKS)
    return bool(_JSON_KEY["_step"].search(text)) and any(_JSON_KEY[clock].search(text) for clock in _CLOCKS)
