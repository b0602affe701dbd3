"""What readers of known delimited formats share: a look at the header, and the way to runs."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from lrdoctor.errors import NotALogError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lrdoctor.readers._base import LogFile
    from lrdoctor.records import Hyperparameter, Role, Run, StepUnit


def header_names(file: LogFile) -> tuple[str, ...]:
    """Names in the first line that is no comment, stripped; without the last if the window cuts it."""
    text = file.head_text
    while text.startswith("#"):
        text = text.partition("\n")[2]
    line, newline, _ = text.lstrip("\r\n").partition("\n")
    mark = max(",;\t", key=line.count)
    try:
        cells = next(csv.reader([line.rstrip("\r")], delimiter=mark), [])
    except csv.Error:
        return ()
    names = tuple(cell.strip() for cell in cells)
    return names if newline or len(names) < 2 or file.size <= len(file.head) else names[:-1]


def runs_from_sheet(
    file: LogFile,
    *,
    format_name: str,
    role: Callable[[str], tuple[Role, str] | None],
    hyperparameters: Mapping[str, Hyperparameter] | None = None,
    axis: str | None = None,
    unit: StepUnit | None = None,
    notes: Sequence[str] = (),
) -> list[Run]:
    """Read a delimited file of a known format.

    Parameters
    ----------
    file
        The file.
    role
        The role that the format gives to a column, with its reason; None where it gives none.
    format_name, hyperparameters, axis, unit, notes
        As for `runs_from_table`.

    Raises
    ------
    NotALogError
        It has a header and no rows.
    """
    from lrdoctor.readers._columns import read_columns
    from lrdoctor.readers._table import runs_from_table

    columns = read_columns(file)
    if not columns.table.rows:
        raise NotALogError(file.path, "a header and no rows: nothing has been logged yet")
    table = columns.table
    roles = {name: found for name in table.columns if (found := role(name.strip())) is not None}
    return runs_from_table(
        table, source=str(file.path), format_name=format_name, hyperparameters=hyperparameters, roles=roles,
        notes=[*notes, *columns.notes], axis=axis, unit=unit,
    )  # fmt: skip
