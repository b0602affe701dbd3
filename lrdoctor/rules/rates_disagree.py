"""LRD101: the learning rates that were logged or configured contradict one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor.errors import Unavailable
from lrdoctor.records import Finding, Role, Series, Severity
from lrdoctor.roles import parameter_groups
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured, over
from lrdoctor.rules._setups import configured, with_series
from lrdoctor.wording import figure, times

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lrdoctor.records import Hyperparameter, Run
    from lrdoctor.signals.schedule import Schedule

_OTHER_MEANING = frozenset({"range_test", "one_cycle", "inverse_sqrt", "cyclical", "restarts"})
"""Schedules whose configured rate may be the start, the floor or a factor rather than the peak."""


class Settings(NamedTuple):
    """Thresholds of LRD101."""

    min_points: int = 5
    """Logged rates; fewer may all belong to a warm-up."""
    min_ratio: float = 2.0
    """Higher peak over lower. Less is rounding, a scaling with the number of devices, or a step before the peak."""
    latest_start: float = 0.05
    """Share of the run by which the log must have begun; a resumed run may have had its peak before."""


class RatesDisagree(Rule):
    """The configured learning rate is not the one that was logged, or two logged ones contradict each other.

    ## What it does
    Compares the peak of the logged rate with the configured rate, and logged rates of the same name with one another.
    Parameter groups, warm-ups that the log does not see the end of, and schedules whose configured rate is not their
    peak are left out.

    ## Why is this bad?
    One of the two is not what trains the network: another file sets the optimizer (DeepSpeed, `optimizer: auto`), the
    rate is scaled with the batch size on the way, a scheduler overwrites it. Whoever tunes the other one tunes nothing.

    ## Example
    lr: 1e-3 in the configuration, 2e-4 in the log.

    ## What to do
    Find out which one the optimizer has (`optimizer.param_groups[0]["lr"]`), and change that. The logged rate is what
    this diagnosis goes by.

    ## References
    Goyal et al. 2017 (linear scaling, a common reason).
    """

    code = "LRD101"
    name = "rates-disagree"
    severity = Severity.INFO
    verdict = None
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("configured 1e-2, logged 1e-3", lambda: _with_plain(1e-2), fires=True),
        Example("two logged rates", lambda: with_series(configured(), train_lr=(Role.LR, 1e-4)), fires=True),
        Example("as configured", lambda: _with_plain(1e-3), fires=False),
    )

    def check(
        self, run: Run, lr: Series, schedule: Schedule, hyperparameters: Mapping[str, Hyperparameter]
    ) -> Finding | None:
        """Fire where two peaks differ by a factor of two."""
        if schedule.kind.removeprefix("warmup_") in _OTHER_MEANING or len(lr) < self.settings.min_points:
            return None
        groups = parameter_groups(run)
        others = [(series.tag, _peak(series)) for series in run.with_role(Role.LR) if series is not lr]
        stated = hyperparameters.get("lr")
        if groups:
            others = []
        rate = float(stated) if isinstance(stated, int | float) and 0 < stated < 1e300 else 0.0
        if rate and self._comparable(lr, schedule, rate, groups):
            others.append(("the configured lr", rate))
        elif not others:
            raise Unavailable("a single learning rate is known")
        name, peak = max(others, key=lambda other: _apart(other[1], schedule.peak), default=("", schedule.peak))
        apart, least = _apart(peak, schedule.peak), self.settings.min_ratio
        if apart < least:
            return None
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(apart / least, points=len(lr)),
            message=f"{lr.tag} peaks at {figure(schedule.peak)}, but {name} is {figure(peak)}: {times(apart)} apart.",
            evidence=(measured("higher over lower peak rate", apart, ">=", least, lr.tag, over(lr)),),
        )

    def _comparable(self, lr: Series, schedule: Schedule, stated: float, groups: Sequence[Series]) -> bool:
        """Whether the log shows the peak that the configuration speaks of."""
        last = max(int(lr.step[-1]), 1)
        late = int(lr.step[0]) > self.settings.latest_start * last and lr.unit == "step"
        rising = schedule.peak == schedule.last and schedule.peak > schedule.first and stated > schedule.peak
        belongs = any(_apart(_peak(series), stated) < self.settings.min_ratio for series in groups)
        return not late and not rising and not belongs


def _peak(series: Series) -> float:
    import numpy as np

    return float(np.max(series.value, initial=0.0, where=np.isfinite(series.value)))


def _apart(one: float, other: float) -> float:
    """Higher over lower; 1 where one of them is no rate."""
    return max(one, other) / min(one, other) if min(one, other) > 0 else 1.0


def _with_plain(stated: float) -> Run:
    from dataclasses import replace

    return replace(configured(), hyperparameters={"lr": stated})


RULE = RatesDisagree()
