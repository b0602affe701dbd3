"""SCH104: the whole decay happens within the first steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor import synth
from lrdoctor.records import Finding, Severity, Span
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured
from lrdoctor.rules._schedules import at_rate, warm_cosine
from lrdoctor.wording import share

if TYPE_CHECKING:
    from lrdoctor.records import Series
    from lrdoctor.signals.lr_course import LrCourse
    from lrdoctor.signals.schedule import Schedule


class Settings(NamedTuple):
    """Thresholds of SCH104."""

    max_share: float = 0.1
    """Share of the run by which the rate is below a thousandth of its peak for good. No decay in use gets there before
    a third: a tenfold cut at 30, 60 and 80 of 90 epochs (He et al. 2016) does at 80."""
    min_falls: int = 2
    """Falls on the way there: a single one is a decision, several are a schedule."""


class DecayedAtOnce(Rule):
    """The learning rate has run out within the first steps: a decay per epoch was applied at every step.

    ## What it does
    Measures how early the rate is below a thousandth of its peak for good, after several falls in a row.

    ## Why is this bad?
    A factor that is meant for an epoch compounds at every step: 0.95 per epoch is gentle, 0.95 per step is a
    thousandth after 135 of them. Everything after that is standing still.

    ## Example
    A rate divided by 10 at every iteration instead of every 30 epochs.

    ## What to do
    Call `scheduler.step()` in the loop over epochs, or give the schedule its numbers in steps.

    ## References
    PyTorch documentation, "How to adjust learning rate".
    """

    code = "SCH104"
    name = "decayed-at-once"
    severity = Severity.INFO
    verdict = None
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("a tenth at every step", lambda: at_rate(lambda t: 0.1 ** (299 * t)), fires=True),
        Example("a cosine", lambda: at_rate(warm_cosine), fires=False),
        Example("two tenfold cuts", synth.step_schedule, fires=False),
    )

    def check(self, lr: Series, schedule: Schedule, lr_course: LrCourse) -> Finding | None:
        """Fire where the rate is gone at once."""
        s, c = self.settings, lr_course
        if not c.gone_at <= s.max_share or c.falls < s.min_falls:
            return None
        first = int(lr.step[0])
        span = Span(first_step=first, last_step=schedule.decayed_step if schedule.decayed_step > first else first)
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(s.max_share / max(c.gone_at, s.max_share / 8), points=len(lr)),
            message=f"The learning rate fell to less than a thousandth of its peak within {share(c.gone_at)} of the "
            "run, and stays there: a decay per epoch seems to be applied at every step.",
            evidence=(
                measured("share of the run until the rate is gone", c.gone_at, "<=", s.max_share, lr.tag, span),
                measured("falls in a row", c.falls, ">=", s.min_falls, lr.tag, span),
            ),
        )


RULE = DecayedAtOnce()
