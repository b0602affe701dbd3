"""PLS101: the learning rate is far outside what is usual for the optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor.records import Finding, Severity
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured, whole
from lrdoctor.rules._setups import configured
from lrdoctor.wording import figure, times

if TYPE_CHECKING:
    from lrdoctor.prescribing.expected import Expected
    from lrdoctor.signals.curve import Curve
    from lrdoctor.signals.schedule import Schedule


ROUNDING = 1.001
"""A rate at the limit itself, but for the last digits, is not beyond it."""


class Settings(NamedTuple):
    """Thresholds of PLS101; the usual ranges are in `lrdoctor/prescribing/optimizers.toml` with their sources."""

    margin: float = 3.0
    """Factor beyond the usual range that is still plausible: one step of a grid in factors of about 3."""


class ImplausibleRate(Rule):
    """The learning rate is outside the range that is usual for its optimizer.

    ## What it does
    Holds the peak rate against the range of tuned values of the optimizer. For fine-tuning the upper end is ten times
    lower; whether a run fine-tunes is taken from its hyperparameters (`pretrained`, `model_name_or_path`, LoRA
    settings...) or its name, and where neither says, only what is unusual for both is remarked. A batch of more than
    256 moves the upper end up, in proportion for SGD and with its square root for Adam.

    ## Why is this bad?
    It need not be: a curve that is healthy at an unusual rate is healthy. But a misplaced decimal point, a rate taken
    over from another optimizer, or one meant for training from scratch looks like this, and the curve of a rate far
    too low may look smooth. The best rate lay inside in 544 of 629 recorded trainings, all of small networks, which
    stand higher rates than large ones; 39 % of the rates that ended far from the best lay outside
    (`python -m lrdoctor.trials.usual`). Hence a remark, and no more.

    ## Example
    Adam with the 0.1 of plain SGD; 1e-2 for fine-tuning with AdamW, where 1e-5 to 1e-3 is usual.

    ## What to do
    Check the number. If it is meant, and the curve is healthy, keep it.

    ## References
    Bengio 2012, "Practical recommendations for gradient-based training"; Kingma & Ba 2015; Devlin et al. 2019 and
    Howard & Ruder 2018 (fine-tuning); defaults of PyTorch and Keras.
    """

    code = "PLS101"
    name = "implausible-rate"
    severity = Severity.INFO
    verdict = None
    silences = frozenset({"PLS102"})
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("Adam at 0.1", lambda: configured(optimizer="adam", lr=0.1), fires=True),
        Example("Adam far below", lambda: configured(optimizer="adam", lr=1e-8), fires=True),
        Example(
            "fine-tuning at a rate for training from scratch",
            lambda: configured(optimizer="adamw", lr=1e-2, pretrained=True),
            fires=True,
        ),
        Example("AdamW at 1e-2, from scratch", lambda: configured(optimizer="adamw", lr=1e-2), fires=False),
        Example("AdamW at 2e-5", lambda: configured(optimizer="adamw", lr=2e-5), fires=False),
    )

    def check(self, expected: Expected, curve: Curve, schedule: Schedule | None) -> Finding | None:
        """Fire outside the usual range; a range test is outside by design."""
        e = expected
        if schedule is not None and schedule.kind == "range_test":
            return None
        high, low = e.high * self.settings.margin, e.low / self.settings.margin
        if low / ROUNDING <= e.rate <= high * ROUNDING:
            return None
        above = e.rate > high
        edge, limit = (e.high, high) if above else (e.low, low)
        off = e.rate / edge if above else edge / e.rate
        task = {"fine-tuning": "for fine-tuning with", "from scratch": "from scratch with"}.get(e.tuning, "for")
        known = f" ({e.because})" if e.because else ""
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(e.rate / high if above else low / e.rate, points=len(curve)),
            message=f"A learning rate of {figure(e.rate)} is {times(off)} {'above' if above else 'below'} what is "
            f"usual {task} {e.optimizer}{known}: {figure(e.low)} to {figure(e.high)}.",
            evidence=(measured("peak rate", e.rate, ">" if above else "<", limit, "lr", whole(curve)),),
        )


RULE = ImplausibleRate()
