"""Axes that show what matters: their scale, where they end, and their ticks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.figures.spec import Axis
from lrdoctor.wording import figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from lrdoctor.figures.spec import Scale

    Floats = NDArray[np.float64]

_WIDE = 10.0
"""Ratio of largest to smallest value from which positive values are drawn on a log scale..."""
_LESS_WIDE = 3.0
"""...and where a linear one would leave some out, such as the first losses of a language model."""
_OUTLYING = 3.0
"""Widths of the middle 90 % beyond which a value may lie outside the picture rather than flatten the rest."""
_MARGIN = 0.04
_LARGEST, _SMALLEST = 1e300, -300.0
"""The largest value that has a place on an axis, and the smallest power of ten."""
_DECADES = 12
"""Most decades that are shown below the largest value; a loss of exactly nothing would squeeze the rest."""


def value_axis(label: str, curves: Sequence[Floats], also: Iterable[float] = (), scale: Scale | None = None) -> Axis:
    """An axis for values that are read off it.

    Parameters
    ----------
    curves
        float64 [n] each; what is not finite does not count. Outliers beyond three widths of the middle 90 % of each
        may end up outside, below a log axis or on either side of a linear one.
    also
        Values that must be inside, such as an advised rate.
    scale
        None: log where everything is positive and spans more than a factor of ten, or of three where a linear axis
        would leave something out.
    """
    known = [curve[np.isfinite(curve) & (np.abs(curve) < _LARGEST)] for curve in curves]
    known = [curve for curve in known if curve.size]
    wanted = np.array([value for value in also if math.isfinite(value)], dtype=np.float64)
    every = np.concatenate([*known, wanted])
    if every.size == 0:
        return Axis(label=label, scale=scale or "linear", low=0.1, high=1.0)
    ends = np.concatenate([*(_bulk(curve) for curve in known), wanted])
    low, high = float(ends.min()), float(ends.max())
    if scale is None:
        left_out = bool(every.min() < low or every.max() > high)
        wide = every.min() > 0.0 and every.max() / (_LESS_WIDE if left_out else _WIDE) > every.min()
        scale = "log" if wide else "linear"
    low, high = _log_ends(known, wanted) if scale == "log" else _padded(low, high)
    return Axis(label=label, scale=scale, low=low, high=high)


def _bulk(values: Floats) -> Floats:
    """Ends of what is no outlier, float64 [2]."""
    low, mid_low, mid_high, high = np.quantile(values, (0.0, 0.05, 0.95, 1.0))
    spread = float(mid_high - mid_low)
    if spread > 0.0:
        high, low = min(high, mid_high + _OUTLYING * spread), max(low, mid_low - _OUTLYING * spread)
    return np.array([low, high])


def _log_ends(curves: list[Floats], wanted: Floats) -> tuple[float, float]:
    """A loss that grows without bound is shown up to its top, a few points next to zero are not."""
    logs = [np.log10(curve[curve > 0.0]) for curve in (*curves, wanted)]
    logs = [log for log in logs if log.size]
    if not logs:
        return 0.1, 1.0
    top = max(_SMALLEST + 1.0, *(float(log.max()) for log in logs))
    bottom = max(min(float(_bulk(log)[0]) for log in logs), top - _DECADES)
    margin = max(_MARGIN * (top - bottom), 0.01)
    return 10.0 ** max(bottom - margin, _SMALLEST), 10.0 ** (top + margin)


def _padded(low: float, high: float) -> tuple[float, float]:
    reach = high - low
    margin = _MARGIN * reach if reach > 0.0 else max(abs(low) * 0.1, 1e-12)
    return low - margin, high + margin


def ticks(axis: Axis, most: int = 6) -> list[tuple[float, str]]:
    """Round values along an axis, at most `most` of them, each with its label."""
    return _log_ticks(axis, most) if axis.scale == "log" else _linear_ticks(axis, most)


def _linear_ticks(axis: Axis, most: int) -> list[tuple[float, str]]:
    reach = axis.high - axis.low
    if not math.isfinite(reach):
        return []
    stride = _round_up(max(reach / most, 1.0 if axis.whole else 0.0))
    first = math.ceil(axis.low / stride - 1e-9)
    last = math.floor(axis.high / stride + 1e-9)
    values = [number * stride for number in range(first, last + 1)]
    digits = 1 + max((_digits(value, stride) for value in values), default=2)
    return [(value, figure(value, digits)) for value in values]


def _digits(value: float, stride: float) -> int:
    """Significant digits that tell a value from its neighbours, less one."""
    if abs(value) < stride / 2:
        return 0
    return min(max(math.floor(math.log10(abs(value)) - math.log10(stride) + 1), 1), 14)


def _round_up(stride: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(stride))
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= stride * (1 - 1e-9))


def _log_ticks(axis: Axis, most: int) -> list[tuple[float, str]]:
    """Powers of ten where there are several; else 1, 2, 5 of each; else as on a linear axis."""
    low, high = math.log10(axis.low), math.log10(axis.high)
    powers = range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)
    if len(powers) >= 3:
        stride = -(-len(powers) // most)
        values = [10.0**power for power in powers if power % stride == 0]
    else:
        tens = range(math.floor(low), math.ceil(high) + 1)
        fine = [step * 10.0**ten for ten in tens for step in (1.0, 2.0, 5.0)]
        values = [value for value in fine if axis.low <= value <= axis.high]
        if len(values) < 2:
            return _linear_ticks(axis, most)
        if len(values) > most:
            values = [10.0**power for power in powers] if len(powers) > 1 else values[::2]
    return [(value, figure(value)) for value in values]
