"""Why a range test is unusable: a word for programs, and a sentence that says what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from lrdoctor.wording import counted, figure, share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrdoctor.signals.ramp import Ramp

    Floats = NDArray[np.float64]

Cause = Literal[
    "no-ramp", "too-short", "starts-too-high", "never-moved", "too-noisy", "already-trained", "never-rose", "too-fast"
]

RISING = ("range_test", "warmup")
"""Kinds of schedule that rise to the end of the log: exponentially, and in another way."""
CLEAR = 2.0
"""Fall of the loss over its noise below which no rate is recommended: of the recorded ramps below it, a recommended
rate did well in six of ten cases, above it in nine (docs/range-test.md)."""
_FEWEST = 8
"""Rates with a finite loss below which nothing is said; fastai and Lightning leave more than these out at the ends."""
_WIDEST_STEP = 0.4
"""Decades between neighbouring rates beyond which a ramp is too fast: two steps per decade did clearly worse in the
recorded ramps than four."""
_ROSE = 0.1
"""Share of the fall by which the loss must come up again, if it comes up by its noise at all."""
_NOISY = 0.1
"""Noise, as a share of the loss, that could hide a descent."""
_AT_ONCE = 0.1
"""Share of the rates within which a blow-up comes at once."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What keeps a range test from being used."""

    cause: Cause
    reason: str


def fault_before(lr: Floats, loss: Floats, kind: str) -> Fault | None:
    """Faults that are there before any curve is looked at.

    Parameters
    ----------
    lr, loss
        float64 [n]; rates are positive and finite.
    kind
        What the rates were recognised as, see `signals.schedule`.
    """
    if kind not in RISING:
        what = f"goes from {figure(lr[0])} to {figure(lr[-1])} and does not just rise" if lr.size else "was not logged"
        return Fault(
            "no-ramp", f"The learning rate {what} ({kind.replace('_', ' ')}): this is no range test. "
            "lrdoctor diagnose reads trainings.",
        )  # fmt: skip
    rates = np.unique(lr[np.isfinite(loss)]).size
    if rates < _FEWEST <= np.unique(lr).size:
        return _too_high(float(lr[0]))
    if rates < _FEWEST:
        return Fault(
            "too-short", f"Too short: only {counted(rates, 'rate has', 'rates have')} a finite loss. Take a hundred "
            "steps or more, from 1e-7 to 10.",
        )  # fmt: skip
    return None


def fault_of(ramp: Ramp) -> Fault | None:
    """What is wrong with the curve; None if it is usable."""
    low, high = (figure(ramp.lr[position]) for position in (0, -1))
    exploded = ramp.exploded < len(ramp)
    if exploded and ramp.exploded <= _AT_ONCE * len(ramp):
        return _too_high(float(ramp.lr[0]))
    decades = float(np.log10(ramp.lr[-1] / ramp.lr[0]))
    if decades > _WIDEST_STEP * (len(ramp) - 1):
        return Fault(
            "too-fast",
            f"The ramp is too fast: {counted(len(ramp), 'rate')} from {low} to {high}, fewer than three for each "
            "factor of ten, so the loss is late. Take a hundred steps or more.",
        )
    rose = exploded or (ramp.rise >= _ROSE * max(ramp.fall, 0.0) and ramp.rise >= ramp.noise)
    if ramp.clearness < CLEAR:
        return _no_descent(ramp, rose)
    if not rose:
        return Fault(
            "never-rose",
            f"The loss never rose: to the end of the ramp, at LR {high}, it stays as low as it got, so it is "
            "unknown which rate is too high. Ramp on to higher rates.",
        )
    return None


def fault_after(ramp: Ramp, recommended: float) -> Fault | None:
    """What is wrong with a recommended rate: it lies below all that were tried."""
    if recommended >= ramp.lr[0]:
        return None
    return Fault(
        "starts-too-high", f"The rate to take would be {figure(recommended, 2)}, below the first one of the ramp, "
        f"{figure(ramp.lr[0])}. Start a hundred times lower.",
    )  # fmt: skip


def _too_high(first: float) -> Fault:
    return Fault(
        "starts-too-high", f"The loss exploded at once: the first rate, {figure(first)}, is already too high. Start a "
        "hundred times lower.",
    )  # fmt: skip


def _no_descent(ramp: Ramp, rose: bool) -> Fault:
    low, high = (figure(ramp.lr[position]) for position in (0, -1))
    scatter = ramp.noise if ramp.scale == "log" else ramp.noise / max(abs(ramp.start), 1e-300)
    if scatter > _NOISY:
        return Fault(
            "too-noisy",
            f"Too noisy: single losses scatter by {share(scatter)}, and the loss does not fall by more than twice "
            "that. Take more steps or larger batches, and begin with fresh weights.",
        )
    if rose:
        rise = figure(ramp.lr[min(ramp.exploded, len(ramp) - 1)])
        return Fault(
            "already-trained",
            f"The loss did not fall before it rose (at LR {rise}): the network is already trained, or learns nothing "
            f"in so few steps. Begin with fresh weights; to train on, stay at a tenth of {rise} or lower.",
        )
    return Fault(
        "never-moved", f"The loss neither fell nor rose from LR {low} to {high}. Ramp on, to higher rates; if it still "
        "does not move, nothing is being trained.",
    )  # fmt: skip
