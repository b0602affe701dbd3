"""RTE101: runs whose logs look like this did better at a higher rate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

from lrdoctor import synth
from lrdoctor.records import Finding, Severity, Verdict
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import measured, whole
from lrdoctor.wording import times

if TYPE_CHECKING:
    from lrdoctor.signals.curve import Curve
    from lrdoctor.signals.schedule import Schedule


class Response(Protocol):
    """What is asked of the fitted response (`lrdoctor.prescribing.response`)."""

    novelty: float
    log10_steps: float
    rate_known: bool
    optimizer_known: bool

    def best(self, low: float = -5.0, high: float = 5.0) -> float:
        """log10 of the factor with the highest utility."""
        ...

    def gain(self) -> float:
        """Utility of that factor less that of keeping the rate."""
        ...

    def chance(self, low: float, high: float) -> float:
        """Probability that the best log10 factor lies between two bounds."""
        ...


class Settings(NamedTuple):
    """Thresholds of RTE101 and RTE102, chosen on task families that the fit had not seen (docs/evidence.md)."""

    short_gain: float = 0.3
    """Expected gain that a rerun of a short training must bring: in the chance of ending near the best and fine."""
    long_gain: float = 0.5
    """The same for a long training: in the chance of ending fine."""
    short_log10_steps: float = 3.3
    """Length up to which a training counts as short, log10 of steps..."""
    long_log10_steps: float = 4.3
    """...and from which on as long; in between the demand rises in proportion."""
    min_points: int = 10
    """Points of the judged curve."""
    min_decades: float = 0.2
    """A smaller change (1.6-fold) is within the reach of seed noise."""
    max_novelty: float = 0.15
    """Share of the features outside what the trials saw above which nothing is said."""


class RateTooLow(Rule):
    """The log looks like those of trainings that did better at a higher rate.

    ## What it does
    Describes the log by some fifty scale-free numbers (how fast it fell and when, its scatter, its swings, the rate
    against what is usual for the optimizer, the length of the run) and asks a model fitted on grids of real
    trainings how the same training would have done at other rates. Fires where a higher one promises more than the
    cost of another run.

    ## Why is this bad?
    The budget is spent without reaching what it could. Such runs often look healthy: a smooth, falling curve.

    ## Example
    A smooth descent by plain SGD at a hundredth of the usual rate.

    ## What to do
    Repeat the training at the advised rate; with several runs at hand, compare them with `lrdoctor sweep`.

    ## References
    The trials of this project (docs/trials.md, docs/evidence.md); Lakshminarayanan, Pritzel & Blundell 2017 (ensembles
    of networks).
    """

    code = "RTE101"
    name = "rate-too-low"
    severity = Severity.WARNING
    verdict = Verdict.LR_TOO_LOW
    silences = frozenset({"PLT103"})
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("plain SGD far below its usual rate", synth.timid, fires=True),
        Example("the same at its best rate", synth.tuned, fires=False),
    )

    def check(self, curve: Curve, response: Response, schedule: Schedule | None) -> Finding | None:
        """Fire when a higher rate promises enough."""
        if not covered(response, curve, schedule, self.settings):
            return None
        offset = advised(response, self.settings)
        if offset is None or offset <= 0:
            return None
        return report(self, curve, response, offset)


def covered(response: Response, curve: Curve, schedule: Schedule | None, s: Settings) -> bool:
    """Say whether the run is of the kind that the trials cover: rate, optimizer and steps known, no schedule of its
    own.

    A warm-up and a decay are a recipe that somebody has tuned, often for fine-tuning or for sizes that no trial has.
    """
    plain = schedule is None or schedule.kind == "constant"
    known = response.rate_known and response.optimizer_known and not math.isnan(response.log10_steps)
    return plain and known and curve.is_train and len(curve) >= s.min_points and response.novelty <= s.max_novelty


def demanded(response: Response, s: Settings) -> float:
    """Gain that another run must promise: more, the longer it takes."""
    share = (response.log10_steps - s.short_log10_steps) / (s.long_log10_steps - s.short_log10_steps)
    return s.short_gain + min(max(share, 0.0), 1.0) * (s.long_gain - s.short_gain)


def advised(response: Response, s: Settings) -> float | None:
    """log10 of the factor to change the rate by, or None to leave it."""
    if response.gain() < demanded(response, s):
        return None
    offset = response.best()
    return offset if abs(offset) >= s.min_decades else None


def report(rule: Rule, curve: Curve, response: Response, offset: float) -> Finding:
    """Put the finding into words, for either direction."""
    s = rule.settings
    sure = response.chance(0.1, 9.0) if offset > 0 else response.chance(-9.0, -0.1)
    direction = f"{times(10.0 ** abs(offset))} {'higher' if offset > 0 else 'lower'}"
    return Finding(
        code=rule.code,
        name=rule.name,
        severity=rule.severity,
        confidence=round(min(max(sure, 0.05), 0.99), 3),
        message=f"{curve.tag} looks like those of trainings that did better at a rate about {direction}.",
        evidence=(
            measured(
                "expected gain of a rerun at the advised rate",
                response.gain(),
                ">=",
                demanded(response, s),
                curve.tag,
                whole(curve),
            ),
        ),
    )


RULE = RateTooLow()
