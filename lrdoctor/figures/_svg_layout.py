"""Where the parts of an SVG figure go; widths of text are estimated, since nothing here knows the font."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrdoctor.figures.spec import Figure, Ink, Marker, Panel, Stretch

LANE = 17
"""Height of the row that names a stretch."""
_LEFT, _RIGHT = 66.0, 18.0
_HEADER = 36.0
_ROW = 16
"""Height of a row of the subtitle."""
_LEGEND = 18.0
_GAP = 20.0
_FOOT = 38.0
_PANEL = 92.0
"""Height of a panel with a share of 1; a figure with a single panel is higher."""
_CHARACTER = 6.3
"""Mean width of a character of 12 pixels, on the wide side."""
_SWATCH = 26.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: left, top, width, height."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the legend: a line, a filled area or a marker."""

    text: str
    ink: Ink
    shape: Marker | str


@dataclass(frozen=True, slots=True)
class Layout:
    """Height of the whole, middle of each row of the legend, and a box for each panel."""

    height: int
    legend: tuple[float, ...]
    panels: tuple[Box, ...]


def subtitle_rows(figure: Figure, width: int) -> list[str]:
    """The subtitle in as many rows as it needs, four at most."""
    import textwrap

    return textwrap.wrap(figure.subtitle, int((width - 28) / _CHARACTER), max_lines=4, placeholder=" …")


def text_width(text: str) -> float:
    """Estimated width of a text of 12 pixels."""
    return len(text) * _CHARACTER


def stack(figure: Figure, width: int) -> Layout:
    """Put title, subtitle, legend and panels below one another."""
    rows = len(legend_rows(figure, width))
    top = _HEADER + _ROW * len(subtitle_rows(figure, width))
    legend = tuple(top + _LEGEND * (row + 0.5) for row in range(rows))
    top += _LEGEND * rows + 4
    boxes = []
    tall = 2.6 if len(figure.panels) == 1 else 1.0
    for panel in figure.panels:
        top += LANE * lane_count(panel, width - _LEFT - _RIGHT)
        height = _PANEL * panel.share * tall
        boxes.append(Box(_LEFT, top, width - _LEFT - _RIGHT, height))
        top += height + _GAP
    return Layout(round(top - _GAP + _FOOT + 15 * len(figure.notes)), legend, tuple(boxes))


def lanes(panel: Panel, width: float) -> list[tuple[Stretch, int]]:
    """The stretches that are named above a panel of some width, each with its row."""
    names = [stretch.name for stretch in panel.stretches if stretch.axis == "x"]
    return panel.lanes([(text_width(name) + 8) / width for name in names])


def lane_count(panel: Panel, width: float) -> int:
    """How many rows they take."""
    return max((row + 1 for _, row in lanes(panel, width)), default=0)


def legend_rows(figure: Figure, width: int) -> list[list[tuple[Entry, float]]]:
    """Entries of the legend with the left end of each, in as many rows as they need."""
    rows: list[list[tuple[Entry, float]]] = []
    left = width
    for entry in _entries(figure):
        needed = _SWATCH + text_width(entry.text) + 16
        if not rows or left + needed > width - 14:
            rows.append([])
            left = 14
        rows[-1].append((entry, float(left)))
        left += round(needed)
    return rows


def _entries(figure: Figure) -> list[Entry]:
    """What is not named where it is drawn: curves, bands, kinds of points, what is not finite."""
    entries = []
    for panel in figure.panels:
        entries += [Entry(line.name, line.ink, "line") for line in panel.lines if line.name]
        entries += [Entry(band.name, band.ink, "area") for band in panel.bands]
        entries += [Entry(f"{s.name}", s.ink, "area") for s in panel.stretches if s.axis == "y"]
        entries += [Entry(point.kind, point.ink, point.marker) for point in panel.points if point.kind]
        if any(line.broken.size for line in panel.lines):
            entries.append(Entry("not finite", "critical", "area"))
    return list(dict.fromkeys(entries))
