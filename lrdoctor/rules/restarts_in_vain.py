"""SCH107: restarts of the rate cost more than they gave."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor import synth
from lrdoctor.records import Finding, Severity, Span
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured
from lrdoctor.rules._schedules import restarts
from lrdoctor.wording import counted, figure

if TYPE_CHECKING:
    from lrdoctor.records import Run
    from lrdoctor.signals.curve import Curve
    from lrdoctor.signals.lr_course import Restarts


class Settings(NamedTuple):
    """Thresholds of SCH107."""

    max_gain: float = 0.0
    """Fall of the level from the end of one cycle to the end of the next; below zero it has risen."""
    min_rise: float = 3.0
    """Rise of the level after the restart, in standard errors: else the restart cost nothing."""


class RestartsInVain(Rule):
    """The last restart of the learning rate threw the loss back, and its cycle did not win it back.

    ## What it does
    Compares the level of the loss at the ends of the last two cycles.

    ## Why is this bad?
    A restart is an investment: the rate goes up, the loss with it, and the next decay is to bring it lower than
    before. A cycle that ends no lower cost its steps and gave nothing; a run that ends within one ends at its worst.

    ## Example
    Three cycles end at 0.41, 0.38 and 0.39.

    ## What to do
    One decay over the whole run, or cycles that get longer (`T_mult=2`) and end with the run. Keep the weights of the
    end of the best cycle.

    ## References
    Loshchilov & Hutter 2017, "SGDR: Stochastic Gradient Descent with Warm Restarts"; Gotmare et al. 2019, "A Closer
    Look at Deep Learning Heuristics".
    """

    code = "SCH107"
    name = "restarts-in-vain"
    severity = Severity.INFO
    verdict = None
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("a third cycle that ends above the second", lambda: _cycles(0.40, 0.42), fires=True),
        Example("cycles that pay", lambda: _cycles(0.40, 0.30), fires=False),
    )

    def check(self, curve: Curve, lr_restarts: Restarts) -> Finding | None:
        """Fire where the last cycle ended no lower than the one before."""
        s, r = self.settings, lr_restarts
        gain, rise = r.before - r.after, r.peak - r.before
        if gain > s.max_gain or rise < s.min_rise * r.error:
            return None
        span = Span(first_step=r.first_step, last_step=r.last_step)
        before, after = curve.to_loss(r.before), curve.to_loss(r.after)
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(1.0 - gain / max(r.error, 1e-300), points=len(curve)),
            message=f"After {counted(r.count, 'restart')} of the rate {curve.tag} ends its last cycle at "
            f"{figure(after)}; the one before ended at {figure(before)}.",
            evidence=(
                measured("fall of the level over the last cycle", gain, "<=", s.max_gain, curve.tag, span),
                measured("rise after the restart, in standard errors", rise / max(r.error, 1e-300), ">=", s.min_rise,
                         curve.tag, span),
            ),
        )  # fmt: skip


def _cycles(second: float, third: float) -> Run:
    import numpy as np

    t = np.linspace(0.0, 1.0, 600)
    rate = restarts(np.minimum(t, 0.999999))
    level = np.where(t < 1 / 3, 0.6 + np.exp(-20 * t), np.where(t < 2 / 3, second, third))
    return synth.make_run(
        level + 0.3 * rate * (t >= 1 / 3) + 0.01 * np.random.default_rng(4).standard_normal(600), lr=rate
    )


RULE = RestartsInVain()
