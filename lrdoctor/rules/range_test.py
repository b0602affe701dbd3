"""RNG101: this is a learning-rate range test, not a training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lrdoctor import synth
from lrdoctor.records import Finding, Severity, Span, Verdict
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured
from lrdoctor.rules.nonfinite_loss import NonfiniteLoss
from lrdoctor.wording import figure

if TYPE_CHECKING:
    from lrdoctor.records import Series
    from lrdoctor.signals.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Settings:
    """Thresholds of RNG101."""

    min_decades: float = 0.7
    """Span of an exponential ramp that lasts to the end of the log."""


class RangeTest(Rule):
    """The learning rate rises exponentially to the very end of the log: a range test.

    ## What it does
    Recognises the ramp of a learning-rate finder, so that the explosion at its end is not taken for a symptom.

    ## Why is this bad?
    It is not: a range test is meant to blow up.

    ## Example
    1e-7 to 10 in 100 steps, the loss falling, then exploding.

    ## What to do
    Read the rate off the curve: about a tenth of the rate at which the loss is lowest.

    ## References
    Smith 2017, "Cyclical Learning Rates for Training Neural Networks".
    """

    code = "RNG101"
    name = "range-test"
    severity = Severity.CRITICAL
    verdict = Verdict.INCONCLUSIVE
    silences = NonfiniteLoss.silences | {"NAN101", "NAN102", "NAN103", "DIV103", "RTE101", "RTE102"}
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("a ramp over six decades", synth.range_test, fires=True),
        Example("a warm-up and a cosine", synth.step_schedule, fires=False),
    )

    def check(self, schedule: Schedule, lr: Series) -> Finding | None:
        """Fire on an exponential ramp that lasts to the end."""
        if schedule.kind != "range_test":
            return None
        import math

        decades = math.log10(schedule.peak / schedule.first)
        if decades < self.settings.min_decades:
            return None
        span = Span(first_step=int(lr.step[0]), last_step=int(lr.step[-1]))
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(decades / self.settings.min_decades * 2, points=len(lr)),
            message=f"The learning rate climbs exponentially from {figure(schedule.first)} to {figure(schedule.peak)}: "
            "a range test, not a training.",
            evidence=(measured("decades climbed", decades, ">=", self.settings.min_decades, lr.tag, span, "decades"),),
        )


RULE = RangeTest()
