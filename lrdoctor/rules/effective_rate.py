"""PLS102: the rate is usual, but momentum multiplies it beyond what is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor.errors import Unavailable
from lrdoctor.records import Finding, Severity
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured, whole
from lrdoctor.rules._setups import configured
from lrdoctor.rules.implausible_rate import ROUNDING
from lrdoctor.wording import figure, times

if TYPE_CHECKING:
    from lrdoctor.prescribing.expected import Expected
    from lrdoctor.signals.curve import Curve
    from lrdoctor.signals.schedule import Schedule


class Settings(NamedTuple):
    """Thresholds of PLS102."""

    margin: float = 3.0
    """Factor beyond the usual range that is still plausible, as in PLS101."""


class EffectiveRate(Rule):
    """Momentum multiplies the learning rate beyond what is usual for SGD.

    ## What it does
    Computes the effective rate of SGD with momentum, lr / (1 - momentum) (times 1 - dampening), and holds it against
    ten times the usual upper end for SGD with momentum, which is stated for a momentum of 0.9.

    ## Why is this bad?
    With momentum b a gradient acts for 1 / (1 - b) steps. Raising b from 0.9 to 0.99 at the same rate makes the steps
    ten times as long; the rate has to come down by as much.

    ## Example
    lr 0.1 with momentum 0.99: an effective rate of 10.

    ## What to do
    Keep lr / (1 - momentum) when the momentum changes.

    ## References
    Sutskever et al. 2013; Smith et al. 2018, "Don't Decay the Learning Rate, Increase the Batch Size" (section 3);
    Goh 2017, "Why Momentum Really Works".
    """

    code = "PLS102"
    name = "effective-rate"
    severity = Severity.INFO
    verdict = None
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("momentum 0.99", lambda: configured(optimizer="sgd", lr=0.1, momentum=0.99), fires=True),
        Example("momentum 0.9", lambda: configured(optimizer="sgd", lr=0.1, momentum=0.9), fires=False),
        Example("momentum 0.99 at a tenth", lambda: configured(optimizer="sgd", lr=0.01, momentum=0.99), fires=False),
    )

    def check(self, expected: Expected, curve: Curve, schedule: Schedule | None) -> Finding | None:
        """Fire where the effective rate is beyond the usual range."""
        e = expected
        if e.effective is None or e.effective_high is None:
            raise Unavailable("no momentum in the configuration, or not SGD")
        limit = e.effective_high * self.settings.margin
        if e.effective <= limit * ROUNDING or (schedule is not None and schedule.kind == "range_test"):
            return None
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(e.effective / limit, points=len(curve)),
            message=f"With its momentum a rate of {figure(e.rate)} acts like {figure(e.effective)}, "
            f"{times(e.effective / e.effective_high)} what is usual at most ({figure(e.effective_high)}).",
            evidence=(measured("effective rate", e.effective, ">", limit, "lr", whole(curve)),),
        )


RULE = EffectiveRate()
