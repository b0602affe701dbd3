"""The log history of the Hugging Face Trainer, in a file or in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lrdoctor.readers._hyper import find_hyperparameters
from lrdoctor.readers._records import table_from_records
from lrdoctor.readers._table import runs_from_table
from lrdoctor.records import Role

if TYPE_CHECKING:
    from lrdoctor.readers._table import Table
    from lrdoctor.records import Hyperparameter, Run

_SUMMARY_KEYS = frozenset(("train_runtime", "train_samples_per_second", "train_steps_per_second"))
_SETTINGS = ("max_steps", "num_train_epochs", "train_batch_size")


def runs_from_log_history(
    entries: object,
    *,
    source: str,
    format_name: str = "hf-trainer",
    hyperparameters: Mapping[str, Hyperparameter] | None = None,
    notes: Sequence[str] = (),
    axis: str = "step",
) -> list[Run]:
    """Turn a log history into runs.

    Parameters
    ----------
    entries
        Objects with `step` and some of `loss`, `eval_loss`, `learning_rate`, `grad_norm`, `epoch`. The row
        that sums up the training (`train_runtime`, with the average `train_loss`) is no point and is left
        out.
    source, format_name, hyperparameters, notes, axis
        As for `runs_from_table`.
    """
    if not isinstance(entries, Sequence):
        return []
    points = [entry for entry in entries if isinstance(entry, dict)]
    if not points:
        return []
    table, _ = table_from_records(points)
    return runs_from_history_table(
        table, source=source, format_name=format_name, hyperparameters=hyperparameters, notes=notes, axis=axis
    )


def runs_from_history_table(
    table: Table,
    *,
    source: str,
    format_name: str,
    hyperparameters: Mapping[str, Hyperparameter] | None = None,
    notes: Sequence[str] = (),
    axis: str = "step",
) -> list[Run]:
    """Turn a log history in columns into runs; parameters as for `runs_from_log_history`."""
    summary = np.zeros(table.rows, bool)
    for name in _SUMMARY_KEYS & table.columns.keys():
        summary |= table.present(name)
    table = table.take(~summary)
    table.columns = {name: values for name, values in table.columns.items() if table.points(name)}
    roles = {name: role for name in table.columns if (role := _role(name)) is not None}
    return runs_from_table(
        table, source=source, format_name=format_name, hyperparameters=hyperparameters, roles=roles,
        notes=notes, axis=axis, blank_may_be_nan=False,
    )  # fmt: skip


def is_summary(entry: Mapping[str, Any]) -> bool:
    """Say whether an entry sums up the training, and is no point of it."""
    return not _SUMMARY_KEYS.isdisjoint(entry)


def settings_of_state(state: Mapping[str, Any]) -> dict[str, Hyperparameter]:
    """Hyperparameters that a trainer state repeats: steps, epochs, batch size of all devices."""
    return find_hyperparameters({key: state[key] for key in _SETTINGS if state.get(key)})


def _role(name: str) -> tuple[Role, str] | None:
    known = {
        "loss": (Role.TRAIN_LOSS, "Trainer: mean training loss since the previous log"),
        "eval_loss": (Role.VAL_LOSS, "Trainer: loss on the evaluation data"),
        "learning_rate": (Role.LR, "Trainer: the scheduler's learning rate"),
        "grad_norm": (Role.GRAD_NORM, "Trainer: gradient norm before clipping"),
        "epoch": (Role.EPOCH, "counts epochs"),
        "train_loss": (Role.AVERAGE, "Trainer: average over the whole training"),
    }
    if name in known:
        return known[name]
    if name in ("predict_loss", "test_loss"):
        return Role.VAL_LOSS, "Trainer: loss on the test data"
    if name.startswith("eval_") and name.endswith("_loss"):
        return Role.VAL_LOSS, f"Trainer: loss on the evaluation data {name[5:-5]!r}"
    if name.startswith("eval_") and name.endswith(("_runtime", "_per_second", "_preparation_time")):
        return Role.OTHER, "Trainer: speed of the evaluation"
    return None
