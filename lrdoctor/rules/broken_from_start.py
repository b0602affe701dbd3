"""NAN102: there never was a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor import synth
from lrdoctor.records import Finding, Severity, Span, Verdict
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured
from lrdoctor.wording import at

if TYPE_CHECKING:
    from lrdoctor.signals.breakdown import Breakdown


class Settings(NamedTuple):
    """Thresholds of NAN102."""

    first_step: int = 1
    """A loss that is not finite at this step or before cannot be the learning rate's doing: no update was made yet."""
    min_share: float = 0.5
    """Share of points without a number, as for NAN101: below it the run went on, and single points were skipped."""


class BrokenFromStart(Rule):
    """The loss is NaN or infinite at the very first logged point.

    ## What it does
    Tells a run that was broken before the first update from one whose first log line comes after some updates.

    ## Why is this bad?
    At step 0 no update has been made: the cause is the data, the loss function, the initial weights or the number
    format, and no learning rate cures it. If the first line was logged later, a rate far too high can have done it
    within those first steps.

    ## Example
    NaN, NaN, NaN...

    ## What to do
    Compute the loss of one batch before training and look for non-finite inputs, a logarithm or division of zero, or
    fp16 overflow. Where the first log line comes after updates, restart with a rate 10x to 100x lower and log every
    step of the first hundred.

    ## References
    Karpathy 2019, "A Recipe for Training Neural Networks" (verify the loss at initialisation).
    """

    code = "NAN102"
    name = "broken-from-start"
    severity = Severity.CRITICAL
    verdict = Verdict.DIVERGED
    silences = frozenset({"PTS101"})
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("NaN from the first line", lambda: synth.healthy(nan_at=tuple(range(300))), fires=True),
        Example("NaN at the first and the last point alone", lambda: synth.healthy(nan_at=(0, 299)), fires=False),
        Example("a healthy descent", synth.healthy, fires=False),
    )

    def check(self, breakdown: Breakdown) -> Finding | None:
        """Fire when no finite point comes before the first non-finite one, and few after it."""
        if breakdown.hidden or breakdown.finite_before > 0 or breakdown.recovered:
            return None
        if breakdown.share < self.settings.min_share:
            return None
        span = Span(first_step=breakdown.first_step, last_step=breakdown.last_step)
        early = breakdown.unit == "step" and breakdown.first_step < self.settings.first_step
        cause = (
            "no update had been made yet, so it is not the learning rate"
            if early
            else "a rate far too high, or broken inputs; the first steps were not logged"
        )
        evidence = [measured("finite points before it", 0.0, "<", 1.0, breakdown.tag, span, "points")]
        if early:
            first = float(breakdown.first_step)
            limit = float(self.settings.first_step)
            evidence.append(measured("updates before it", first, "<", limit, breakdown.tag, span, "updates"))
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(4.0, points=40),
            message=f"{breakdown.tag} is not a number at the first logged point"
            f" ({at(breakdown.first_step, breakdown.unit)}): {cause}.",
            evidence=tuple(evidence),
        )


RULE = BrokenFromStart()
