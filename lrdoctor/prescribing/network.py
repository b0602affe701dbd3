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
SHORT, LONG = 3.0, 3.5
"""log10 of the steps up to which the short expert speaks alone, and from which on the long one does."""


@dataclass(frozen=True, slots=True, eq=False)
class Ramps:
    """What the networks see of the features: how far each has come from one quantile of the trials to the next.

    Parameters
    ----------
    feature
        int64 [ramps]: which feature each ramp belongs to.
    low, width
        float32 [ramps]: where it begins, and how far it rises; a feature beyond all quantiles is not followed.

    Notes
    -----
    Piecewise linear encoding (Gorishniy, Rubachev & Babenko 2022, "On Embeddings for Numerical Features in Tabular Deep
    Learning"): a network that is given a feature as one number is bad at steps in it, which trees find at once.
    """

    feature: NDArray[np.int64]
    low: Floats
    width: Floats

    @classmethod
    def between(cls, quantiles: NDArray[np.floating]) -> Ramps:
        """Ramps between the distinct quantiles of each feature; none for a feature that never differs.

        Parameters
        ----------
        quantiles
            float [count, features], ascending; NaN where a feature is never known.
        """
        edges = quantiles.astype(np.float32)
        low, width = edges[:-1], np.diff(edges, axis=0)
        feature, place = np.nonzero((width > 0).T)
        return cls(feature, low[place, feature], width[place, feature])

    def __call__(self, rows: NDArray[np.floating]) -> Floats:
        """Share of each ramp that is behind a row, 0 where its feature is missing, then a flag for each that is:
        float32 [n, ramps + features]."""
        missing = rows == MISSING
        share = np.clip((rows[:, self.feature] - self.low) / self.width, 0.0, 1.0)
        share[missing[:, self.feature]] = 0.0
        return np.concatenate([share, missing], axis=1, dtype=np.float32, casting="unsafe")


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """Networks of two hidden layers (SiLU) with sigmoid outputs, averaged.

    Parameters
    ----------
    centre
        float32 [features]: mean of the features, where known.
    ramps
        How the features are shown to the networks.
    weights, biases
        Three of each: float32 [members, in, out] and [members, 1, out].
    """

    centre: Floats
    ramps: Ramps
    weights: tuple[Floats, Floats, Floats]
    biases: tuple[Floats, Floats, Floats]

    @classmethod
    def load(cls, data: Mapping[str, NDArray[np.generic]], prefix: str = "") -> Ensemble:
        """Take the arrays of an open npz by their names (after `prefix`); stored in half precision."""

        def array(name: str) -> Floats:
            return np.asarray(data[prefix + name], dtype=np.float32)

        return cls(
            centre=array("centre"),
            ramps=Ramps(np.asarray(data[prefix + "feature"], np.int64), array("low"), array("width")),
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
        hidden = self.ramps(rows)[None]
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
        share = np.where(length == MISSING, 0.5, np.clip((length - SHORT) / (LONG - SHORT), 0.0, 1.0))[:, None]
        return np.asarray((1.0 - share) * self.short.predict(rows) + share * self.long.predict(rows), dtype=np.float32)
