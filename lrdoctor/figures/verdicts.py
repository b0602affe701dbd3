"""How a verdict looks, wherever runs are drawn side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrdoctor.records import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lrdoctor.figures.spec import Ink, Marker


@dataclass(frozen=True, slots=True)
class Look:
    """Ink and marker of a verdict; a triangle to the side points to where the rate should go."""

    ink: Ink
    marker: Marker


LOOKS: Mapping[Verdict, Look] = {
    Verdict.DIVERGED: Look("critical", "diverged"),
    Verdict.UNSTABLE: Look("error", "diamond"),
    Verdict.LR_TOO_HIGH: Look("error", "left"),
    Verdict.STALLED: Look("warning", "square"),
    Verdict.LR_TOO_LOW: Look("train", "right"),
    Verdict.NEEDS_DECAY: Look("warning", "down"),
    Verdict.OVERFITTING: Look("validation", "square"),
    Verdict.INCONCLUSIVE: Look("info", "dot"),
    Verdict.HEALTHY: Look("good", "dot"),
}
ORDER = tuple(LOOKS)
"""Worst first."""
