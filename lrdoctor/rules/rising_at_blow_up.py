"""SCH108: the rate was rising when the loss blew up."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor import synth
from lrdoctor.records import Finding, Severity, Span
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured
from lrdoctor.rules._schedules import warm_cosine
from lrdoctor.wording import at, figure

if TYPE_CHECKING:
    from lrdoctor.records import Run, Series
    from lrdoctor.signals.breakdown import Breakdown
    from lrdoctor.signals.schedule import Schedule


class Settings(NamedTuple):
    """Thresholds of SCH108."""

    min_rise: float = 1.1
    """Rate at the blow-up over that at half as many steps: a rise that is no rounding."""


class RisingAtBlowUp(Rule):
    """The learning rate was still rising when the loss stopped being a number.

    ## What it does
    Looks at the logged rate where the loss broke down: before its peak, and higher than at half as many steps.

    ## Why is this bad?
    The rate passed what the training can bear on its way up. That is good to know: the peak is too high by at least
    the ratio of the peak to the rate at the blow-up, and the warm-up is not the remedy if it only delays it.

    ## Example
    NaN at step 800 of a warm-up over 2,000 steps to 1e-2, at a rate of 4e-3.

    ## What to do
    Lower the peak to below the rate at the blow-up (a third of it is a start), or warm up more slowly and clip.

    ## References
    Google Tuning Playbook, "How can optimization failures be debugged and mitigated?"; Gilmer et al. 2022, "A Loss
    Curvature Perspective on Training Instability in Deep Learning".
    """

    code = "SCH108"
    name = "rising-at-blow-up"
    severity = Severity.INFO
    verdict = None
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("NaN within the warm-up", lambda: _broken(15), fires=True),
        Example("NaN in the decay", lambda: _broken(200), fires=False),
    )

    def check(self, lr: Series, schedule: Schedule, breakdown: Breakdown) -> Finding | None:
        """Fire on a breakdown before the peak."""
        import numpy as np

        if breakdown.lr_rising is not True or schedule.kind in ("range_test", "constant"):
            return None
        before = (lr.step <= breakdown.first_step) & np.isfinite(lr.value)
        step, rate = lr.step[before], lr.value[before]
        if rate.size < 3:
            return None
        half = float(np.interp((float(step[0]) + float(step[-1])) / 2, step, rate))
        rise = float(rate[-1]) / half if half > 0 else float("inf")
        if rise < self.settings.min_rise or rate[-1] < rate.max():
            return None
        span = Span(first_step=int(step[0]), last_step=max(breakdown.first_step, int(step[0])))
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(min(rise, 1e6) / self.settings.min_rise, points=int(rate.size)),
            message=f"The learning rate was still rising, and at {figure(float(rate[-1]))}, when {breakdown.tag} broke "
            f"down at {at(breakdown.first_step, breakdown.unit)}.",
            evidence=(
                measured("rate at the blow-up over that half way to it", min(rise, 1e6), ">=", self.settings.min_rise,
                         lr.tag, span),
            ),
        )  # fmt: skip


def _broken(point: int) -> Run:
    import numpy as np

    loss = synth.healthy().series["train_loss"].value.copy()
    loss[point:] = np.nan
    return synth.make_run(loss, lr=0.01 * warm_cosine(np.linspace(0.0, 1.0, loss.size)))


RULE = RisingAtBlowUp()
