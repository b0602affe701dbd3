"""Confidence and evidence, computed the same way in every rule."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lrdoctor.records import Evidence, Span

if TYPE_CHECKING:
    from lrdoctor.records import Series
    from lrdoctor.signals.curve import Curve

_COMMON = 0.05
_CERTAIN = 0.99


def confidence(*margins: float, points: int) -> float:
    """How sure a finding is: its weakest margin, discounted for a short log.

    Parameters
    ----------
    margins
        Each a measured value over its threshold (or the inverse where small is bad), above 1 when the rule fires.
    points
        How many logged points the judgement rests on.

    Returns
    -------
    0.5 at the threshold itself, 0.84 at twice the threshold, 0.95 at four times; a log of n points counts
    n / (n + 4) of that, since one more point could move it. Between 0.05 and 0.99.
    """
    weakest = min((max(margin, 1.0) for margin in margins if not math.isnan(margin)), default=1.0)
    sure = 1.0 - 0.5 * weakest**-1.65 if math.isfinite(weakest) else 1.0
    return round(min(max(sure * points / (points + 4.0), _COMMON), _CERTAIN), 3)


def whole(curve: Curve) -> Span:
    """All of the run."""
    return Span(first_step=int(curve.step[0]), last_step=int(curve.step[-1]))


def part(curve: Curve, low: float, high: float) -> Span:
    """Between two positions in the run, 0 to 1."""
    first, last = int(curve.step[0]), int(curve.step[-1])
    return Span(first_step=int(first + low * (last - first)), last_step=int(first + high * (last - first)))


def over(series: Series) -> Span:
    """All of a series."""
    return Span(first_step=int(series.step[0]), last_step=int(series.step[-1]))


def measured(
    measure: str, value: float, comparison: str, threshold: float, tag: str, span: Span, unit: str = ""
) -> Evidence:
    """An `Evidence` with its numbers rounded to four significant digits."""
    return Evidence(
        measure=measure,
        value=significant(value),
        comparison=comparison,
        threshold=significant(threshold),
        unit=unit,
        tag=tag,
        span=span,
    )


def significant(value: float, digits: int = 4) -> float:
    """Round to significant digits; what is not finite stays as it is."""
    return float(f"{value:.{digits}g}") if math.isfinite(value) else value
