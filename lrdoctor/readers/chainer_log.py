"""Chainer's LogReport: a file `log`, a JSON list of objects with epoch, iteration, main/loss and such."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.patterns import pattern
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._json_table import read_json_table
from lrdoctor.readers._table import runs_from_table
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Run

_START = pattern(rb"\s*\[\s*\{")


class ChainerReader:
    """Reads what the LogReport extension of Chainer (and of pytorch-pfn-extras) writes."""

    name = "chainer-log"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim a JSON list of objects with epoch, iteration and elapsed_time."""
        if file.suffix not in ("", ".json", ".log", ".txt") or not _START.match(file.head):
            return None
        first = file.head.partition(b"}")[0]
        keys = (b'"epoch"', b'"iteration"', b'"elapsed_time"')
        return Claim(strength=Strength.FORMAT) if all(key in first for key in keys) else None

    def read(self, source: Source) -> Iterator[Run]:
        """Read the run; see `Reader.read`."""
        file = source.files[0]
        content = read_json_table(file)
        table, notes = content.table, content.notes
        roles = {name: role for name in table.columns if (role := _role(name)) is not None}
        yield from runs_from_table(
            table, source=str(file.path), format_name=self.name, roles=roles, notes=notes, axis="iteration",
            blank_may_be_nan=False,
        )  # fmt: skip


def _role(name: str) -> tuple[Role, str] | None:
    if name == "main/loss":
        return Role.TRAIN_LOSS, "Chainer: the training loss of the main model"
    if name == "validation/main/loss":
        return Role.VAL_LOSS, "Chainer: the validation loss of the main model"
    if name == "lr":
        return Role.LR, "Chainer: the optimizer's learning rate"
    return None


READER = ChainerReader()
