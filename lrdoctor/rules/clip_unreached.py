"""CLP102: the gradient never comes near the clipping threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor.records import Finding, Severity
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured, over
from lrdoctor.rules._setups import gradient_norms
from lrdoctor.wording import figure

if TYPE_CHECKING:
    from lrdoctor.records import Series
    from lrdoctor.signals.clipping import Clipping


class Settings(NamedTuple):
    """Thresholds of CLP102."""

    max_reach: float = 0.5
    """Largest logged norm over the threshold; twice as large a norm may hide between two logged steps."""
    min_points: int = 20
    """Logged gradient norms."""


class ClipUnreached(Rule):
    """The clipping threshold is so high that no gradient is ever clipped.

    ## What it does
    Compares the largest logged gradient norm with the configured threshold.

    ## Why is this bad?
    It is not, while training is smooth. But such a threshold protects against nothing but a blow-up that is well under
    way: a gradient ten times the usual one, which makes a spike, passes.

    ## Example
    Norms of at most 0.3 with a threshold of 5.

    ## What to do
    To catch spikes, set the threshold to about the 90th percentile of the norms; otherwise leave it.

    ## References
    Google Tuning Playbook (gradient clipping).
    """

    code = "CLP102"
    name = "clipping-never-reached"
    severity = Severity.INFO
    verdict = None
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("norms about 0.1, threshold 5", lambda: gradient_norms(5.0, 0.1), fires=True),
        Example("norms about 0.6, threshold 1", lambda: gradient_norms(1.0, 0.6), fires=False),
    )

    def check(self, clipping: Clipping, grad_norm: Series) -> Finding | None:
        """Fire where even the largest norm is far below the threshold."""
        c, s = clipping, self.settings
        reach = c.highest / c.threshold
        if c.points < s.min_points or reach >= s.max_reach:
            return None
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(s.max_reach / max(reach, 1e-9), points=c.points),
            message=f"Clipping at {figure(c.threshold)} never acts: the largest logged gradient norm is "
            f"{figure(c.highest, 2)}, their 90th percentile {figure(c.high, 2)}.",
            evidence=(measured("largest norm over threshold", reach, "<", s.max_reach, c.tag, over(grad_norm)),),
        )


RULE = ClipUnreached()
