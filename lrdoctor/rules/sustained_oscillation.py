"""OSC101: the loss swings, regularly and widely."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor import synth
from lrdoctor.records import Finding, Severity, Span, Verdict
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured
from lrdoctor.wording import figure, share

if TYPE_CHECKING:
    from lrdoctor.signals.curve import Curve
    from lrdoctor.signals.oscillation import Oscillation


class Settings(NamedTuple):
    """Thresholds of OSC101."""

    min_alternation: float = 0.5
    """Minus the lower of the lag-1 and lag-2 autocorrelations about the trend: 0 for white noise, 0.5 to 1 for a
    clean cycle of two to six points. The pattern of an epoch, which repeats as well, stays below it on public
    grids..."""
    min_errors: float = 4.0
    """...and this many of its standard errors."""
    min_peak_share: float = 0.6
    """Share of the variance at one period, for slower swings (momentum)."""
    max_period_share: float = 0.05
    """A period longer than this share of the points measured is a relapse or a schedule, not a swing."""
    min_amplitude: float = 0.1
    """Amplitude over the run's progress: smaller swings (the pattern of an epoch) do no harm."""


class SustainedOscillation(Rule):
    """The loss swings up and down with a steady period and a wide amplitude.

    ## What it does
    Measures the autocorrelation and the spectrum of the loss after the first third of the run, and fires only on
    regular swings: white minibatch noise flips its direction in two of three pairs of steps, so counting flips cannot
    tell noise from oscillation.

    ## Why is this bad?
    Along the steepest direction each step overshoots the valley floor by about as much as it came in: the rate is
    at the edge of 2 / curvature. Nothing is gained along that direction any more.

    ## Example
    0.41, 0.92, 0.40, 0.93, 0.41, 0.92

    ## What to do
    Lower the rate two- to five-fold, lower the momentum, or decay the rate. A larger batch helps only if the
    swing is noise, which this is not.

    ## References
    Cohen et al. 2021 (edge of stability); Fisher 1929 (test of significance in harmonic analysis).
    """

    code = "OSC101"
    name = "sustained-oscillation"
    severity = Severity.WARNING
    verdict = Verdict.LR_TOO_HIGH
    silences = frozenset({"RTE101", "PLT101", "SLW101", "FLT101"})
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("a two-cycle", synth.two_cycle, fires=True),
        Example("minibatch noise about a plateau", synth.noisy_plateau, fires=False),
        Example("a healthy descent", synth.healthy, fires=False),
    )

    def check(self, curve: Curve, oscillation: Oscillation) -> Finding | None:
        """Fire on wide alternation from point to point, or on a wide swing of a steady, short period."""
        s = self.settings
        wide = oscillation.share_of_progress / s.min_amplitude
        measured_points = len(curve) * 2 / 3
        slow = oscillation.period > max(s.max_period_share * measured_points, 3.0)
        clear = oscillation.peak_share > max(s.min_peak_share, oscillation.noise_share)
        needed = max(s.min_alternation, s.min_errors * oscillation.alternation_error)
        alternating = oscillation.alternation >= needed
        if not curve.is_train or wide < 1.0 or not (alternating or (clear and not slow)):
            return None
        span = Span(first_step=oscillation.first_step, last_step=oscillation.last_step)
        if alternating:
            proof = measured("alternation about the trend", oscillation.alternation, ">=", needed, curve.tag, span)
            margin = oscillation.alternation / needed
            words = "overshoots from one logged point to the next"
        else:
            proof = measured("variance at one period", oscillation.peak_share, ">", s.min_peak_share, curve.tag, span)
            margin = oscillation.peak_share / s.min_peak_share
            words = f"swings with a period of {figure(oscillation.period)} logged points"
        size = oscillation.share_of_progress
        width = f"by {share(size)} of all progress" if math.isfinite(size) else "and makes no progress"
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(wide, margin * margin, points=len(curve)),
            message=f"{curve.tag} {words}, {width}: an oscillation, not noise.",
            evidence=(
                proof,
                measured(
                    "amplitude over progress", oscillation.share_of_progress, ">=", s.min_amplitude, curve.tag, span
                ),
            ),
        )


RULE = SustainedOscillation()
