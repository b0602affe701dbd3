"""PLT103: there is nothing left to gain."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor import synth
from lrdoctor.records import Finding, Severity
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured, part
from lrdoctor.wording import share

if TYPE_CHECKING:
    from lrdoctor.signals.curve import Curve
    from lrdoctor.signals.descent import Descent


class Settings(NamedTuple):
    """Thresholds of PLT103."""

    min_reduction: float = 0.9
    """Share of the loss that is gone."""
    max_late_gain: float = 0.03
    """Fall of the level from the middle to the end, as a share of all progress."""
    min_points: int = 10
    """Finite points of the judged curve; fewer say too little."""


class Converged(Rule):
    """Nearly all of the loss is gone and the second half adds nothing: the run could have been shorter.

    ## What it does
    Finds a flat second half after more than nine tenths of the loss are gone.

    ## Why is this bad?
    It is not, but the second half of the budget bought nothing.

    ## Example
    231 falling to 2e-4 within 30 % of the run, flat since.

    ## What to do
    Stop earlier next time, or decay the rate if the last bit matters.

    ## References
    Prechelt 1998, "Early Stopping - But When?".
    """

    code = "PLT103"
    name = "converged"
    severity = Severity.INFO
    verdict = None
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("converged in the first third", synth.converged, fires=True),
        Example("minibatch noise about a plateau", synth.noisy_plateau, fires=False),
    )

    def check(self, curve: Curve, descent: Descent) -> Finding | None:
        """Fire on a flat second half after a deep descent."""
        s = self.settings
        if len(curve) < s.min_points or not descent.reduction > s.min_reduction:
            return None
        gain = max(descent.late_gain, 0.0)
        if gain > s.max_late_gain:
            return None
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(
                (1 - s.min_reduction) / max(1 - descent.reduction, 1e-9),
                s.max_late_gain / max(gain, s.max_late_gain / 8),
                points=len(curve),
            ),
            message=f"{share(descent.reduction).capitalize()} of {curve.tag} is gone, and the second half of "
            "the run added nothing.",
            evidence=(
                measured(
                    "share of the loss that is gone",
                    descent.reduction,
                    ">",
                    s.min_reduction,
                    curve.tag,
                    part(curve, 0, 1),
                ),
                measured(
                    "gain from the middle to the end, of all progress",
                    gain,
                    "<=",
                    s.max_late_gain,
                    curve.tag,
                    part(curve, 0.4, 1.0),
                ),
            ),
        )


RULE = Converged()
