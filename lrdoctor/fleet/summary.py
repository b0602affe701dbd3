"""Tables of very many runs in one view: how many of what, by optimizer, which doses, and which runs are worst."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from lrdoctor.errors import ReadError
from lrdoctor.fleet.table import SCHEMA, arrow_with_parquet
from lrdoctor.records import Severity
from lrdoctor.renderers._words import WORST_FIRST

if TYPE_CHECKING:
    from pathlib import Path

_COLUMNS = ["id", "source", "verdict", "severity", "codes", "lr", "factor", "advised_lr", "optimizer", "error"]
_BATCH = 16_384
UNKNOWN = "unknown"
"""Stands for an optimizer that the log does not name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """Advised factors of some runs: how many runs, the median, and the middle 80 %."""

    runs: int
    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All runs of some tables in one view.

    Parameters
    ----------
    runs, unreadable, complete, version
        How many runs and logs that could not be read; whether the work came to its end; which lrdoctor did it.
    verdicts
        Dose by verdict, worst first.
    optimizers
        By optimizer, most frequent first: the dose, and runs by verdict.
    codes
        Runs by code of a finding, most frequent first.
    worst
        The rows of the runs that need help most.
    errors
        Logs that could not be read by reason, most frequent first.
    """

    runs: int
    unreadable: int
    complete: bool
    version: str
    verdicts: dict[str, Dose]
    optimizers: dict[str, tuple[Dose, dict[str, int]]]
    codes: dict[str, int]
    worst: list[dict[str, Any]]
    errors: dict[str, int]


@dataclass(slots=True)
class _Sums:
    complete: bool = True
    version: str = ""
    factors: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    codes: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    worst: list[tuple[tuple[int, int, float, str], dict[str, Any]]] = field(default_factory=list)


def overview(*paths: Path, worst: int = 10) -> Overview:
    """Read tables that `lrdoctor diagnose --format parquet=FILE` wrote; in batches, so that their size is no matter.

    Parameters
    ----------
    paths
        The files, taken together.
    worst
        How many of the worst runs to name.

    Raises
    ------
    ReadError
        One is no such table.
    UsageError
        pyarrow is not installed.
    """
    arrow = arrow_with_parquet()
    sums = _Sums()
    for path in paths:
        try:
            table = arrow.parquet.ParquetFile(path)
            about = {key.decode(): value.decode() for key, value in (table.metadata.metadata or {}).items()}
            if about.get("lrdoctor.schema") != SCHEMA:
                raise ReadError(path, "no table of runs; `lrdoctor diagnose RUNS --format parquet=FILE` writes one")
            for batch in table.iter_batches(_BATCH, columns=_COLUMNS):
                _add(sums, batch, worst)
        except (arrow.ArrowException, OSError) as error:
            raise ReadError(path, f"cannot be read as Parquet ({str(error).splitlines()[0][:200]})") from None
        sums.complete &= about.get("lrdoctor.complete") != "false"
        sums.version = about.get("lrdoctor.version", "")
    return _put_together(sums)


def _add(sums: _Sums, batch: Any, worst: int) -> None:
    """Take in a batch of rows."""
    for reason in batch.column("error").drop_null().to_pylist():
        sums.errors[reason] += 1
    for entry in batch.column("codes").flatten().value_counts().to_pylist():
        sums.codes[entry["values"]] += entry["counts"]
    frame = batch.to_pandas()
    frame = frame[frame["error"].isna()].drop(columns="error")
    frame["codes"] = frame["codes"].map(list)
    frame["optimizer"] = frame["optimizer"].fillna(UNKNOWN)
    for key, factors in frame.groupby(["verdict", "optimizer"])["factor"]:
        sums.factors.setdefault(key, []).append(factors.to_numpy(np.float64))
    verdict = frame["verdict"].map({str(verdict): rank for rank, verdict in enumerate(WORST_FIRST)}).fillna(99)
    severity = frame["severity"].map({str(severity): -severity.rank for severity in Severity}).fillna(1)
    change = -np.abs(np.log(frame["factor"].to_numpy(np.float64)))
    first = np.lexsort((frame["id"].astype(str), change, severity, verdict))[:worst]
    keys = zip(verdict.iloc[first], severity.iloc[first], change[first], frame["id"].iloc[first], strict=True)
    sums.worst += zip(keys, frame.iloc[first].to_dict("records"), strict=True)
    sums.worst = sorted(sums.worst, key=lambda pair: pair[0])[:worst]


def _put_together(sums: _Sums) -> Overview:
    factors = {key: np.concatenate(parts) for key, parts in sums.factors.items()}
    verdicts = {verdict for verdict, _ in factors}
    by_optimizer: dict[str, dict[str, int]] = {}
    for verdict in WORST_FIRST:
        for (found, optimizer), of in factors.items():
            if found == verdict:
                by_optimizer.setdefault(optimizer, {})[found] = of.size
    ranked = sorted(by_optimizer, key=lambda optimizer: (-sum(by_optimizer[optimizer].values()), optimizer))
    return Overview(
        runs=sum(of.size for of in factors.values()),
        unreadable=sum(sums.errors.values()),
        complete=sums.complete,
        version=sums.version,
        verdicts={
            str(verdict): _dose([of for key, of in factors.items() if key[0] == verdict])
            for verdict in WORST_FIRST
            if verdict in verdicts
        },
        optimizers={
            optimizer: (_dose([of for key, of in factors.items() if key[1] == optimizer]), by_optimizer[optimizer])
            for optimizer in ranked
        },
        codes=dict(sums.codes.most_common()),
        worst=[row for _, row in sums.worst],
        errors=dict(sums.errors.most_common()),
    )


def _dose(factors: list[Any]) -> Dose:
    low, median, high = np.quantile(np.concatenate(factors), (0.1, 0.5, 0.9))
    return Dose(runs=sum(of.size for of in factors), median=float(median), low=float(low), high=float(high))
