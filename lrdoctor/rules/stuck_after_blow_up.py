"""DIV102: it blew up early and has been dead since."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor import synth
from lrdoctor.records import Finding, Severity, Verdict
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured, part
from lrdoctor.wording import at, figure, times

if TYPE_CHECKING:
    from lrdoctor.signals.curve import Curve
    from lrdoctor.signals.descent import Descent
    from lrdoctor.signals.excursions import Excursion
    from lrdoctor.signals.noise import Noise


class Settings(NamedTuple):
    """Thresholds of DIV102."""

    min_height: float = 3.0
    """Height of the early excursion over the distance between start and end level."""
    latest: float = 0.3
    """It begins within this share of the run."""
    max_gain: float = 0.1
    """Share by which the end level may lie below the start (on the judged scale: of the loss, or of a factor e)."""
    max_late_gain: float = 0.05
    """Fall of the level over the second half, over the height of the excursion."""
    min_ratio: float = 1.5
    """Loss at the peak over the loss at the start."""
    chance: float = 0.02
    """A level within this share of ln(k), k from 2 to 20 classes, is that of a constant guess."""
    min_fall: float = 20.0
    """A log whose first point is this many times the level of chance began after the blow-up: an untrained network
    is not much worse than a guess."""


class StuckAfterBlowUp(Rule):
    """An early blow-up, then a flat loss at or above where it began.

    ## What it does
    Finds an early excursion far above the start after which the loss lies still at about the level of chance.

    ## Why is this bad?
    The blow-up has pushed the weights to where gradients vanish (dead ReLUs, saturated softmax): the network answers
    the same for every input, and the loss sits at ln(classes). The flat part looks like a rate that is too low; the
    cure is the opposite.

    ## Example
    2.31, 19.7, 841, 6.2, 2.306, 2.303, 2.303, 2.303...

    ## What to do
    Restart from the initial weights with the advised, lower peak rate and a warm-up. Do not raise the rate.

    ## References
    Lu et al. 2019, "Dying ReLU and Initialization"; Goodfellow, Bengio & Courville 2016, section 8.2.
    """

    code = "DIV102"
    name = "stuck-after-blow-up"
    severity = Severity.CRITICAL
    verdict = Verdict.LR_TOO_HIGH
    silences = frozenset({"RTE101", "SPK101", "OSC101", "SLW101", "FLT101", "PLT101", "PLT102", "PLT103", "DIV101"})
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("dead at ln(10) after a blow-up", synth.dead_after_blow_up, fires=True),
        Example("never moved", synth.flat, fires=False),
        Example("a healthy descent", synth.healthy, fires=False),
    )

    def check(self, curve: Curve, descent: Descent, noise: Noise, excursions: tuple[Excursion, ...]) -> Finding | None:
        """Fire when an early, high excursion is followed by a flat loss no better than at the start."""
        s = self.settings
        if curve.is_train:
            began_late = self._began_after_it(curve, descent)
            if began_late is not None:
                return began_late
        if not curve.is_train or descent.end < descent.start - s.max_gain * (
            1.0 if curve.scale == "log" else abs(descent.start)
        ):
            return None
        distance = max(abs(descent.end - descent.start), noise.sigma, 1e-300)
        for excursion in excursions:
            enough = excursion.height / distance / s.min_height
            if excursion.position > s.latest or enough < 1.0 or excursion.ratio < s.min_ratio:
                continue
            late = (curve.level(0.4, 0.6) - curve.level(0.8, 1.0)) / excursion.height
            if abs(late) > s.max_late_gain:
                continue
            return Finding(
                code=self.code,
                name=self.name,
                severity=self.severity,
                confidence=confidence(enough, points=len(curve)),
                message=f"{curve.tag} blew up at {at(excursion.first_step, curve.unit)} (peak "
                f"{times(excursion.ratio)} the "
                f"start) and has been flat at {figure(curve.to_loss(descent.end), 4)} since, no better than at "
                "the start: stuck, not slow.",
                evidence=(
                    measured(
                        "height of the blow-up over what was gained since",
                        enough * s.min_height,
                        ">=",
                        s.min_height,
                        curve.tag,
                        part(curve, excursion.position, 1.0),
                    ),
                    measured(
                        "fall over the second half, of that height",
                        late,
                        "<=",
                        s.max_late_gain,
                        curve.tag,
                        part(curve, 0.5, 1.0),
                    ),
                ),
            )
        return None

    def _began_after_it(self, curve: Curve, descent: Descent) -> Finding | None:
        """Find a loss that begins far above that of an untrained network and then lies flat at chance."""
        s = self.settings
        level, start = curve.to_loss(descent.end), curve.to_loss(descent.start)
        classes = round(math.exp(level)) if 0.5 < level < 3.1 else 0
        if not 2 <= classes <= 20 or abs(level - math.log(classes)) > s.chance * level or len(curve) < 10:
            return None
        drift = abs(curve.to_loss(curve.level(0.4, 0.6)) - level) / level
        if start < s.min_fall * level or drift > s.chance:
            return None
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(start / level / s.min_fall, points=len(curve)),
            message=f"{curve.tag} begins at {figure(start, 4)}, far above that of an untrained network, and "
            "then lies flat at "
            f"{figure(level, 4)}, which is ln({classes}), the loss of a constant guess: the first steps blew "
            "up, and it is stuck.",
            evidence=(
                measured(
                    "first loss over the level of chance", start / level, ">=", s.min_fall, curve.tag, part(curve, 0, 1)
                ),
                measured(
                    "drift over the second half, of the level", drift, "<=", s.chance, curve.tag, part(curve, 0.5, 1)
                ),
            ),
        )


RULE = StuckAfterBlowUp()
