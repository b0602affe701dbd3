"""Where a run ended: the level of its loss over the last tenth, how well that is known, and where it
began."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from lrdoctor.prescribing.rates import Answers
    from lrdoctor.records import Series

_TAIL = 0.1
_FEWEST = 3
_MAD = 1.4826


@dataclass(frozen=True, slots=True)
class Level:
    """End of one curve.

    Parameters
    ----------
    value
        Median of the last tenth; NaN where the curve is not finite there.
    noise
        Standard error of `value`, from the scatter about it.
    first
        First finite value; NaN if there is none.
    lowest
        Lowest finite value; NaN if there is none.
    """

    value: float
    noise: float
    first: float
    lowest: float


def end_level(series: Series) -> Level:
    """Level of a curve over the last tenth of its steps.

    Few points (epochs) make a tenth of up to three points, none of them before the last fifth.
    """
    finite = np.isfinite(series.value)
    if not finite.any():
        return Level(np.nan, np.nan, np.nan, np.nan)
    known = series.value[finite]
    first, lowest = float(known[0]), float(known.min())
    if not finite[-1]:
        return Level(np.nan, np.nan, first, lowest)
    step = series.step[finite]
    span = step[-1] - step[0]
    begin = int(np.searchsorted(step, step[-1] - _TAIL * span))
    earliest = int(np.searchsorted(step, step[-1] - 2 * _TAIL * span))
    begin = max(min(begin, known.size - _FEWEST), earliest, 0)
    tail = known[begin:]
    value = float(np.median(tail))
    # differences of neighbours, so that a curve that still falls is not taken for a noisy one
    apart = np.abs(np.diff(tail))
    scatter = _MAD * float(np.median(apart)) / np.sqrt(2.0) if apart.size else 0.0
    return Level(value, 1.2533 * scatter / np.sqrt(tail.size), first, lowest)


def blew_up(context: Answers) -> bool:
    """Whether the run broke down and did not recover."""
    broken = context.find("breakdown")
    return broken is not None and not broken.recovered
