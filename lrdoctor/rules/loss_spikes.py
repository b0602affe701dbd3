"""SPK101: the loss jumps and comes back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor import synth
from lrdoctor.records import Finding, Severity, Span, Verdict
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured
from lrdoctor.wording import at, counted, figure, times

if TYPE_CHECKING:
    from lrdoctor.signals.curve import Curve
    from lrdoctor.signals.excursions import Excursion


class Settings(NamedTuple):
    """Thresholds of SPK101."""

    earliest: float = 0.1
    """Excursions in this first share of the run belong to finding the descent (and to the warm-up)."""
    min_progress: float = 0.35
    """A spike that undoes this share of all progress counts by itself."""
    min_ratio: float = 2.0
    """Loss at the peak over the level before (KillLossSpike and runwise use 2; Megatron-LM 10)."""
    wide: int = 3
    """Logged points from which on a spike of less than `min_ratio` is no outlier of the data."""
    several: int = 3
    """Spikes of at least `min_ratio` that count together, however little of the progress each undoes."""
    max_duration: float = 0.25
    """Share of the run after which it is a relapse rather than a spike."""


class LossSpikes(Rule):
    """The training loss jumps far above the level it had reached, and recovers.

    ## What it does
    Counts excursions above the lowest level reached so far that exceed six robust standard deviations and twice the
    99th percentile of the run's own scatter, with their height, duration and recovery.

    ## Why is this bad?
    Each spike costs the steps until it has recovered, and one that does not recover ends the run. Spikes come from
    a rate near the stability limit meeting a steep region, from single bad batches, or from a second-moment estimate
    (Adam) that lags behind a sudden gradient.

    ## Example
    5.3, 5.2, 5.2, 7.7, 6.4, 5.6, 5.3, 5.2

    ## What to do
    Clip gradients at about the 90th percentile of their norm, lower the peak rate two- to three-fold, warm up
    longer. If the spikes sit at the same steps in every run, look at those batches instead.

    ## References
    Chowdhery et al. 2022 (PaLM, section 5.1); Google Tuning Playbook; Kumar et al. 2025 (ZClip).
    """

    code = "SPK101"
    name = "loss-spikes"
    severity = Severity.WARNING
    verdict = Verdict.UNSTABLE
    silences = frozenset({"PLT101"})
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("three tall spikes", synth.spikes, fires=True),
        Example("heavy-tailed minibatch noise", synth.heavy_tailed, fires=False),
        Example("a healthy descent", synth.healthy, fires=False),
    )

    def check(self, curve: Curve, excursions: tuple[Excursion, ...]) -> Finding | None:
        """Fire on one spike that undoes much of the progress, or on several that double the loss."""
        s = self.settings
        if not curve.is_train:
            return None
        spikes = [e for e in excursions if e.recovered and e.position >= s.earliest and e.duration <= s.max_duration]
        doubling = [e for e in spikes if e.ratio >= s.min_ratio]
        big = [
            e
            for e in spikes
            if e.share_of_progress >= s.min_progress and (e in doubling or e.points >= s.wide or math.isnan(e.ratio))
        ]
        if not big and len(doubling) < s.several:
            return None
        chosen = big or doubling
        worst = max(chosen, key=lambda e: e.height)
        margin = max(worst.share_of_progress / s.min_progress if big else 0.0, len(doubling) / s.several)
        span = Span(first_step=worst.first_step, last_step=worst.last_step)
        count = len({*map(id, big), *map(id, doubling)})
        height = f"to {times(worst.ratio)} the level before" if worst.ratio > 0 else f"by {figure(worst.height)}"
        length = counted(worst.last_step - worst.first_step, curve.unit)
        which = f"has {count} spikes that recover; the tallest" if count > 1 else "has a spike that recovers; it"
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(margin, points=len(curve)),
            message=f"{curve.tag} {which} goes up {height} at {at(worst.peak_step, curve.unit)} "
            f"and takes {length} to come back.",
            evidence=(
                measured(
                    "share of all progress that the tallest spike undoes",
                    worst.share_of_progress,
                    ">=" if big else "<",
                    s.min_progress,
                    curve.tag,
                    span,
                ),
                measured(
                    f"spikes of at least {s.min_ratio:g} times the level before",
                    float(len(doubling)),
                    ">=" if len(doubling) >= s.several else "<",
                    float(s.several),
                    curve.tag,
                    span,
                    "spikes",
                ),
            ),
        )


RULE = LossSpikes()
