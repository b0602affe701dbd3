"""NAN103: the logger hid the NaN."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor import synth
from lrdoctor.records import Finding, Severity, Span, Verdict
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured
from lrdoctor.rules.nonfinite_loss import NonfiniteLoss
from lrdoctor.wording import at

if TYPE_CHECKING:
    from lrdoctor.signals.breakdown import Breakdown


class Settings(NamedTuple):
    """Thresholds of NAN103."""

    min_share: float = 0.5
    """Share of points, from the first on, with a loss of exactly 0 beside a gradient norm that is not finite."""


class HiddenNan(Rule):
    """The loss was logged as 0.0 while the gradient norm is NaN.

    ## What it does
    Looks for a loss of exactly zero at steps whose gradient norm is not finite. The Hugging Face Trainer replaces
    a NaN loss in its log by default (`logging_nan_inf_filter`), so the loss column alone looks perfect.

    ## Why is this bad?
    The run has blown up; the zeros are not a solved task.

    ## Example
    {"loss": 0.0, "grad_norm": NaN, "learning_rate": 1.9e-4, "step": 120}

    ## What to do
    Treat it as a NaN: lower the peak rate, warm up, clip, prefer bf16 to fp16; set `logging_nan_inf_filter=False`.

    ## References
    Hugging Face transformers documentation, `TrainingArguments.logging_nan_inf_filter`.
    """

    code = "NAN103"
    name = "hidden-nan"
    severity = Severity.CRITICAL
    verdict = Verdict.DIVERGED
    silences = NonfiniteLoss.silences
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("zeros beside a NaN gradient norm", synth.hidden_nan, fires=True),
        Example("a healthy descent", synth.healthy, fires=False),
    )

    def check(self, breakdown: Breakdown) -> Finding | None:
        """Fire when the log ends in zero losses with gradient norms that are not finite."""
        if not breakdown.hidden or breakdown.recovered or breakdown.share < self.settings.min_share:
            return None
        span = Span(first_step=breakdown.first_step, last_step=breakdown.last_step)
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(4.0, points=40),
            message=f"{breakdown.tag} is logged as 0.0 from {at(breakdown.first_step, breakdown.unit)} on, but "
            "the gradient norm is not "
            "a number there: the logger hides a NaN.",
            evidence=(
                measured(
                    "points with loss 0 and a gradient norm that is not finite, from there on",
                    breakdown.share,
                    ">=",
                    self.settings.min_share,
                    breakdown.tag,
                    span,
                ),
            ),
        )


RULE = HiddenNan()
