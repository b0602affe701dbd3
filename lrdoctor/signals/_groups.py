"""How the learning rates of several parameter groups relate to one another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lrdoctor.records import Series

    Floats = NDArray[np.float64]

_SAME = 0.01
"""Relative distance within which two groups have the same rate."""
_EVEN = 0.05
"""Scatter of the log ratio of neighbouring levels, relative to the ratio, within which the levels are geometric."""


_MOST = 2000
"""Steps that are looked at, evenly spaced: a network may have hundreds of groups and a million steps."""


@dataclass(frozen=True, slots=True, eq=False)
class Relations:
    """Rates of n parameter groups, each against the group with the highest one.

    Parameters
    ----------
    ratio
        float64 [n]: median over the second half of the run of this group's rate over the highest, so that groups which
        only warm up differently are alike; 0 for a group that never trained.
    steady
        Whether the ratios hold over that half.
    levels
        Distinct ratios above zero, highest first.
    decay
        Factor g from one level to the next lower one, where three levels or more are geometric; else NaN.
    frozen
        bool [n]: the rate was zero at every point while another was not.
    thawed
        int64 [n]: step at which the rate first left zero after the others had trained; -1 where that was not so.
    points
        Steps at which all were logged.
    first_step, last_step
        Of these.
    """

    ratio: Floats
    steady: bool
    levels: tuple[float, ...]
    decay: float
    frozen: NDArray[np.bool_]
    thawed: NDArray[np.int64]
    points: int
    first_step: int
    last_step: int


def relate(groups: Sequence[Series]) -> Relations | None:
    """Compare the rates of parameter groups where all of them were logged; None where that is nowhere."""
    step = reduce(_common, (series.step for series in groups))
    if step.size == 0:
        return None
    step = step[np.unique(np.linspace(0, step.size - 1, _MOST).astype(np.int64))]
    rates = np.stack([series.value[np.searchsorted(series.step, step, side="right") - 1] for series in groups])
    known = np.isfinite(rates).all(axis=0) & (rates.max(axis=0, initial=0.0) > 0)
    if not known.any():
        return None
    step, rates = step[known], np.maximum(rates[:, known], 0.0)
    moving = rates > 0
    frozen: NDArray[np.bool_] = np.logical_not(np.any(moving, axis=1))
    late = (rates / rates.max(axis=0))[:, step.size // 2 :]
    ratio = np.median(late, axis=1)
    first = np.argmax(moving, axis=1)
    levels = _levels(ratio[ratio > 0])
    return Relations(
        ratio=ratio / ratio.max(),
        steady=bool(np.all(np.ptp(late, axis=1) <= _EVEN * ratio)),
        levels=levels,
        decay=_decay(levels),
        frozen=frozen,
        thawed=np.where(~frozen & (first > 0), step[first], -1),
        points=int(step.size),
        first_step=int(step[0]),
        last_step=int(step[-1]),
    )


def _common(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """Steps in both; groups are nearly always logged together."""
    return one if np.array_equal(one, other) else np.intersect1d(one, other)


def _levels(ratio: Floats) -> tuple[float, ...]:
    """Distinct values, highest first, as shares of the highest."""
    ordered = np.sort(ratio)[::-1]
    fresh = np.concatenate([[True], ordered[1:] < (1 - _SAME) * ordered[:-1]])
    return tuple((ordered[fresh] / ordered[0]).tolist())


def _decay(levels: tuple[float, ...]) -> float:
    if len(levels) < 3:
        return float("nan")
    drops = -np.diff(np.log(levels))
    even = float(np.ptp(drops)) <= _EVEN * float(np.mean(drops))
    return float(np.exp(-np.mean(drops))) if even else float("nan")
