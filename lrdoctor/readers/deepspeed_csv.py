"""DeepSpeed's CSV monitor: a directory with one file for each metric, `Train_Samples_train_loss.csv` and
such.

The step is the number of samples; the header comes again after a restart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.patterns import pattern
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._one_metric_files import Named, runs_from_files
from lrdoctor.readers._sheet import header_names
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Run

_FILE = pattern(
    r"(?P<group>(?:Train|Eval|Test|Validation)_(?:Samples|Steps|Eval|Loss|Train)?)_?(?P<name>\w+)\.csv"
)
_ROLES = {
    "train_loss": (Role.TRAIN_LOSS, "DeepSpeed: the training loss"),
    "eval_loss": (Role.VAL_LOSS, "DeepSpeed: the evaluation loss"),
    "lr": (Role.LR, "DeepSpeed: the learning rate"),
    "loss_scale": (Role.LOSS_SCALE, "DeepSpeed: the loss scale"),
}


class DeepSpeedReader:
    """Reads the one-metric files of DeepSpeed's CSV monitor."""

    name = "deepspeed-csv"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim `Train_Samples_*.csv` with the columns step and the metric."""
        match = _FILE.fullmatch(file.name)
        if match is None:
            return None
        names = header_names(file)
        if len(names) != 2 or names[0] != "step" or not file.path.stem.endswith(names[1]):
            return None
        return Claim(strength=Strength.FORMAT, group=file.path.parent)

    def read(self, source: Source) -> Iterator[Run]:
        """Read the run of one directory; see `Reader.read`."""
        samples = all("_Samples_" in file.name for file in source.files)
        yield from runs_from_files(
            source.files, source=source.path, format_name=self.name, tag=_tag, axis="step",
            unit="sample" if samples else "step",
        )  # fmt: skip


def _tag(file: LogFile, name: str) -> Named:
    group = file.path.stem.removesuffix(name).strip("_").replace("_", "/")
    return f"{group}/{name}", _ROLES.get(name)


READER = DeepSpeedReader()
