"""A true swing of the loss, told apart from minibatch noise by its regularity."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import Unavailable
from lrdoctor.signals._stats import median, unit_of

if TYPE_CHECKING:
    from lrdoctor.signals.curve import Curve
    from lrdoctor.signals.descent import Descent
    from lrdoctor.signals.noise import Noise

_WINDOW = 4096
_MIN_POINTS = 12
_ROUNDING = 1e-12
"""Residuals up to this share of the loss are rounding of the trend, not of the log."""


@dataclass(frozen=True, slots=True)
class Oscillation:
    """Regular swings over the last two thirds of the run (at most its last 4,096 points).

    Parameters
    ----------
    period
        In logged points; 2 is the two-cycle of a rate at the edge of stability.
    peak_share
        Share of the variance of the increments at that period and its neighbours: 1 for a pure swing, about
        log(m)/m for noise of m points.
    noise_share
        The largest share that white noise of this length shows in one case of a thousand, in the manner of Fisher's
        g test (1929); simulated for this estimator: 2.3 ln(1000 m) / m for m frequencies, less for few.
    amplitude
        Half the swing, in z: sqrt(2) x the standard deviation at that period.
    share_of_progress
        The amplitude over the run's progress.
    alternation
        Minus the lower of the lag-1 and lag-2 autocorrelations of the loss about its trend: 0 for noise, 1 for a cycle
        of two or four points, 0.5 for one of three or six. Minibatch noise is white or persistent; only overshooting
        makes a point lie across the trend from the one or two before.
    alternation_error
        Its standard error for white noise.
    two_cycle
        (lag2 - lag1) / 2 of the increments: 0.25 for noise, 1 for a two-cycle.
    first_step, last_step
        Where it was measured.
    """

    period: float
    peak_share: float
    noise_share: float
    amplitude: float
    share_of_progress: float
    alternation: float
    alternation_error: float
    two_cycle: float
    first_step: int
    last_step: int


def oscillation(curve: Curve, noise: Noise, descent: Descent) -> Oscillation:
    """Look for a regular swing in the judged curve.

    Raises
    ------
    Unavailable
        Fewer than a dozen points after the first third.
    """
    n = len(curve)
    begin = max(n // 3, n - _WINDOW)
    z = curve.z[begin:]
    if z.size < _MIN_POINTS:
        raise Unavailable(f"only {z.size} points after the first third of the run; {_MIN_POINTS} are needed")
    unit = unit_of(z)
    residual = z / unit
    residual = residual - _trend(residual)
    if np.abs(residual).max() <= _ROUNDING:
        raise Unavailable("the loss does not vary about its trend")
    spread = median(np.abs(residual))
    residual = np.clip(residual, -6 * spread, 6 * spread) if spread > 0 else residual
    window = np.hanning(residual.size + 2)[1:-1]
    power = np.abs(np.fft.rfft(residual * window)) ** 2
    frequency = np.arange(power.size) / residual.size
    power[frequency < 3.0 / residual.size] = 0.0  # slower than three swings: a trend, not a swing
    total = float(power.sum())
    if total <= 0.0:
        raise Unavailable("the loss does not vary about its trend")
    peak = int(np.argmax(power))
    share = float(power[max(peak - 2, 0) : peak + 3].sum()) / total
    m = power.size
    amplitude = math.sqrt(2.0 * share) * float(residual.std()) * unit
    return Oscillation(
        period=float(1.0 / frequency[peak]),
        peak_share=min(share, 1.0),
        noise_share=min(1.0, 2.3 * math.log(1000.0 * m) / m),
        amplitude=amplitude,
        share_of_progress=amplitude / descent.progress if descent.progress > 0 else float("inf"),
        alternation=-min(float(residual[lag:] @ residual[:-lag]) for lag in (1, 2)) / float(residual @ residual),
        alternation_error=1.0 / math.sqrt(residual.size),
        two_cycle=(noise.lag2 - noise.lag1) / 2.0,
        first_step=int(curve.step[begin]),
        last_step=int(curve.step[-1]),
    )


def _trend(z: np.ndarray) -> np.ndarray:
    """Least-squares parabola through the window: what a smooth descent would do."""
    x = np.linspace(-1.0, 1.0, z.size)
    square = x * x
    square -= square.mean()  # orthogonal to 1 and x on this grid, so that each coefficient is a projection
    return np.asarray(z.mean() + (x @ z) / (x @ x) * x + (square @ z) / (square @ square) * square)


SIGNALS = (oscillation,)
