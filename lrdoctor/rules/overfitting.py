"""OVF101: validation turned while training went on falling."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor import synth
from lrdoctor.records import Evidence, Finding, Severity, Span, Verdict
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured
from lrdoctor.wording import at, figure, share

if TYPE_CHECKING:
    from lrdoctor.signals.generalization import Generalization


class Settings(NamedTuple):
    """Thresholds of OVF101."""

    min_relative_rise: float = 0.1
    """Rise of the validation loss over its lowest value (runmedic: 0.05 to 0.15)."""
    min_rise_of_progress: float = 0.15
    """...and over all its progress, so that a small rise after a long fall does not count."""
    min_significance: float = 3.0
    """...and over its standard error."""
    latest_best: float = 0.75
    """The lowest point must lie before this share of the run."""
    min_train_fall: float = 0.03
    """Relative fall of the training loss since then: without it, it is not overfitting but trouble."""
    metric_improves: float = 0.1
    """Change of the validation metric since then, over its range, from which on it contradicts the loss."""
    hopeless: float = 1.0
    """A rise that gives back this share of validation's progress counts whatever the metric says."""


class Overfitting(Rule):
    """The validation loss rises while the training loss goes on falling.

    ## What it does
    Finds where the smoothed validation loss was lowest, by how much it has risen since, whether that exceeds its
    scatter, and whether the training loss kept falling. If a validation metric (accuracy, F1...) kept improving,
    that is a matter of calibration and is reported as OVF102 instead.

    ## Why is this bad?
    Every step after the turning point makes the model worse on data it has not seen.

    ## Example
    Training 0.82, 0.61, 0.32, 0.08; validation 0.87, 0.74, 0.96, 1.7.

    ## What to do
    Use the weights of the turning point (early stopping), then regularise: weight decay, dropout, augmentation, more
    data, a smaller model. The learning rate is not the cause; a decay that begins before the turning point
    sometimes helps.

    ## References
    Prechelt 1998, "Early Stopping - But When?"; Guo et al. 2017, "On Calibration of Modern Neural Networks".
    """

    code = "OVF101"
    name = "overfitting"
    severity = Severity.WARNING
    verdict = Verdict.OVERFITTING
    silences = frozenset({"PLT101", "PLT102", "PLT103", "SLW101", "PTS101"})
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("validation turns at a fifth of the run", synth.overfit, fires=True),
        Example("validation follows training", synth.healthy, fires=False),
        Example("validation levels off", synth.levels_off, fires=False),
    )

    def check(self, generalization: Generalization) -> Finding | None:
        """Fire on a large, significant rise of validation while training falls, unless the metric keeps improving."""
        g = generalization
        if not overfits(g, self.settings) or metric_contradicts(g, self.settings):
            return None
        return report(self, g, self.settings)


def overfits(g: Generalization, s: Settings) -> bool:
    """Say whether the validation loss has turned for good while the training loss fell."""
    rises = (math.isnan(g.relative_rise) or g.relative_rise >= s.min_relative_rise) and (
        g.rise_of_progress >= s.min_rise_of_progress
    )
    training_goes_on = math.isnan(g.train_fall) or g.train_fall >= s.min_train_fall
    return rises and training_goes_on and g.significance >= s.min_significance and g.best_at <= s.latest_best


def metric_contradicts(g: Generalization, s: Settings) -> bool:
    """Say whether a validation metric kept improving although the loss rose, and the rise is not hopeless."""
    return g.metric_change >= s.metric_improves and g.rise_of_progress < s.hopeless


def report(rule: Rule, g: Generalization, s: Settings) -> Finding:
    """Put the finding into words, for either outcome of the metric."""
    span = Span(first_step=g.best_step, last_step=max(g.last_step, g.best_step))
    evidence: list[Evidence] = [
        measured(
            "rise of the validation loss over its progress",
            g.rise_of_progress,
            ">=",
            s.min_rise_of_progress,
            g.tag,
            span,
        ),
        measured("rise over its standard error", g.significance, ">=", s.min_significance, g.tag, span, "sigma"),
    ]
    metric = ""
    if g.metric_tag:
        improves = g.metric_change >= s.metric_improves
        metric = f" {g.metric_tag} {'kept improving' if improves else 'did not improve'}."
        evidence.append(
            measured(
                "change of the metric since then, over its range",
                g.metric_change,
                ">=" if improves else "<",
                s.metric_improves,
                g.metric_tag,
                span,
            )
        )
    training = f", while training fell by {share(g.train_fall)}" if g.train_fall > 0 else ""
    relative = g.relative_rise / s.min_relative_rise if not math.isnan(g.relative_rise) else math.nan
    return Finding(
        code=rule.code,
        name=rule.name,
        severity=rule.severity,
        confidence=confidence(
            relative, g.rise_of_progress / s.min_rise_of_progress, g.significance / s.min_significance, points=g.points
        ),
        message=f"{g.tag} was lowest at {at(g.best_step, g.unit)} ({figure(g.best, 4)}) and has risen to "
        f"{figure(g.end, 4)} "
        f"since{training}.{metric}",
        evidence=tuple(evidence),
    )


RULE = Overfitting()
