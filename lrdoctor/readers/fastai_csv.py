"""fastai's CSVLogger: `history.csv` with `epoch,train_loss,valid_loss,<metrics>,time`; no learning rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._sheet import header_names, runs_from_sheet
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Run


class FastaiReader:
    """Reads `history.csv` as fastai writes it."""

    name = "fastai-csv"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim a table that begins with epoch, train_loss, valid_loss."""
        if file.suffix != ".csv" or header_names(file)[:3] != ("epoch", "train_loss", "valid_loss"):
            return None
        return Claim(strength=Strength.FORMAT)

    def read(self, source: Source) -> Iterator[Run]:
        """Read the run; see `Reader.read`."""
        yield from runs_from_sheet(
            source.files[0], format_name=self.name, role=_role, axis="epoch", unit="epoch"
        )


def _role(name: str) -> tuple[Role, str] | None:
    if name == "train_loss":
        return Role.TRAIN_LOSS, "fastai: the smoothed training loss"
    if name == "valid_loss":
        return Role.VAL_LOSS, "fastai: the validation loss"
    return None


READER = FastaiReader()
