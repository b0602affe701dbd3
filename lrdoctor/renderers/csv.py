"""The report as CSV: a row per run, for spreadsheets and data frames; what cannot be read is a row, too."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from lrdoctor.cleaning import clean
from lrdoctor.renderers import _words as words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Diagnosis, RunDiagnosis
    from lrdoctor.renderers._base import Options

_COLUMNS = (
    "id", "source", "format", "verdict", "confidence", "lr", "factor", "low", "high", "advised_lr", "schedule",
    "warmup_fraction", "final_fraction", "clip_norm", "also", "findings", "reason",
)  # fmt: skip
# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV injection"), the full-width forms included.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


class CsvRenderer:
    """Renders a row per run, worst first."""

    name = "csv"
    suffix = ".csv"

    def render(self, diagnosis: Diagnosis, options: Options) -> Iterator[str]:
        """Yield the header and the rows."""
        rows = [_row(said) for said in words.worst_first(diagnosis.runs)]
        rows += [{"source": _text(lost.source), "verdict": "unreadable", "reason": _text(lost.error)}
                 for lost in diagnosis.unreadable]  # fmt: skip
        sink = io.StringIO()
        writer = csv.DictWriter(sink, _COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        yield sink.getvalue()


RENDERER = CsvRenderer()


def _row(said: RunDiagnosis) -> dict[str, object]:
    """Cells by column; numbers as Python writes them, so that nothing is lost."""
    plan, rate = said.plan, said.plan.lr
    shape = plan.schedule
    return {
        "id": _text(said.run.id),
        "source": _text(said.run.source),
        "format": _text(said.run.format),
        "verdict": str(said.verdict),
        "confidence": plan.confidence,
        "lr": words.rate_now(plan),
        "factor": rate.factor,
        "low": rate.interval[0],
        "high": rate.interval[1],
        "advised_lr": rate.value,
        "schedule": shape and shape.kind,
        "warmup_fraction": shape and shape.warmup_fraction,
        "final_fraction": shape and shape.final_fraction,
        "clip_norm": plan.clip_norm,
        "also": _text("; ".join(words.actions(said))),
        "findings": _text(",".join(finding.code for finding in said.findings)),
        "reason": _text(plan.reason),
    }


def _text(value: str) -> str:
    """Words that may come from a log, so that no spreadsheet computes them."""
    shown = clean(value, 1000)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown
