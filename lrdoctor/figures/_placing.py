"""Where the name of a point can stand without hiding a curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrdoctor.figures._svg_layout import Box
    from lrdoctor.figures.spec import Panel

    Floats = NDArray[np.float64]

_STRIDE = 2.0
"""Pixels between the places at which a curve is looked at."""
_HEIGHT = 13.0
_NEAR, _FAR = 12.0, 24.0
"""Distances from the point to the name."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a text is anchored; `y` is that of its baseline."""

    x: float
    y: float
    anchor: Literal["start", "middle", "end"]


def spot(x: float, y: float, width: float, curves: Floats, box: Box) -> Spot:
    """The place about a point at which a text of some width covers the fewest bits of curves.

    Parameters
    ----------
    x, y
        The point, in pixels.
    curves
        float64 [2, n], as `pixels` gives them.
    """
    best, least = Spot(x + _NEAR, y + 4.0, "start"), np.inf
    for dx, dy, reluctance in _CANDIDATES:
        left = x + dx if dx > 0 else x + dx - width if dx < 0 else x - width / 2
        middle = y + dy
        inside = box.x + 1 <= left and left + width <= box.x + box.width - 1
        inside &= box.y + _HEIGHT / 2 <= middle <= box.y + box.height - _HEIGHT / 2
        across = (curves[0] > left - 2) & (curves[0] < left + width + 2)
        hidden = np.count_nonzero(across & (np.abs(curves[1] - middle) < _HEIGHT / 2 + 2))
        cost = hidden + reluctance + (0 if inside else 1e6)
        if cost < least:
            anchor: Literal["start", "middle", "end"] = "start" if dx > 0 else "end" if dx < 0 else "middle"
            best, least = Spot(x + dx, middle + 4.0, anchor), cost
    return best


def covered(at: Spot, width: float) -> Floats:
    """What a text that was put somewhere hides from the next one: float64 [2, n], as `pixels` gives curves."""
    left = at.x - {"start": 0.0, "middle": width / 2, "end": width}[at.anchor]
    across = np.arange(left, left + width + 3.0, 3.0)
    return np.hstack([np.vstack([across, np.full(across.size, at.y - 4.0 + dy)]) for dy in (-5.0, 0.0, 5.0)])


_SIDES = ((1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (1, -1), (0, -1), (-1, -1))
"""Right first, then below, then left, then above."""
_CANDIDATES = [
    (far * right, (far + (6.0 if right == 0 else 0.0)) * down, reluctance + number / 100)
    for far, reluctance in ((_NEAR, 0.0), (_FAR, 6.0), (2 * _FAR, 20.0))
    for number, (right, down) in enumerate(_SIDES)
]
"""Offsets of a name from its point, each with how many hidden bits of curves it is as bad as."""


def pixels(panel: Panel, box: Box) -> Floats:
    """Every bit of every curve and guide of a panel, in pixels: float64 [2, n]."""
    across = np.arange(box.x, box.x + box.width, _STRIDE)
    down = np.arange(box.y, box.y + box.height, _STRIDE)
    found = []
    for guide in panel.guides:
        if guide.axis == "x":
            found.append(np.vstack([np.full(down.size, box.x + box.width * float(panel.x.place(guide.at))), down]))
        else:
            level = box.y + box.height * (1.0 - float(panel.y.place(guide.at)))
            found.append(np.vstack([across, np.full(across.size, level)]))
    for line in panel.lines:
        x, y = box.x + box.width * panel.x.place(line.x), box.y + box.height * (1.0 - panel.y.place(line.y))
        known = np.isfinite(y)
        if known.any():
            found += [np.vstack([x[known], y[known]]), np.vstack([across, np.interp(across, x[known], y[known])])]
    return np.hstack(found) if found else np.zeros((2, 0))
