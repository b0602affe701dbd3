"""One learning-rate grid: the same training at many rates, what its logs showed and how it ended. numpy
only."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DRAWN", "LARGE", "TABLE", "Grid", "load_grid", "load_public_grid", "load_table", "save_grid"]

DRAWN, LARGE = "drawn_", "drawn_large_"
"""How the names of tasks drawn at random begin (`tasks.drawn`)."""
TABLE = Path(__file__).parent / "table"
"""The recorded grids that belong to this version of the trials."""

_MANTISSA_BITS = {"train_loss": 11, "window_loss": 11, "grad_norm": 6, "val_accuracy": 11}
_DEFAULT_BITS = 14


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """The same task, optimizer, schedule and batches at `members` learning rates.

    Parameters
    ----------
    name, task, family
        Identity; whole families are what is held out. `source` is ``trials`` or where a public grid came
        from.
    optimizer, schedule, clip_norm, batch_size, steps, steps_per_epoch, loss_kind, seed
        How it was trained; `clip_norm` is None where gradients were not clipped.
    lr
        Peak learning rates, ascending, float64 [members].
    step, train_loss
        Minibatch loss before the update of that step, as a logger prints it: int64 [n], float32 [members, n].
        Every step below 300, then every 4th, 8th, 16th, ... with each doubling, so that every prefix holds 75
        to 150 evenly spaced points (`even_steps`); runs with a schedule or clipping: below 150, every 3rd,
        6th,
        ...
    grad_step, grad_norm
        Gradient norm before clipping at a subset of these steps; empty where not recorded.
    window_step, window_loss
        Mean of all minibatch losses since the previous window's end (whole epochs where the data are finite).
    eval_step, full_train_loss, val_loss, val_accuracy
        Losses without model noise on fixed sets after that many updates; accuracy is None where it has no
        meaning. Three points close together end each prefix budget of 100, 178, 316, ... steps.

    A member that has blown up is NaN from there on; infinities are kept.
    """

    name: str
    task: str
    family: str
    optimizer: str
    schedule: str
    clip_norm: float | None
    batch_size: int
    steps: int
    steps_per_epoch: int
    loss_kind: str
    seed: int
    source: str = "trials"
    lr: NDArray[np.float64]
    step: NDArray[np.int64]
    train_loss: NDArray[np.float32]
    grad_step: NDArray[np.int64]
    grad_norm: NDArray[np.float32]
    window_step: NDArray[np.int64]
    window_loss: NDArray[np.float32]
    eval_step: NDArray[np.int64]
    full_train_loss: NDArray[np.float32]
    val_loss: NDArray[np.float32]
    val_accuracy: NDArray[np.float32] | None = None

    @property
    def members(self) -> int:
        """How many learning rates."""
        return int(self.lr.size)

    def even_steps(self, budget: int | None = None) -> NDArray[np.int64]:
        """Positions in `step` that a logger with a fixed interval would have written, up to `budget`
        steps."""
        last = int(self.step[self.step < (budget or self.steps)][-1])
        tail = self.step[(self.step <= last) & (self.step >= last // 2)]
        stride = int(np.diff(tail).max()) if tail.size > 1 else 1
        return np.unique(np.searchsorted(self.step, np.arange(0, last + 1, stride)))


def _rounded(values: NDArray[np.float32], bits: int) -> NDArray[np.float32]:
    """Round to `bits` bits of mantissa, so that the rest are zeros and compress away; non-finite values
    stay."""
    values = np.ascontiguousarray(values, dtype=np.float32)
    drop = 23 - bits
    raw = values.view(np.uint32)
    half = np.uint32((1 << (drop - 1)) - 1)
    rounded = (raw + half + ((raw >> np.uint32(drop)) & np.uint32(1))) & np.uint32(
        0xFFFFFFFF << drop & 0xFFFFFFFF
    )
    return np.where(np.isfinite(values), rounded.view(np.float32), values)


def _packed(values: NDArray[np.float32], bits: int) -> NDArray[np.uint8]:
    """Rounded floats as whole numbers, differences from the member and the step before, the sign in the last bit (so
    that small ones of either sign have empty high bytes), as byte planes [4, members, n]."""
    whole = _rounded(values, bits).view(np.uint32) >> np.uint32(23 - bits)
    whole[1:] -= whole[:-1].copy()
    whole[:, 1:] -= whole[:, :-1].copy()
    signed = whole.view(np.int32)
    folded = np.ascontiguousarray((signed << 1) ^ (signed >> 31))
    return np.moveaxis(folded.view(np.uint8).reshape(*folded.shape, 4), -1, 0)


def _unpacked(planes: NDArray[np.uint8], bits: int) -> NDArray[np.float32]:
    """Inverse of `_packed`."""
    folded = np.ascontiguousarray(np.moveaxis(planes, 0, -1)).view(np.uint32)[..., 0]
    differences = (folded >> np.uint32(1)) ^ (np.uint32(0) - (folded & np.uint32(1)))
    along = np.cumsum(differences, axis=1, dtype=np.uint32)
    whole = np.cumsum(along, axis=0, dtype=np.uint32)
    return (whole << np.uint32(23 - bits)).view(np.float32)


def save_grid(grid: Grid, path: Path) -> None:
    """Write a grid as one compact npz; atomically, so that an interrupted run leaves no half a file.

    Floats keep 6 to 14 bits of mantissa and are compressed with LZMA as differences between neighbouring
    rates, whose runs saw the same batches, and steps: far smaller than ``numpy.savez_compressed`` of the same
    values.
    """
    meta: dict[str, Any] = {}
    arrays: dict[str, NDArray[Any]] = {}
    for field in fields(grid):
        value = getattr(grid, field.name)
        if isinstance(value, np.ndarray) and value.dtype == np.float32:
            bits = _MANTISSA_BITS.get(field.name, _DEFAULT_BITS)
            arrays[f"f{bits}_{field.name}"] = _packed(value, bits)
        elif isinstance(value, np.ndarray):
            arrays[field.name] = value.astype(np.int32) if value.dtype == np.int64 else value
        else:
            meta[field.name] = value
    arrays["meta"] = np.frombuffer(json.dumps(meta, sort_keys=True).encode(), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_LZMA) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))  # same grid, same bytes
            info.compress_type = zipfile.ZIP_LZMA
            archive.writestr(info, buffer.getvalue())
    partial.replace(path)


def load_grid(path: str | Path) -> Grid:
    """Read one grid that :func:`save_grid` wrote."""
    values: dict[str, Any] = {}
    with np.load(path, allow_pickle=False) as archive:
        meta = json.loads(archive["meta"].tobytes())
        for key in archive.files:
            array = archive[key]
            if match := re.fullmatch(r"f(\d+)_(\w+)", key):
                values[match[2]] = _unpacked(array, int(match[1]))
            elif key != "meta":
                values[key] = array.astype(np.int64) if array.dtype == np.int32 else array
    for array in values.values():
        array.setflags(write=False)
    return Grid(**meta, **values)


def load_table(path: str | Path = TABLE) -> list[Grid]:
    """All grids of a directory, in the order of their names."""
    return [load_grid(file) for file in sorted(Path(path).glob("*.npz"))]


def load_public_grid(path: str | Path) -> Grid:
    """Read a grid of the public DeepOBS baselines that was packed as one npz (36 rates, per-epoch losses on
    both sets).

    Keys read: ``lr``, ``step``, ``train_loss``, ``epoch_train_loss``, ``epoch_test_loss``,
    ``epoch_test_accuracy``, ``optimizer``, ``batch_size``, ``epochs``, ``steps``. The family is the problem's
    name.
    """
    path = Path(path)
    with np.load(path, allow_pickle=False) as archive:
        data = {key: archive[key] for key in archive.files}
    steps, epochs = int(data["steps"]), int(data["epochs"])
    per_epoch = max(1, round(steps / epochs))
    task = path.stem.split("__")[0]
    accuracy = data.get("epoch_test_accuracy")
    if accuracy is not None and not np.isfinite(accuracy).any():
        accuracy = None
    return Grid(
        name=path.stem,
        task=task,
        family=task,
        optimizer=str(data["optimizer"]).lower(),
        schedule="constant",
        clip_norm=None,
        batch_size=int(data["batch_size"]),
        steps=steps,
        steps_per_epoch=per_epoch,
        loss_kind="mse" if accuracy is None else "cross_entropy",
        seed=0,
        source="deepobs-baselines",
        lr=data["lr"].astype(np.float64),
        step=data["step"].astype(np.int64),
        train_loss=data["train_loss"].astype(np.float32),
        grad_step=np.zeros(0, np.int64),
        grad_norm=np.zeros((data["lr"].size, 0), np.float32),
        window_step=np.zeros(0, np.int64),
        window_loss=np.zeros((data["lr"].size, 0), np.float32),
        eval_step=np.arange(data["epoch_train_loss"].shape[1], dtype=np.int64) * per_epoch,
        full_train_loss=data["epoch_train_loss"].astype(np.float32),
        val_loss=data["epoch_test_loss"].astype(np.float32),
        val_accuracy=None if accuracy is None else accuracy.astype(np.float32),
    )
