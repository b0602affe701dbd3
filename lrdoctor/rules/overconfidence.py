"""OVF102: the validation loss rises, but the metric still improves."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lrdoctor import synth
from lrdoctor.records import Finding, Severity
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules.overfitting import Settings, metric_contradicts, overfits, report

if TYPE_CHECKING:
    from lrdoctor.signals.generalization import Generalization


class Overconfidence(Rule):
    """The validation loss rises while the validation metric keeps improving.

    ## What it does
    As OVF101, for runs in which a metric such as accuracy or F1 contradicts the loss.

    ## Why is this bad?
    It is bad only if the probabilities themselves are used: the model becomes overconfident, and the few wrong
    answers cost more and more loss, while the number of right ones still grows.

    ## Example
    Validation loss 0.110 to 0.152 while F1 goes from 0.930 to 0.938.

    ## What to do
    Choose the checkpoint by the metric that matters. For calibrated probabilities use temperature scaling or label
    smoothing.

    ## References
    Guo et al. 2017, "On Calibration of Modern Neural Networks".
    """

    code = "OVF102"
    name = "overconfidence"
    severity = Severity.INFO
    verdict = None
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("loss turns, accuracy does not", lambda: synth.overfit(metric_improves=True), fires=True),
        Example("both turn", lambda: synth.overfit(metric_improves=False), fires=False),
    )

    def check(self, generalization: Generalization) -> Finding | None:
        """Fire where OVF101 would, but for the metric."""
        if not overfits(generalization, self.settings) or not metric_contradicts(generalization, self.settings):
            return None
        return report(self, generalization, self.settings)


RULE = Overconfidence()
