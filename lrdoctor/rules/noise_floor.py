"""PLT101: the loss has stopped at the noise floor of a constant rate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor import synth
from lrdoctor.records import Finding, Severity, Verdict
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured, part
from lrdoctor.wording import figure

if TYPE_CHECKING:
    from lrdoctor.signals.curve import Curve
    from lrdoctor.signals.descent import Descent
    from lrdoctor.signals.noise import Noise
    from lrdoctor.signals.schedule import Schedule


class Settings(NamedTuple):
    """Thresholds of PLT101."""

    max_late_gain: float = 0.03
    """Fall of the level from the middle to the end, as a share of all progress."""
    max_reduction: float = 0.9
    """Above it the run is converged rather than stopped: less than a tenth of the loss is left."""
    min_sigma_share: float = 1.0
    """Scatter of single points over the late gain: below it the loss is visibly still falling, if slowly..."""
    max_errors: float = 3.0
    """...unless it is below this many standard errors of its own..."""
    max_relative_gain: float = 0.015
    """...or below this share of the loss itself, which nobody would train on for."""
    max_final_fraction: float = 0.5
    """A rate that has been decayed to less than this share of its peak is not the cause."""
    min_points: int = 6
    """Finite points of the judged curve; fewer say too little."""


class NoiseFloor(Rule):
    """A fast start, then a flat, noisy loss at a rate that never decays.

    ## What it does
    Finds a loss whose second half brings no more than its own scatter, with a substantial loss left and the rate
    still near its peak (or not logged).

    ## Why is this bad?
    At a constant rate the loss of stochastic gradient descent stops at a floor roughly proportional to the rate:
    the steps are too long to get closer. The rate was right for the start and is too high for the end.

    ## Example
    0.52 falling to 0.32 in the first tenth of the run, then between 0.31 and 0.35 for the rest.

    ## What to do
    Keep the peak and decay the rate, by cosine or linearly, to a hundredth of it or to zero; or stop here. If a decay
    changes nothing, the floor is the task's own.

    ## References
    Robbins & Monro 1951; Bottou, Curtis & Nocedal 2018 (section 4.2); Mandt, Hoffman & Blei 2017.
    """

    code = "PLT101"
    name = "noise-floor-plateau"
    severity = Severity.WARNING
    verdict = Verdict.NEEDS_DECAY
    silences = frozenset({"PLT103"})
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("minibatch noise about a plateau", synth.noisy_plateau, fires=True),
        Example("a healthy descent", synth.healthy, fires=False),
        Example("a straight line", synth.slow, fires=False),
    )

    def check(self, curve: Curve, descent: Descent, noise: Noise, schedule: Schedule | None) -> Finding | None:
        """Fire on a flat, noisy second half with much of the loss left and no decay."""
        s = self.settings
        if len(curve) < s.min_points or descent.progress <= 0:
            return None
        if schedule is not None and schedule.logged and schedule.final_fraction < s.max_final_fraction:
            return None
        share = noise.sigma / descent.progress
        gain = max(descent.late_gain, 0.0)
        if descent.late_gain < -(s.max_late_gain + s.max_errors * descent.late_error):
            return None  # it rises: no plateau
        unsure = s.max_errors * descent.late_error
        middle, late = curve.to_loss(curve.level(0.4, 0.6)), curve.to_loss(curve.level(0.8, 1.0))
        negligible = curve.loss.min() > 0 and middle - late <= s.max_relative_gain * middle
        hidden = share >= s.min_sigma_share * gain or gain <= unsure
        if gain > s.max_late_gain or not (hidden or negligible):
            return None
        if not math.isnan(descent.reduction) and descent.reduction > s.max_reduction:
            return None
        left = (1.0 - descent.reduction) / (1.0 - s.max_reduction) if not math.isnan(descent.reduction) else math.nan
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(
                s.max_late_gain / max(gain, descent.late_error, s.max_late_gain / 8), left, points=len(curve)
            ),
            message=f"{curve.tag} has been flat at {figure(curve.to_loss(descent.end), 4)} since the middle of "
            "the run, within its own noise, at "
            + ("a rate that never decays." if schedule is not None else "a rate that is not logged."),
            evidence=(
                measured(
                    "gain from the middle to the end, of all progress",
                    gain,
                    "<=",
                    s.max_late_gain,
                    curve.tag,
                    part(curve, 0.4, 1.0),
                ),
                measured(
                    "scatter of single points, of all progress",
                    share,
                    ">=" if share >= gain else "<",
                    gain,
                    curve.tag,
                    part(curve, 0.4, 1.0),
                ),
            ),
        )


RULE = NoiseFloor()
