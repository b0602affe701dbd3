"""One text file to runs: the road that all readers of printed text share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.readers._table import runs_from_table
from lrdoctor.readers._text.assemble import pieces
from lrdoctor.readers._text.axis import measured
from lrdoctor.readers._text.grammar import read_line
from lrdoctor.readers._text.scan import scan
from lrdoctor.readers._text.settings import find_settings
from lrdoctor.readers._text.uncounted import SETTINGS
from lrdoctor.readers._text.words import is_setting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lrdoctor.readers._base import LogFile
    from lrdoctor.readers._text.nouns import Line
    from lrdoctor.readers._text.scan import Scan
    from lrdoctor.readers._text.tabling import Piece
    from lrdoctor.records import Hyperparameter, Role, Run

RESULTS = (
    "holds the results of trainings, one training a line ({names} differ from line to line), "
    "not the course of one; name the logs of the trainings themselves"
)
NO_CURVE = (
    "holds no line that is printed again and again with a loss (or another measurement) and a step, an epoch "
    "or a position of its own; name the file of the training's output if it is another"
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a known writer adds to the general reading.

    Parameters
    ----------
    read_line
        Its own grammar, or one that handles its lines first and leaves the rest to the general one.
    roles
        What its tags mean, each with the reason.
    mend
        Changes a table in place, for what the writer leaves out or says in its own way.
    hyperparameters
        Known without looking, or from beside the log.
    """

    read_line: Callable[[bytes], Line | None] = read_line
    roles: Mapping[str, tuple[Role, str]] = field(default_factory=dict)
    mend: Callable[[Piece], None] | None = None
    hyperparameters: Mapping[str, Hyperparameter] = field(default_factory=dict)


def read_text(file: LogFile, *, source: str, format_name: str, dialect: Dialect | None = None) -> list[Run]:
    """Read the curves that a training printed.

    Parameters
    ----------
    file
        The text file.
    source, format_name
        Passed on to `Run`.
    dialect
        What is known of the writer.

    Returns
    -------
    Runs with local ids: "" for a single one.

    Raises
    ------
    NotALogError
        The text holds no curve.
    ReadError
        The file cannot be read.
    """
    dialect = dialect or Dialect()
    try:
        if file.size == 0:
            raise NotALogError(source, "the file is empty")
        found = scan(file, reading=dialect.read_line)
    except OSError as error:
        raise ReadError(source, f"cannot be read: {error.strerror or error}") from error
    made = pieces(found)
    if not made:
        raise NotALogError(source, _reason(found))
    above = min(piece.begins for piece in made)
    settings = find_settings(found.head, above) | dict(dialect.hyperparameters)
    runs: list[Run] = []
    for number, piece in enumerate(made, 1):
        if dialect.mend is not None:
            dialect.mend(piece)
        columns = piece.table.columns
        several = runs_from_table(
            piece.table, source=source, format_name=format_name, hyperparameters=settings,
            roles=piece.roles | {tag: role for tag, role in dialect.roles.items() if tag in columns},
            notes=piece.notes, axis=piece.axis, blank_may_be_nan=False,
        )  # fmt: skip
        if len(made) > 1:
            name = piece.name or str(number)
            note = f"the log announces {len(made)} trainings; this is number {number}: {name!r}"
            several = [
                replace(run, id=str(number) if not run.id else f"{number}.{run.id}", notes=(*run.notes, note))
                for run in several
            ]
        runs += several
    if not runs:
        raise NotALogError(source, NO_CURVE)
    return runs


def _reason(found: Scan) -> str:
    """Why a text holds no curve."""
    for group in found.groups:
        settings = [n for n, item in enumerate(group.fields) if is_setting(item.tag)]
        varied = [group.fields[n].tag for n in settings if np.unique(group.column(n)).size > 1]
        if group.lines.size >= 3 and measured(group) and len(settings) >= SETTINGS and varied:
            return RESULTS.format(names=", ".join(varied[:3]))
    return NO_CURVE
