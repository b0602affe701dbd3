"""One scalar curve of one run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

StepUnit = Literal["step", "epoch", "token", "sample"]


class Role(StrEnum):
    """What a curve means to a diagnosis, whatever its tag is spelled like."""

    TRAIN_LOSS = "train_loss"
    VAL_LOSS = "val_loss"
    TRAIN_LOSS_PART = "train_loss_part"
    """One term of a training loss that is logged in parts (box, class, objectness...)."""
    VAL_LOSS_PART = "val_loss_part"
    TRAIN_METRIC = "train_metric"
    """A score that should rise: accuracy, F1, mAP, BLEU..., on training data."""
    VAL_METRIC = "val_metric"
    TRAIN_ERROR = "train_error"
    """A score that should fall but is not what is optimised: error rate, perplexity, WER, MAE..."""
    VAL_ERROR = "val_error"
    OBJECTIVE = "objective"
    """An objective that is maximised (ELBO, log-likelihood)."""
    REWARD = "reward"
    """A reinforcement-learning return; its loss is no sign of convergence."""
    ADVERSARIAL_LOSS = "adversarial_loss"
    """The loss of one player of a game (GAN, domain adversary); it does not converge like a loss."""
    LR = "lr"
    GRAD_NORM = "grad_norm"
    LOSS_SCALE = "loss_scale"
    EPOCH = "epoch"
    AVERAGE = "average"
    """A summary that is logged once (the `train_loss` in the last row of a trainer_state)."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """One scalar curve of one run; arrays are read-only.

    Parameters
    ----------
    tag
        The curve's name in the log, as written there.
    step
        int64 [n], non-decreasing.
    value
        float64 [n]; NaN and infinity are kept: they were logged. A step at which nothing was logged
        is not in the arrays.
    role, role_reason
        What the curve means and why; None until roles are assigned, unless the format itself defines it.
    wall_time
        float64 [n], seconds since the epoch, or None.
    unit
        What `step` counts.
    logged
        Points in the log, where only some of them are kept here; None: all are.
    """

    tag: str
    step: NDArray[np.int64]
    value: NDArray[np.float64]
    role: Role | None = None
    role_reason: str = ""
    wall_time: NDArray[np.float64] | None = None
    unit: StepUnit = "step"
    logged: int | None = None

    def __post_init__(self) -> None:
        for array in (self.step, self.value, self.wall_time):
            if array is not None:
                array.setflags(write=False)
        if self.step.shape != self.value.shape or self.step.ndim != 1:
            raise ValueError(f"series {self.tag!r}: step {self.step.shape} and value {self.value.shape} differ")

    def __repr__(self) -> str:
        extent = f", {self.unit}s {self.step[0]} to {self.step[-1]}" if len(self) else ""
        return f"Series({self.tag!r}, {self.role or 'no role yet'}, {self.points} points{extent})"

    def __len__(self) -> int:
        return int(self.value.size)

    @property
    def points(self) -> int:
        """Points in the log, whether or not all of them are kept here."""
        return len(self) if self.logged is None else self.logged

    def with_role(self, role: Role, reason: str) -> Series:
        """The same curve, with its role known."""
        return replace(self, role=role, role_reason=reason)
