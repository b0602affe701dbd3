"""PLT102: the rate was decayed to nothing long before the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor import synth
from lrdoctor.records import Finding, Severity, Span, Verdict
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured
from lrdoctor.wording import at, share

if TYPE_CHECKING:
    from lrdoctor.signals.curve import Curve
    from lrdoctor.signals.descent import Descent
    from lrdoctor.signals.schedule import Schedule


class Settings(NamedTuple):
    """Thresholds of PLT102."""

    min_share: float = 0.4
    """Share of the run spent below 1 % of the peak rate."""
    max_late_gain: float = 0.03
    """Fall of the level from the middle to the end, as a share of all progress."""
    max_reduction: float = 0.9
    """Above it the run is converged, and nothing was lost."""


class DecayedAway(Rule):
    """The learning rate fell below a hundredth of its peak early, and the loss has been frozen since.

    ## What it does
    Measures for how much of the run the rate was below 1 % of its peak, and whether the loss still moved.

    ## Why is this bad?
    Those steps change nothing. The loss is frozen, not converged: with a slower decay the same budget goes further.

    ## Example
    ReduceLROnPlateau with a patience of one epoch takes 1e-3 to 1e-6 by epoch 15 of 60.

    ## What to do
    Decay over the whole budget (cosine or linear), or raise the patience and the factor of the plateau scheduler;
    or stop the run where the rate ran out.

    ## References
    Goyal et al. 2017; Defazio et al. 2023, "When, Why and How Much? Adaptive Learning Rate Scheduling by Refinement".
    """

    code = "PLT102"
    name = "lr-decayed-away"
    severity = Severity.WARNING
    verdict = Verdict.STALLED
    silences = frozenset({"PLT101", "PLT103"})
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("frozen after an early decay", synth.decayed_away, fires=True),
        Example("a step schedule at work", synth.step_schedule, fires=False),
    )

    def check(self, curve: Curve, descent: Descent, schedule: Schedule) -> Finding | None:
        """Fire when the rate ran out early and the loss stands still."""
        s = self.settings
        if schedule.decayed_since < s.min_share or descent.late_gain > s.max_late_gain:
            return None
        if descent.reduction > s.max_reduction:
            return None
        span = Span(first_step=schedule.decayed_step, last_step=schedule.last_step)
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(
                schedule.decayed_since / s.min_share,
                s.max_late_gain / max(descent.late_gain, s.max_late_gain / 8),
                points=len(curve),
            ),
            message=f"The learning rate has been below 1 % of its peak since "
            f"{at(schedule.decayed_step, schedule.unit)} ({share(schedule.decayed_since)} of the run), and "
            f"{curve.tag} has stood still since.",
            evidence=(
                measured(
                    "share of the run below 1 % of the peak rate",
                    schedule.decayed_since,
                    ">=",
                    s.min_share,
                    curve.tag,
                    span,
                ),
                measured(
                    "gain from the middle to the end, of all progress",
                    descent.late_gain,
                    "<=",
                    s.max_late_gain,
                    curve.tag,
                    span,
                ),
            ),
        )


RULE = DecayedAway()
