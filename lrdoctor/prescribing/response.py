"""How the same training would do at other learning rates, as far as its log tells.

The model was fitted on grids of real trainings at many rates (`lrdoctor.trials`): from a description of one log
(`features`) to the chance that each candidate factor on the rate ends near the best, or well. It is a small file
beside this one and needs numpy only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import Unavailable
from lrdoctor.prescribing.features import NAMES, features
from lrdoctor.prescribing.network import LONG, MISSING, SHORT, Ensemble, Experts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from lrdoctor.prescribing.rates import Answers

    Floats = NDArray[np.float64]

Sharpness = tuple[float, float, float]
"""Powers of the response at which its interval is calibrated, see `density`: of short trainings and of long ones whose
rate is known, and where it is not known."""
MODEL = "dose.npz"
OFFSETS = np.round(np.arange(-20, 21) * 0.25, 2)
"""log10 of the candidate factors: five decades either way in steps of 10^0.25."""
KEEP = int(np.flatnonzero(OFFSETS == 0)[0])
RATE = NAMES.index("log10 rate")
_OPTIMIZERS = slice(NAMES.index("plain sgd"), NAMES.index("adagrad") + 1)
_MAX_NOVELTY = 0.25
"""Share of features outside what the trials saw above which anything else is the better guess."""
_KERNEL = np.array([0.25, 0.5, 0.25])
_BOTH, _FINE_ALONE = 3.3, 4.3
"""log10 of the steps up to which ending near the best counts as much as ending fine, and from which on only the latter
does: the longer a training, the more two percent are a matter of its schedule and its end rather than of the peak."""


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """Expected outcome of the next run for each candidate factor on the rate.

    Parameters
    ----------
    near, fine
        float64 [len(OFFSETS)]: chance of ending within 2 %, and within 10 %, of the best reachable loss reduction.
    utility
        Their mean, or for a long training the chance of ending fine, smoothed over neighbouring factors; what the dose
        maximises.
    weight
        Probability of each factor to be the best, float64 [len(OFFSETS)].
    low, high
        log10 of the ends of the interval that holds the best factor in 80 % of held-out cases.
    novelty
        Share of the known features that lie outside what the trials saw.
    log10_steps
        Length of the run; NaN if not in steps.
    rate_known, optimizer_known
        Whether the log or the configuration gave the rate, and an optimizer that the trials used.
    row
        The features it rests on, float64 [len(NAMES)].
    """

    near: Floats
    fine: Floats
    utility: Floats
    weight: Floats
    low: float
    high: float
    novelty: float
    log10_steps: float
    rate_known: bool
    optimizer_known: bool
    row: Floats

    def best(self, low: float = -5.0, high: float = 5.0) -> float:
        """log10 of the factor with the highest utility between two bounds, refined between the candidates."""
        inside = np.flatnonzero((low <= OFFSETS) & (high >= OFFSETS))
        peak = int(inside[np.argmax(self.utility[inside])])
        if 0 < peak < OFFSETS.size - 1:
            before, here, after = self.utility[peak - 1 : peak + 2]
            curvature = before - 2 * here + after
            shift = 0.5 * (before - after) / curvature if curvature < 0 else 0.0
            return float(np.clip(OFFSETS[peak] + 0.25 * np.clip(shift, -0.5, 0.5), low, high))
        return float(OFFSETS[peak])

    @property
    def familiar(self) -> bool:
        """Whether the log is like those of the trials, so that the response can be relied on."""
        return self.novelty <= _MAX_NOVELTY

    def chance(self, low: float, high: float) -> float:
        """Probability that the best log10 factor lies between two bounds."""
        return float(self.weight[(low <= OFFSETS) & (high >= OFFSETS)].sum())

    def fine_at(self, offset: float) -> float:
        """Chance that a rerun at this log10 factor ends within 10 % of the best reachable."""
        return float(np.interp(offset, OFFSETS, smooth(self.fine)))

    def utility_at(self, offset: float) -> float:
        """Utility at a log10 factor."""
        return float(np.interp(offset, OFFSETS, self.utility))

    def gain(self) -> float:
        """Utility of the best factor less that of keeping the rate."""
        return float(self.utility.max() - self.utility[KEEP])

    def reasons(self, count: int = 3) -> list[tuple[str, float]]:
        """The features that move the estimate most.

        Each is replaced by its mean over the trials in turn; what the mean log10 factor loses by it is its
        contribution, in decades (occlusion; Zeiler & Fergus 2014).
        """
        model = _model()
        told = self.row != MISSING
        told[_OPTIMIZERS] &= self.optimizer_known  # "none of these" is no evidence
        known = np.flatnonzero(told)
        rows = np.repeat(self.row[None], known.size + 1, axis=0)
        rows[np.arange(known.size), known] = model.experts.long.centre[known]
        near, fine = model.experts.predict(rows).astype(np.float64).reshape(len(rows), 2, -1).transpose(1, 0, 2)
        power = power_for(model.sharpness, self.log10_steps, rate_known=self.rate_known)
        means = density(near, fine, power) @ OFFSETS
        credit = means[-1] - means[:-1]
        order = np.argsort(-np.abs(credit))[:count]
        return [(NAMES[known[index]], float(credit[index])) for index in order if abs(credit[index]) >= 0.02]


@dataclass(frozen=True, slots=True, eq=False)
class _Model:
    experts: Experts
    sharpness: Sharpness
    lowest: Floats
    highest: Floats


def load_experts(data: Mapping[str, NDArray[np.generic]]) -> Experts:
    """Both ensembles from the arrays of the model file."""
    return Experts(Ensemble.load(data, "short_"), Ensemble.load(data, "long_"), NAMES.index("log10 steps"))


@cache
def _model() -> _Model:
    """Load the fitted model.

    Raises
    ------
    Unavailable
        It belongs to other features, or was not installed.
    """
    try:
        with np.load(Path(__file__).with_name(MODEL), allow_pickle=False) as data:
            if tuple(data["names"]) != NAMES:
                raise Unavailable("the dose model belongs to another version of its features")
            return _Model(
                experts=load_experts(data),
                sharpness=tuple(data["sharpness"].tolist()),
                lowest=data["lowest"],
                highest=data["highest"],
            )
    except (FileNotFoundError, KeyError):
        raise Unavailable("the dose model is not installed, or belongs to another version") from None


def response(context: Answers) -> Response:
    """Estimate how the run would have done at other rates.

    Raises
    ------
    Unavailable
        There is no loss at all.
    """
    if context.find("curve") is None and context.find("breakdown") is None:
        raise Unavailable("no loss")
    return from_features(features(context))


def from_features(row: Floats) -> Response:
    """The response for one row of `features`."""
    model = _model()
    output = model.experts.predict(row[None])[0]
    return from_output(row, output, model.sharpness, model.lowest, model.highest)


def from_output(
    row: Floats, output: NDArray[np.floating], sharpness: Sharpness, lowest: Floats, highest: Floats
) -> Response:
    """The response for one row of `features` and what a fitted model says of it.

    Parameters
    ----------
    row
        float64 [len(NAMES)].
    output
        [2 x len(OFFSETS)]: chance of ending near the best, then of ending fine, at each candidate factor.
    sharpness
        Powers of the response, see `power_for`.
    lowest, highest
        float64 [len(NAMES)]: what the trials behind the model saw of each feature.
    """
    near, fine = output.astype(np.float64).reshape(2, -1)
    length = float(row[NAMES.index("log10 steps")])
    length = length if length != MISSING else float("nan")
    rate_known = bool(row[RATE] != MISSING)
    weight = density(near, fine, power_for(sharpness, length, rate_known=rate_known))
    low, high = interval(weight)
    known = row != MISSING
    outside = known & ((row < lowest) | (row > highest))
    return Response(
        near=near,
        fine=fine,
        utility=utility(near, fine, length),
        weight=weight,
        low=low,
        high=high,
        novelty=float(outside.sum() / max(known.sum(), 1)),
        log10_steps=length,
        rate_known=rate_known,
        optimizer_known=bool(row[_OPTIMIZERS].any()),
        row=row,
    )


def utility(near: Floats, fine: Floats, log10_steps: float) -> Floats:
    """What the dose maximises, of each candidate; `log10_steps` is NaN where the length is not known in steps."""
    share = 0.5 if np.isnan(log10_steps) else float(np.interp(log10_steps, (_BOTH, _FINE_ALONE), (0.5, 1.0)))
    return smooth((1.0 - share) * near + share * fine)


def believed(near: Floats, fine: Floats, log10_steps: float) -> tuple[float, float]:
    """The interval of a response whose rate is known, as the shipped model is calibrated."""
    return interval(density(near, fine, power_for(_model().sharpness, log10_steps, rate_known=True)))


def power_for(sharpness: Sharpness, log10_steps: float, *, rate_known: bool) -> float:
    """The power that calibrates a response; the lower one where the length is not known in steps (NaN).

    Where the rate is not known the response is too sure of itself, and so it is of long trainings of other kinds than
    those that it was fitted on.
    """
    short, long, blind = sharpness
    if not rate_known:
        return blind
    return min(short, long) if np.isnan(log10_steps) else float(np.interp(log10_steps, (SHORT, LONG), (short, long)))


def smooth(values: Floats) -> Floats:
    """Average over neighbouring candidates (1, 2, 1)/4, along the last axis."""
    padded = np.concatenate([values[..., :1], values, values[..., -1:]], axis=-1)
    return np.asarray(_KERNEL[0] * padded[..., :-2] + _KERNEL[1] * padded[..., 1:-1] + _KERNEL[2] * padded[..., 2:])


def density(near: Floats, fine: Floats, sharpness: float) -> Floats:
    """Probability of each candidate to be the best: the response raised to a power fitted on held-out tasks."""
    weight = smooth((near + fine) / 2) ** sharpness
    return np.asarray((weight + 1e-12) / (weight + 1e-12).sum(axis=-1, keepdims=True))


def interval(weight: Floats, level: float = 0.8) -> tuple[float, float]:
    """Central interval of the best log10 factor."""
    total = np.concatenate([[0.0], np.cumsum(weight)])
    edges = np.concatenate([OFFSETS - 0.125, [OFFSETS[-1] + 0.125]])
    low, high = np.interp([(1 - level) / 2, (1 + level) / 2], total, edges)
    return float(low), float(high)


SIGNALS = (response,)
