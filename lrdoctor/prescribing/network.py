"""An ensemble of small networks, evaluated in numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

MISSING = -99.0
"""How a feature that the log does not give is marked."""
_SHORT, _LONG = 3.0, 3.5
"""log10 of the steps up to which the short expert speaks alone, and from which on the long one does."""
_REACH = 4.0
"""Standard deviations beyond which a feature is not followed."""


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """Networks of two hidden layers (SiLU) with sigmoid outputs, averaged.

    Parameters
    ----------
    centre, spread
        float32 [features]: mean and standard deviation of the features, where known.
    weights, biases
        Three of each: float32 [members, in, out] and [members, 1, out]; the first layer sees each feature and
        whether it is missing.
    """

    centre: Floats
    spread: Floats
    weights: tuple[Floats, Floats, Floats]
    biases: tuple[Floats, Floats, Floats]

    @classmethod
    def load(cls, data: Mapping[str, NDArray[np.generic]], prefix: str = "") -> Ensemble:
        """Take the arrays of an open npz by their names (after `prefix`); stored in half precision."""

        def array(name: str) -> Floats:
            return np.asarray(data[prefix + name], dtype=np.float32)

        return cls(
            centre=array("centre"),
            spread=array("spread"),
            weights=(array("w0"), array("w1"), array("w2")),
            biases=(array("b0"), array("b1"), array("b2")),
        )

    def predict(self, rows: NDArray[np.floating]) -> Floats:
        """Mean output of the networks.

        Parameters
        ----------
        rows
            float [n, features].

        Returns
        -------
        float32 [n, outputs], in (0, 1).
        """
        hidden = standardised(rows, self.centre, self.spread)[None]
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            inner = hidden @ weight + bias
            hidden = inner / (1.0 + np.exp(-np.clip(inner, -60.0, 60.0)))
        outer = np.clip(hidden @ self.weights[-1] + self.biases[-1], -60.0, 60.0)
        return np.asarray((1.0 / (1.0 + np.exp(-outer))).mean(axis=0), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Experts:
    """Two ensembles, one for short and one for long trainings; in between, both.

    What a curve says about its rate depends on the budget: the best rate falls as it grows. One ensemble for all was
    measured to do worse on long trainings, of which there are fewer trials.

    Parameters
    ----------
    short, long
        Fitted on trainings of up to 3,200 and of at least 1,200 steps.
    steps
        Position of log10(steps) among the features.
    """

    short: Ensemble
    long: Ensemble
    steps: int

    def predict(self, rows: NDArray[np.floating]) -> Floats:
        """Mean output, [n, outputs]; half of each where the number of steps is not known."""
        length = rows[:, self.steps]
        share = np.where(length == MISSING, 0.5, np.clip((length - _SHORT) / (_LONG - _SHORT), 0.0, 1.0))[:, None]
        return np.asarray((1.0 - share) * self.short.predict(rows) + share * self.long.predict(rows), dtype=np.float32)


def standardised(rows: NDArray[np.floating], centre: Floats, spread: Floats) -> Floats:
    """Features in standard deviations, 0 where missing, followed by a flag for each that is: [n, 2 x features]."""
    missing = rows == MISSING
    scaled = np.clip((rows - centre) / spread, -_REACH, _REACH)
    return np.concatenate([np.where(missing, 0.0, scaled), missing], axis=1, dtype=np.float32, casting="unsafe")
