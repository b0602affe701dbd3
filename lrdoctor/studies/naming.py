"""Rates that only the names of siblings tell: ``mlp-lr3`` beside ``mlp-lr0.1`` and ``mlp-lr0.01``."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from lrdoctor.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrdoctor.studies.facts import Facts

_RATE = pattern(r"(?i)(?<![a-z])(?:lr|learning[_-]?rate)[_:=-]?(\d*\.?\d+(?:e[+-]?\d+)?)(?![a-z\d.])")
_SIBLINGS = 2
"""Runs whose names say their rates in the same place, from which on a whole number there is a rate as well; without
them it counts trainings."""
_LARGEST = 100.0


def with_rates_of_siblings(runs: Sequence[Facts]) -> list[Facts]:
    """The runs; those whose rate is not known with that of their name, where names of this kind say rates."""
    parts = [_parts(run.id) for run in runs]
    said = Counter(
        part[0] for run, part in zip(runs, parts, strict=True)
        if part is not None and run.lr is not None and math.isclose(run.lr, part[1], rel_tol=1e-6)
    )  # fmt: skip
    return [
        replace(run, lr=part[1])
        if run.lr is None and part is not None and said[part[0]] >= _SIBLINGS and 0 < part[1] <= _LARGEST
        else run
        for run, part in zip(runs, parts, strict=True)
    ]


def _parts(name: str) -> tuple[str, float] | None:
    """A name without the rate in it, and that rate; None where it says none, or several."""
    found = list(_RATE.finditer(name))
    if len(found) != 1:
        return None
    (one,) = found
    return name[: one.start(1)] + "*" + name[one.end(1) :], float(one[1])
