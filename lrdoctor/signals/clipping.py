"""How often the gradient was clipped, from the logged norms and the configured threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lrdoctor.records import Hyperparameter, Series

_MODES = ("clip_algorithm", "clip_mode", "clip_type", "clipping_type")
"""Settings that say how gradients are clipped: Lightning's, timm's and the like."""
_AT_LIMIT = 1e-3
"""Relative distance from the threshold within which a norm lies at it."""


@dataclass(frozen=True, slots=True)
class Clipping:
    """Gradient norms against the threshold.

    Parameters
    ----------
    tag
        Of the norms.
    threshold
        Configured.
    share
        Of the finite norms that lie above it, or at it where the norms were logged after clipping.
    after
        True where none exceeds it and some lie at it: the norms were logged after clipping.
    points
        Finite norms.
    middle, high, highest
        Their median, 90th percentile and maximum.
    """

    tag: str
    threshold: float
    share: float
    after: bool
    points: int
    middle: float
    high: float
    highest: float


def clipping(grad_norm: Series, hyperparameters: Mapping[str, Hyperparameter]) -> Clipping:
    """Measure how often the gradient was clipped.

    Raises
    ------
    Unavailable
        No threshold is configured, or it is not one of the norm; or no norm is finite.
    """
    modes = (value for name, value in hyperparameters.items() if name.lower().endswith(_MODES))
    if any(str(mode).lower() in ("value", "agc") for mode in modes):
        raise Unavailable("gradients are clipped by value, or layer by layer, not by their norm")
    threshold = hyperparameters.get("clip_norm")
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 < threshold < 1e300:
        raise Unavailable("no clip_norm in the configuration")
    norms = grad_norm.value[np.isfinite(grad_norm.value)]
    if norms.size == 0:
        raise Unavailable(f"{grad_norm.tag} has no finite value")
    at_limit = np.abs(norms - threshold) <= _AT_LIMIT * threshold
    highest = float(norms.max())
    after = highest <= threshold * (1 + _AT_LIMIT) and bool(np.count_nonzero(at_limit) > 1)
    middle, high = np.quantile(norms, (0.5, 0.9))
    return Clipping(
        tag=grad_norm.tag,
        threshold=float(threshold),
        share=float(np.mean(at_limit if after else norms > threshold)),
        after=after,
        points=int(norms.size),
        middle=float(middle),
        high=float(high),
        highest=highest,
    )


SIGNALS = (clipping,)
