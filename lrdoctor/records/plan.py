"""What to change, once, for the whole run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ScheduleKind = Literal[
    "constant", "warmup_constant", "cosine", "warmup_cosine", "linear", "warmup_linear", "step", "one_cycle", "cooldown"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RateAdvice:
    """The dose: peak learning rate of the next run over the peak of this one, at the same budget.

    Parameters
    ----------
    factor
        1.0 means keep it.
    interval
        Low and high end of the factor; ``interval[0] <= factor <= interval[1]``.
    level
        Share of cases in which the best factor lies inside the interval.
    value
        The advised learning rate itself; None where this run's rate is unknown.
    current
        The peak rate of this run; None where it is unknown.
    """

    factor: float
    interval: tuple[float, float]
    level: float
    value: float | None
    current: float | None = None

    def __post_init__(self) -> None:
        low, high = self.interval
        if not 0.0 < low <= self.factor <= high:
            raise ValueError(f"factor {self.factor} is not inside its interval [{low}, {high}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedGain:
    """By what share the final loss is expected to be lower, as measured on trial runs with the same verdict.

    Parameters
    ----------
    lowered
        Median.
    interval
        From the 10 % to the 90 % quantile.
    runs
        Trial runs that it rests on.
    """

    lowered: float
    interval: tuple[float, float]
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleAdvice:
    """Shape of the learning rate over the next run; fractions are of the peak or of the budget.

    `gain` is None where the trials hold too few such runs, and the advice rests on the literature.
    """

    kind: ScheduleKind
    warmup_fraction: float
    final_fraction: float
    gain: ExpectedGain | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something else to do, and the finding that asks for it."""

    action: str
    why: str
    at_step: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One coherent treatment for a run; `schedule` and `clip_norm` are None where nothing should change."""

    lr: RateAdvice
    schedule: ScheduleAdvice | None
    clip_norm: float | None
    also: tuple[Action, ...]
    confidence: float
    reason: str
