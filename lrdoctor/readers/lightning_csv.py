"""Lightning's CSVLogger: `metrics.csv`, training and validation on rows of their own, and `hparams.yaml`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lrdoctor.patterns import pattern
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._beside import read_companion_yaml
from lrdoctor.readers._hyper import find_hyperparameters, optimizer_name
from lrdoctor.readers._sheet import header_names, runs_from_sheet
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Run

# LearningRateMonitor: lr-<optimizer>[-<number>][/pg<group>][-momentum|-weight_decay]
_MONITORED = pattern(
    r"lr-(?P<optimizer>[A-Za-z]\w*?)(?:-\d+)?(?:/pg\d+)?(?P<what>-momentum|-weight_decay)?"
)


class LightningCsvReader:
    """Reads `metrics.csv` as (PyTorch) Lightning writes it."""

    name = "lightning-csv"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim `metrics.csv` with a step column."""
        if file.name != "metrics.csv":
            return None
        names = header_names(file)
        if "step" not in names or {"metric", "value"} <= set(names):  # a metric a row: MLflow's download
            return None
        sure = "epoch" in names or (file.path.parent / "hparams.yaml").exists()
        return Claim(strength=Strength.FORMAT if sure else Strength.SHAPE)

    def read(self, source: Source) -> Iterator[Run]:
        """Read the run; see `Reader.read`."""
        file = source.files[0]
        settings = find_hyperparameters(read_companion_yaml(file.path.parent / "hparams.yaml"))
        for run in runs_from_sheet(
            file, format_name=self.name, role=_role, hyperparameters=settings, axis="step", unit="step"
        ):
            found = [match["optimizer"] for tag in run.series if (match := _MONITORED.fullmatch(tag))]
            if found and "optimizer" not in run.hyperparameters:
                known = {**run.hyperparameters, "optimizer": optimizer_name(found[0])}
                run = replace(run, hyperparameters=known)
            yield run


def _role(name: str) -> tuple[Role, str] | None:
    match = _MONITORED.fullmatch(name)
    if match is None:
        return None
    if match["what"]:
        return Role.OTHER, "LearningRateMonitor: another setting of the optimizer"
    return Role.LR, "LearningRateMonitor: the learning rate of the optimizer"


READER = LightningCsvReader()
