"""The curve that is judged, prepared once: finite points, a scale, block statistics.

Everything downstream works on at most `MAX_BLOCKS` robust block statistics or on vectorised passes, so the cost
of a diagnosis hardly depends on how densely a run was logged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from lrdoctor.errors import Unavailable
from lrdoctor.signals._stats import bounded, median, row_medians

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrdoctor.records import Series, StepUnit

    Floats = NDArray[np.float64]

MAX_BLOCKS = 200
SHORT = 40
"""Curves up to this length keep every point as a block of its own."""
_LOG_RANGE = 3.0
"""A positive loss whose level changes by more than this factor is looked at on a log scale."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A loss curve on the scale on which it is judged.

    Parameters
    ----------
    tag
        Of the series it was made from.
    is_train
        False where only a validation loss was logged.
    unit
        What `step` counts.
    step
        int64 [n] of the finite points.
    loss
        float64 [n].
    z
        float64 [n]: log of the loss if `scale` is "log", the loss itself (within +-1e100) otherwise.
    scale
        "log" where the loss is positive and its level spans more than a factor of three.
    block_step, block_z
        float64 [b]: median step and median z of b blocks of equal numbers of points; b = n for short curves.
    block_size
        Points per block.
    """

    tag: str
    is_train: bool
    unit: StepUnit
    step: NDArray[np.int64]
    loss: Floats
    z: Floats
    scale: Literal["linear", "log"]
    block_step: Floats
    block_z: Floats
    block_size: int

    def __len__(self) -> int:
        return int(self.step.size)

    @property
    def progress_axis(self) -> Floats:
        """Position of each block in training, 0 to 1."""
        first, last = float(self.step[0]), float(self.step[-1])
        return (self.block_step - first) / max(last - first, 1.0)

    def level(self, low: float, high: float) -> float:
        """Median z between two positions in training (0 to 1); of the nearest block where none lies between."""
        axis = self.progress_axis
        begin, end = axis.searchsorted(low, side="left"), axis.searchsorted(high, side="right")
        if begin >= end:
            return float(self.block_z[np.argmin(np.abs(axis - (low + high) / 2))])
        return median(self.block_z[begin:end])

    def to_loss(self, z: float) -> float:
        """Back from the judged scale to the loss."""
        return float(np.exp(min(z, 709.78))) if self.scale == "log" else z


def windows(n: int) -> tuple[NDArray[np.int64], int]:
    """Starts and common size of at most `MAX_BLOCKS` windows that cover n points."""
    blocks = n if n <= SHORT else int(np.clip(n // 5, SHORT, MAX_BLOCKS))
    size = max(n // blocks, 1)
    return np.linspace(0, n - size, blocks).astype(np.int64), size


def prepare(series: Series, *, is_train: bool) -> Curve:
    """Make the judged curve of a loss series.

    Raises
    ------
    Unavailable
        It has no finite point.
    """
    finite = np.isfinite(series.value)
    if not finite.any():
        raise Unavailable(f"{series.tag} has no finite value")
    step, loss = (series.step, series.value) if finite.all() else (series.step[finite], series.value[finite])
    starts, size = windows(loss.size)
    level = row_medians(np.lib.stride_tricks.sliding_window_view(loss, size)[starts])
    wide = loss.min() > 0.0 and float(level.max()) / _LOG_RANGE > float(level.min())
    scale: Literal["linear", "log"] = "log" if wide else "linear"
    z = np.log(loss) if wide else bounded(loss)
    block_z = np.log(level) if wide else bounded(level)
    return Curve(
        tag=series.tag,
        is_train=is_train,
        unit=series.unit,
        step=step,
        loss=loss,
        z=z,
        scale=scale,
        block_step=(step[starts + (size - 1) // 2] + step[starts + size // 2]) / 2.0,
        block_z=block_z,
        block_size=size,
    )


def curve(train_loss: Series | None, val_loss: Series | None) -> Curve:
    """The curve that the run is judged by: the training loss, or the validation loss where it is all there is."""
    if (
        train_loss is not None
        and np.isfinite(train_loss.value).any()
        and (val_loss is None or len(train_loss) >= 3 or len(val_loss) <= len(train_loss))
    ):
        return prepare(train_loss, is_train=True)
    if val_loss is not None:
        return prepare(val_loss, is_train=False)
    raise Unavailable("no loss" if train_loss is None else f"{train_loss.tag} has no finite value")


SIGNALS = (curve,)
