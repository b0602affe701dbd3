"""How each ink looks: the hues of Okabe & Ito (2008), which the colour-blind can tell apart; for grey prints a dash, a
width and a marker as well.

What is drawn into a page takes one colour that stands out on white and on black; a file of its own has two sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lrdoctor.figures.spec import Ink


@dataclass(frozen=True, slots=True)
class Style:
    """How an ink is drawn.

    Parameters
    ----------
    light, dark
        Colour on a light and on a dark background; `light` also has to do on either.
    width
        Of a line, pixels.
    dash
        Lengths of strokes and gaps, in widths; empty for a solid line.
    dots
        Whether the points of a line with few of them are marked.
    fill
        Opacity of an area.
    """

    light: str
    dark: str
    width: float = 1.4
    dash: tuple[float, ...] = ()
    dots: bool = False
    fill: float = 0.15


STYLES: Mapping[Ink, Style] = {
    "train": Style("#1a7fc4", "#56b4e9"),
    "validation": Style("#b8588a", "#e08fba", width=2.0, dots=True),
    "rate": Style("#7a7f87", "#9aa4af", width=2.0),
    "advice": Style("#009e73", "#2fc79b", width=1.8, dash=(4.0, 2.0)),
    "noise": Style("#7a7f87", "#9aa4af", fill=0.3),
    "critical": Style("#d55e00", "#ff8c3a", dash=(1.0, 1.6), fill=0.2),
    "error": Style("#d55e00", "#ff8c3a", dash=(6.0, 2.0), fill=0.2),
    "warning": Style("#c98a00", "#f0b93a", dash=(4.0, 2.0, 1.0, 2.0), fill=0.18),
    "info": Style("#7a7f87", "#9aa4af", dash=(1.0, 3.0), fill=0.12),
    "good": Style("#009e73", "#2fc79b", width=0.9),
    "other": Style("#7a7f87", "#9aa4af", width=1.2, dash=(1.5, 1.5)),
}
PAPER = ("#ffffff", "#0d1117")
"""Background of a file of its own, light and dark."""
TEXT = ("#1f2328", "#e6edf3")
FEW_POINTS = 60
"""Points of a line up to which each may be marked."""
