"""How sure a verdict is before the run has ended: by how often verdicts of recorded runs changed later."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from lrdoctor.wording import percent

if TYPE_CHECKING:
    from lrdoctor.records import RunDiagnosis, StepUnit, Verdict

TABLE = "early.toml"
"""For each verdict, the chance that it stands at the end; counted by `lrdoctor.trials.foretelling`."""


@cache
def _table() -> dict[str, Any]:
    import tomllib

    return tomllib.loads(files("lrdoctor.live").joinpath(TABLE).read_text(encoding="utf-8"))


def chance_to_stand(verdict: Verdict, part: float) -> float:
    """Chance that a verdict reached after this part of the budget (0 to 1) is the verdict on the whole run.

    Linear between the parts that were counted; before the first of them as there.
    """
    table = _table()
    parts, stays = [*table["part"], 1.0], [*table["stays"][verdict], 1.0]
    after = min(bisect_right(parts, part), len(parts) - 1)
    if after == 0:
        return float(stays[0])
    share = (part - parts[after - 1]) / (parts[after] - parts[after - 1])
    return float(stays[after - 1] + min(share, 1.0) * (stays[after] - stays[after - 1]))


def tempered(said: RunDiagnosis, done: int, total: int | None) -> RunDiagnosis:
    """The same diagnosis; while the run is not at its end, with less confidence in the plan, and a note why.

    Parameters
    ----------
    said
        As of the points so far.
    done, total
        How far the run is, and its planned length; None if unknown.
    """
    if total is None or done >= total or not said.run.series:
        return said
    part = max(done, 0) / total
    chance = chance_to_stand(said.verdict, part)
    unit: StepUnit = next(iter(said.run.series.values())).unit
    note = (
        f"early: {done:,} of {total:,} {unit}s ({percent(part)}); of recorded runs that were called {said.verdict} so "
        f"early, {percent(chance)} were called so at the end"
    )
    return replace(
        said,
        run=replace(said.run, notes=(*said.run.notes, note)),
        plan=replace(said.plan, confidence=round(said.plan.confidence * chance, 3)),
    )
