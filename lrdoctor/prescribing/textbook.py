"""Doses of the textbook: what each finding alone asks for.

The factors are the middle of the ranges in use (cut 10x to 100x after a NaN, 2x to 3x for spikes, 2x to 5x for
oscillation; raise 3x to 10x for a slow descent); the intervals are those ranges, widened to cover a decade where
nothing but the symptom is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrdoctor.wording import figure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lrdoctor.records import Finding, Hyperparameter
    from lrdoctor.signals.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Dose:
    """Peak rate of the next run over this one's: best guess and 80 % interval, and where they come from."""

    factor: float
    low: float
    high: float
    reason: str


KEEP = Dose(1.0, 0.5, 2.0, "nothing in the curve asks for another rate")
UNKNOWN = Dose(1.0, 0.1, 10.0, "the log cannot tell")

_BY_CODE: Mapping[str, Dose] = {
    "NAN101": Dose(0.1, 0.01, 0.5, "the loss left the stable region at this rate"),
    "NAN103": Dose(0.1, 0.01, 0.5, "the loss left the stable region at this rate"),
    "DIV101": Dose(0.2, 0.03, 0.6, "the loss left the stable region at this rate"),
    "DIV102": Dose(0.1, 0.01, 0.5, "the first steps at this rate destroyed the weights"),
    "DIV103": Dose(0.1, 0.01, 0.5, "the first steps at this rate threw the weights away"),
    "SPK101": Dose(0.4, 0.15, 1.0, "the rate is close to the stability limit"),
    "AMP101": Dose(0.4, 0.15, 1.0, "gradients overflow at this rate"),
    "OSC101": Dose(0.35, 0.15, 0.7, "the rate is at the stability limit"),
    "SLW101": Dose(5.0, 2.0, 30.0, "the descent is still straight at the end of the budget"),
    "PLT101": Dose(1.0, 0.3, 2.0, "the rate suits the start; only the end wants a lower one"),
    "PLT102": Dose(1.0, 0.3, 3.0, "the peak is not at fault, the decay is"),
    "OVF101": Dose(1.0, 0.3, 2.0, "the rate is not the cause"),
}
_ANY_HIGH = 1.0
"""Upper end of the usual range of plain SGD, the optimizer with the highest rates in common use."""
_ANY_USUAL = 0.01
"""A rate that is usual for every optimizer in common use."""
_CLOSE = 3.0
"""A configured rate within this factor of the usual range is not implausible."""


def textbook_dose(
    finding: Finding, hyperparameters: Mapping[str, Hyperparameter], schedule: Schedule | None, rate: float | None
) -> Dose:
    """Dose for the leading finding.

    Parameters
    ----------
    finding
        The one that named the verdict.
    hyperparameters, schedule
        Of the run; None where no schedule is known.
    rate
        Peak learning rate of the run, or None.
    """
    if finding.code == "LRC101" and schedule is not None and schedule.cuts:
        cut = schedule.cuts[0].factor
        return Dose(cut, cut / 5, min(cut * 2, 0.9), "it is the rate at which the loss began to fall")
    if finding.code == "NAN102":
        return _broken_from_start(finding, hyperparameters, rate)
    if finding.code == "FLT101":
        return _flat(hyperparameters, rate)
    return _BY_CODE.get(finding.code, UNKNOWN)


def _broken_from_start(finding: Finding, hyperparameters: Mapping[str, Hyperparameter], rate: float | None) -> Dose:
    from lrdoctor.prescribing.optimizers import usual_rates

    usual = usual_rates(hyperparameters)
    if usual is not None and rate is not None and rate > usual.high * _CLOSE:
        factor = usual.default / rate
        return Dose(
            factor, factor / 10, min(factor * 10, 0.9), f"{figure(rate)} is far above what is usual for {usual.name}"
        )
    if usual is None and rate is not None and rate > _ANY_HIGH * _CLOSE:
        factor = _ANY_HIGH / rate
        return Dose(
            factor, factor / 30, min(factor * 3, 0.9), f"{figure(rate)} is far above what is usual for any optimizer"
        )
    if any(piece.unit == "updates" for piece in finding.evidence):
        return Dose(1.0, 0.1, 2.0, "it was broken before the first update: fix the inputs or the loss first")
    if rate is not None and rate <= (_ANY_USUAL if usual is None else usual.high):
        return Dose(
            1.0, 0.1, 2.0, f"a rate of {figure(rate)} breaks nothing within the first steps: fix the inputs or the loss"
        )
    return Dose(0.1, 0.01, 1.0, "the first logged steps are already broken")


def _flat(hyperparameters: Mapping[str, Hyperparameter], rate: float | None) -> Dose:
    """Flat from the start: the rate, held against what is usual, decides between far too low and far too high."""
    from lrdoctor.prescribing.optimizers import usual_rates

    usual = usual_rates(hyperparameters)
    if usual is None or rate is None:
        return Dose(
            10.0, 0.3, 100.0, "a flat loss is more often a rate far too low than too high, but the log cannot tell"
        )
    if rate > usual.high * _CLOSE:
        factor = usual.default / rate
        return Dose(
            factor, factor / 10, min(factor * 10, 0.9), f"{figure(rate)} is far above what is usual for {usual.name}"
        )
    if rate < usual.low:
        factor = usual.default / rate
        return Dose(
            factor, max(factor / 10, 1.1), factor * 10, f"{figure(rate)} is far below what is usual for {usual.name}"
        )
    return Dose(3.0, 0.1, 30.0, f"{figure(rate)} is usual for {usual.name}: look for another cause before changing it")
