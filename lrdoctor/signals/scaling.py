"""The course of the loss scale of mixed precision: how often it fell, and how far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import Unavailable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrdoctor.records import Series


_HELD = 0.15
"""Share of the points for which a level that is held has been found, whatever it fell from before."""


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """Loss scale over the run. Every halving is an update that was skipped, since a gradient overflowed.

    Parameters
    ----------
    tag
        Of the loss scale.
    points
        Positive, finite values.
    highest, last, lowest
        Of these values.
    octaves_lost
        log2 of the largest fall from a level that was held after the scale had been found (it begins far too high on
        purpose and halves until nothing overflows) to a later one.
    lost_step
        Step at which the lowest level of that fall was reached.
    fall_steps
        int64 [k]: steps at which it was lower than at the point before, after the scale had been found.
    stride
        Median number of steps between two points.
    """

    tag: str
    points: int
    highest: float
    last: float
    lowest: float
    octaves_lost: float
    lost_step: int
    fall_steps: NDArray[np.int64]
    stride: float


def scaling(loss_scale: Series) -> Scaling:
    """Follow the loss scale.

    Raises
    ------
    Unavailable
        Fewer than two values are positive and finite.
    """
    good = np.isfinite(loss_scale.value) & (loss_scale.value > 0)
    if np.count_nonzero(good) < 2:
        raise Unavailable(f"{loss_scale.tag} has fewer than two positive values")
    step, octaves = loss_scale.step[good], np.log2(loss_scale.value[good])
    change = np.diff(octaves)
    found = _found(change)
    held, held_step = octaves[found:], step[found:]
    lost = np.maximum.accumulate(held) - held
    falls = np.flatnonzero(change < 0)
    return Scaling(
        tag=loss_scale.tag,
        points=int(octaves.size),
        highest=float(2.0 ** octaves.max()),
        last=float(2.0 ** octaves[-1]),
        lowest=float(2.0 ** octaves.min()),
        octaves_lost=float(lost.max()),
        lost_step=int(held_step[np.argmax(lost)]),
        fall_steps=step[1:][falls[falls >= found]],
        stride=float(np.median(np.diff(step))),
    )


def _found(change: NDArray[np.float64]) -> int:
    """Point at which the search ends: the first rise, or the begin of the first level that is held for long."""
    points = change.size + 1
    begins = np.concatenate([[0], np.flatnonzero(change) + 1])
    held = begins[np.diff(np.append(begins, points)) >= max(_HELD * points, 2)]
    rises = np.flatnonzero(change > 0)
    return int(min([*held[:1], *rises[:1], points - 1]))


SIGNALS = (scaling,)
