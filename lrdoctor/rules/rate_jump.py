"""SCH103: the rate jumps up, or begins anew, in the midst of its schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor.records import Finding, Severity, Span
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured
from lrdoctor.rules._schedules import at_rate, cosine, restarts
from lrdoctor.wording import at, figure, times

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lrdoctor.records import Series
    from lrdoctor.signals.lr_course import LrCourse
    from lrdoctor.signals.schedule import Schedule

    Floats = NDArray[np.float64]


class Settings(NamedTuple):
    """Thresholds of SCH103."""

    min_jump: float = 1.3
    """Rate after the jump over that before it, between two logged points."""


class RateJump(Rule):
    """The learning rate jumps up in the midst of its descent, as after a resume that lost the schedule.

    ## What it does
    Looks for a climb between two logged points that interrupts a decay, or takes back a cut of a staircase. Restarts
    at the end of a decay, cycles and warm-ups are planned and no jumps.

    ## Why is this bad?
    The schedule begins anew, or at another peak, while the weights go on: the loss is thrown back to where that rate
    can hold it, and what the decay had earned is lost.

    ## Example
    A cosine at 40 % of its peak when the job is killed; resumed, the rate is at the peak again.

    ## What to do
    Save and restore the state of the scheduler with that of the optimizer, and give a resumed run the total number of
    steps, not what is left. To train longer on purpose, warm up again and say so in the log.

    ## References
    PyTorch documentation, "Saving & loading a general checkpoint"; Ibrahim et al. 2024, "Simple and Scalable
    Strategies to Continually Pre-train Large Language Models" (on warming up again).
    """

    code = "SCH103"
    name = "rate-jump"
    severity = Severity.INFO
    verdict = None
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("a cosine that begins anew half way", lambda: at_rate(_resumed), fires=True),
        Example("a staircase that begins anew", lambda: at_rate(_stairs_again), fires=True),
        Example("warm restarts", lambda: at_rate(restarts), fires=False),
    )

    def check(self, lr: Series, schedule: Schedule, lr_course: LrCourse) -> Finding | None:
        """Fire on a climb that no schedule means."""
        s, c = self.settings, lr_course
        if c.jump < s.min_jump:
            return None
        span = Span(first_step=c.jump_step, last_step=c.jump_step)
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(c.jump / s.min_jump, points=len(lr)),
            message=f"The learning rate jumps from {figure(c.jump_from)} to {figure(c.jump_to)} at "
            f"{at(c.jump_step, lr.unit)} ({times(c.jump)}), in the midst of its descent, as when a schedule is "
            "lost at a resume.",
            evidence=(measured("rate after the jump over that before", c.jump, ">=", s.min_jump, lr.tag, span),),
        )


def _resumed(t: Floats) -> Floats:
    return cosine(t % 0.55)


def _stairs_again(t: Floats) -> Floats:
    import numpy as np

    return np.where((t > 0.3) & (t < 0.7), 0.1, 1.0)


RULE = RateJump()
