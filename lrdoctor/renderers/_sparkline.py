"""A curve in one line: block characters for a terminal, an inline SVG for a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lrdoctor.records import Series

    Floats = NDArray[np.float64]

BLOCKS = "▁▂▃▄▅▆▇█"
BROKEN = "!"
"""Stands for a stretch with a NaN or an infinity in it."""
_BLUE, _RED = "#3d83d0", "#e5484d"
_OUTLYING = 3.0
"""Widths of the middle 90 % above which a value is an outlier that must not flatten the rest."""
_WIDE = 30.0
"""Ratio of largest to smallest value from which a positive curve is drawn on a log scale."""


def blocks(series: Series, width: int) -> str:
    """Draw a curve with at most `width` block characters, one per stretch of equally many points.

    A stretch shows one of its points, so that a noisy curve looks noisy and a swinging one is not flat; its
    maximum where that stands out; or `BROKEN` where a value is not finite.
    """
    import numpy as np

    value = series.value
    count = min(width, value.size)
    if count < 1:
        return ""
    starts = np.arange(count) * value.size // count
    finite = np.isfinite(value)
    broken = ~np.logical_and.reduceat(finite, starts)
    if not finite.any():
        return BROKEN * count
    scaled, top = _scaled(value, finite)
    lengths = np.diff(starts, append=value.size)
    # Places within the stretches follow the golden ratio: an equal stride could fall in step with a swing.
    picked = starts + (np.arange(count) * 0.618034 % 1.0 * lengths).astype(np.int64)
    picked[-1] = value.size - 1  # how it ended matters most
    peak = np.maximum.reduceat(np.where(finite, scaled, -np.inf), starts)
    shown = np.where(peak > top, 1.0, scaled[picked])
    level = np.clip(np.rint(shown * (len(BLOCKS) - 1)), 0, len(BLOCKS) - 1).astype(int)
    return "".join(BROKEN if bad else BLOCKS[i] for bad, i in zip(broken, level, strict=True))


def svg(series: Series, width: int = 140, height: int = 28) -> str:
    """Draw a curve as an inline SVG; stretches that are not finite are red.

    The colours are mid-tones that stand out on white and on black alike, since not every viewer lets an SVG
    inherit the colour of the text around it.
    """
    import numpy as np

    from lrdoctor.figures.sampling import downsample

    if len(series) == 0:
        return ""
    kept = downsample(series.step, series.value, width)
    step, finite = series.step[kept], np.isfinite(series.value[kept])
    x = (step - step[0]) / max(float(step[-1] - step[0]), 1.0) * (width - 4) + 2
    y = np.zeros(kept.size)
    if finite.any():
        scaled, _ = _scaled(series.value, np.isfinite(series.value))
        y = (height - 3) - np.clip(scaled[kept], -0.04, 1.04) * (height - 6)
    line = marks = ""
    for part in np.split(np.arange(kept.size), np.flatnonzero(np.diff(finite.astype(np.int8))) + 1):
        first, last = x[part[0]], x[part[-1]]
        if finite[part[0]]:
            points = "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x[part], y[part], strict=True))
            line += f"M{points}" + ("h.1" if part.size == 1 else "")
        else:
            marks += f"M{first - 0.7:.1f} 1H{last + 0.7:.1f}V{height - 1}H{first - 0.7:.1f}Z"
    return (
        f'<svg role="img" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'xmlns="http://www.w3.org/2000/svg"><path d="{marks}" fill="{_RED}"/><path d="{line}" fill="none" '
        f'stroke="{_BLUE}" stroke-width="1.3" stroke-linejoin="round" stroke-linecap="round"/></svg>'
    )


def _scaled(value: Floats, finite: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Values with the bulk on [0, 1] and outliers beyond it, and the top of what is no outlier."""
    import numpy as np

    from lrdoctor.signals._stats import quantile  # numpy's own imports numpy.ma, a tenth of a short command's time

    known = value[finite]
    if known.min() > 0 and known.max() / _WIDE > known.min():
        known = np.log(known)
        value = np.log(np.where(finite, value, 1.0))
    with np.errstate(over="ignore", invalid="ignore"):
        low, mid_low, mid_high, high = known.min(), quantile(known, 0.05), quantile(known, 0.95), known.max()
        spread = mid_high - mid_low
        if spread > 0:
            high = min(high, mid_high + _OUTLYING * spread)
            low = max(low, mid_low - _OUTLYING * spread)
        reach = high - low
        if not np.isfinite(reach) or reach <= 0:
            return np.zeros(value.shape), np.inf
        scaled = (np.where(finite, value, low) - low) / reach
    return np.clip(scaled, -1.0, 2.0), 1.0
