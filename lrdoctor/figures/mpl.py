"""Draws a figure with matplotlib, into axes that somebody else made: pyplot is not touched unless none are given."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from lrdoctor.figures._placing import covered, pixels, spot
from lrdoctor.figures._svg_layout import Box
from lrdoctor.figures.axes import ticks
from lrdoctor.figures.theme import FEW_POINTS, STYLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MplFigure
    from numpy.typing import NDArray

    from lrdoctor.figures.spec import Axis, Figure, Ink, Line, Panel, Point, Stretch

    Floats = NDArray[np.float64]

_MARKERS = {
    "best": "*", "dot": "o", "square": "s", "diamond": "D", "up": "^", "down": "v", "left": "<", "right": ">",
    "diverged": "x", "ring": "o",
}  # fmt: skip
_SIZES = {"best": 11.0, "ring": 13.0}
_LANE = 14.0
"""Height, in points, of the row above a panel that names a stretch."""
_TITLE = 88
"""Characters of a row of the title."""
_SMALL = "small"
_LETTER = 5.2
"""Mean width of a character of small text, points."""
_ALIGNED: Mapping[str, Literal["left", "center", "right"]] = {"start": "left", "middle": "center", "end": "right"}
_CHARACTER = 0.0125
"""Width of a character as a share of the panel, for one as wide as `size` makes it."""


def paint(figure: Figure, axes: Axes) -> list[Axes]:
    """Draw a figure into axes.

    Parameters
    ----------
    figure
        What to draw.
    axes
        Of any matplotlib figure. The first panel is drawn into them; room for further panels is taken from them, below.

    Returns
    -------
    The axes of each panel, the given ones first.
    """
    panels = [axes, *_below(axes, figure)]
    for number, (panel, into) in enumerate(zip(figure.panels, panels, strict=True)):
        part = panel.share / sum(one.share for one in figure.panels)
        painter = _Painter(panel, into, part, last=number == len(panels) - 1)
        painter.paint()
        if number == 0:  # the others say on their axis what they show
            painter.show_legend()
    lanes = max((row + 1 for _, row in _lanes(figure.panels[0])), default=0)
    title = f"{figure.title}: {figure.subtitle}"
    if len(title) > _TITLE:
        title = "\n".join([figure.title, *textwrap.wrap(figure.subtitle, _TITLE, max_lines=4)])
    axes.set_title(title, loc="left", fontsize="medium", pad=6 + _LANE * lanes, parse_math=False)
    if figure.notes:
        text = "\n".join(figure.notes)
        panels[-1].annotate(
            text, (0, 0), (0, -28), xycoords="axes fraction", textcoords="offset points", va="top", fontsize="x-small",
            alpha=0.7, annotation_clip=False, parse_math=False,
        )  # fmt: skip
    return panels


def show(figure: Figure, axes: Axes | None) -> Axes:
    """Draw into given axes, without pyplot; or into a new figure of pyplot's, which a notebook shows by itself.

    Returns
    -------
    The axes of the first panel.
    """
    if axes is None:
        from matplotlib import pyplot

        axes = pyplot.figure(figsize=size(figure)).add_subplot()
    return paint(figure, axes)[0]


def fresh(figure: Figure) -> MplFigure:
    """Draw into a new figure that pyplot does not know of, to be saved."""
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=size(figure))
    paint(figure, canvas.add_subplot())
    return canvas


def size(figure: Figure) -> tuple[float, float]:
    """Width and height in inches at which a figure is readable."""
    return 8.0, 2.6 + 1.1 * sum(panel.share for panel in figure.panels)


def _below(axes: Axes, figure: Figure) -> list[Axes]:
    """Axes for the second and further panels, cut off from the first."""
    if len(figure.panels) == 1:
        return []
    from mpl_toolkits.axes_grid1 import make_axes_locatable

    divider = make_axes_locatable(axes)
    first = figure.panels[0].share
    return [
        divider.append_axes("bottom", size=f"{100 * panel.share / first:.0f}%", pad=0.15, sharex=axes)
        for panel in figure.panels[1:]
    ]


class _Painter:
    """Draws one panel."""

    def __init__(self, panel: Panel, axes: Axes, part: float, *, last: bool) -> None:
        from matplotlib.colors import to_rgb

        self.panel, self.part, self.last = panel, part, last
        self.axes = axes
        self.dark = float(np.mean(to_rgb(_behind(axes)))) < 0.5
        self.legend: dict[str, Any] = {}

    def color(self, ink: Ink) -> str:
        return STYLES[ink].dark if self.dark else STYLES[ink].light

    def paint(self) -> None:
        axes, panel = self.axes, self.panel
        _shape(axes, "x", panel.x)
        _shape(axes, "y", panel.y)
        axes.grid(alpha=0.25)
        axes.set_ylabel(panel.y.label, fontsize=_SMALL, parse_math=False)
        axes.tick_params(labelsize=_SMALL, labelbottom=self.last)
        if self.last:
            axes.set_xlabel(panel.x.label, fontsize=_SMALL, loc="right", parse_math=False)
        for stretch in panel.stretches:
            self._shade(stretch)
        for stretch, row in _lanes(panel):
            self._name(stretch, row)
        for band in panel.bands:
            self.legend[band.name] = axes.fill_between(
                band.x, band.low, band.high, color=self.color(band.ink), alpha=STYLES[band.ink].fill, linewidth=0
            )
        for line in panel.lines:
            self._line(line)
        for guide in panel.guides:
            style = STYLES[guide.ink]
            draw = axes.axvline if guide.axis == "x" else axes.axhline
            draw(guide.at, color=self.color(guide.ink), linewidth=style.width, linestyle=_dashes(guide.ink), zorder=2.5)
            self._beside_guide(guide.axis, guide.at, guide.name)
        box = _box(axes, self.part)
        hidden = pixels(panel, box)
        for point in panel.points:
            hidden = self._point(point, box, hidden)

    def _shade(self, stretch: Stretch) -> None:
        draw = self.axes.axvspan if stretch.axis == "x" else self.axes.axhspan
        patch = draw(
            stretch.first, stretch.last, color=self.color(stretch.ink), alpha=STYLES[stretch.ink].fill, zorder=0.5,
            linewidth=0.8 if stretch.first == stretch.last else 0.0,  # else a single step could not be seen
        )  # fmt: skip
        if stretch.axis == "y":
            self.legend[stretch.name] = patch

    def _name(self, stretch: Stretch, lane: int) -> None:
        """A bar as long as the stretch above the panel, and its name."""
        from matplotlib.transforms import ScaledTranslation

        axes = self.axes
        inches = axes.figure.dpi_scale_trans
        lift = ScaledTranslation(0, (2 + lane * _LANE) / 72, inches)
        axes.plot(
            [stretch.first, stretch.last], [1, 1], color=self.color(stretch.ink), linewidth=3, clip_on=False,
            transform=axes.get_xaxis_transform() + lift, solid_capstyle="butt", scalex=False, scaley=False,
            marker="|" if stretch.first == stretch.last else None,
        )  # fmt: skip
        right = float(self.panel.x.place(stretch.first)) + _CHARACTER * len(stretch.name) > 1.0
        axes.annotate(
            stretch.name, (stretch.last if right else stretch.first, 1), (0, 4 + lane * _LANE),
            xycoords=axes.get_xaxis_transform(), textcoords="offset points", ha="right" if right else "left",
            fontsize=_SMALL, fontweight="bold", annotation_clip=False, parse_math=False,
        )  # fmt: skip

    def _line(self, line: Line) -> None:
        style, axes, color = STYLES[line.ink], self.axes, self.color(line.ink)
        y = np.where(np.isfinite(line.y), line.y, np.nan)
        alone = np.isfinite(y) & ~np.isfinite(np.append(y[1:], np.nan)) & ~np.isfinite(np.append(np.nan, y[:-1]))
        dotted = np.isfinite(y) if style.dots and line.x.size <= FEW_POINTS else alone
        (drawn,) = axes.plot(
            line.x, y, color=color, linewidth=style.width, linestyle=_dashes(line.ink), markersize=2.5 * style.width,
            marker="o" if dotted.any() else "", markevery=np.flatnonzero(dotted).tolist(), scalex=False, scaley=False,
        )  # fmt: skip
        if line.name:
            self.legend[line.name] = drawn
        broken = line.broken
        if broken.size:
            spans = np.column_stack([broken[:, 0], broken[:, 1] - broken[:, 0]]).tolist()
            self.legend["not finite"] = axes.broken_barh(
                spans, (0, 1), transform=axes.get_xaxis_transform(), color=self.color("critical"), alpha=0.3,
                linewidth=0.8,
            )  # fmt: skip

    def _beside_guide(self, along: str, at: float, name: str) -> None:
        axes = self.axes
        across = along == "x"
        axes.annotate(
            name, (at, 1) if across else (1, at), (4, -12) if across else (-4, 3), textcoords="offset points",
            xycoords=axes.get_xaxis_transform() if across else axes.get_yaxis_transform(),
            ha="left" if across else "right", fontsize=_SMALL, fontweight="bold", parse_math=False,
        )  # fmt: skip

    def _point(self, point: Point, box: Box, hidden: Floats) -> Floats:
        """A marker and its name, where it hides the fewest of the curves; answers what is hidden by now."""
        color = self.color(point.ink)
        (drawn,) = self.axes.plot(
            [point.x], [point.y], linestyle="none", marker=_MARKERS[point.marker], color=color, clip_on=False, zorder=3,
            markersize=_SIZES.get(point.marker, 7.0), scalex=False, scaley=False,
            markerfacecolor="none" if point.marker == "ring" else color,
            markeredgewidth=2.0 if point.marker in ("diverged", "ring") else 0.0,
        )  # fmt: skip
        if point.kind:
            self.legend.setdefault(point.kind, drawn)
        if not point.name:
            return hidden
        x = box.width * float(self.panel.x.place(point.x))
        y = box.height * (1.0 - float(self.panel.y.place(point.y)))
        width = _LETTER * len(point.name)
        at = spot(x, y, width, hidden, box)
        self.axes.annotate(
            point.name, (point.x, point.y), (at.x - x, y - at.y + 4), textcoords="offset points", va="center",
            ha=_ALIGNED[at.anchor], fontsize=_SMALL, annotation_clip=False, parse_math=False,
            bbox={"facecolor": self.axes.get_facecolor(), "alpha": 0.5, "linewidth": 0, "pad": 0.5},
        )  # fmt: skip
        return np.hstack([hidden, covered(at, width)])

    def show_legend(self) -> None:
        if not self.legend:
            return
        # matplotlib leaves out what begins with an underscore.
        names = [f" {name}" if name.startswith("_") else name for name in self.legend]
        legend = self.axes.legend(list(self.legend.values()), names, fontsize="x-small", loc="best", framealpha=0.6)
        for text in legend.get_texts():
            text.set_parse_math(False)


def _box(axes: Axes, part: float) -> Box:
    """A panel in points, as far as is known before anything is laid out; it has a part of the height of the axes."""
    whole = axes.figure.bbox if axes.bbox.height < 1 else axes.bbox
    points = 72.0 / axes.figure.dpi
    return Box(0.0, 0.0, whole.width * points, whole.height * points * part)


def _lanes(panel: Panel) -> list[tuple[Stretch, int]]:
    """The stretches that are named above a panel, each with its row."""
    return panel.lanes([_CHARACTER * len(stretch.name) for stretch in panel.stretches if stretch.axis == "x"])


def _behind(axes: Axes) -> Any:
    """The colour behind a panel."""
    own: Any = axes.get_facecolor()
    return own if own[3] > 0.0 else axes.figure.get_facecolor()


def _dashes(ink: Ink) -> Any:
    dash = STYLES[ink].dash
    return (0, dash) if dash else "-"


def _shape(axes: Axes, which: str, spec: Axis) -> None:
    """Scale, ends and ticks of one axis; the ticks follow when somebody zooms."""
    from matplotlib.ticker import FuncFormatter, Locator, NullLocator

    class Ticks(Locator):
        def pairs(self) -> dict[float, str]:
            low, high = sorted(map(float, self.axis.get_view_interval()))  # type: ignore[union-attr]
            usable = low < high and (spec.scale == "linear" or low > 0.0)
            return dict(ticks(replace(spec, low=low, high=high))) if usable else {}

        def __call__(self) -> list[float]:
            return list(self.pairs())

        def tick_values(self, vmin: float, vmax: float) -> list[float]:
            return list(self.pairs())

    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)(spec.scale)
    (axes.set_xlim if which == "x" else axes.set_ylim)(spec.low, spec.high)
    locator = Ticks()
    axis.set_major_locator(locator)
    axis.set_major_formatter(FuncFormatter(lambda value, _: locator.pairs().get(value, "")))
    axis.set_minor_locator(NullLocator())
