"""SCH105: the decay is applied twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor.records import Finding, Severity
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured, over
from lrdoctor.rules._schedules import at_rate, cosine, restarts
from lrdoctor.wording import share

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lrdoctor.records import Evidence, Hyperparameter, Series
    from lrdoctor.signals.lr_course import LrCourse
    from lrdoctor.signals.schedule import Schedule


class Settings(NamedTuple):
    """Thresholds of SCH105."""

    max_misfit: float = 0.01
    """Root mean square misfit of a squared schedule, as a share of the peak: that of rates printed with two digits."""
    max_mirror: float = 0.1
    """Difference between the rate and its mirror image: with 40 points, shifted by one, a cosine has 0.08."""
    max_off: float = 0.03
    """The schedule ends at a half, a third, ... an eighth of the run, to within this share of it."""
    power_off: float = 0.15
    """Power of a decay that is configured as linear, off 2."""


class DecayedTwice(Rule):
    """The decay is applied twice: the schedule is squared, or it has run its course at a fraction of the run.

    ## What it does
    Looks for three traces: a rate that is the square of a schedule (a squared cosine; power 2 where the configuration
    says linear); a cosine that is over half way and climbs back; a decay that ends at a half, a third, ... an eighth
    of the run and stands still since.

    ## Why is this bad?
    The rate is lower than meant for most of the run, and the rest of it is spent at next to nothing.

    ## Example
    Both the script and the Trainer step the scheduler; or each of four processes does.

    ## What to do
    Step one scheduler once. With gradient accumulation or several processes, count optimizer steps, not batches.

    ## References
    PyTorch documentation, "How to adjust learning rate"; Accelerate documentation, "Gradient accumulation" and the
    scheduler of prepared objects.
    """

    code = "SCH105"
    name = "decayed-twice"
    severity = Severity.INFO
    verdict = None
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("a squared cosine", lambda: at_rate(lambda t: cosine(t) ** 2), fires=True),
        Example("a cosine that climbs back", lambda: at_rate(lambda t: cosine(1 - abs(1 - 2 * t))), fires=True),
        Example("over half way", lambda: at_rate(lambda t: cosine(2 * t) + 1e-5), fires=True),
        Example("a cosine", lambda: at_rate(cosine), fires=False),
        Example("warm restarts", lambda: at_rate(restarts), fires=False),
    )

    def check(
        self, lr: Series, schedule: Schedule, lr_course: LrCourse, hyperparameters: Mapping[str, Hyperparameter]
    ) -> Finding | None:
        """Fire on any of the traces."""
        for trace in (self._squared, self._climbs_back, self._over_early):
            found = trace(lr, schedule, lr_course, hyperparameters)
            if found is not None:
                message, evidence, sure = found
                return Finding(
                    code=self.code, name=self.name, severity=self.severity, confidence=sure, message=message,
                    evidence=(evidence,),
                )  # fmt: skip
        return None

    def _squared(
        self, lr: Series, schedule: Schedule, c: LrCourse, known: Mapping[str, Hyperparameter]
    ) -> tuple[str, Evidence, float] | None:
        s, power = self.settings, schedule.parameters.power
        if c.squared <= s.max_misfit and schedule.residual > 2 * c.squared:
            evidence = measured(
                "misfit of a squared cosine, of the peak", c.squared, "<=", s.max_misfit, lr.tag, over(lr)
            )
            sure = confidence(s.max_misfit / max(c.squared, s.max_misfit / 4), points=len(lr))
            return "The learning rate follows a squared cosine: the decay seems to be applied twice.", evidence, sure
        stated = str(known.get("schedule", "")).lower()
        off = abs(power - 2.0)
        if "linear" in stated and schedule.kind.endswith("polynomial") and off <= s.power_off:
            evidence = measured("power of the decay, off 2", off, "<=", s.power_off, lr.tag, over(lr))
            sure = confidence(2.0, points=len(lr))
            return "The schedule is configured as linear and logged as its square: it is applied twice.", evidence, sure
        return None

    def _climbs_back(
        self, lr: Series, schedule: Schedule, c: LrCourse, known: Mapping[str, Hyperparameter]
    ) -> tuple[str, Evidence, float] | None:
        s = self.settings
        if not c.mirror <= s.max_mirror:
            return None
        evidence = measured("difference from its mirror image", c.mirror, "<=", s.max_mirror, lr.tag, over(lr))
        message = "The learning rate falls to nothing half way and climbs back to its peak: the schedule runs twice as "
        return message + "fast as the training.", evidence, confidence(2.0, points=len(lr))

    def _over_early(
        self, lr: Series, schedule: Schedule, c: LrCourse, known: Mapping[str, Hyperparameter]
    ) -> tuple[str, Evidence, float] | None:
        s = self.settings
        if not 0.1 < c.ended_at < 0.7:
            return None
        part = min(range(2, 9), key=lambda k: abs(c.ended_at - 1.0 / k))
        off = abs(c.ended_at - 1.0 / part)
        if off > s.max_off / part:
            return None
        evidence = measured(f"end of the decay, off 1/{part} of the run", off, "<=", s.max_off / part, lr.tag, over(lr))
        message = f"The decay has run its course after {share(c.ended_at)} of the run: the scheduler seems to be "
        return message + f"stepped {part} times too often.", evidence, confidence(1.5, points=len(lr))


RULE = DecayedTwice()
