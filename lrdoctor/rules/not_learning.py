"""FLT101: the loss does not move."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor import synth
from lrdoctor.records import Finding, Severity, Verdict
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured, whole
from lrdoctor.wording import figure

if TYPE_CHECKING:
    from lrdoctor.signals.curve import Curve
    from lrdoctor.signals.descent import Descent
    from lrdoctor.signals.noise import Noise


class Settings(NamedTuple):
    """Thresholds of FLT101."""

    max_reduction: float = 0.03
    """Share of the loss that is gone at the end (runmedic: 0.02, sk-autod: 0.2)."""
    max_sigmas: float = 2.0
    """For losses that can be negative: progress over the scatter of single points."""
    chance: float = 0.02
    """A loss within this share of ln(k) for a whole number of classes k from 2 to 1000 is said to be at chance."""
    min_points: int = 6
    """Finite points of the judged curve; fewer say too little."""


class NotLearning(Rule):
    """The loss ends where it began.

    ## What it does
    Finds a loss that has lost next to nothing over the whole run, and says whether it lies at ln(classes), the loss of
    a constant guess.

    ## Why is this bad?
    Nothing is learned. Either the rate is far too low, or there is no usable gradient (dead units, detached graph,
    frozen parameters, labels shuffled against inputs). The curve alone cannot always tell; the rate, held against
    what is usual for the optimizer, can.

    ## Example
    0.6931, 0.6932, 0.6931, 0.6931

    ## What to do
    Try to overfit one batch. If that works, raise the rate by the advised factor; if it does not, the rate is not
    the cause.

    ## References
    Karpathy 2019, "A Recipe for Training Neural Networks" (overfit one batch; loss at chance).
    """

    code = "FLT101"
    name = "not-learning"
    severity = Severity.ERROR
    verdict = Verdict.STALLED
    silences = frozenset({"PLT101", "PLT102", "PLT103", "OVF101", "OVF102", "SPK101"})
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("never moved", synth.flat, fires=True),
        Example("a healthy descent", synth.healthy, fires=False),
        Example("a straight line", synth.slow, fires=False),
    )

    def check(self, curve: Curve, descent: Descent, noise: Noise) -> Finding | None:
        """Fire when start and end level are the same, within a few percent and the scatter."""
        s = self.settings
        if len(curve) < s.min_points:
            return None
        if math.isnan(descent.reduction):
            gained = (
                descent.progress / noise.sigma if noise.sigma > 0 else (float("inf") if descent.progress > 0 else 0.0)
            )
            threshold, measure, unit = s.max_sigmas, "progress over the scatter of single points", "sigma"
        else:
            gained = max(descent.reduction, self._best_reduction(curve, descent))
            threshold, measure, unit = s.max_reduction, "share of the loss that is gone", ""
        if gained > threshold:
            return None
        level = curve.to_loss(descent.end)
        classes = round(math.exp(level)) if 0.3 < level < 7.0 else 0
        at_chance = 2 <= classes <= 1000 and abs(level - math.log(classes)) <= s.chance * level and classes <= 20
        where = f", at ln({classes}), the loss of a constant guess among {classes} classes" if at_chance else ""
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(threshold / max(gained, threshold / 8), points=len(curve)),
            message=f"{curve.tag} ends where it began, at {figure(level, 4)}{where}.",
            evidence=(measured(measure, max(gained, 0.0), "<=", threshold, curve.tag, whole(curve), unit),),
        )

    @staticmethod
    def _best_reduction(curve: Curve, descent: Descent) -> float:
        """Share of the loss that was gone at its best level."""
        start = curve.to_loss(descent.start)
        return 1.0 - curve.to_loss(descent.best) / start if start > 0 else 0.0


RULE = NotLearning()
