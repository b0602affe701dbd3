"""SCH106: a schedule in steps is stepped once per epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor.records import Finding, Severity
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured, over
from lrdoctor.rules._schedules import at_rate, cosine, warm_cosine
from lrdoctor.wording import counted, figure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lrdoctor.records import Hyperparameter, Series
    from lrdoctor.signals.lr_course import LrCourse
    from lrdoctor.signals.schedule import Schedule


class Settings(NamedTuple):
    """Thresholds of SCH106."""

    min_held: float = 0.7
    """Share of the points at which the rate stays as it was: it changes once per several logged points."""
    min_levels: int = 3
    """Different rates; two are a cut."""
    max_range: float = 0.05
    """Fall of a rate that is configured to decay, over all of the run."""


class SteppedPerEpoch(Rule):
    """A schedule that counts steps is stepped once per epoch: the run ends in its warm-up, or before its decay.

    ## What it does
    Looks for a warm-up in wide stairs that lasts to the end of the run, and for a rate that is configured to decay and
    has come down by next to nothing, stair by stair.

    ## Why is this bad?
    After 20 epochs such a schedule is at its 20th step of thousands. The whole run is trained at the rates of the first
    steps of the warm-up, or without the decay that was asked for.

    ## Example
    `get_linear_schedule_with_warmup(optimizer, 500, 10_000)` with `scheduler.step()` in the loop over epochs.

    ## What to do
    Call `scheduler.step()` after every `optimizer.step()`, or give the schedule its numbers in epochs.

    ## References
    PyTorch documentation, "How to adjust learning rate"; transformers documentation, "Optimization" (schedules count
    optimizer steps).
    """

    code = "SCH106"
    name = "stepped-per-epoch"
    severity = Severity.INFO
    verdict = None
    silences = frozenset({"SCH101"})
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("a warm-up in stairs to the end", lambda: at_rate(lambda t: (1 + t * 299 // 15) / 500), fires=True),
        Example(
            "a cosine that has hardly begun",
            lambda: at_rate(lambda t: cosine((t * 299 // 15) / 1000), schedule="cosine"),
            fires=True,
        ),
        Example("a warm-up and a cosine", lambda: at_rate(warm_cosine), fires=False),
    )

    def check(
        self, lr: Series, schedule: Schedule, lr_course: LrCourse, hyperparameters: Mapping[str, Hyperparameter]
    ) -> Finding | None:
        """Fire on stairs that are steps of a schedule."""
        s, c = self.settings, lr_course
        if c.held < s.min_held or c.levels < s.min_levels or c.rounded:
            return None
        stated = str(hyperparameters.get("schedule", "")).lower()
        fallen = 1.0 - schedule.final_fraction
        decaying = any(word in stated for word in ("cosine", "linear", "polynomial"))
        if schedule.kind == "warmup":
            where = "and ends in its warm-up"
        elif decaying and schedule.first == schedule.peak and 0.0 < fallen <= s.max_range:
            where = f"and ends at {figure(schedule.final_fraction)} of its peak"
        else:
            return None
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(c.held / s.min_held, c.levels / s.min_levels, points=len(lr)),
            message=f"The learning rate takes {counted(c.levels, 'level')} in {counted(len(lr), 'point')} {where}: a "
            "schedule that counts steps seems to be stepped once per epoch.",
            evidence=(
                measured("share of the points at which the rate is held", c.held, ">=", s.min_held, lr.tag, over(lr)),
                measured("levels", c.levels, ">=", s.min_levels, lr.tag, over(lr)),
            ),
        )


RULE = SteppedPerEpoch()
