"""timm's training script: `summary.csv` with epoch, train_loss, eval_loss, scores, lr; and `args.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._beside import read_companion_yaml
from lrdoctor.readers._hyper import find_hyperparameters
from lrdoctor.readers._sheet import header_names, runs_from_sheet
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Run


class TimmReader:
    """Reads `summary.csv` as `timm` writes it."""

    name = "timm-csv"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim `summary.csv` whose columns are an epoch, train_* and eval_*."""
        if file.name != "summary.csv":
            return None
        names = header_names(file)
        if not names or names[0] != "epoch":
            return None
        parts = {name.partition("_")[0] for name in names[1:] if "_" in name}
        return Claim(strength=Strength.FORMAT) if {"train", "eval"} & parts else None

    def read(self, source: Source) -> Iterator[Run]:
        """Read the run; see `Reader.read`."""
        file = source.files[0]
        arguments = read_companion_yaml(file.path.parent / "args.yaml")
        if arguments.get("lr", 0) is None:  # then it is computed from lr_base and the batch size
            arguments.pop("lr_base", None)
        yield from runs_from_sheet(
            file, format_name=self.name, role=_role, hyperparameters=find_hyperparameters(arguments),
            axis="epoch", unit="epoch",
        )  # fmt: skip


def _role(name: str) -> tuple[Role, str] | None:
    if name == "train_loss":
        return Role.TRAIN_LOSS, "timm: the training loss"
    if name in ("eval_loss", "eval_ema_loss"):
        return Role.VAL_LOSS, "timm: the validation loss"
    if name.startswith(("eval_top", "eval_ema_top")):
        return Role.VAL_METRIC, "timm: accuracy on the validation data"
    if name == "lr":
        return Role.LR, "timm: the learning rate"
    return None


READER = TimmReader()
