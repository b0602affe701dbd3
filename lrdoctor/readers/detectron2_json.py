"""Detectron2: `metrics.json`, JSON lines with iteration, total_loss, loss_*, lr; or with scores only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._beside import read_companion_yaml
from lrdoctor.readers._hyper import find_hyperparameters
from lrdoctor.readers._json_table import read_json_table
from lrdoctor.readers._table import runs_from_table
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Run


class Detectron2Reader:
    """Reads `metrics.json` as Detectron2's JSONWriter writes it."""

    name = "detectron2-json"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim `metrics*.json` with lines that have an iteration and a loss."""
        if not (file.name.startswith("metrics") and file.suffix in (".json", ".jsonl")):
            return None
        head = file.head
        if not head.lstrip().startswith(b"{") or b'"iteration"' not in head:
            return None
        return Claim(strength=Strength.FORMAT) if b'"total_loss"' in head or b'"data_time"' in head else None

    def read(self, source: Source) -> Iterator[Run]:
        """Read the run; see `Reader.read`."""
        file = source.files[0]
        content = read_json_table(file)
        table, notes = content.table, content.notes
        config = read_companion_yaml(file.path.parent / "config.yaml")
        settings = find_hyperparameters(config.get("SOLVER") or config)
        roles = {name: role for name in table.columns if (role := _role(name)) is not None}
        yield from runs_from_table(
            table, source=str(file.path), format_name=self.name, hyperparameters=settings, roles=roles,
            notes=notes, axis="iteration", blank_may_be_nan=False,
        )  # fmt: skip


def _role(name: str) -> tuple[Role, str] | None:
    if name == "total_loss":
        return Role.TRAIN_LOSS, "Detectron2: the sum of the training losses"
    if name in ("validation_loss", "val_loss", "total_val_loss"):
        return Role.VAL_LOSS, "Detectron2: the validation loss of a custom hook"
    if name == "lr":
        return Role.LR, "Detectron2: the learning rate"
    if re.fullmatch(r"loss_\w+", name):
        return Role.TRAIN_LOSS_PART, "Detectron2: one term of the training loss"
    if name in ("data_time", "time", "eta_seconds", "rank_data_time"):
        return Role.OTHER, "Detectron2: speed"
    if re.fullmatch(r"(?:bbox|segm|keypoints|sem_seg|panoptic_seg)/.*", name):
        return Role.VAL_METRIC, "Detectron2: a score of the evaluation"
    return None


READER = Detectron2Reader()
