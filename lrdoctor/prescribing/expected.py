"""The learning rate that is to be expected of a run: its optimizer's usual range, lower where it fine-tunes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lrdoctor.errors import Unavailable
from lrdoctor.prescribing.optimizers import batch_factor, optimizer_name, usual_rates
from lrdoctor.prescribing.rates import peak_rate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lrdoctor.prescribing.optimizers import Usual
    from lrdoctor.prescribing.rates import Answers
    from lrdoctor.records import Hyperparameter, Run

Tuning = Literal["fine-tuning", "from scratch", "unknown"]

_LESS = (10.0, 100.0)
"""Fine-tuning uses 10 to 100 times less than training from scratch (Howard & Ruder 2018; Devlin et al. 2019: 2e-5
to 5e-5 with Adam, whose default is 1e-3)."""
_USUAL_BATCH = 256
"""Batch size up to which the ranges hold (Goyal et al. 2017: 0.1 for 256, more in proportion)."""
_PLAIN = frozenset({"sgd", "momentum", "nesterov"})

_PRETRAINED = re.compile(
    r"(^|_)(use_|from_|is_)?pretrained(_(model|weights|path|checkpoint|backbone|model_name_or_path))?$|^fine_?tun\w*$"
    r"|(^|_)(use_)?q?lora(_(r|rank|alpha))?$|^peft_type$|^transfer_learning$|^init_(from|checkpoint|from_checkpoint)$"
    r"|^_?(model_)?name_or_path$"
)
_SCRATCH = re.compile(r"^(train(ing)?_)?from_scratch$|^(use_)?random_init$")
_NO = frozenset({"", "0", "false", "none", "null", "nan", "no", "off", "scratch"})
_FINE_NAME = re.compile(r"(?<![a-z])(fine[-_ ]?tun(e|ed|ing)|sft|q?lora|peft|dpo|linear[-_ ]?probe)(?![a-z])", re.I)
_SCRATCH_NAME = re.compile(r"(?<![a-z])(from[-_ ]?scratch|pre-?train(ing)?)(?![a-z])", re.I)


@dataclass(frozen=True, slots=True)
class Expected:
    """Rates that are usual for a run.

    Parameters
    ----------
    optimizer
        Its name in `optimizers.toml`.
    rate
        The run's peak rate.
    low, high
        Usual range of the rate; both kinds of training are covered where it is not known which one it is. A batch of
        more than 256 moves the upper end up, as the optimizer asks for.
    effective, effective_high
        ``lr / (1 - momentum)`` and the upper end of its usual range; None but for SGD of known momentum.
    tuning, because
        What kind of training it is, and the setting or name that says so.
    """

    optimizer: str
    rate: float
    low: float
    high: float
    effective: float | None
    effective_high: float | None
    tuning: Tuning
    because: str


def expected(context: Answers) -> Expected:
    """Hold the peak rate of a run against what is usual.

    Raises
    ------
    Unavailable
        The rate or the optimizer is unknown; the text says what to log.
    """
    known = context.run.hyperparameters
    rate, usual = peak_rate(context), usual_rates(known)
    if rate is None:
        raise Unavailable("the learning rate is neither logged nor configured")
    if usual is None:
        raise Unavailable("the optimizer is unknown: put it into the configuration beside the log")
    tuning, because = tuning_of(context.run)
    low, high = usual_range(usual, tuning, known.get("batch_size"))
    effective = effective_rate(rate, known)
    return Expected(
        optimizer=usual.name, rate=rate, low=low, high=high, effective=effective,
        effective_high=None if effective is None else high * _effective_scale(usual.name),
        tuning=tuning, because=because,
    )  # fmt: skip


def effective_rate(rate: float, known: Mapping[str, Hyperparameter]) -> float | None:
    """``lr (1 - dampening) / (1 - momentum)``, the rate of plain SGD that moves the weights as far; None where it is
    not SGD, or the momentum is not known."""
    momentum, dampening = known.get("momentum"), known.get("dampening")
    if optimizer_name(known) not in _PLAIN or not isinstance(momentum, int | float) or not 0 <= momentum < 1:
        return None
    damped = float(dampening) if isinstance(dampening, int | float) and 0 <= dampening < 1 else 0.0
    return rate * (1.0 - damped) / (1.0 - momentum)


def tuning_of(run: Run) -> tuple[Tuning, str]:
    """Whether a run fine-tunes a pretrained network, from its hyperparameters, then from its name."""
    for path, value in run.hyperparameters.items():
        leaf = re.sub(r"[^a-z0-9]+", "_", path.rpartition(".")[2].lower())
        if value is None:
            continue
        said = str(value).strip().lower() not in _NO
        if _PRETRAINED.search(leaf):
            if said:
                return "fine-tuning", f"{path} = {value}"
            if "pretrained" in leaf:
                return "from scratch", f"{path} = {value}"
        elif _SCRATCH.search(leaf) and said:
            return "from scratch", f"{path} = {value}"
    for pattern, tuning in ((_FINE_NAME, "fine-tuning"), (_SCRATCH_NAME, "from scratch")):
        named = pattern.search(run.id)
        if named:
            return ("fine-tuning" if tuning == "fine-tuning" else "from scratch"), f"it is named {named.group()}"
    return "unknown", ""


def usual_range(usual: Usual, tuning: Tuning, batch: Hyperparameter) -> tuple[float, float]:
    """Usual range of an optimizer for a kind of training and a batch size."""
    low = usual.low if tuning == "from scratch" else usual.low / _LESS[1]
    high = usual.high / _LESS[0] if tuning == "fine-tuning" else usual.high
    if isinstance(batch, int | float) and _USUAL_BATCH < batch < 1e9:  # beyond, it is a slip
        high *= batch_factor(usual.name, batch / _USUAL_BATCH)
    return low, high


def _effective_scale(optimizer: str) -> float:
    """From the rate's range to that of the effective rate: ranges of SGD with momentum are stated for 0.9."""
    return 1.0 if optimizer == "sgd" else 10.0


SIGNALS = (expected,)
