"""AMP101: the loss scale of mixed precision fell to 1: gradients overflow whatever the scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor.records import Finding, Severity, Verdict
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured, over
from lrdoctor.rules._setups import loss_scales
from lrdoctor.wording import at, figure

if TYPE_CHECKING:
    from lrdoctor.records import Series
    from lrdoctor.signals.scaling import Scaling


class Settings(NamedTuple):
    """Thresholds of AMP101."""

    floor: float = 1.0
    """Scale at which the loss is not enlarged at all; the floor of Megatron-LM and DeepSpeed."""
    min_fall: float = 32.0
    """Highest scale over the last: five halvings. A scale that is 1 all along belongs to bfloat16."""


class ScaleCollapse(Rule):
    """The loss scale fell to 1 and stayed there: half-precision gradients overflow at every scale.

    ## What it does
    Follows the logged loss scale. It halves whenever a gradient is infinite or NaN, and that update is skipped.

    ## Why is this bad?
    With a scale of 1 a gradient overflows only if it is itself beyond 65,504, or NaN: the weights are about to blow
    up, or have done so. Most updates are skipped, so the loss may look flat rather than diverged.

    ## Example
    65536, 65536, 4096, 64, 1, 1, 1

    ## What to do
    Lower the peak rate and clip gradients, restart from before the fall; where the hardware has it, train in bfloat16,
    which needs no loss scale.

    ## References
    Micikevicius et al. 2018, "Mixed Precision Training"; Zhang et al. 2022 (OPT-175B: the rate was lowered when the
    loss scale crashed).
    """

    code = "AMP101"
    name = "loss-scale-collapse"
    severity = Severity.WARNING
    verdict = Verdict.UNSTABLE
    silences = frozenset({"AMP102"})
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("down to 1", lambda: loss_scales([16, 16, 16, 12, 6, 0, 0]), fires=True),
        Example("found, then held", lambda: loss_scales([16, 14, 13, 13, 14, 13, 13]), fires=False),
        Example("bfloat16", lambda: loss_scales([0]), fires=False),
    )

    def check(self, scaling: Scaling, loss_scale: Series) -> Finding | None:
        """Fire where it ends at the floor, far below where it was."""
        s = self.settings
        fall = scaling.highest / scaling.last
        if scaling.last > s.floor or fall < s.min_fall:
            return None
        span = over(loss_scale)
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(fall / s.min_fall, points=scaling.points),
            message=f"The loss scale fell from {figure(scaling.highest)} to {figure(scaling.last)} by "
            f"{at(scaling.lost_step, loss_scale.unit)}: gradients overflow at every scale, and updates are skipped.",
            evidence=(
                measured("loss scale at the end", scaling.last, "<=", s.floor, scaling.tag, span),
                measured("highest loss scale over the last", fall, ">=", s.min_fall, scaling.tag, span),
            ),
        )


RULE = ScaleCollapse()
