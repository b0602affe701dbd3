"""SLW101: the loss falls steadily, and much too slowly."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor import synth
from lrdoctor.records import Finding, Severity, Verdict
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured, part, whole
from lrdoctor.wording import share

if TYPE_CHECKING:
    from lrdoctor.signals.curve import Curve
    from lrdoctor.signals.descent import Descent
    from lrdoctor.signals.schedule import Schedule


class Settings(NamedTuple):
    """Thresholds of SLW101."""

    min_late_rate: float = 0.6
    """Rate of fall in the second half over the mean rate: 1 for a straight line, 0.1 for a power law."""
    max_reduction: float = 0.5
    """Share of the loss that is gone at the end: a run that has lost more than half of its loss is on its way."""
    min_significance: float = 5.0
    """Progress over its standard error."""
    min_late: float = 3.0
    """Late gain over its standard error."""
    min_points: int = 8
    """Finite points of the judged curve; fewer say too little."""


class SlowDescent(Rule):
    """The loss falls in an almost straight line and has come only a small part of the way.

    ## What it does
    Compares how fast the loss falls in the second half with its mean rate of fall. A well-tuned run falls fast
    first and slowly later (roughly a power law); one whose rate is too low is still on the first, straight part at
    the end.

    ## Why is this bad?
    The budget is used up before the interesting part begins.

    ## Example
    16.3 falling steadily to 10.5 over 47,000 steps at a rate of 1e-7.

    ## What to do
    Raise the peak rate by the advised factor. Check that the decay is not applied twice, and that the rate in the
    log is the one that was configured.

    ## References
    Google Tuning Playbook; Bengio 2012, "Practical Recommendations for Gradient-Based Training".
    """

    code = "SLW101"
    name = "slow-descent"
    severity = Severity.WARNING
    verdict = Verdict.LR_TOO_LOW
    silences = frozenset({"RTE102", "FLT101", "PLT101", "PLT103"})
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("a straight line", synth.slow, fires=True),
        Example("a healthy descent", synth.healthy, fires=False),
        Example("never moved", synth.flat, fires=False),
    )

    def check(self, curve: Curve, descent: Descent, schedule: Schedule | None) -> Finding | None:
        """Fire on a significant, straight and small descent that no change of the rate explains."""
        s = self.settings
        if not curve.is_train or len(curve) < s.min_points or descent.significance < s.min_significance:
            return None
        if math.isnan(descent.reduction) or descent.reduction > s.max_reduction or descent.late_rate < s.min_late_rate:
            return None
        late = descent.late_gain / descent.late_error if descent.late_error > 0 else float("inf")
        if late < s.min_late or (schedule is not None and (schedule.cuts or schedule.warmup_fraction > 0.5)):
            return None
        gone = share(descent.reduction) if descent.reduction < 0.01 else f"only {share(descent.reduction)}"
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(
                descent.late_rate / s.min_late_rate,
                s.max_reduction / max(descent.reduction, 1e-9),
                late / s.min_late,
                points=len(curve),
            ),
            message=f"{curve.tag} is still falling at {share(descent.late_rate)} of its mean rate in the second "
            "half, and "
            f"{gone} of it is gone: too slow for this budget.",
            evidence=(
                measured(
                    "rate of fall in the second half over the mean rate",
                    descent.late_rate,
                    ">=",
                    s.min_late_rate,
                    curve.tag,
                    part(curve, 0.5, 1.0),
                ),
                measured(
                    "share of the loss that is gone", descent.reduction, "<=", s.max_reduction, curve.tag, whole(curve)
                ),
            ),
        )


RULE = SlowDescent()
