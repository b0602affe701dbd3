"""DETR and what grew from it (DeiT, MAE): `log.txt`, a JSON object for each epoch, train_* and test_*."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._json_table import read_json_table
from lrdoctor.readers._table import runs_from_table
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Run


class DetrReader:
    """Reads the JSON lines of DETR's training script, appended sessions included."""

    name = "detr-log"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim JSON lines in a text file with train_loss or train_lr, and an epoch."""
        if file.suffix not in (".txt", ".log", ".json", ".jsonl", ""):
            return None
        line = file.head.lstrip().partition(b"\n")[0]
        if not line.startswith(b"{") or not (b'"train_lr"' in line or b'"train_loss"' in line):
            return None
        if b'"step"' in line or b'_step"' in line:  # a line for each step is somebody else's
            return None
        if b'"epoch"' not in line and not (b'"test_' in line or len(line) >= 8192):
            return None
        return Claim(strength=Strength.FORMAT if file.suffix == ".txt" else Strength.SHAPE)

    def read(self, source: Source) -> Iterator[Run]:
        """Read the run or runs; see `Reader.read`."""
        file = source.files[0]
        content = read_json_table(file, prepare=_unfold)
        table, notes = content.table, content.notes
        settings: dict[str, float] = {}
        if "n_parameters" in table.columns:
            settings["n_parameters"] = float(table.columns.pop("n_parameters")[0])
            table.logged.pop("n_parameters", None)
        roles = {name: role for name in table.columns if (role := _role(name)) is not None}
        yield from runs_from_table(
            table, source=str(file.path), format_name=self.name, hyperparameters=settings, roles=roles,
            notes=notes, unit="epoch", blank_may_be_nan=False,
        )  # fmt: skip


def _unfold(record: dict[str, Any]) -> None:
    """Put the first of COCO's twelve numbers, the AP, in place of the list."""
    for key, value in record.items():
        if key.startswith("test_coco_eval") and isinstance(value, list) and value:
            record[key] = value[0]


def _role(name: str) -> tuple[Role, str] | None:
    part, _, rest = name.partition("_")
    if part not in ("train", "test", "val"):
        return None
    training = part == "train"
    if rest == "loss":
        data = "training" if training else "validation"
        return Role.TRAIN_LOSS if training else Role.VAL_LOSS, f"DETR: mean {data} loss of the epoch"
    if rest.startswith("coco_eval"):
        return Role.VAL_METRIC, "DETR: average precision, the first of COCO's numbers"
    if rest.endswith("_unscaled"):
        return Role.OTHER, "DETR: a term before it is weighted"
    if re.fullmatch(r"loss_\w+", rest):
        return Role.TRAIN_LOSS_PART if training else Role.VAL_LOSS_PART, "DETR: one term of the loss"
    if training and rest == "lr":
        return Role.LR, "DETR: the learning rate"
    if training and rest == "grad_norm":
        return Role.GRAD_NORM, "DETR: the gradient norm"
    return None


READER = DetrReader()
