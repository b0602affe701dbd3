"""The learning rate in the name of a run, where its log says nothing of it: ``lr_0.1``, ``bs32-lr=1e-3``."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from lrdoctor.patterns import pattern
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Run

# Whole numbers count trainings (lr_1, lr_2...) unless an equals sign says otherwise.
_RATE = pattern(
    r"(?<![a-z])(?:lr|learning[_-]?rate)(?:=(?P<said>\d+(?:\.\d*)?(?:e[+-]?\d+)?)"
    r"|[_:-]?(?P<named>\d+e-?\d+|\d*\.\d+(?:e[+-]?\d+)?|\d+p\d+))(?![a-z])",
    re.IGNORECASE,
)
_SMALLEST, _LARGEST = 1e-10, 100.0
_ABOVE = 2  # directories above a log whose names may speak of it


def with_rate_of_name(run: Run) -> Run:
    """The run with ``lr`` from its name or that of its directory, if nothing in it says what the rate was.

    The name nearest to the log counts; one that names several rates says nothing.
    """
    if run.hyperparameters.get("lr") is not None or run.with_role(Role.LR):
        return run
    for name in _names(run):
        rates = {_value(match) for match in _RATE.finditer(name)}
        if rates:
            rate = rates.pop()
            if rates or not _SMALLEST <= rate <= _LARGEST:
                return run
            note = f"the log does not say the learning rate: {rate:g} is taken from the name {name!r}"
            return replace(run, hyperparameters={**run.hyperparameters, "lr": rate}, notes=(*run.notes, note))
    return run


def _names(run: Run) -> Iterator[str]:
    """What may speak of the rate, nearest to the log first."""
    yield from reversed(re.split(r"[/#]", run.id))
    source = PurePath(run.source)
    yield source.stem
    for directory in list(source.parents)[:_ABOVE]:
        yield directory.name


def _value(match: re.Match[str]) -> float:
    return float(match["said"] or match["named"].lower().replace("p", "."))
