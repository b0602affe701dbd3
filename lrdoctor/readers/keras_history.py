"""Keras `History.history` saved as JSON: an object of lists, `{"loss": [...], "val_loss": [...]}`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lrdoctor.errors import NotALogError
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._memory import KERAS_ROLES
from lrdoctor.readers._records import load_json, table_from_lists
from lrdoctor.readers._table import runs_from_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Run

# A name, then a list (or pandas' object of numbered values) of at least one number.
_LISTS = re.compile(
    rb'\s*\{\s*(?:"history"\s*:\s*\{\s*)?"[^"]{1,100}"\s*:\s*(?:\[|\{\s*"0"\s*:)\s*(?:-?[\d.]|NaN|-?Infinity)'
)
_LOSS = re.compile(rb'"(?:loss|val_loss)"\s*:\s*[\[{]')


class KerasHistoryReader:
    """Reads the history dictionary of `model.fit`, as people dump it."""

    name = "keras-history"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim a JSON object of lists of numbers that has a loss or is named a history."""
        if file.suffix != ".json" or not _LISTS.match(file.head):
            return None
        if _LOSS.search(file.head) or "history" in file.name.lower():
            return Claim(strength=Strength.SHAPE)
        return None

    def read(self, source: Source) -> Iterator[Run]:
        """Read the run; see `Reader.read`."""
        file = source.files[0]
        content = load_json(file.path)
        if isinstance(content, dict) and isinstance(content.get("history"), dict):
            content = content["history"]
        if not isinstance(content, dict):
            raise NotALogError(file.path, "no object of lists")
        found = table_from_lists({key: _as_list(value) for key, value in content.items()})
        if found is None:
            raise NotALogError(file.path, "no list of numbers in it")
        table, _ = found
        roles = {name: role for name, role in KERAS_ROLES.items() if name in table.columns}
        yield from runs_from_table(
            table,
            source=str(file.path),
            format_name=self.name,
            roles=roles,
            unit="epoch",
            blank_may_be_nan=False,
        )


def _as_list(value: object) -> object:
    """A list; pandas' `to_json` writes one as ``{"0": 2.3, "1": 1.9}``."""
    return list(value.values()) if isinstance(value, dict) and next(iter(value), None) == "0" else value


READER = KerasHistoryReader()
