"""What would be drawn, as data, and the painters that draw it.

`run_figure` and its siblings answer a `Figure`; `svg.paint` and `mpl.paint` draw any of them.
"""

from __future__ import annotations

from lrdoctor.figures.overview import overview_figure
from lrdoctor.figures.range_test import range_test_figure
from lrdoctor.figures.run import run_figure
from lrdoctor.figures.schedule import schedule_figure
from lrdoctor.figures.spec import Axis, Band, Figure, Guide, Line, Panel, Point, Stretch
from lrdoctor.figures.sweep import sweep_figure

__all__ = [
    "Axis", "Band", "Figure", "Guide", "Line", "Panel", "Point", "Stretch", "overview_figure", "range_test_figure",
    "run_figure", "schedule_figure", "sweep_figure",
]  # fmt: skip
