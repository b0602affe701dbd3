"""A Parquet file with a row per run, written as they come, for pandas, DuckDB or Spark to ask questions of."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lrdoctor
from lrdoctor.cleaning import encodable
from lrdoctor.errors import UsageError
from lrdoctor.records import Unreadable

if TYPE_CHECKING:
    from types import TracebackType

    import pyarrow as pa

    from lrdoctor.records import RunDiagnosis

SCHEMA = "lrdoctor.fleet/1"
_GROUP = 2048
"""Rows that are written together."""

# Name, Arrow type, what it holds; docs/fleet.md shows this table.
COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("id", "string", "the run, as everywhere else; null for a log that could not be read"),
    ("source", "string", "the file or directory it was read from"),
    ("format", "string", "the reader that read it"),
    ("verdict", "string", "one word for the run"),
    ("confidence", "double", "of the plan, 0 to 1"),
    ("severity", "string", "of the worst finding; null where there is none"),
    ("codes", "list<string>", "codes of the findings, leading one first"),
    ("lr", "double", "peak learning rate of this run; null if unknown"),
    ("factor", "double", "advised peak over this one; 1: keep it"),
    ("low", "double", "low end of the factor's interval"),
    ("high", "double", "high end of the factor's interval"),
    ("level", "double", "share of cases in which the best factor lies inside"),
    ("advised_lr", "double", "advised peak learning rate; null if this run's is unknown"),
    ("schedule", "string", "advised schedule; null: as it is"),
    ("clip_norm", "double", "advised gradient clipping; null: as it is"),
    ("reason", "string", "why, in a sentence"),
    ("optimizer", "string", "as found in the log; null if unknown"),
    ("batch_size", "double", "as found in the log; null if unknown"),
    ("ran_schedule", "string", "schedule of this run; null if unknown"),
    ("curves", "int64", "curves in the log"),
    ("points", "int64", "points of the longest curve"),
    ("last_step", "int64", "last step of any curve"),
    ("notes", "int64", "things that reading had to mend"),
    ("error", "string", "why a log could not be read; null for a run"),
)


class TableWriter:
    """Writes a table under a temporary name, and gives it its own when all rows are in.

    Parameters
    ----------
    path
        The file; one that is there is replaced at the end.

    Raises
    ------
    UsageError
        pyarrow is not installed, or the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        arrow = arrow_with_parquet()
        self.path = path
        self._rows: list[dict[str, Any]] = []
        types = {"string": arrow.string(), "double": arrow.float64(), "int64": arrow.int64()}
        types["list<string>"] = arrow.list_(arrow.string())
        about = {"lrdoctor.schema": SCHEMA, "lrdoctor.version": lrdoctor.__version__}
        self._schema: pa.Schema = arrow.schema([(name, types[kind]) for name, kind, _ in COLUMNS], metadata=about)
        from tempfile import mkstemp

        try:
            handle, name = mkstemp(dir=path.absolute().parent, prefix=f".{path.name[:60]}.", suffix=".part")
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror or error}") from None
        os.close(handle)
        self._temporary = Path(name)
        self._writer = arrow.parquet.ParquetWriter(self._temporary, self._schema, compression="zstd")

    def add(self, item: RunDiagnosis | Unreadable) -> None:
        """One more row."""
        self._rows.append(row(item))
        if len(self._rows) >= _GROUP:
            self._write()

    def close(self, *, complete: bool) -> None:
        """Write what is left and give the file its name; the table says so where it is not `complete`."""
        self._write()
        if not complete:
            self._writer.add_key_value_metadata({"lrdoctor.complete": "false"})
        self._writer.close()
        mask = os.umask(0)
        os.umask(mask)
        self._temporary.chmod(0o666 & ~mask)
        self._temporary.replace(self.path)

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(Exception):
            self._writer.close()
        self._temporary.unlink(missing_ok=True)

    def _write(self) -> None:
        if self._rows:
            arrow = arrow_with_parquet()
            try:
                self._writer.write_table(arrow.Table.from_pylist(self._rows, schema=self._schema))
            except OSError as error:
                raise UsageError(f"cannot write {self.path}: {error.strerror or error}") from None
            self._rows.clear()


def row(item: RunDiagnosis | Unreadable) -> dict[str, Any]:
    """What the table holds of a run or of a log that could not be read, by column."""
    from lrdoctor.renderers._words import rate_now

    if isinstance(item, Unreadable):
        return {"source": encodable(item.source), "error": encodable(item.error)}
    run, plan, known = item.run, item.plan, item.run.hyperparameters
    series = run.series.values()
    worst = max((finding.severity for finding in item.findings), key=lambda severity: severity.rank, default=None)
    return {
        "id": encodable(run.id),
        "source": encodable(run.source),
        "format": run.format,
        "verdict": str(item.verdict),
        "confidence": plan.confidence,
        "severity": None if worst is None else str(worst),
        "codes": [finding.code for finding in item.findings],
        "lr": rate_now(plan),
        "factor": plan.lr.factor,
        "low": plan.lr.interval[0],
        "high": plan.lr.interval[1],
        "level": plan.lr.level,
        "advised_lr": plan.lr.value,
        "schedule": plan.schedule.kind if plan.schedule else None,
        "clip_norm": plan.clip_norm,
        "reason": encodable(plan.reason),
        "optimizer": _text(known.get("optimizer")),
        "batch_size": _number(known.get("batch_size")),
        "ran_schedule": _text(known.get("schedule")),
        "curves": len(run.series),
        "points": max((curve.points for curve in series), default=0),
        "last_step": max((int(curve.step[-1]) for curve in series if len(curve)), default=None),
        "notes": len(run.notes),
    }


def _text(value: object) -> str | None:
    return None if value is None else encodable(str(value))


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def arrow_with_parquet() -> Any:
    """The pyarrow package.

    Raises
    ------
    UsageError
        It is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet
    except ImportError:
        raise UsageError("Parquet needs pyarrow: pip install 'lrdoctor[parquet]'") from None
    return pa
