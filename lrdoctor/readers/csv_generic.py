"""Any delimited table that is the course of a training, whatever stands between its columns."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from lrdoctor.errors import NotALogError
from lrdoctor.readers._axis import is_axis_name, plain
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._cells import is_number
from lrdoctor.readers._columns import Columns, read_columns
from lrdoctor.readers._companions import read_companions
from lrdoctor.readers._course import is_curve_name, refusal_by_names, why_no_course
from lrdoctor.readers._dialect import sniff
from lrdoctor.readers._hyper import find_hyperparameters
from lrdoctor.readers._log_history import runs_from_history_table
from lrdoctor.readers._reshape import untangle
from lrdoctor.readers._table import Table, labelled, runs_from_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Hyperparameter, Run

_TABLE_SUFFIXES = (".csv", ".tsv", ".tab")
_TEXT_SUFFIXES = (".txt", ".log", ".dat", ".out", "")


class GenericCsvReader:
    """Reads a table of which nothing is known but its header."""

    name = "csv"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim any `.csv` or `.tsv`; a text file only if it begins with a header above rows of numbers."""
        if file.suffix in _TABLE_SUFFIXES:
            text = file.head_text
            named = _looks_named(text)
            return Claim(
                strength=Strength.FALLBACK,
                quiet=not named and not re.search(r"loss|metric|log|hist|train", file.name),
            )
        if file.suffix not in _TEXT_SUFFIXES:
            return None
        if not (_looks_named(file.head_text) or (is_curve_name(file.path.stem) and _is_bare(file.head_text))):
            return None
        return Claim(strength=Strength.SHAPE, quiet=True)

    def read(self, source: Source) -> Iterator[Run]:
        """Read the runs of one table; see `Reader.read`."""
        file = source.files[0]
        columns = read_columns(file, judge=refusal_by_names)
        table = columns.table
        if not table.rows:
            raise NotALogError(file.path, "a header and no rows: nothing has been logged yet")
        if not columns.dialect.names:
            table = _named_by_file(file, columns)
        yield from runs_from_columns(columns, table, file, format_name=self.name)


def runs_from_columns(columns: Columns, table: Table, file: LogFile, *, format_name: str) -> Iterator[Run]:
    """Runs of a table of which nothing is known but its header; refused if it is no course of a training."""
    if {"train_runtime", "loss", "step"} <= table.columns.keys():  # a log history of the Trainer as a frame
        yield from runs_from_history_table(
            table, source=str(file.path), format_name=format_name, notes=columns.notes
        )
        return
    settings = read_companions(file.path) | _settings(columns)
    parts = untangle(table, columns.text)
    reason = "no column holds numbers"
    found = False
    for label, part, text in parts:
        refusal = why_no_course(part, text, trusted=file.named)
        if refusal is not None:
            reason = refusal
            continue
        for run in runs_from_table(
            part,
            source=str(file.path),
            format_name=format_name,
            hyperparameters=settings,
            notes=columns.notes,
        ):
            found = True
            yield labelled(run, label)
    if not found:
        raise NotALogError(file.path, reason)


def _looks_named(text: str) -> bool:
    """Whether a text begins with a header that names a step or a metric, above rows that fit it."""
    dialect = sniff(text)
    if dialect is None or not dialect.names or not dialect.sample:
        return False
    if not any(is_axis_name(name) or is_curve_name(name) for name in dialect.names):
        return False
    if dialect.delimiter is None and any(
        not re.fullmatch(r"[\w./@%()\[\]-]+", name) for name in dialect.names
    ):
        return False
    fitting = sum(len(row) == dialect.width for row in dialect.sample)
    return fitting >= 0.8 * len(dialect.sample) and (dialect.width > 1 or len(dialect.sample) > 2)


def _is_bare(text: str) -> bool:
    """Whether a text is one or two columns of numbers and nothing else."""
    dialect = sniff(text)
    if dialect is None or dialect.names or dialect.width > 2:
        return False
    return all(is_number(cell) for row in dialect.sample for cell in row)


def _named_by_file(file: LogFile, columns: Columns) -> Table:
    """Name the columns of a table without header: a step and a value, if its file is named like a curve."""
    table, stem = columns.table, file.path.stem
    names = list(table.columns)
    renamed: dict[str, str] = {}
    if is_curve_name(stem) and not columns.text and len(names) == 1:
        renamed = {names[0]: stem}
    elif is_curve_name(stem) and not columns.text and len(names) == 2:
        first = table.columns[names[0]]
        if (first[1:] > first[:-1]).mean() > 0.9 and (first == first.round()).all():
            renamed = {names[0]: "step", names[1]: stem}
    if not renamed:
        reason = "a table whose columns have no names: add a header line such as 'step,train_loss,val_loss'"
        raise NotALogError(file.path, reason)
    columns.notes.append(f"no header: read as {' and '.join(renamed.values())}, after the name of the file")
    return Table(
        {renamed[name]: values for name, values in table.columns.items()},
        {renamed[name]: mask for name, mask in table.logged.items()},
    )


def _settings(columns: Columns) -> dict[str, Hyperparameter]:
    """Hyperparameters from comment lines: a JSON object, or ``# lr: 0.1`` and ``# lr = 0.1``."""
    found: dict[str, object] = {}
    for comment in columns.dialect.comments[:200]:
        if comment.startswith("{"):
            try:
                content = json.loads(comment)
            except (ValueError, RecursionError):
                continue
            if isinstance(content, dict):
                found.update(content)
            continue
        for key, value in re.findall(r"([A-Za-z_][\w. -]{0,40}?)\s*[:=]\s*([^\s,;]{1,60})", comment):
            found.setdefault(plain(key), value)
    return find_hyperparameters(found)


READER = GenericCsvReader()
