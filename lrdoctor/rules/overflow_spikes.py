"""AMP103: spikes of the loss sit where the loss scale fell."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor import synth
from lrdoctor.records import Finding, Severity, Span
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured
from lrdoctor.rules._setups import loss_scales
from lrdoctor.wording import counted

if TYPE_CHECKING:
    from lrdoctor.records import Series
    from lrdoctor.signals.excursions import Excursion
    from lrdoctor.signals.scaling import Scaling


class Settings(NamedTuple):
    """Thresholds of AMP103."""

    min_spikes: int = 2
    """A single coincidence proves nothing."""
    min_share: float = 0.6
    """Share of the spikes at which the scale fell within a logging interval."""
    max_falls: float = 0.2
    """Share of the points at which the scale fell above which coincidences are chance."""


class OverflowSpikes(Rule):
    """Spikes of the loss coincide with falls of the loss scale.

    ## What it does
    Counts the excursions of the loss during which the loss scale fell.

    ## Why is this bad?
    In half precision a single overflow skips an update and may show as a spike without any fault of the learning rate;
    and the other way round, a batch that throws the loss up overflows the gradient. Such spikes say less about the
    rate than those in full precision.

    ## Example
    Two spikes, and at both the loss scale was halved.

    ## What to do
    Look at the batches at those steps and at the gradient norm before them; try the same steps in bfloat16 or full
    precision before the rate is changed.

    ## References
    Micikevicius et al. 2018, "Mixed Precision Training".
    """

    code = "AMP103"
    name = "spikes-at-overflows"
    severity = Severity.INFO
    verdict = None
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            "every spike at a fall",
            lambda: loss_scales([14] * 15 + [13] * 8 + [12] * 10 + [11] * 7, synth.spikes()),
            fires=True,
        ),
        Example("spikes elsewhere", lambda: loss_scales([14, 13, 13, 13], synth.spikes()), fires=False),
    )

    def check(self, excursions: tuple[Excursion, ...], scaling: Scaling, loss_scale: Series) -> Finding | None:
        """Fire where most spikes sit at a fall."""
        import numpy as np

        s, falls = self.settings, scaling.fall_steps
        if len(excursions) < s.min_spikes or falls.size > s.max_falls * scaling.points:
            return None
        first = np.array([spike.first_step for spike in excursions]) - scaling.stride
        last = np.array([spike.peak_step for spike in excursions]) + scaling.stride
        met = np.searchsorted(falls, last, side="right") > np.searchsorted(falls, first, side="left")
        hits, share = int(met.sum()), float(met.mean())
        if hits < s.min_spikes or share < s.min_share:
            return None
        span = Span(
            first_step=min(spike.first_step for spike in excursions),
            last_step=max(spike.last_step for spike in excursions),
        )
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(share / s.min_share, points=scaling.points),
            message=f"At {hits} of {counted(len(excursions), 'spike')} the loss scale fell: half-precision overflows, "
            "which say less about the rate.",
            evidence=(measured("share of spikes at a fall of the scale", share, ">=", s.min_share, scaling.tag, span),),
        )


RULE = OverflowSpikes()
