"""How much of the wiggle is noise, and of what kind."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.signals._stats import MAD_TO_SIGMA, median, quantile, robust_sigma, unit_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrdoctor.signals.curve import Curve

    Floats = NDArray[np.float64]

_MANY = 0.25
"""Share of increments beyond the clip from which on they are no outliers."""
_SEARCHED = 100_000
"""Points up to which searching for each is faster: a thousand take 5 microseconds instead of 450."""


@dataclass(frozen=True, slots=True)
class Noise:
    """Local scatter of the curve about its own trend, on the judged scale.

    Parameters
    ----------
    sigma
        Robust standard deviation of single points about the local level over the last two thirds of the run.
    early_sigma
        The same over the first third.
    lag1, lag2
        Autocorrelation of the increments over the last two thirds. White noise about a smooth trend gives -0.5 and
        0; a true two-cycle -1 and +1; a smooth drift a positive lag 1. Sign-flip counts cannot tell these apart:
        pure noise flips in two of three pairs.
    tail_weight
        99th percentile of the absolute residual over its median; 3.8 for normal noise.
    points
        How many increments the autocorrelations rest on.
    """

    sigma: float
    early_sigma: float
    lag1: float
    lag2: float
    tail_weight: float
    points: int


def residuals(curve: Curve) -> Floats:
    """Each point's z less the local level, interpolated between block medians; float64 [n]."""
    if curve.block_size < 3:
        # Short curves: against the mean of the two neighbours, scaled so that white noise keeps its size.
        z = curve.z
        if z.size < 3:
            return np.zeros(z.size)
        inner = (z[1:-1] - (z[:-2] + z[2:]) / 2) / np.sqrt(1.5)
        return np.concatenate([[inner[0]], inner, [inner[-1]]])
    return curve.z - _interpolated(curve.step, curve.block_step, curve.block_z)


def _interpolated(x: NDArray[np.int64], knots: Floats, values: Floats) -> Floats:
    """As `numpy.interp`, for [n] ascending `x`; long ones stretch by stretch, without a search for each point."""
    if x.size <= _SEARCHED:
        return np.interp(x, knots, values)
    bounds = np.searchsorted(x, knots).tolist()
    at = np.empty(x.size)
    at[: bounds[0]], at[bounds[-1] :] = values[0], values[-1]
    with np.errstate(divide="ignore", invalid="ignore"):  # knots at the same place have no points between them
        slopes = np.diff(values) / np.diff(knots)
    for i, (begin, end) in enumerate(pairwise(bounds)):
        if begin < end:
            stretch = np.subtract(x[begin:end], knots[i], out=at[begin:end])
            stretch *= slopes[i]
            stretch += values[i]
    return at


def noise(curve: Curve, residuals: Floats) -> Noise:
    """Measure the scatter of the judged curve about its trend."""
    n = residuals.size
    late = residuals[n // 3 :]
    z = curve.z[n // 3 :]
    increments = np.diff(z)
    lag1, lag2 = autocorrelation(increments)
    apart = np.abs(late - median(late))
    middle = median(apart)
    tail = quantile(apart, 0.99) / middle if middle > 0 else 1.0
    return Noise(
        sigma=MAD_TO_SIGMA * middle,
        early_sigma=robust_sigma(residuals[: max(n // 3, 1)]),
        lag1=lag1,
        lag2=lag2,
        tail_weight=tail,
        points=int(increments.size),
    )


def autocorrelation(increments: Floats) -> tuple[float, float]:
    """Lag-1 and lag-2 autocorrelation of increments [m], clipped at five robust sigma so that a spike cannot rule.

    Returns (0, 0) for fewer than six increments or a constant curve.
    """
    if increments.size < 6:
        return 0.0, 0.0
    centred = increments - median(increments)
    size = np.abs(centred)
    limit = 5.0 * MAD_TO_SIGMA * median(size)
    if np.count_nonzero(size > limit) > _MANY * centred.size:
        # A two-cycle has two kinds of increments, and the median is one of them.
        centred = increments.copy()
        limit = 5.0 * MAD_TO_SIGMA * median(np.abs(centred))
    if limit <= 0.0:
        return 0.0, 0.0
    unit = unit_of(np.array([limit]))
    centred = np.clip(centred, -limit, limit, out=centred) / unit
    power, lag1, lag2 = (_product(centred[lag:], centred[: centred.size - lag]) for lag in range(3))
    return lag1 / power, lag2 / power


def _product(a: Floats, b: Floats) -> float:
    """Sum of products; not by BLAS, whose threads take longer to start and add in an order of their own."""
    return float(np.einsum("i,i", a, b))


SIGNALS = (residuals, noise)
