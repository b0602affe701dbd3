"""Flair: `loss.tsv` with EPOCH, LEARNING_RATE, TRAIN_LOSS, DEV_LOSS, TEST_LOSS and scores."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._sheet import header_names, runs_from_sheet
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Run


class FlairReader:
    """Reads `loss.tsv` as Flair's trainer writes it."""

    name = "flair-tsv"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim by the capital names."""
        if file.suffix != ".tsv" or not file.head.startswith(b"EPOCH\t"):
            return None
        names = header_names(file)
        return Claim(strength=Strength.FORMAT) if "TRAIN_LOSS" in names else None

    def read(self, source: Source) -> Iterator[Run]:
        """Read the run; see `Reader.read`."""
        file = source.files[0]
        for run in runs_from_sheet(file, format_name=self.name, role=_role, axis="EPOCH", unit="epoch"):
            rates = run.series.get("LEARNING_RATE")
            # Printed with four decimals: 3e-5 is 0.0000, which says nothing.
            if rates is not None and not rates.value.any():
                series = {tag: one for tag, one in run.series.items() if one is not rates}
                note = "LEARNING_RATE is printed with four decimals and reads 0.0000 throughout: left out"
                run = replace(run, series=series, notes=(*run.notes, note))
            yield run


def _role(name: str) -> tuple[Role, str] | None:
    if name == "TRAIN_LOSS":
        return Role.TRAIN_LOSS, "Flair: the training loss, mean over the epoch"
    if name in ("DEV_LOSS", "TEST_LOSS"):
        return Role.VAL_LOSS, f"Flair: loss on the {name[:-5].lower()} data"
    if name == "LEARNING_RATE":
        return Role.LR, "Flair: the learning rate of the epoch"
    if name.startswith(("DEV_", "TEST_")):
        return Role.VAL_METRIC, f"Flair: a score on the {name.partition('_')[0].lower()} data"
    return None


READER = FlairReader()
