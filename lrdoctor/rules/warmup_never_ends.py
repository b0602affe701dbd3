"""SCH101: the warm-up lasts to the end of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor.records import Finding, Severity
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured, over
from lrdoctor.rules._schedules import at_rate, warm_cosine
from lrdoctor.wording import figure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lrdoctor.records import Hyperparameter, Series
    from lrdoctor.signals.schedule import Schedule


class Settings(NamedTuple):
    """Thresholds of SCH101."""

    min_share: float = 0.98
    """Share of the run after which the rate is still rising. Warm-ups take a few percent, 30 % at most (Smith 2018)."""
    min_points: int = 8
    """Fewer points may well be the beginning of a log that was cut off."""


class WarmupNeverEnds(Rule):
    """The learning rate is still warming up when the run ends.

    ## What it does
    Recognises a rate that rises from the first to the last logged point and is no range test. Says so, too, where the
    configuration asks for more steps of warm-up than the run has.

    ## Why is this bad?
    The peak is never reached and the decay never begins: the run was trained at whatever rates lie below the peak.

    ## Example
    10,000 steps of warm-up, copied from a large model, in a run of 3,000 steps.

    ## What to do
    Warm up over the first few percent of the run, 10 % at most. If the log is that of a run still going on, wait.

    ## References
    Google Tuning Playbook, "How can optimization failures be debugged and mitigated?"; Smith 2018, "A Disciplined
    Approach to Neural Network Hyper-Parameters".
    """

    code = "SCH101"
    name = "warmup-never-ends"
    severity = Severity.INFO
    verdict = None
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("rising to the end", lambda: at_rate(lambda t: 0.5 * t), fires=True),
        Example("a warm-up over a tenth", lambda: at_rate(warm_cosine), fires=False),
    )

    def check(self, lr: Series, schedule: Schedule, hyperparameters: Mapping[str, Hyperparameter]) -> Finding | None:
        """Fire on a rate that rises to the end."""
        s = self.settings
        if schedule.kind != "warmup" or schedule.warmup_fraction < s.min_share or len(lr) < s.min_points:
            return None
        planned = hyperparameters.get("warmup_steps")
        known = isinstance(planned, int | float) and schedule.last_step < planned < 1e15 and schedule.unit == "step"
        why = f": {planned:,.0f} steps of warm-up in {schedule.last_step:,}" if known else ""
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(2.0, points=len(lr)),
            message=f"The learning rate rises from {figure(schedule.first)} to {figure(schedule.last)} and is still "
            f"rising when the log ends{why}.",
            evidence=(
                measured(
                    "share of the run that warms up", schedule.warmup_fraction, ">=", s.min_share, lr.tag, over(lr)
                ),
            ),
        )


RULE = WarmupNeverEnds()
