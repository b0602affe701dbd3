"""NAN101: the loss stopped being a number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor import synth
from lrdoctor.records import Evidence, Finding, Severity, Span, Verdict
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured
from lrdoctor.wording import at, figure, times

if TYPE_CHECKING:
    from lrdoctor.signals.breakdown import Breakdown


class Settings(NamedTuple):
    """Thresholds of NAN101."""

    min_share: float = 0.5
    """Share of points without a number, from the first on, above which the run is broken; single NaN points are
    skipped steps of mixed-precision training, which loss scaling takes care of."""


class NonfiniteLoss(Rule):
    """The loss becomes NaN or infinite after it has been a number.

    ## What it does
    Finds the first step at which the loss is not finite and stays so, and what led to it: growth of the loss, growth
    of the gradient norm, a rate that was still rising. Cells that were not logged do not count.

    ## Why is this bad?
    Nothing is learned from there on, and the weights are lost. The usual cause is a learning rate above the stability
    limit of the loss (2 / curvature for plain gradient descent): each step overshoots by more than the one before.

    ## Example
    A loss of 2.3, 2.1, 2.6, 7.9, 310, NaN, NaN...

    ## What to do
    Restart from the last good checkpoint (or from the beginning) with the advised, lower peak rate, a warm-up and
    gradient clipping. If the loss was falling quietly right up to the NaN, look for a bad batch, a logarithm of zero
    or an overflow in half precision first.

    ## References
    LeCun, Kanter & Solla 1991 (stability limit); Cohen et al. 2021 (edge of stability); Google Tuning Playbook.
    """

    code = "NAN101"
    name = "nonfinite-loss"
    severity = Severity.CRITICAL
    verdict = Verdict.DIVERGED
    silences = frozenset(
        {
            "RTE101",
            "DIV101",
            "DIV102",
            "SPK101",
            "OSC101",
            "SLW101",
            "FLT101",
            "LRC101",
            "PLT101",
            "PLT102",
            "PLT103",
            "OVF101",
            "OVF102",
            "PTS101",
        }
    )
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("blows up and stays NaN", lambda: synth.blow_up(then=math.nan), fires=True),
        Example("one skipped step of mixed precision", lambda: synth.healthy(nan_at=(150,)), fires=False),
        Example("a healthy descent", synth.healthy, fires=False),
    )

    def check(self, breakdown: Breakdown) -> Finding | None:
        """Fire when most points from the first non-finite one on are not finite, after at least one that was."""
        if breakdown.hidden or breakdown.finite_before == 0 or breakdown.recovered:
            return None
        if breakdown.share < self.settings.min_share:
            return None
        span = Span(first_step=breakdown.first_step, last_step=breakdown.last_step)
        evidence: list[Evidence] = [
            measured(
                "points that are not finite from there on",
                breakdown.share,
                ">=",
                self.settings.min_share,
                breakdown.tag,
                span,
            )
        ]
        led = []
        if breakdown.growth > 2.0:
            led.append(f"the loss had grown {figure(breakdown.growth, 2)}-fold from its lowest")
        if breakdown.gradient_growth > 3.0:
            led.append(f"the gradient norm had reached {times(breakdown.gradient_growth)} its median")
        if breakdown.lr_rising:
            led.append("the learning rate was still rising")
        before = "; before it, " + ", and ".join(led) if led else "; nothing in the log announced it"
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(breakdown.share / self.settings.min_share * 4, points=breakdown.finite_before + 8),
            message=f"{breakdown.tag} is not a number from {at(breakdown.first_step, breakdown.unit)} on{before}.",
            evidence=tuple(evidence),
        )


RULE = NonfiniteLoss()
