"""The steps that the curves of a figure share, although one log may count steps here and epochs there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.cleaning import clean
from lrdoctor.figures.sampling import downsample
from lrdoctor.figures.spec import Axis, Line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from lrdoctor.figures.spec import Ink
    from lrdoctor.records import Series, StepUnit

    Floats = NDArray[np.float64]

TAG = 60
"""Characters of a tag that fit into a figure."""


@dataclass(frozen=True, slots=True)
class Course:
    """The x axis of a run, in the unit of the first of its curves."""

    unit: StepUnit
    axis: Axis

    @classmethod
    def of(cls, curves: Sequence[Series]) -> Course:
        """The course of a run whose leading curve comes first."""
        unit: StepUnit = curves[0].unit if curves else "step"
        own = [series for series in curves if series.unit == unit and len(series)]
        low = min((float(series.step[0]) for series in own), default=0.0)
        high = max((float(series.step[-1]) for series in own), default=1.0)
        high = high if high > low else low + 1.0
        return cls(unit, Axis(label=unit, scale="linear", low=low, high=high, whole=True))

    def place(self, step: ArrayLike, series: Series | None) -> Floats:
        """Places of steps of a curve on the axis, float64.

        A curve that counts in another unit is spread evenly: its last point lies at the end of the axis, its first one
        as far from the beginning as its points are apart, since an epoch is logged when it is over.
        """
        steps = np.asarray(step, dtype=np.float64)
        if series is None or series.unit == self.unit or not len(series):
            return steps
        first, last = float(series.step[0]), float(series.step[-1])
        apart = (last - first) / (len(series) - 1) if len(series) > 1 and last > first else 1.0
        share = (steps - first + apart) / (last - first + apart)
        return np.asarray(self.axis.low + share * (self.axis.high - self.axis.low))

    def line(self, series: Series, ink: Ink, width: int, keep: Sequence[int] = ()) -> Line:
        """A curve sampled down to `width` columns; the points around the steps `keep` stay."""
        kept = downsample(series.step, series.value, width, keep)
        x = self.place(series.step[kept], series)
        return Line(name=clean(series.tag, TAG), ink=ink, x=x, y=series.value[kept], points=len(series))

    def notes(self, curves: Sequence[Series]) -> tuple[str, ...]:
        """Which curves were spread over the axis, a sentence each."""
        others = [series for series in curves if series.unit != self.unit]
        spread = f"counts {{}}s and is spread evenly over the {self.unit}s"
        return tuple(f"{clean(series.tag, TAG)} {spread.format(series.unit)}" for series in others)
