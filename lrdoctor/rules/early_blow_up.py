"""DIV103: the first steps threw the loss far above its start."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor import synth
from lrdoctor.records import Finding, Severity, Span, Verdict
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured
from lrdoctor.wording import at, times

if TYPE_CHECKING:
    from lrdoctor.signals.curve import Curve
    from lrdoctor.signals.descent import Descent
    from lrdoctor.signals.excursions import Excursion


class Settings(NamedTuple):
    """Thresholds of DIV103. Of 8,500 trial logs whose loss peaks at three times its start, 97 % did better at a
    lower rate and 7 % ended within a tenth of the best; at five times 99.8 % and 5 % (`lrdoctor.trials`)."""

    min_ratio: float = 3.0
    """Loss at the peak over the loss at the start."""
    latest: float = 0.1
    """It begins within this share of the run."""


class EarlyBlowUp(Rule):
    """The loss explodes within the first steps, then recovers.

    ## What it does
    Finds an excursion in the first tenth of the run that reaches several times the loss of the untrained network.

    ## Why is this bad?
    The first updates were too long: they threw the weights far from their initialisation. What is learned
    afterwards starts from there, often with dead units, and the rate that did it is above the stability limit.

    ## Example
    3.6, 2.4e6, 1.4e3, 4.0e4, ... and later 2.3, slightly below the start.

    ## What to do
    Lower the peak rate by the advised factor and warm up over the first few percent of the budget.

    ## References
    Gilmer et al. 2021; Google Tuning Playbook (early training instability).
    """

    code = "DIV103"
    name = "early-blow-up"
    severity = Severity.ERROR
    verdict = Verdict.LR_TOO_HIGH
    silences = frozenset({"RTE101", "SPK101", "SLW101", "FLT101", "PLT101", "PLT103", "OSC101"})
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("a thousandfold in the first steps, then a descent", synth.early_blow_up, fires=True),
        Example("a healthy descent", synth.healthy, fires=False),
        Example("spikes later on", synth.spikes, fires=False),
    )

    def check(self, curve: Curve, descent: Descent, excursions: tuple[Excursion, ...]) -> Finding | None:
        """Fire on an early excursion that recovers and reaches far above the start."""
        s = self.settings
        start = curve.to_loss(descent.start)
        if not curve.is_train or curve.loss.min() <= 0.0:
            return None
        early = [e for e in excursions if e.position <= s.latest and e.recovered]
        if not early:
            return None
        worst = max(early, key=lambda e: e.height)
        peak = int((curve.step == worst.peak_step).argmax())
        ratio = float(curve.loss[peak]) / start
        if ratio < s.min_ratio:
            return None
        span = Span(first_step=worst.first_step, last_step=worst.last_step)
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(ratio / s.min_ratio, points=len(curve)),
            message=f"{curve.tag} explodes to {times(ratio)} its start at {at(worst.peak_step, curve.unit)} "
            "before it recovers.",
            evidence=(measured("peak over the loss at the start", ratio, ">=", s.min_ratio, curve.tag, span),),
        )


RULE = EarlyBlowUp()
