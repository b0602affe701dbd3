"""Keras `History.history` saved as JSON: an object of lists, `{"loss": [...], "val_loss": [...]}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.errors import NotALogError
from lrdoctor.patterns import pattern
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._hyper import find_hyperparameters
from lrdoctor.readers._memory import KERAS_ROLES
from lrdoctor.readers._records import load_json, table_from_lists
from lrdoctor.readers._table import runs_from_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Run

# A name, then a list (or pandas' object of numbered values) of at least one number.
_LISTS = pattern(
    rb'\s*\{\s*(?:"history"\s*:\s*\{\s*)?"[^"]{1,100}"\s*:\s*(?:\[|\{\s*"0"\s*:)\s*(?:-?[\d.]|NaN|-?Infinity)'
)
_LOSS = pattern(rb'"(?:loss|val_loss)"\s*:\s*[\[{]')


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
        whole = load_json(file.path)
        content = whole.get("history") if isinstance(whole, dict) and "history" in whole else whole
        if not isinstance(whole, dict) or not isinstance(content, dict):
            raise NotALogError(file.path, "no object of lists")
        settings = (
            {} if content is whole else {key: value for key, value in whole.items() if key != "history"}
        )
        found = table_from_lists({key: _as_list(value) for key, value in content.items()})
        if found is None:
            raise NotALogError(file.path, "no list of numbers in it")
        table, _ = found
        roles = {name: role for name, role in KERAS_ROLES.items() if name in table.columns}
        yield from runs_from_table(
            table, source=str(file.path), format_name=self.name, roles=roles, unit="epoch",
            hyperparameters=find_hyperparameters(settings), blank_may_be_nan=False,
        )  # fmt: skip


def _as_list(value: object) -> object:
    """A list; pandas' `to_json` writes one as ``{"0": 2.3, "1": 1.9}``."""
    return list(value.values()) if isinstance(value, dict) and next(iter(value), None) == "0" else value


READER = KerasHistoryReader()
