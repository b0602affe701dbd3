"""RTE102: runs whose logs look like this did better at a lower rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lrdoctor import synth
from lrdoctor.records import Finding, Severity, Verdict
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules.rate_too_low import Response, Settings, advised, covered, report

if TYPE_CHECKING:
    from lrdoctor.signals.curve import Curve
    from lrdoctor.signals.schedule import Schedule


class RateTooHigh(Rule):
    """The log looks like those of trainings that did better at a lower rate.

    ## What it does
    As RTE101, in the other direction: a quick first fall that stops early, scatter that is large against the
    progress, an early jump above the start, a rate above what is usual for the optimizer and this length of run.

    ## Why is this bad?
    The loss settles far above what the same training reaches at a lower rate, without any single symptom that
    stands out.

    ## Example
    Adam at 0.03: down within the first steps, then level and noisy.

    ## What to do
    Repeat the training at the advised rate; with several runs at hand, compare them with `lrdoctor sweep`.

    ## References
    The trials of this project (docs/trials.md, docs/evidence.md); Lakshminarayanan, Pritzel & Blundell 2017 (ensembles
    of networks).
    """

    code = "RTE102"
    name = "rate-too-high"
    severity = Severity.WARNING
    verdict = Verdict.LR_TOO_HIGH
    silences = frozenset({"PLT101", "PLT103"})
    settings = Settings(short_gain=0.3, long_gain=0.2)
    examples: ClassVar[tuple[Example, ...]] = (
        Example("Adam far above its usual rate", synth.reckless, fires=True),
        Example("plain SGD at its best rate", synth.tuned, fires=False),
    )

    def check(self, curve: Curve, response: Response, schedule: Schedule | None) -> Finding | None:
        """Fire when a lower rate promises enough."""
        if not covered(response, curve, schedule, self.settings):
            return None
        offset = advised(response, self.settings)
        if offset is None or offset >= 0:
            return None
        return report(self, curve, response, offset)


RULE = RateTooHigh()
