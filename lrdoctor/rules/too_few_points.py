"""PTS101: there is too little to judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor import synth
from lrdoctor.records import Finding, Severity, Verdict
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import measured, whole

if TYPE_CHECKING:
    from lrdoctor.signals.curve import Curve


class Settings(NamedTuple):
    """Thresholds of PTS101."""

    min_points: int = 4
    """Fewer points allow no trend with an error: three define a parabola exactly."""


class TooFewPoints(Rule):
    """The log holds too few points of a loss for any judgement.

    ## What it does
    Counts the finite points of the judged loss.

    ## Why is this bad?
    Two or three numbers fit any story.

    ## Example
    A job that stopped after its second epoch.

    ## What to do
    Log the training loss every 10 to 50 steps, and the learning rate and the gradient norm beside it.

    ## References
    Google Tuning Playbook ("plot training curves" at a fine resolution).
    """

    code = "PTS101"
    name = "too-few-points"
    severity = Severity.INFO
    verdict = Verdict.INCONCLUSIVE
    silences = frozenset({"RTE101", "RTE102", "SLW101", "FLT101", "PLT101", "PLT102", "PLT103", "OSC101", "DIV101"})
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("three epochs", lambda: synth.healthy(points=3), fires=True),
        Example("a healthy descent", synth.healthy, fires=False),
    )

    def check(self, curve: Curve) -> Finding | None:
        """Fire below the minimum number of points."""
        n = len(curve)
        if n >= self.settings.min_points:
            return None
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=1.0,
            message=f"{curve.tag} has only {n} finite point{'s' if n != 1 else ''}: too few to judge. Log it "
            "every 10 to 50 steps.",
            evidence=(
                measured(
                    "finite points", float(n), "<", float(self.settings.min_points), curve.tag, whole(curve), "points"
                ),
            ),
        )


RULE = TooFewPoints()
