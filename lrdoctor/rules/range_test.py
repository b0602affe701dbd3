"""RNG101: this is a learning-rate range test, not a training."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor import synth
from lrdoctor.records import Finding, Severity, Span, Verdict
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured
from lrdoctor.rules.nonfinite_loss import NonfiniteLoss
from lrdoctor.wording import figure

if TYPE_CHECKING:
    from lrdoctor.records import Series
    from lrdoctor.signals.schedule import Schedule


class Settings(NamedTuple):
    """Thresholds of RNG101."""

    min_decades: float = 0.7
    """Span of a ramp that lasts to the end of the log."""


class RangeTest(Rule):
    """The learning rate climbs exponentially to the very end of the log: a range test.

    ## What it does
    Recognises the ramp of a learning-rate finder, so that the explosion at its end is not taken for a symptom. A
    linear ramp counts where it climbs beyond 2, or where rates and losses were saved as two arrays and nothing else, as
    finders do; in any other log it is a warm-up that has not ended.

    ## Why is this bad?
    It is not: a range test is meant to blow up.

    ## Example
    1e-7 to 10 in 100 steps, the loss falling, then exploding.

    ## What to do
    `lrdoctor range-test PATH` reads a rate off it, with an interval, or says why there is none (docs/range-test.md).

    ## References
    Smith 2017, "Cyclical Learning Rates for Training Neural Networks".
    """

    code = "RNG101"
    name = "range-test"
    severity = Severity.CRITICAL
    verdict = Verdict.INCONCLUSIVE
    silences = NonfiniteLoss.silences | {"NAN101", "NAN103", "DIV103", "RTE102", "PLS101", "PLS102", "CLP101", "AMP101"}
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("a ramp over six decades", synth.range_test, fires=True),
        Example("a warm-up and a cosine", synth.step_schedule, fires=False),
    )

    def check(self, schedule: Schedule, lr: Series) -> Finding | None:
        """Fire on a ramp that lasts to the end."""
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
            message=f"The learning rate climbs from {figure(schedule.first)} to {figure(schedule.peak)}, up to the end "
            "of the log: a range test, not a training; lrdoctor range-test reads a rate off it.",
            evidence=(measured("decades climbed", decades, ">=", self.settings.min_decades, lr.tag, span, "decades"),),
        )


RULE = RangeTest()
