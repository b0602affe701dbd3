"""One run of a sweep and where it ended; runs by rate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrdoctor.studies.facts import Facts

_SAME_RATE = 0.01
"""Decades within which two rates are the same: repeats, which tell the noise."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standing:
    """One run of a group: its rate, where it ended, and how.

    `level` is NaN where the run was not compared; `state` says why.
    """

    facts: Facts
    level: float
    noise: float
    state: Literal["finished", "blew-up", "unfinished", "no-level"]

    @property
    def id(self) -> str:
        """The run's id."""
        return self.facts.id

    @property
    def lr(self) -> float | None:
        """Its peak learning rate; None if unknown."""
        return self.facts.lr


def rates_of(runs: Sequence[Standing]) -> list[tuple[float, list[Standing]]]:
    """Runs by rate, ascending; repeats together. Unfinished runs say nothing of a rate yet."""
    found: list[tuple[float, list[Standing]]] = []
    known = [(run.lr, run) for run in runs if run.lr is not None and run.state in ("finished", "blew-up")]
    for rate, run in sorted(known, key=lambda pair: pair[0]):
        if found and math.log10(rate / found[-1][0]) < _SAME_RATE:
            found[-1][1].append(run)
        else:
            found.append((rate, [run]))
    return found
