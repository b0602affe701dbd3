"""OpenMMLab: MMEngine's `scalars.json` (and its copy `<time>.json`), MMCV 1's `<time>.log.json`.

JSON lines. Validation lines count otherwise than training lines: in MMEngine their `step` is the epoch (or
the iteration, where the loop goes by iterations); in MMCV 1 `iter` starts again in each epoch and `mode`
tells the lines apart; the first line describes the machine.
"""

from __future__ import annotations

import filecmp
from typing import TYPE_CHECKING, Any

import numpy as np

from lrdoctor.errors import NotALogError
from lrdoctor.patterns import pattern
from lrdoctor.readers._axis import over_epochs
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._beside import plain_assignments, read_companion_python
from lrdoctor.readers._hyper import find_hyperparameters
from lrdoctor.readers._json_table import load_records
from lrdoctor.readers._records import table_from_records
from lrdoctor.readers._table import Table, runs_from_table
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lrdoctor.records import Hyperparameter, Run

    Placed = list[tuple[int, dict[str, Any]]]

_ROLES = {
    "loss": (Role.TRAIN_LOSS, "OpenMMLab: the sum of the training losses"),
    "lr": (Role.LR, "OpenMMLab: the learning rate"),
    "base_lr": (Role.LR, "OpenMMLab: the learning rate of the base group"),
    "grad_norm": (Role.GRAD_NORM, "OpenMMLab: gradient norm before clipping"),
}
_SPEED = ("data_time", "time", "memory", "eta")
_TIMED = pattern(r"(?:\d{8}_\d{6}|scalars)(?:\.log)?\.json")
_SCORE = pattern(
    r"(?:^|[/_. ])(?:m?AP|AR|acc|accuracy|top-?\d|m?IoU|m?Dice|aAcc|mAcc|AUC|PCK|F1|bbox_mAP)(?:$|[/_. @\d])"
)
_PLAIN = pattern(r"(?:\w+_)?loss(?:_\w+)?|d\d\.loss\w*|acc|top\d.*")


class MMEngineReader:
    """Reads the scalar logs of MMEngine and MMCV."""

    name = "mmengine-json"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim `scalars.json`, `<time>.json` and `<time>.log.json` that hold lines of scalars."""
        if not _TIMED.fullmatch(file.name):
            return None
        head = file.head.lstrip()
        if not head.startswith(b"{") or not (b'"step"' in head or b'"iter"' in head or b'"mode"' in head):
            return None
        return Claim(strength=Strength.FORMAT, group=file.path.parent)

    def read(self, source: Source) -> Iterator[Run]:
        """Read the runs of one directory, each once; see `Reader.read`."""
        unique: list[tuple[LogFile, list[str]]] = []
        for file in sorted(source.files, key=lambda file: not file.name.startswith("scalars")):
            for first, notes in unique:
                if file.size == first.size and filecmp.cmp(file.path, first.path, shallow=False):
                    notes.append(f"{file.name} is a copy of {first.name}: read once")
                    break
            else:
                unique.append((file, []))
        # Logs of one directory in the order of their names, which are times: a resume goes on, a restart is
        # seen.
        records: list[dict[str, Any]] = []
        said: list[str] = []
        for file, notes in sorted(unique, key=lambda pair: pair[0].name):
            more, mended = load_records(file.path)
            records += more
            said += [*notes, *mended]
        path = source.path if len(unique) > 1 else unique[0][0].path
        yield from self._runs(path, source.path, records, said)

    def _runs(self, path: Path, home: Path, records: list[dict[str, Any]], notes: list[str]) -> list[Run]:
        training, validation = _apart(records)
        if not training and not validation:
            raise NotALogError(path, "no line of training or validation")
        table = _joined(training, validation)
        roles = {name: role for name, role in _ROLES.items() if name in table.columns}
        roles |= {
            name: (Role.OTHER, "OpenMMLab: speed and memory")
            for name in table.columns if name.rpartition("/")[2] in _SPEED
        }  # fmt: skip
        training_names = {name for _, record in training for name in record}
        roles |= {
            name: (Role.VAL_METRIC, "OpenMMLab: a score on validation lines")
            for name in table.columns if name not in training_names and _SCORE.search(name)
        }  # fmt: skip
        if "val/loss" in table.columns:
            roles["val/loss"] = (Role.VAL_LOSS, "OpenMMLab: the loss on validation lines")
        return runs_from_table(
            table, source=str(path), format_name=self.name, roles=roles, notes=notes,
            hyperparameters=_settings(home, records), axis="step", blank_may_be_nan=False,
        )  # fmt: skip


def _apart(records: Sequence[dict[str, Any]]) -> tuple[Placed, Placed]:
    """Training and validation lines with their place in the file."""
    training, validation = [], []
    moded = any("mode" in record for record in records)
    for place, record in enumerate(records):
        if moded:
            mode = record.get("mode")
            if mode == "train":
                training.append((place, record))
            elif isinstance(mode, str):
                validation.append((place, record))
        elif "lr" in record or "loss" in record or "base_lr" in record:
            training.append((place, record))
        elif "step" in record:
            validation.append((place, record))
    return training, validation


def _joined(training: Placed, validation: Placed) -> Table:
    """One table: training rows at their own step, validation rows at the step that training had reached."""
    own, _ = table_from_records([record for _, record in training])
    other, _ = table_from_records([record for _, record in validation])
    training, validation = training if own.rows else [], validation if other.rows else []  # lines without a number
    step = _training_step(own)
    places = np.array([place for place, _ in training], dtype=np.int64)
    reached = np.searchsorted(places, [place for place, _ in validation], side="right") - 1
    if training:
        at = np.where(reached >= 0, step[np.maximum(reached, 0)], 0.0)
    else:
        at = other.columns.get("step", np.arange(len(validation), dtype=np.float64))
    order = np.argsort(np.concatenate([places, [place for place, _ in validation]]), kind="stable")
    joined = Table({"step": np.concatenate([step, at])[order]})
    blank_own, blank_other = np.full(own.rows, np.nan), np.full(other.rows, np.nan)
    for table, before, after in ((own, 0, other.rows), (other, own.rows, 0)):
        for name, values in table.columns.items():
            if name in ("step", "iter") or (table is other and name in ("epoch", "mode", "lr", "base_lr")):
                continue
            tag = name if table is own or not _PLAIN.fullmatch(name) else f"val/{name}"
            if table is other and tag in joined.columns:
                tag = f"val/{name}"
            full = np.concatenate([values, blank_other] if table is own else [blank_own, values])
            mask = np.concatenate([np.zeros(before, bool), table.present(name), np.zeros(after, bool)])
            joined.columns[tag], joined.logged[tag] = full[order], mask[order]
    return joined


def _settings(home: Path, records: Sequence[dict[str, Any]]) -> dict[str, Hyperparameter]:
    """The training's configuration: beside the log, or as text in its first line; read, never run."""
    content = read_companion_python(home / "config.py")
    described = next(
        (record["config"] for record in reversed(records) if isinstance(record.get("config"), str)), ""
    )
    content = content or plain_assignments(described)
    wanted = {
        "optim_wrapper",
        "optimizer",
        "optimizer_config",
        "train_cfg",
        "train_dataloader",
        "runner",
        "data",
    }
    wanted |= {"lr_config", "total_epochs", "max_epochs"}
    return find_hyperparameters({key: value for key, value in content.items() if key in wanted})


def _training_step(table: Table) -> NDArray[np.float64]:
    """The global step of training lines: MMEngine's `step`, or MMCV's `iter` counted on over epochs."""
    for name in ("step", "iter"):
        if name in table.columns and table.points(name) == table.rows:
            values = table.columns[name]
            epoch = table.columns.get("epoch")
            if name == "iter" and epoch is not None:
                combined = over_epochs(values, epoch, np.ones(values.size, bool))
                return values if combined is None else combined
            return values
    return np.arange(table.rows, dtype=np.float64)


READER = MMEngineReader()
