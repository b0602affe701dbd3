"""LLaMA-Factory: `trainer_log.jsonl` with current_steps, loss, eval_loss, lr, epoch where they are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._beside import read_companion_yaml
from lrdoctor.readers._companions import read_model_card
from lrdoctor.readers._hyper import find_hyperparameters
from lrdoctor.readers._json_table import read_json_table
from lrdoctor.readers._table import runs_from_table
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Run

_ROLES = {
    "loss": (Role.TRAIN_LOSS, "LLaMA-Factory: mean training loss since the previous log"),
    "eval_loss": (Role.VAL_LOSS, "LLaMA-Factory: loss on the evaluation data"),
    "lr": (Role.LR, "LLaMA-Factory: the learning rate"),
    "learning_rate": (Role.LR, "LLaMA-Factory: the learning rate"),
    "reward": (Role.REWARD, "LLaMA-Factory: the reward"),
    **dict.fromkeys(
        ("percentage", "throughput", "total_tokens", "total_steps"), (Role.OTHER, "LLaMA-Factory: progress")
    ),
}


class LlamaFactoryReader:
    """Reads `trainer_log.jsonl`."""

    name = "llamafactory"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim by name and the key current_steps."""
        if not (file.name.startswith("trainer_log") and file.suffix == ".jsonl"):
            return None
        return Claim(strength=Strength.FORMAT) if b'"current_steps"' in file.head else None

    def read(self, source: Source) -> Iterator[Run]:
        """Read the run; see `Reader.read`."""
        file = source.files[0]
        content = read_json_table(file)
        table, notes = content.table, content.notes
        home = file.path.parent
        arguments = read_companion_yaml(home / "training_args.yaml")
        settings = find_hyperparameters(arguments) or read_model_card(home)
        total = table.columns.get("total_steps")
        if total is not None and total.size and 0 < total[-1] < np.inf:
            settings.setdefault("max_steps", int(total[-1]))
        yield from runs_from_table(
            table, source=str(file.path), format_name=self.name, hyperparameters=settings, notes=notes,
            roles={name: role for name, role in _ROLES.items() if name in table.columns},
            axis="current_steps", blank_may_be_nan=False,
        )  # fmt: skip


READER = LlamaFactoryReader()
