"""The marks of a figure as pieces of SVG."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.cleaning import elide
from lrdoctor.figures._placing import Spot, covered, pixels, spot
from lrdoctor.figures._svg_layout import LANE, text_width
from lrdoctor.figures.theme import FEW_POINTS, STYLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lrdoctor.figures._svg_layout import Box, Entry
    from lrdoctor.figures.spec import Band, Guide, Ink, Line, Panel, Stretch

    Floats = NDArray[np.float64]

_SHAPES = {
    "best": "M0-6L1.8-1.9L6-1.9L2.6.8L3.8 5L0 2.5L-3.8 5L-2.6.8L-6-1.9L-1.8-1.9Z",
    "dot": "M-4 0A4 4 0 1 0 4 0A4 4 0 1 0-4 0Z",
    "square": "M-3.6-3.6H3.6V3.6H-3.6Z",
    "diamond": "M0-5L5 0L0 5L-5 0Z",
    "up": "M0-5L4.6 3.6H-4.6Z",
    "down": "M0 5L4.6-3.6H-4.6Z",
    "left": "M-5 0L3.6-4.6V4.6Z",
    "right": "M5 0L-3.6-4.6V4.6Z",
    "diverged": "M-4.6-4.6L4.6 4.6M4.6-4.6L-4.6 4.6",
    "ring": "M-8 0A8 8 0 1 0 8 0A8 8 0 1 0-8 0",
}
"""Markers about the origin; what is not closed is stroked."""


def shown(text: str, limit: int = 2000) -> str:
    """A text, cut to fit and escaped."""
    return escape(elide(text, max(int(limit), 1)), quote=True)


def stretch(mark: Stretch, panel: Panel, box: Box) -> str:
    """The shade of a stretch, at least a pixel wide."""
    if mark.axis == "x":
        left, right = _across(np.array([mark.first, mark.last]), panel, box)
        left, right = min(left, right - 1.0), max(right, left + 1.0)
        shape = f'x="{left:.1f}" y="0" width="{right - left:.1f}" height="{box.height:g}"'
    else:
        low, high = _down(np.array([mark.first, mark.last]), panel, box)
        shape = f'x="0" y="{high:.1f}" width="{box.width:g}" height="{max(low - high, 1.0):.1f}"'
    return f"<rect {shape} {_filled(mark.ink)}>{_hint(mark.detail)}</rect>"


def lane(mark: Stretch, panel: Panel, box: Box, top: float) -> str:
    """The row above a panel that names a stretch: a bar as long as the stretch, the name beside its beginning."""
    left, right = _across(np.array([mark.first, mark.last]), panel, box)
    right = max(right, left + 3.0)
    anchor, x = "start", left
    if left + text_width(mark.name) > box.x + box.width:
        anchor, x = "end", max(right, box.x + min(text_width(mark.name), box.width))
    return (
        f'<rect x="{left:.1f}" y="{top + LANE - 4:.1f}" width="{right - left:.1f}" height="3" '
        f'class="f-{mark.ink}" fill="{STYLES[mark.ink].light}"/>'
        f'<text x="{x:.1f}" y="{top + LANE - 7:.1f}" text-anchor="{anchor}" font-size="11.5" font-weight="600">'
        f"{shown(mark.name, 100)}{_hint(mark.detail)}</text>"
    )


def broken(curve: Line, panel: Panel, box: Box) -> Iterator[str]:
    """Stretches in which a curve is not finite."""
    pieces = [
        f"M{left:.1f} 0H{max(right, left + 1.5):.1f}V{box.height:g}H{left:.1f}Z"
        for left, right in _across(curve.broken, panel, box).tolist()
    ]
    if pieces:
        yield f'<path d="{"".join(pieces)}" {_filled("critical")}>{_hint(f"{curve.name} is not finite")}</path>'


def band(mark: Band, panel: Panel, box: Box) -> str:
    """The area between two curves."""
    x = _across(mark.x, panel, box)
    # What a log scale cannot show lies below it.
    low, high = (np.nan_to_num(_down(edge, panel, box), nan=2 * box.height) for edge in (mark.low, mark.high))
    edge = _joined(np.concatenate([x, x[::-1]]), np.concatenate([high, low[::-1]]))
    return f'<path d="M{edge}Z" {_filled(mark.ink)}/>'


def line(mark: Line, panel: Panel, box: Box) -> str:
    """A curve with a gap wherever it has no place on the axes, and dots where it has few points."""
    style = STYLES[mark.ink]
    x, y = _across(mark.x, panel, box), _down(mark.y, panel, box)
    parts = [part for part in _unbroken(y) if part.size]
    path = "".join(f"M{_joined(x[part], y[part])}" for part in parts if part.size > 1)
    drawn = f'<path d="{path}" fill="none" {stroked(mark.ink)}/>' if path else ""
    dotted = style.dots and mark.x.size <= FEW_POINTS
    spots = [place for part in parts for place in part.tolist() if dotted or part.size == 1]
    dots = "".join(map("M{:.1f} {:.1f}h0".format, x[spots].tolist(), y[spots].tolist()))
    if dots:
        look = f'class="s-{mark.ink}" stroke="{style.light}" stroke-width="{3 * style.width:g}" stroke-linecap="round"'
        drawn += f'<path d="{dots}" fill="none" {look}/>'
    return drawn


def guide(mark: Guide, panel: Panel, box: Box) -> str:
    """A straight line across the panel."""
    if mark.axis == "x":
        path = f"M{float(_across(mark.at, panel, box)):.1f} 0v{box.height:g}"
    else:
        path = f"M0 {float(_down(mark.at, panel, box)):.1f}h{box.width:g}"
    return f'<path d="{path}" fill="none" {stroked(mark.ink)}>{_hint(mark.detail)}</path>'


def labels(panel: Panel, box: Box) -> Iterator[str]:
    """Markers, and the names of points and guides beside them."""
    hidden = pixels(panel, box) if panel.points else np.zeros((2, 0))
    for mark in panel.guides:
        at = _beside(mark, panel, box)
        hidden = np.hstack([hidden, covered(at, text_width(mark.name))])
        yield _written(mark.name, at, "600")
    for point in panel.points:
        x, y = float(_across(point.x, panel, box)), float(_down(point.y, panel, box))
        yield marker(point.marker, point.ink, x, y, point.detail)
        if point.name:
            at = spot(x, y, text_width(point.name), hidden, box)
            hidden = np.hstack([hidden, covered(at, text_width(point.name))])
            yield _written(point.name, at, "400")


def _beside(mark: Guide, panel: Panel, box: Box) -> Spot:
    """Where the name of a guide stands: at the right end of a level one, at the top of an upright one."""
    if mark.axis == "y":
        y = float(_down(mark.at, panel, box))
        return Spot(box.x + box.width - 5, y - 5 if y - 5 > box.y + 11 else y + 14, "end")
    x = float(_across(mark.at, panel, box))
    after = x + 5 + text_width(mark.name) < box.x + box.width
    return Spot(x + (5 if after else -5), box.y + 14, "start" if after else "end")


def _written(name: str, at: Spot, weight: str) -> str:
    place = f'x="{at.x:.1f}" y="{at.y:.1f}" text-anchor="{at.anchor}"'
    return f'<text {place} font-size="11.5" font-weight="{weight}">{shown(name, 60)}</text>'


def marker(shape: str, ink: Ink, x: float, y: float, detail: str = "") -> str:
    """One marker at a place."""
    path, color = _SHAPES[shape], STYLES[ink].light
    look = (
        f'class="f-{ink}" fill="{color}"' if path.endswith("Z")
        else f'class="s-{ink}" fill="none" stroke="{color}" stroke-width="2.4"'
    )  # fmt: skip
    return f'<path transform="translate({x:.1f} {y:.1f})" d="{path}" {look}>{_hint(detail)}</path>'


def legend_entry(entry: Entry, x: float, y: float) -> str:
    """A swatch and what it stands for."""
    if entry.shape == "line":
        swatch = f'<path d="M{x:g} {y:g}h20" fill="none" {stroked(entry.ink)}/>'
        if STYLES[entry.ink].dots:
            swatch += marker("dot", entry.ink, x + 10, y)
    elif entry.shape == "area":
        swatch = f'<rect x="{x:g}" y="{y - 5:g}" width="20" height="10" {_filled(entry.ink)}/>'
    else:
        swatch = marker(entry.shape, entry.ink, x + 10, y)
    return f'{swatch}<text x="{x + 26:g}" y="{y + 4:g}" font-size="11.5">{shown(entry.text, 60)}</text>'


def stroked(ink: Ink) -> str:
    """Attributes of a line."""
    style = STYLES[ink]
    dash = " ".join(f"{length * style.width:g}" for length in style.dash)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'class="s-{ink}" stroke="{style.light}" stroke-width="{style.width:g}" stroke-linejoin="round" '
        f'stroke-linecap="round"{dashed}'
    )


def _filled(ink: Ink) -> str:
    style = STYLES[ink]
    return f'class="f-{ink}" fill="{style.light}" fill-opacity="{style.fill:g}"'


def _hint(detail: str) -> str:
    """What a browser shows when the mouse rests on a mark."""
    return f"<title>{shown(detail)}</title>" if detail else ""


def _across(x: float | Floats, panel: Panel, box: Box) -> Floats:
    return np.asarray(box.x + box.width * panel.x.place(x))


def _down(y: float | Floats, panel: Panel, box: Box) -> Floats:
    """Pixels from the top, no farther outside than needed; NaN where the axis has no place."""
    return np.asarray(box.y + box.height * np.clip(1.0 - panel.y.place(y), -1.0, 2.0))


def _unbroken(y: Floats) -> list[NDArray[np.int64]]:
    """Indices of each stretch of y without NaN."""
    known = np.flatnonzero(~np.isnan(y))
    return np.split(known, np.flatnonzero(np.diff(known) > 1) + 1)


def _joined(x: Floats, y: Floats) -> str:
    return "L".join(map("{:.1f} {:.1f}".format, x.tolist(), y.tolist()))
