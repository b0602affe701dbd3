"""A figure as data for the page's charts: short numbers, steps as differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrdoctor.figures.spec import Axis, Band, Figure, Line, Panel

    Floats = NDArray[np.float64]

_DIGITS = 5
"""Significant digits of a drawn value: a hundredth of a pixel on any screen."""
_LARGEST_WHOLE = 2.0**53


def chart(figure: Figure) -> dict[str, Any]:
    """Put a figure into the form that ``charts.js`` draws; what is not finite is a word, as in the JSON report."""
    return {
        "title": figure.title,
        "description": figure.description,
        "panels": [_panel(panel) for panel in figure.panels],
    }


def _panel(panel: Panel) -> dict[str, Any]:
    return {
        "x": _axis(panel.x),
        "y": _axis(panel.y),
        "share": panel.share,
        "lines": [_line(line) for line in panel.lines],
        "bands": [_band(band) for band in panel.bands],
        "stretches": [_picked(one, "axis", "first", "last", "name", "ink") for one in panel.stretches],
        "guides": [_picked(one, "axis", "at", "name", "ink") for one in panel.guides],
        "points": [_picked(one, "x", "y", "name", "ink", "marker", "kind", "detail") for one in panel.points],
    }


def _picked(mark: object, *names: str) -> dict[str, Any]:
    return {name: getattr(mark, name) for name in names}


def _axis(axis: Axis) -> dict[str, Any]:
    return _picked(axis, "label", "scale", "low", "high", "whole")


def _line(line: Line) -> dict[str, Any]:
    return {"name": line.name, "ink": line.ink, "points": line.points, "x": _steps(line.x), "y": _values(line.y)}


def _band(band: Band) -> dict[str, Any]:
    low, high = _values(band.low), _values(band.high)
    return {"name": band.name, "ink": band.ink, "x": _steps(band.x), "low": low, "high": high}


def _steps(x: Floats) -> dict[str, Any]:
    """Whole numbers as differences, which are short; other numbers as they are."""
    if x.size and bool(np.all((x == np.rint(x)) & (np.abs(x) < _LARGEST_WHOLE))):
        return {"steps": np.diff(x, prepend=0.0).astype(np.int64).tolist()}
    return {"values": _values(x)}


def _values(y: Floats) -> list[Any]:
    """Numbers with few digits; "NaN", "Infinity" and "-Infinity" where there is none."""
    finite = np.isfinite(y)
    short: list[Any] = _shortened(np.where(finite, y, 0.0)).tolist()
    for place in np.flatnonzero(~finite):
        short[place] = "NaN" if np.isnan(y[place]) else "Infinity" if y[place] > 0 else "-Infinity"
    return short


def _shortened(values: Floats) -> Floats:
    """Rounded to a few significant digits; a power of ten that a float holds exactly keeps the text short."""
    size = np.abs(values)
    power = np.floor(np.log10(np.where(size > 0.0, size, 1.0)))
    places = np.clip(_DIGITS - 1 - power, -300.0, 22.0)
    up, down = 10.0 ** np.maximum(places, 0.0), 10.0 ** np.maximum(-places, 0.0)
    rounded = np.rint(values * up / down) * down / up
    return np.where(size < 1e-17, values, rounded)
