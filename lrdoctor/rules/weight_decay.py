"""WDK101: weight decay times learning rate shrinks the weights within few steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor.errors import Unavailable
from lrdoctor.records import Finding, Severity
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured, whole
from lrdoctor.rules._setups import configured
from lrdoctor.wording import figure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lrdoctor.prescribing.expected import Expected
    from lrdoctor.records import Hyperparameter
    from lrdoctor.signals.curve import Curve

_SHRINK = frozenset({"sgd", "momentum", "nesterov", "adamw", "lion", "lamb", "lars"})
"""Optimizers in which weight decay shrinks the weights by lr x decay a step; in Adam's L2 form it does not."""


class Settings(NamedTuple):
    """Thresholds of WDK101."""

    max_shrink: float = 5e-3
    """Share of each weight that a step at the peak rate takes away. Recipes in common use stay ten times below:
    AdamW 1e-3 x 0.1, 4e-3 x 0.05, Lion 1e-4 x 1, SGD 0.1 x 5e-4 / (1 - 0.9)."""


class WeightDecay(Rule):
    """Weight decay times learning rate makes the weights forget within few steps.

    ## What it does
    Multiplies the peak rate (the effective one, for SGD with momentum) by the weight decay: the share of every weight
    that one step takes away.

    ## Why is this bad?
    The weights are an average over the last 1 / (lr x decay) updates. If that is a couple of hundred steps, the network
    cannot keep what it has learnt. Since only the product counts, raising the rate strengthens the decay as well.

    ## Example
    AdamW with lr 0.01 and a weight decay of 1: a memory of 100 steps.

    ## What to do
    Lower the weight decay. Whenever the rate is changed by a factor, change the decay by its inverse, or tune it anew.

    ## References
    Loshchilov & Hutter 2019 (AdamW); Wang & Aitchison 2024, "How to set AdamW's weight decay as you scale model and
    dataset size".
    """

    code = "WDK101"
    name = "weight-decay-times-rate"
    severity = Severity.INFO
    verdict = None
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("AdamW, 0.01 x 1", lambda: configured(optimizer="adamw", lr=0.01, weight_decay=1.0), fires=True),
        Example("AdamW, 1e-3 x 0.1", lambda: configured(optimizer="adamw", lr=1e-3, weight_decay=0.1), fires=False),
        Example(
            "SGD, 0.1 x 5e-4",
            lambda: configured(optimizer="sgd", lr=0.1, momentum=0.9, weight_decay=5e-4),
            fires=False,
        ),
    )

    def check(self, expected: Expected, curve: Curve, hyperparameters: Mapping[str, Hyperparameter]) -> Finding | None:
        """Fire where a step takes too much."""
        decay = hyperparameters.get("weight_decay")
        if not isinstance(decay, int | float) or not 0 <= decay < 1e300:
            raise Unavailable("no weight_decay in the configuration")
        if expected.optimizer not in _SHRINK:
            raise Unavailable(f"with {expected.optimizer} weight decay does not shrink the weights in proportion")
        rate = expected.rate if expected.effective is None else expected.effective
        shrink, limit = rate * float(decay), self.settings.max_shrink
        if shrink <= limit:
            return None
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(shrink / limit, points=len(curve)),
            message=f"Weight decay {figure(float(decay))} at a rate of {figure(rate)} makes the weights forget within "
            f"{figure(1 / shrink, 2)} updates.",
            evidence=(measured("peak rate times weight decay", shrink, ">", limit, "lr", whole(curve)),),
        )


RULE = WeightDecay()
