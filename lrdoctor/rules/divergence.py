"""DIV101: the loss went up and stayed up."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor import synth
from lrdoctor.records import Finding, Severity, Verdict
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured, part
from lrdoctor.wording import at, figure, share

if TYPE_CHECKING:
    from lrdoctor.signals.curve import Curve
    from lrdoctor.signals.descent import Descent
    from lrdoctor.signals.noise import Noise


class Settings(NamedTuple):
    """Thresholds of DIV101."""

    min_give_back: float = 0.5
    """Share of all progress that is lost at the end (runmedic uses the same half)."""
    min_sigma: float = 5.0
    """Rise over the scatter of single points, so that a noisy curve cannot diverge by chance."""
    min_ratio: float = 1.1
    """End loss over best loss, for positive losses: below it, nothing worth a restart was lost."""
    latest_best: float = 0.9
    """The best point must lie before this share of the run; a rise at the very end may be a spike not yet over."""
    min_points: int = 4
    """Finite points of the judged curve; fewer say too little."""


class Divergence(Rule):
    """The loss gives back most of what it had gained, without becoming NaN.

    ## What it does
    Compares the level at the end of the training loss with the best level it reached.

    ## Why is this bad?
    The optimizer has left the region it was descending in. Above the stability limit the error grows by a constant
    factor per step; clipping, normalisation or saturation can keep it finite, so that no NaN tells you.

    ## Example
    12.4, 12.4, 48, 40, 25, 11.8, 14, 18, 20.6 during a warm-up that is too short.

    ## What to do
    Restart from before the rise with the advised, lower peak rate; lengthen the warm-up if the rise began while the
    rate was still rising; clip gradients.

    ## References
    Cohen et al. 2021; Gilmer et al. 2021, "A Loss Curvature Perspective on Training Instability".
    """

    code = "DIV101"
    name = "divergence"
    severity = Severity.CRITICAL
    verdict = Verdict.DIVERGED
    silences = frozenset(
        {"RTE101", "SPK101", "OSC101", "SLW101", "FLT101", "PLT101", "PLT102", "PLT103", "OVF101", "OVF102"}
    )
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("climbs back above its start", lambda: synth.blow_up(then=20.0), fires=True),
        Example("a healthy descent", synth.healthy, fires=False),
        Example("minibatch noise about a plateau", synth.noisy_plateau, fires=False),
    )

    def check(self, curve: Curve, descent: Descent, noise: Noise) -> Finding | None:
        """Fire when the end lies far above the best level, in progress, in noise and in the loss itself."""
        s = self.settings
        if len(curve) < s.min_points or not curve.is_train or descent.best_at > s.latest_best:
            return None
        rise = descent.end - descent.best
        progress = max(descent.progress, 1e-300)
        low, high = curve.to_loss(descent.best), curve.to_loss(descent.end)
        ratio = high / low if low > 0 else float("nan")
        lost = rise / progress
        sigmas = rise / noise.sigma if noise.sigma > 0 else float("inf")
        if lost < s.min_give_back or sigmas < s.min_sigma or ratio < s.min_ratio:
            return None
        span = part(curve, descent.best_at, 1.0)
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(lost / s.min_give_back, sigmas / s.min_sigma, points=len(curve)),
            message=f"{curve.tag} rose from {figure(low, 4)} ({at(descent.best_step, curve.unit)}) to "
            f"{figure(high, 4)} at the end: {'more than all' if lost > 1 else share(lost)} of the progress is lost.",
            evidence=(
                measured("progress given back", lost, ">=", s.min_give_back, curve.tag, span),
                measured("rise over the scatter of single points", sigmas, ">=", s.min_sigma, curve.tag, span, "sigma"),
            ),
        )


RULE = Divergence()
