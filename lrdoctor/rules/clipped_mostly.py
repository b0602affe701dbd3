"""CLP101: gradients are clipped at most steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor.records import Finding, Severity
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured, over
from lrdoctor.rules._setups import gradient_norms
from lrdoctor.wording import figure, share

if TYPE_CHECKING:
    from lrdoctor.records import Series
    from lrdoctor.signals.clipping import Clipping


class Settings(NamedTuple):
    """Thresholds of CLP101."""

    max_share: float = 0.5
    """Share of clipped steps above which clipping is a way of lowering the rate (Google Tuning Playbook)."""
    min_points: int = 10
    """Logged gradient norms."""


class ClippedMostly(Rule):
    """Gradients are clipped at most steps, so that the threshold sets the step and not the rate.

    ## What it does
    Counts the logged gradient norms above the configured threshold; where the norms were logged after clipping, those
    at the threshold.

    ## Why is this bad?
    A clipped step has the length lr x threshold whatever the gradient. Clipped at most steps, training is normalised
    gradient descent at a rate that nobody chose; a rate that is too high is hidden, and comes out as soon as the
    threshold is raised.

    ## Example
    Norms about 3 with a threshold of 1.

    ## What to do
    Lower the rate, or raise the threshold to about the 90th percentile of the norms. If the curve is healthy, and with
    Adam, whose steps hardly depend on the size of the gradient, it may stay.

    ## References
    Google Tuning Playbook ("extremely aggressive gradient clipping is a strange way of reducing the learning rate");
    Zhang et al. 2020, "Why gradient clipping accelerates training".
    """

    code = "CLP101"
    name = "clipped-at-most-steps"
    severity = Severity.INFO
    verdict = None
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("norms about 3, threshold 1", lambda: gradient_norms(1.0, 3.0), fires=True),
        Example("norms about 0.6, threshold 1", lambda: gradient_norms(1.0, 0.6), fires=False),
    )

    def check(self, clipping: Clipping, grad_norm: Series) -> Finding | None:
        """Fire where more than half of the norms are clipped."""
        c, s = clipping, self.settings
        if c.points < s.min_points or c.share <= s.max_share:
            return None
        advice = f"their 90th percentile is {figure(c.high, 2)}" if not c.after else "they were logged after clipping"
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(c.share / s.max_share, points=c.points),
            message=f"{share(c.share)} of the logged gradient norms are clipped at {figure(c.threshold)} "
            f"({advice}): the threshold, not the rate, sets the length of a step.",
            evidence=(measured("share of clipped steps", c.share, ">", s.max_share, c.tag, over(grad_norm)),),
        )


RULE = ClippedMostly()
