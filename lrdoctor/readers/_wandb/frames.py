"""Run histories saved as a table: `run.history()` and `scan_history()` to CSV, JSON, JSONL or parquet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.readers._axis import is_axis_name
from lrdoctor.readers._base import LogFile
from lrdoctor.readers._columns import read_columns
from lrdoctor.readers._json_rows import columns_of, read_json_lines
from lrdoctor.readers._points import table_from_rows
from lrdoctor.readers._records import load_json
from lrdoctor.readers._table import Table, runs_from_table
from lrdoctor.readers._wandb.merging import Logged, choose_step

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from lrdoctor.records import Run

PARQUET_MAGIC = b"PAR1"
_MAX_PARQUET_COLUMNS = 2_000
_MAX_ROWS = 50_000_000
_MAX_RATIO, _FREE_BYTES = 200, 256 << 20
"""A history shrinks to a tenth or a fiftieth; a table that promises more is no log."""
_SAMPLED = 500
_RUN_NAMES = ("run", "run_id", "run_name", "name", "id", "runid", "runname", "run name", "run id")


def read_csv_history(path: Path, format_name: str) -> list[Run]:
    """Read a history as a frame writes it to CSV; a column that names the run splits it into runs.

    Raises
    ------
    ReadError
        It is no table, or cannot be read.
    """
    columns = read_columns(LogFile(path))
    return _by_run(columns.table, columns.text, path, format_name, columns.notes, blank_may_be_nan=True)


def read_json_history(path: Path, format_name: str) -> list[Run]:
    """Read a history from a list of dictionaries, lines of dictionaries or the columns of a frame.

    Raises
    ------
    ReadError
        It is none of these.
    """
    with path.open("rb") as stream:
        start = stream.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
        stream.seek(0)
        if start == b"{":
            lines = read_json_lines(stream)
            if lines.rows > 1 or (lines.rows == 1 and not _is_whole(lines.columns)):
                return _from_columns(lines.rows, lines.columns, path, format_name, lines.notes())
            stream.seek(0)
    content = load_json(path)
    rows = _as_rows(content)
    if not rows:
        raise NotALogError(path, "no history rows in it")
    return _from_columns(len(rows), columns_of(rows), path, format_name, [])


def read_parquet(path: Path, format_name: str) -> list[Run]:
    """Read a history from parquet (`*.runhistory.parquet`, a history artifact, a saved frame).

    Raises
    ------
    NotALogError
        It has no column that counts training.
    ReadError
        It cannot be read, or pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        kind = ReadError if "history" in path.name else NotALogError
        raise kind(path, "reading parquet needs pyarrow: pip install 'lrdoctor[parquet]'") from None
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            numeric = [field.name for field in schema if _is_numeric(pa, field.type)]
            if not any(is_axis_name(name) for name in numeric) or len(numeric) < 2:
                raise NotALogError(path, "no column of it counts steps or epochs: not a training history")
            rows = file.metadata.num_rows
            if rows > _MAX_ROWS:
                raise NotALogError(path, f"{rows} rows: a data set rather than a training history")
            wanted = numeric[:_MAX_PARQUET_COLUMNS]
            if 8 * rows * len(wanted) > _MAX_RATIO * path.stat().st_size + _FREE_BYTES:
                raise ReadError(path, f"unpacks to {8 * rows * len(wanted) >> 20} MB: not a log of its size")
            text = [field.name for field in schema
                    if field.name.lower() in _RUN_NAMES and pa.types.is_string(field.type)]  # fmt: skip
            frame = file.read(columns=wanted + text)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        raise ReadError(path, f"damaged parquet file ({str(error).splitlines()[0][:120]})") from None
    table = Table({})
    for name in wanted:
        column = frame.column(name).combine_chunks()
        logged = column.is_valid().to_numpy(zero_copy_only=False)
        values = column.cast(pa.float64(), safe=False).fill_null(np.nan).to_numpy(zero_copy_only=False)
        if logged.any():
            table.columns[name] = np.array(values, np.float64)
            if not logged.all():
                table.logged[name] = np.array(logged, bool)
    names = {name: [str(word) for word in frame.column(name).to_pylist()] for name in text}
    # A frame of pandas stores holes as NaN: where no column has a null, NaN says nothing.
    if not table.logged:
        for name, values in table.columns.items():
            holes = np.isnan(values)
            if holes.any() and not holes.all():
                table.logged[name] = ~holes
    return _by_run(table, names, path, format_name, [], blank_may_be_nan=True)


def _is_numeric(pa: Any, kind: Any) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _is_whole(columns: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]) -> bool:
    """Whether a single dictionary holds whole columns: pandas writes them under row numbers."""
    return "_step" not in columns


def _as_rows(content: object) -> list[dict[str, Any]]:
    """Rows of whatever pandas or a person made of a history."""
    if isinstance(content, list):
        return [row for row in content if isinstance(row, dict)]
    if not isinstance(content, dict):
        return []
    if isinstance(content.get("columns"), list) and isinstance(content.get("data"), list):
        names = [str(name) for name in content["columns"]]
        return [dict(zip(names, row, strict=False)) for row in content["data"] if isinstance(row, list)]
    for inner in content.values():  # {"history": [...]}
        if isinstance(inner, list) and inner and isinstance(inner[0], dict) and "_step" in inner[0]:
            return _as_rows(inner)
    steps = content.get("_step")
    if isinstance(steps, dict):
        return [
            {name: column.get(row) for name, column in content.items() if isinstance(column, dict)}
            for row in steps
        ]
    if isinstance(steps, list):
        lists = {name: column for name, column in content.items() if isinstance(column, list)}
        return [
            {name: column[row] for name, column in lists.items() if row < len(column)}
            for row in range(len(steps))
        ]
    return []


def _from_columns(
    rows: int,
    columns: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]],
    path: Path,
    format_name: str,
    notes: list[str],
) -> list[Run]:
    chosen, axis = choose_step(Logged(rows, columns))
    table, left_out = table_from_rows(rows, chosen, first=[axis])
    return runs_from_table(
        table, source=str(path), format_name=format_name, axis=axis, blank_may_be_nan=False,
        notes=[*notes, *left_out, *_sampled(rows)],
    )  # fmt: skip


def _by_run(
    table: Table,
    text: dict[str, list[str]],
    path: Path,
    format_name: str,
    notes: list[str],
    *,
    blank_may_be_nan: bool,
) -> list[Run]:
    """Runs of a table; several where a column names the run of each row."""
    for name, words in text.items():
        if name.strip().lower() in _RUN_NAMES and len(set(words)) > 1:
            labels = np.array(words)
            runs: list[Run] = []
            for label in dict.fromkeys(words):
                part = table.take(labels == label)
                runs += [
                    replace(run, id=f"{label}.{run.id}" if run.id else label)
                    for run in _from_table(part, path, format_name, notes, blank_may_be_nan=blank_may_be_nan)
                ]
            if runs:
                return runs
    return _from_table(table, path, format_name, notes, blank_may_be_nan=blank_may_be_nan)


def _from_table(
    table: Table, path: Path, format_name: str, notes: list[str], *, blank_may_be_nan: bool
) -> list[Run]:
    columns = {name: (np.flatnonzero(table.present(name)), values[table.present(name)])
               for name, values in table.columns.items() if is_axis_name(name)}  # fmt: skip
    axis = None
    if "_step" in columns:
        _, axis = choose_step(Logged(table.rows, columns))
        if axis != "_step":
            table = Table({n: v for n, v in table.columns.items() if n != "_step"}, table.logged)
    return runs_from_table(
        table, source=str(path), format_name=format_name, axis=axis, blank_may_be_nan=blank_may_be_nan,
        notes=[*notes, *_sampled(table.rows)],
    )  # fmt: skip


def _sampled(rows: int) -> list[str]:
    if rows != _SAMPLED:
        return []
    return [
        "exactly 500 rows: run.history() draws a sample of that size; run.scan_history() gives every point"
    ]
