"""What a report holds on to: curves whole while they are few, thinned as soon as they are many."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import lrdoctor
from lrdoctor.fleet.thinning import thin
from lrdoctor.records import Diagnosis, RunDiagnosis, Unreadable

if TYPE_CHECKING:
    from lrdoctor.records import Skip

_MOST_POINTS = 4_000_000
"""Points of all curves together, 16 or 24 bytes each, beyond which every curve is thinned."""


class Holding:
    """Everything that was said so far."""

    def __init__(self) -> None:
        self.runs: list[RunDiagnosis] = []
        self.unreadable: list[Unreadable] = []
        self._points = 0
        self._same: dict[tuple[Skip, ...], tuple[Skip, ...]] = {}

    def add(self, item: RunDiagnosis | Unreadable) -> None:
        """Take in what was said about a run, or that one could not be read."""
        if isinstance(item, Unreadable):
            self.unreadable.append(item)
            return
        few = self._points <= _MOST_POINTS
        self._points += sum(len(series) for series in item.run.series.values())
        if few and self._points > _MOST_POINTS:
            self.runs = [_thinned(said) for said in self.runs]
        item = replace(item, skips=self._same.setdefault(item.skips, item.skips))  # the same for most runs
        self.runs.append(_thinned(item) if self._points > _MOST_POINTS else item)

    def diagnosis(self, *, complete: bool = True) -> Diagnosis:
        """All of it; `complete` is False where there would have been more."""
        return Diagnosis(
            runs=tuple(self.runs), unreadable=tuple(self.unreadable), version=lrdoctor.__version__, complete=complete
        )


def _thinned(said: RunDiagnosis) -> RunDiagnosis:
    return replace(said, run=thin(said.run))
