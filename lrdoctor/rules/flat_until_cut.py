"""LRC101: nothing was learned until the rate was cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor import synth
from lrdoctor.records import Finding, Severity, Span, Verdict
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured
from lrdoctor.wording import at, figure, share

if TYPE_CHECKING:
    from lrdoctor.signals.curve import Curve
    from lrdoctor.signals.lr_response import LrResponse


class Settings(NamedTuple):
    """Thresholds of LRC101."""

    max_before: float = 0.1
    """Progress made before the cut, as a share of all progress."""
    min_gained: float = 0.4
    """Progress made right after it."""
    min_fall: float = 5.0
    """...over the scatter of single points."""


class FlatUntilCut(Rule):
    """The loss lay flat until the learning rate was cut, and fell at once when it was.

    ## What it does
    Compares the progress before the first abrupt cut of the rate with the progress right after it.

    ## Why is this bad?
    The steps before the cut were spent at a rate at which the loss could not fall. In a normal step schedule most
    of the progress comes before the first cut.

    ## Example
    Loss 19 for five epochs at a rate of 20, then 8.5 within the first hundred steps at a rate of 5.

    ## What to do
    Start with the rate at which the loss fell, or lower.

    ## References
    Google Tuning Playbook, "How can optimization failures be debugged and mitigated?".
    """

    code = "LRC101"
    name = "flat-until-lr-cut"
    severity = Severity.ERROR
    verdict = Verdict.LR_TOO_HIGH
    silences = frozenset({"RTE101", "FLT101", "PLT101", "PLT102", "OSC101", "SLW101", "SPK101"})
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("falls only after the cut", synth.flat_until_cut, fires=True),
        Example("a step schedule at work", synth.step_schedule, fires=False),
    )

    def check(self, curve: Curve, lr_response: LrResponse) -> Finding | None:
        """Fire when little progress comes before the first cut and much right after it."""
        s, r = self.settings, lr_response
        if r.before > s.max_before or r.gained < s.min_gained or r.fall < s.min_fall:
            return None
        span = Span(first_step=int(curve.step[0]), last_step=max(r.step, int(curve.step[0])))
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(r.gained / s.min_gained, r.fall / s.min_fall, points=len(curve)),
            message=f"{curve.tag} made {share(r.before) if r.before > 0 else 'none'} of its progress before the "
            "rate was cut to "
            f"{figure(r.factor, 2)} of itself at {at(r.step, curve.unit)}, and {share(r.gained)} right after: "
            "the rate was far too high until then.",
            evidence=(
                measured("progress before the cut", r.before, "<=", s.max_before, curve.tag, span),
                measured("progress right after the cut", r.gained, ">=", s.min_gained, curve.tag, span),
            ),
        )


RULE = FlatUntilCut()
