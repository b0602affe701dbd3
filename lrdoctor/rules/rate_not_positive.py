"""SCH102: the rate is zero or negative while training goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor.records import Finding, Severity, Span
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured
from lrdoctor.rules._schedules import at_rate, cosine
from lrdoctor.wording import at, figure, share

if TYPE_CHECKING:
    from lrdoctor.records import Evidence, Series
    from lrdoctor.signals.lr_course import LrCourse
    from lrdoctor.signals.schedule import Schedule


class Settings(NamedTuple):
    """Thresholds of SCH102."""

    min_zero_share: float = 0.05
    """Share of the run in one stretch at zero; the first and the last logged point may well be zero."""


class RateNotPositive(Rule):
    """The learning rate is zero, or below it, while training goes on.

    ## What it does
    Looks for negative rates, and for stretches at exactly zero. Zeros of a log that rounds small rates away do not
    count, nor do a first point before the warm-up and a last one after the decay.

    ## Why is this bad?
    At a negative rate the optimizer climbs; at zero nothing is learned. It happens when a schedule goes on beyond the
    steps it was made for, and when a resumed run begins its schedule in the wrong place.

    ## Example
    A linear decay written for 10 epochs, in a run resumed for 20: the rate goes through zero and climbs the loss.

    ## What to do
    Make the schedule as long as the run, and clamp it at zero (`max(0.0, ...)`). After a resume, restore the
    scheduler's state, not only the optimizer's.

    ## References
    PyTorch documentation, "How to adjust learning rate" and "Saving & loading a general checkpoint".
    """

    code = "SCH102"
    name = "rate-not-positive"
    severity = Severity.INFO
    verdict = None
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("a linear decay that goes on below zero", lambda: at_rate(lambda t: 1.0 - 1.3 * t), fires=True),
        Example("a cosine that is over at two thirds", lambda: at_rate(lambda t: cosine(1.53 * t)), fires=True),
        Example("zero at the last step only", lambda: at_rate(cosine), fires=False),
    )

    def check(self, lr: Series, schedule: Schedule, lr_course: LrCourse) -> Finding | None:
        """Fire on a negative rate, or a long stretch at zero."""
        c = lr_course
        if c.negative < 0.0:
            span = Span(first_step=c.negative_step, last_step=schedule.last_step)
            message = f"The learning rate is negative from {at(c.negative_step, lr.unit)} on, down to "
            message += f"{figure(c.negative * schedule.peak)}: the optimizer climbs."
            evidence = measured("lowest rate over the peak", c.negative, "<", 0.0, lr.tag, span)
            return self._finding(message, confidence(4.0, points=len(lr)), evidence)
        if c.zero_share < self.settings.min_zero_share:
            return None
        span = Span(first_step=c.zero_from, last_step=c.zero_to)
        message = f"The learning rate is zero from {at(c.zero_from, lr.unit)} to {at(c.zero_to, lr.unit)} "
        message += f"({share(c.zero_share)} of the run): nothing is learned there."
        evidence = measured(
            "share of the run at a rate of zero", c.zero_share, ">=", self.settings.min_zero_share, lr.tag, span
        )
        sure = confidence(c.zero_share / self.settings.min_zero_share, points=len(lr))
        return self._finding(message, sure, evidence)

    def _finding(self, message: str, sure: float, evidence: Evidence) -> Finding:
        return Finding(
            code=self.code, name=self.name, severity=self.severity, confidence=sure, message=message,
            evidence=(evidence,),
        )  # fmt: skip


RULE = RateNotPositive()
