"""Loggers that write a small table for each metric: the tables of a directory put together as runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.readers._columns import read_columns
from lrdoctor.readers._table import runs_from_table
from lrdoctor.records import Run, Series

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from lrdoctor.readers._base import LogFile
    from lrdoctor.records import Hyperparameter, Role, StepUnit

Named = tuple[str, "tuple[Role, str] | None"]


def runs_from_files(
    files: Sequence[LogFile],
    *,
    source: Path,
    format_name: str,
    tag: Callable[[LogFile, str], Named],
    axis: str | None = None,
    unit: StepUnit | None = None,
    hyperparameters: Mapping[str, Hyperparameter] | None = None,
) -> list[Run]:
    """Read one table from each file and put their columns into common runs.

    Parameters
    ----------
    files
        The files of one training.
    source, format_name, axis, unit, hyperparameters
        As for `runs_from_table`.
    tag
        From file and column to the tag of the curve, and the role that the format gives it.

    Returns
    -------
    One run for each time that training started from the beginning: the first sessions of all files make the
    first.

    Raises
    ------
    ReadError
        No file could be read.
    """
    sessions: list[dict[str, Series]] = []
    notes: list[str] = []
    failure: ReadError | None = None
    for file in files:
        try:
            columns = read_columns(file)
        except ReadError as error:
            failure = failure or error
            notes.append(f"{file.name}: {error.reason}")
            continue
        runs = runs_from_table(
            columns.table,
            source=str(source),
            format_name=format_name,
            axis=axis,
            unit=unit,
            notes=columns.notes,
        )
        for number, run in enumerate(runs):
            if number == len(sessions):
                sessions.append({})
            for name, series in run.series.items():
                new, role = tag(file, name)
                series = replace(series, tag=new)
                sessions[number][new] = series if role is None else series.with_role(*role)
            notes += [f"{file.name}: {note}" for note in run.notes]
    if not sessions:
        raise failure or NotALogError(source, "the files hold no numbers")
    return [
        Run(id=str(number) if len(sessions) > 1 else "", source=str(source), format=format_name,
            series=series, hyperparameters=hyperparameters or {}, notes=tuple(dict.fromkeys(notes)))
        for number, series in enumerate(sessions, 1)
    ]  # fmt: skip
