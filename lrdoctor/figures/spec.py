"""What a figure is made of: frozen data, in the units of the log; nothing here knows how it will be drawn.

All texts are safe to show (no control characters), but a painter still has to escape them for its own language.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

Scale = Literal["linear", "log"]
Ink = Literal["train", "validation", "rate", "advice", "noise", "critical", "error", "warning", "info", "good", "other"]
"""What a mark means; a theme turns it into a colour, a dash and a marker, so that grey prints can be read as well."""
Marker = Literal["best", "dot", "diverged", "up", "down", "left", "right", "square", "diamond", "ring"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One axis of a panel.

    Parameters
    ----------
    label
        What it counts, with its unit.
    low, high
        Ends of what is shown, ``low < high``, both above zero on a log scale. Data may lie beyond them.
    whole
        Whether it counts things that cannot be divided, such as steps.
    """

    label: str
    scale: Scale
    low: float
    high: float
    whole: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.scale == "log" and self.low <= 0.0):
            raise ValueError(f"axis {self.label!r} cannot run from {self.low} to {self.high} on a {self.scale} scale")

    def place(self, value: ArrayLike) -> Floats:
        """Where values lie between the ends, 0 to 1, float64 of the same shape; NaN for what the scale cannot show.

        What lies outside is beyond 0 or 1, by no more than a hundred lengths of the axis.
        """
        values = np.asarray(value, dtype=np.float64)
        values = np.where(np.isfinite(values), values, np.nan)
        low, high = self.low, self.high
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            if self.scale == "log":
                values = np.log(np.where(values > 0.0, values, np.nan))
                low, high = float(np.log(low)), float(np.log(high))
            half = high / 2 - low / 2  # the whole could overflow
            return np.clip((values / 2 - low / 2) / half, -100.0, 100.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """A curve.

    Parameters
    ----------
    name
        As the log calls it.
    x, y
        float64 [n], x non-decreasing. Sampled down so that the picture is the same: extremes and what is not
        finite are kept. Where y is NaN or infinite the line has a gap.
    points
        How many points were logged.
    """

    name: str
    ink: Ink
    x: Floats
    y: Floats
    points: int

    @property
    def broken(self) -> Floats:
        """Stretches in which y is not finite: float64 [m, 2], first and last x of each."""
        bad = ~np.isfinite(self.y)
        edges = np.diff(bad.astype(np.int8), prepend=0, append=0)
        first, last = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
        return np.column_stack([self.x[first], self.x[last]])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Band:
    """An area along x between two curves; x, low, high: float64 [n], finite."""

    name: str
    ink: Ink
    x: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A shaded stretch of one axis: where a finding was seen, or an interval.

    Parameters
    ----------
    axis
        "x": shaded from left to right, over the whole height, and named above the panel; "y": over the width.
    first, last
        Ends, ``first <= last``; equal for a single step.
    detail
        A sentence more, for a painter that can show it on demand.
    code
        Code of the rule, where it is a finding.
    """

    axis: Literal["x", "y"]
    first: float
    last: float
    name: str
    ink: Ink
    detail: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """A straight line across the panel at one value of an axis, named."""

    axis: Literal["x", "y"]
    at: float
    name: str
    ink: Ink
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A marked point.

    Parameters
    ----------
    name
        Written beside it, unless it is empty.
    kind
        What a legend calls it and all others of its kind, unless it is empty.
    """

    x: float
    y: float
    name: str
    ink: Ink
    marker: Marker
    detail: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """One pair of axes with what is drawn between them.

    Parameters
    ----------
    share
        Its height relative to that of the other panels.
    """

    x: Axis
    y: Axis
    lines: tuple[Line, ...] = ()
    bands: tuple[Band, ...] = ()
    stretches: tuple[Stretch, ...] = ()
    guides: tuple[Guide, ...] = ()
    points: tuple[Point, ...] = ()
    share: float = 1.0

    def lanes(self, widths: Sequence[float]) -> list[tuple[Stretch, int]]:
        """The stretches of x, each with the row above the panel that names it; the lowest row is 0.

        Parameters
        ----------
        widths
            How much of the width of the panel the name of each takes. A name begins with its stretch, or ends with it
            where it would leave the panel.
        """
        rows: list[list[tuple[float, float]]] = []
        placed = []
        for stretch, width in zip((one for one in self.stretches if one.axis == "x"), widths, strict=True):
            first, last = map(float, self.x.place([stretch.first, stretch.last]))
            if first + width > 1.0:
                first = min(first, max(last - width, 0.0))
            taken = (first, max(last, first + width))
            free = (n for n, row in enumerate(rows) if all(taken[1] <= a or b <= taken[0] for a, b in row))
            number = next(free, len(rows))
            if number == len(rows):
                rows.append([])
            rows[number].append(taken)
            placed.append((stretch, number))
        return placed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figure:
    """Panels from top to bottom, which share their x axis.

    Parameters
    ----------
    title, subtitle
        What it is of, and what was found.
    description
        What it shows in a few sentences, for those who cannot see it.
    notes
        What was left out, and why.
    """

    title: str
    subtitle: str
    description: str
    panels: tuple[Panel, ...]
    notes: tuple[str, ...] = ()
