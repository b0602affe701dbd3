"""How much to change the rate by: the fitted response within the bounds that the findings set, else the textbook."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrdoctor.prescribing.rates import peak_rate
from lrdoctor.prescribing.textbook import KEEP, UNKNOWN, textbook_dose
from lrdoctor.records import Verdict
from lrdoctor.wording import figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lrdoctor.prescribing.rates import Answers
    from lrdoctor.prescribing.response import Response
    from lrdoctor.records import Finding

_DOWN = (-5.0, -0.15)
"""A blow-up never asks for a higher rate, nor for the same one: at least 1.4-fold less, in decades."""
_UP = (0.15, 5.0)
BOUNDS: Mapping[str, tuple[float, float]] = {
    "NAN101": _DOWN,
    "NAN103": _DOWN,
    "DIV101": _DOWN,
    "DIV102": _DOWN,
    "DIV103": _DOWN,
    "OSC101": _DOWN,
    "LRC101": (-1.5, -0.15),
    "RTE102": _DOWN,
    "SPK101": (-1.0, 0.0),
    "AMP101": (-1.0, -0.15),
    "SLW101": _UP,
    "RTE101": _UP,
    "FLT101": (-5.0, 5.0),
}
"""log10 of the factors that each finding allows. Spikes that recover ask for less, if for anything;
overflows do ask for less; neither for less than a tenth. After a cut the log itself shows a lower rate at work, as a
rule a tenth of the first (ReduceLROnPlateau's default) or more; half a decade below that is as far as it speaks."""
_WORTH = 0.15
"""Expected gain below which a finding that allows keeping the rate (spikes that recover, a flat loss) does keep it."""
_BLIND = 1.5
"""Decades by which a rate that is not known is raised at most at once. The trials' rates are spread over seven decades,
those that people use are not: there it costs cures (docs/evidence.md, the look `curve_alone`), on real logs it holds
back factors of a thousand."""
_UNMOVED = 0.05
"""Decades below which a rate counts as kept."""
_IN_WORDS = (
    ("the rate itself", ("log10 rate",)),
    ("the rate against what is usual", ("log10 rate over usual",)),
    ("the optimizer", ("plain sgd", "momentum", "adam-like", "rmsprop", "adagrad")),
    ("the batch size", ("log10 batch size",)),
    ("the length of the run", ("log10 steps", "log10 points")),
    ("the break-down", ("broke down", "broke down at, log10 steps")),
    (
        "its scatter",
        (
            "fall over scatter, log10",
            "scatter over progress, log10",
            "scatter over loss, log10",
            "early over late scatter, log10",
            "lag 1",
            "lag 2",
        ),
    ),
    ("how much it still falls at the end", ("late gain", "late rate", "late power", "give back", "best at")),
    ("when it fell", ("half way at, log10 of run", "nine tenths at, log10 of run", "half way at, log10 steps")),
    (
        "its spikes",
        ("excursions", "tallest excursion, of progress", "tallest excursion, log10 ratio", "first excursion at"),
    ),
    ("the jump above its start", ("peak over start, log10",)),
    ("its swings", ("alternation", "swing over progress, log10")),
)
_PHRASES = {name: phrase for phrase, names in _IN_WORDS for name in names}


def _in_words(name: str) -> str:
    """A feature in words for the user."""
    if name.startswith("validation"):
        return "the validation loss"
    if name.startswith("gradient"):
        return "the gradient norm"
    return _PHRASES.get(name, "how far it fell")


@dataclass(frozen=True, slots=True)
class Dose:
    """Peak rate of the next run over this one's.

    Parameters
    ----------
    factor, low, high
        Best guess and 80 % interval.
    reason
        Where it comes from, a clause.
    chance
        Chance that the next run ends within 10 % of the best reachable; None for a textbook dose.
    """

    factor: float
    low: float
    high: float
    reason: str
    chance: float | None = None


def dose_for(context: Answers, verdict: Verdict, findings: Sequence[Finding]) -> Dose:
    """Dose for a run, given what was found.

    The strictest bound among the findings holds: if one says "too high", no other can raise the rate.
    """
    response: Response | None = context.find("response")
    usable = response is not None and response.familiar
    bounds = [BOUNDS[finding.code] for finding in findings if finding.code in BOUNDS]
    if any(finding.code == "NAN102" for finding in findings):
        return _textbook(context, findings)
    if not bounds:
        if verdict is Verdict.INCONCLUSIVE:
            return Dose(UNKNOWN.factor, UNKNOWN.low, UNKNOWN.high, UNKNOWN.reason)
        return _kept(context, findings, response if usable else None)
    low, high = _strictest(bounds)
    if response is None or not usable:
        return _textbook(context, findings)
    if response.low > high or response.high < low:  # what the log shows and what the trials make of it contradict
        return _textbook(context, findings)
    offset = response.best(low, high)
    if not response.rate_known:
        offset = min(offset, max(_BLIND, low))
    known = response.rate_known and response.optimizer_known
    if low <= 0.0 <= high and known and response.utility_at(offset) - response.utility_at(0.0) < _WORTH:
        offset = 0.0
    if abs(offset) < _UNMOVED and high <= 0.0 and not known:  # too little is known to keep it against the finding
        return _textbook(context, findings)
    # A bound limits what is advised at once, not where the best factor may lie; only its side is settled.
    least, most = 0.0 if low > 0 else -math.inf, 0.0 if high <= 0 else math.inf
    inside = max(min(response.low, offset), least), min(max(response.high, offset), most)
    factor, lowest, highest = (10.0**place for place in (offset, *inside))
    return Dose(factor, lowest, highest, _because(response, offset), response.fine_at(offset))


def _strictest(bounds: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Intersection of all bounds; where it is empty, the downward one: a rate too low costs time, one too high the
    run."""
    low, high = max(b[0] for b in bounds), min(b[1] for b in bounds)
    if low <= high:
        return low, high
    down = [b for b in bounds if b[1] <= 0]
    return max(b[0] for b in down), min(b[1] for b in down)


def _kept(context: Answers, findings: Sequence[Finding], response: Response | None) -> Dose:
    """No finding speaks against the rate: keep it, and say how sure that is."""
    leading = next((finding for finding in findings if finding.severity.rank > 0), None)
    plain = KEEP if leading is None else textbook_dose(leading, context.run.hyperparameters, None, None)
    if response is None:
        return Dose(1.0, plain.low, plain.high, plain.reason)
    return Dose(
        1.0, 10.0 ** min(response.low, 0.0), 10.0 ** max(response.high, 0.0), plain.reason, response.fine_at(0.0)
    )


def _textbook(context: Answers, findings: Sequence[Finding]) -> Dose:
    """The dose of the first finding that has one."""
    leading = next(finding for finding in findings if finding.code in BOUNDS or finding.code == "NAN102")
    plain = textbook_dose(leading, context.run.hyperparameters, context.find("schedule"), peak_rate(context))
    return Dose(plain.factor, plain.low, plain.high, plain.reason)


def _because(response: Response, offset: float) -> str:
    """The dose's origin in words, with the evidence that moved it most."""
    credit: dict[str, float] = {}
    for name, decades in response.reasons(count=8):
        credit[_in_words(name)] = credit.get(_in_words(name), 0.0) + decades
    leading = sorted(credit.items(), key=lambda item: -abs(item[1]))[:3]
    words = [f"{phrase} ({'×' if d > 0 else '÷'} {figure(10 ** abs(d), 2)})" for phrase, d in leading if abs(d) >= 0.02]
    origin = "among trial trainings with such logs this factor did best"
    if abs(response.best() - offset) > _UNMOVED:
        origin += " of those that the log allows"
    return f"{origin}; it rests most on {', '.join(words)}" if words else origin
