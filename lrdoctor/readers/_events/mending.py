"""Curves whose steps are not what they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.readers._axis import is_axis_name
from lrdoctor.readers._events.columns import Curve, Curves

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_LISTED = 3


def exchange(curves: Curves) -> tuple[Curves, list[str]]:
    """Put right curves that were logged as ``add_scalar(tag, step, value)``, and say so.

    The values are then a counter, and the steps, which go up and down, are the values without their
    fractions.
    """
    swapped = [] if curves.ordered else [tag for tag, curve in curves.items() if _is_swapped(curve)]
    if not swapped:
        return curves, []
    for tag in swapped:
        step, wall, value = curves[tag]
        curves[tag] = Curve(value.astype(np.int64), wall, step.astype(np.float64))
    note = (
        f"{listed(swapped)}: step and value were given in the wrong order; exchanged "
        "(what was behind the decimal point is not in the log)"
    )
    return curves, [note]


def settle(curves: Mapping[str, Curve], *, ordered: bool = False) -> tuple[dict[str, Curve], set[str], list[str]]:
    """Give the curves of one training steps that never go back, and say what was done.

    Parameters
    ----------
    ordered
        It is known that no step goes back.

    Returns
    -------
    The curves; the tags of those that hold a counter where their values should be; a note for each mend.
    """
    settled = dict(curves)
    notes: list[str] = []
    still = [tag for tag, curve in settled.items() if len(curve.step) > 2 and curve.constant]
    counters = {tag for tag in still if _counts(settled[tag].value) and not is_axis_name(tag)}
    if still:
        _count_up(settled, still, notes)
    if counters:
        notes.append(
            f"{listed(sorted(counters))}: the values count up while the step stands still, so step and value "
            "were probably exchanged when logging; the curve itself is not in the log"
        )
    unordered = [] if ordered else [tag for tag, curve in settled.items() if not curve.ordered]
    for tag in unordered:
        settled[tag] = settled[tag].of(np.argsort(settled[tag].step, kind="stable"))
    if unordered:
        notes.append(f"{listed(unordered)}: points were written out of order; sorted by step")
    return settled, counters, notes


def listed(tags: list[str]) -> str:
    """Some tags in words."""
    shown = ", ".join(repr(tag) for tag in tags[:_LISTED])
    return shown + (f" and {len(tags) - _LISTED} more" if len(tags) > _LISTED else "")


def _is_swapped(curve: Curve) -> bool:
    value = curve.value
    if len(value) < 3 or curve.ordered or not _counts(value):
        return False
    strides = np.diff(value)
    return bool((strides == strides[0]).all() and abs(value).max() < 2**53)


def _counts(value: NDArray[np.float64]) -> bool:
    whole = np.isfinite(value).all() and (value == np.round(value)).all()
    return bool(whole and (np.diff(value) > 0).all())


def _count_up(curves: dict[str, Curve], still: list[str], notes: list[str]) -> None:
    """Number the points of curves that were logged without a step.

    The longest of them gives the numbers; shorter ones (a validation loss) are placed on it by the time at
    which they were logged.
    """
    clock = curves[max(still, key=lambda tag: len(curves[tag].step))]
    timed = bool((np.diff(clock.wall) > 0).mean() > 0.5)
    placed = []
    for tag in still:
        curve = curves[tag]
        step = np.arange(len(curve.step), dtype=np.int64)
        if timed and len(curve.step) < len(clock.step):
            step = np.maximum(np.searchsorted(clock.wall, curve.wall, side="right") - 1, 0)
            if np.any(np.diff(step) < 0):
                step = np.arange(len(curve.step), dtype=np.int64)
            else:
                placed.append(tag)
        curves[tag] = Curve(step, curve.wall, curve.value)
    by_time = f" ({listed(placed)} by the time of logging)" if placed else ""
    notes.append(f"{listed(still)}: logged without a step; the order of logging is used{by_time}")
