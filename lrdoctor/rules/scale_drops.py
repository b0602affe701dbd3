"""AMP102: the loss scale of mixed precision fell far below the level it had held."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor.records import Finding, Severity
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured, over
from lrdoctor.rules._setups import loss_scales
from lrdoctor.wording import at, times

if TYPE_CHECKING:
    from lrdoctor.records import Series
    from lrdoctor.signals.scaling import Scaling


class Settings(NamedTuple):
    """Thresholds of AMP102."""

    min_octaves: float = 6.0
    """Halvings below a level held before. Up to five were seen in recorded trainings that went well."""


class ScaleDrops(Rule):
    """The loss scale halved again and again, and did not come back.

    ## What it does
    Measures the largest fall of the loss scale from a level it had held; the first halvings, from a value that is far
    too high on purpose, do not count.

    ## Why is this bad?
    Each halving is a skipped update after an overflow. One now and then is how the scale is kept as high as it can be;
    a long fall says that gradients grow, which is how many blow-ups announce themselves, long before the loss shows
    it.

    ## Example
    32768 for most of the run, then 512.

    ## What to do
    Watch the gradient norm; if it grows as well, lower the rate or clip before the loss follows.

    ## References
    Micikevicius et al. 2018, "Mixed Precision Training"; Zhang et al. 2022 (OPT-175B).
    """

    code = "AMP102"
    name = "loss-scale-drops"
    severity = Severity.INFO
    verdict = None
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("64-fold down", lambda: loss_scales([15, 15, 15, 13, 11, 9, 9]), fires=True),
        Example("found, then held", lambda: loss_scales([16, 8] + [8, 9, 8] * 9), fires=False),
    )

    def check(self, scaling: Scaling, loss_scale: Series) -> Finding | None:
        """Fire after a long fall."""
        lost, least = scaling.octaves_lost, self.settings.min_octaves
        if lost < least:
            return None
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(lost / least, points=scaling.points),
            message=f"The loss scale was {times(2.0 ** min(lost, 1000))} lower at "
            f"{at(scaling.lost_step, loss_scale.unit)} than it had been: gradients overflowed again and again, each "
            "time at the cost of an update.",
            evidence=(
                measured("halvings below a level held", lost, ">=", least, scaling.tag, over(loss_scale), "octaves"),
            ),
        )


RULE = ScaleDrops()
