"""CatBoost: `learn_error.tsv` and `test_error.tsv`, a column for each metric, the loss function first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.errors import NotALogError
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._one_metric_files import Named, runs_from_files
from lrdoctor.readers._sheet import header_names
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Run

_RISING = (
    "auc",
    "accuracy",
    "f1",
    "ndcg",
    "map",
    "precision",
    "recall",
    "r2",
    "kappa",
    "mcc",
    "queryauc",
    "hitrate",
)


class CatBoostReader:
    """Reads the error files of one CatBoost training."""

    name = "catboost-tsv"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim `*_error.tsv` that counts iterations."""
        if not file.name.endswith(("_error.tsv", "time_left.tsv")) or header_names(file)[:1] != ("iter",):
            return None
        return Claim(strength=Strength.FORMAT, group=file.path.parent)

    def read(self, source: Source) -> Iterator[Run]:
        """Read the run; see `Reader.read`."""
        files = [file for file in source.files if file.name != "time_left.tsv"]
        if not files:
            raise NotALogError(source.path, "CatBoost's clock without its errors")
        loss = next((names[1] for file in files if len(names := header_names(file)) > 1), "")

        def tag(file: LogFile, name: str) -> Named:
            part = file.path.stem.removesuffix("_error")
            return f"{part}/{name}", _role(name, training=part == "learn", is_loss=name == loss)

        yield from runs_from_files(files, source=source.path, format_name=self.name, tag=tag, axis="iter")


def _role(name: str, *, training: bool, is_loss: bool) -> tuple[Role, str] | None:
    if name.lower().partition(":")[0] in _RISING:
        return Role.TRAIN_METRIC if training else Role.VAL_METRIC, "CatBoost: a score that should rise"
    if is_loss:
        data = "training" if training else "held-out"
        return Role.TRAIN_LOSS if training else Role.VAL_LOSS, f"CatBoost: the loss function on {data} data"
    return None


READER = CatBoostReader()
