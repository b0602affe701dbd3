"""One range test: its regions, what every finder would suggest, and one rate, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import Unavailable
from lrdoctor.prescribing.ramp_dose import LEVEL, ramp_dose
from lrdoctor.records import Series, Span
from lrdoctor.signals.ramp import make_ramp, regions
from lrdoctor.signals.ramp_suggestions import suggestions
from lrdoctor.signals.schedule import schedule
from lrdoctor.studies.ramp_faults import CLEAR, Fault, fault_after, fault_before, fault_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from lrdoctor.signals.ramp import Ramp, RegionKind
    from lrdoctor.studies.ramp_faults import Cause

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RampRegion:
    """A region of the ramp: its rates and its steps, both ends included."""

    kind: RegionKind
    lr: tuple[float, float]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RangeTestResult:
    """What a range test says.

    Parameters
    ----------
    id, source
        Of the run it was read from.
    lr, loss, smoothed
        float64 [n], a point for each rate; `loss` as logged, not finite after a blow-up; `smoothed` is NaN from the
        explosion on. Empty where there was no ramp.
    start, lowest
        Levels of the smoothed loss at the smallest rates and at the minimum; None where there was no ramp.
    regions
        In the order of the ramp.
    suggestions
        By name, see `signals.ramp_suggestions.suggestions`; None where a formula has no answer. They are there for
        unusable tests, too, as far as they go.
    recommended, interval
        The rate for a training of `steps`, and the interval that holds the best one in `level` of the cases; None
        where the test is unusable.
    steps
        Length of the training to come; None: unknown, about 10,000 are meant.
    cause, reason
        Why it is unusable, as a word for programs and in words, with what to do; None where it is usable.
    notes
        What else to know, a sentence each.
    """

    id: str = "range test"
    source: str = ""
    lr: Floats = field(default_factory=lambda: np.zeros(0))
    loss: Floats = field(default_factory=lambda: np.zeros(0))
    smoothed: Floats = field(default_factory=lambda: np.zeros(0))
    start: float | None = None
    lowest: float | None = None
    regions: tuple[RampRegion, ...] = ()
    suggestions: Mapping[str, float | None] = field(default_factory=dict)
    recommended: float | None = None
    interval: tuple[float, float] | None = None
    level: float = LEVEL
    steps: int | None = None
    cause: Cause | None = None
    reason: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether a rate is recommended."""
        return self.recommended is not None


def judge(
    lr: Floats,
    loss: Floats,
    *,
    step: NDArray[np.int64] | None = None,
    steps: int | None = None,
    name: str = "range test",
    source: str = "",
    notes: tuple[str, ...] = (),
) -> RangeTestResult:
    """Judge a range test.

    Parameters
    ----------
    lr, loss
        float64 [n], in the order of the ramp; NaN and infinite losses are a blow-up.
    step
        int64 [n], where each point was logged; 0, 1, 2, ... by default.
    steps
        Optimizer steps of the training to come, if known.
    name, source, notes
        Passed on to the result.
    """
    known = np.isfinite(lr) & (lr > 0)
    step = np.flatnonzero(known) if step is None else step[known]
    lr, loss = lr[known], loss[known]
    said = RangeTestResult(
        id=name, source=source, lr=lr, loss=loss, smoothed=np.full(lr.size, np.nan), steps=steps, notes=notes
    )
    ramp, fault = examine(lr, loss)
    if ramp is None:
        return said if fault is None else replace(said, cause=fault.cause, reason=fault.reason)
    start, lowest = (float(level) for level in ramp.to_loss(np.array([ramp.start, ramp.lowest])))
    said = replace(
        said, lr=ramp.lr, loss=ramp.loss, smoothed=ramp.smoothed, start=start, lowest=lowest,
        regions=_placed(ramp, step),
        suggestions={name: None if rate is None else _round(rate) for name, rate in suggestions(ramp).items()},
    )  # fmt: skip
    dose = ramp_dose(float(ramp.lr[ramp.bottom]), float(ramp.lr[ramp.end]), steps)
    fault = fault or fault_after(ramp, dose.lr)
    if fault is not None:
        return replace(said, cause=fault.cause, reason=fault.reason)
    return replace(said, recommended=_round(dose.lr), interval=(_round(dose.low), _round(dose.high)))


def examine(lr: Floats, loss: Floats) -> tuple[Ramp | None, Fault | None]:
    """The ramp, where there is one, and what keeps it from being used, if anything does.

    Parameters
    ----------
    lr, loss
        float64 [n]; rates are positive and finite.
    """
    fault = fault_before(lr, loss, _kind(lr))
    if fault is not None:
        return None, fault
    try:
        ramp = make_ramp(lr, loss)
    except Unavailable as why:  # what was finite is gone where several steps share a rate
        return None, Fault("too-short", f"Too short: {why}.")
    return ramp, fault_of(ramp)


def _kind(lr: Floats) -> str:
    """What the rates are recognised as, by the code that recognises them in any log."""
    try:
        return schedule(Series(tag="lr", step=np.arange(lr.size), value=lr.copy()), {}).kind
    except Unavailable:
        return "no rate"


def _placed(ramp: Ramp, step: NDArray[np.int64]) -> tuple[RampRegion, ...]:
    """Regions with their rates and steps."""
    at = step[ramp.position]
    return tuple(
        RampRegion(
            kind=part.kind,
            lr=(float(ramp.lr[part.first]), float(ramp.lr[part.last])),
            span=Span(first_step=int(at[part.first]), last_step=int(at[part.last])),
        )
        for part in regions(ramp, CLEAR)
    )


def _round(value: float) -> float:
    """Three significant digits: a range test finds the order of magnitude."""
    return float(f"{value:.3g}")
