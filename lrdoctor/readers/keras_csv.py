"""Keras' CSVLogger: `epoch`, then the logs in alphabetical order, under any file name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lrdoctor.readers._axis import is_axis_name
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._companions import read_companions
from lrdoctor.readers._sheet import header_names, runs_from_sheet
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Run

_SUFFIXES = (".csv", ".log", ".tsv", ".txt", "")


class KerasCsvReader:
    """Reads what `keras.callbacks.CSVLogger` writes, appended sessions included."""

    name = "keras-csvlogger"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim by the header alone: Keras leaves the file's name to the user."""
        if file.suffix not in _SUFFIXES or not file.head.startswith((b"epoch", b"\xef\xbb\xbfepoch")):
            return None
        first, *names = header_names(file) or ("",)
        if first != "epoch" or not {"loss", "val_loss"}.intersection(names) or any(map(is_axis_name, names)):
            return None
        own = [name for name in names if not name.startswith("val_")]
        of_validation = [name for name in names if name.startswith("val_")]
        # At the end where the first epoch had no validation, in their place in the alphabet otherwise.
        in_order = names == sorted(names) or names == [*sorted(own), *sorted(of_validation)] \
            or names == [*sorted(own), *(f"val_{name}" for name in sorted(own))]  # fmt: skip
        return Claim(strength=Strength.FORMAT) if in_order else None

    def read(self, source: Source) -> Iterator[Run]:
        """Read the run or, where the file was appended to, the runs; see `Reader.read`."""
        yield from runs_from_sheet(
            source.files[0],
            format_name=self.name,
            role=_role,
            axis="epoch",
            unit="epoch",
            hyperparameters=read_companions(source.files[0].path),
        )


def _role(name: str) -> tuple[Role, str] | None:
    if name == "loss":
        return Role.TRAIN_LOSS, "Keras: the training loss, mean over the epoch"
    if name == "val_loss":
        return Role.VAL_LOSS, "Keras: the validation loss"
    if re.fullmatch(r"lr|learning_rate(?:_\w+)?", name):
        return Role.LR, "Keras: the optimizer's learning rate"
    return None


READER = KerasCsvReader()
