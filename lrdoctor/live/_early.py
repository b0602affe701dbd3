"""How sure a verdict is before the run has ended: by how often verdicts of recorded runs changed later."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from lrdoctor.wording import percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lrdoctor.records import Hyperparameter, RunDiagnosis, StepUnit, Verdict

TABLE = "early.toml"
"""For each verdict, the chance that it stands at the end; counted by `lrdoctor.trials.foretelling`."""


@cache
def _table() -> dict[str, Any]:
    import tomllib

    return tomllib.loads(files("lrdoctor.live").joinpath(TABLE).read_text(encoding="utf-8"))


def planned(hyperparameters: Mapping[str, Hyperparameter], unit: StepUnit) -> int | None:
    """Planned length of a run in a unit; None if it is not known."""
    total = hyperparameters.get({"step": "max_steps", "epoch": "epochs"}.get(unit, ""))
    return int(total) if isinstance(total, int | float) and 0 < total < 1e15 else None


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


def tempered(said: RunDiagnosis, total: int | None = None) -> RunDiagnosis:
    """The same diagnosis; while the run is not at its end, with less confidence in the plan, and a note why.

    Parameters
    ----------
    said
        As of the points so far.
    total
        Planned length in the unit of the steps; by default what the hyperparameters say, if anything.
    """
    curves = [series for series in said.run.series.values() if len(series)]
    if not curves:
        return said
    longest = max(curves, key=len)
    unit, done = longest.unit, max(int(series.step[-1]) for series in curves) + 1
    interval = int(longest.step[-1] - longest.step[0]) // max(len(longest) - 1, 1)
    total = planned(said.run.hyperparameters, unit) if total is None else total
    if total is None or done + interval > total:  # the next point would lie beyond the end
        return said
    part = max(done, 0) / total
    chance = chance_to_stand(said.verdict, part)
    note = (
        f"early: {done:,} of {total:,} {unit}s ({percent(part)}); of recorded runs that were called {said.verdict} so "
        f"early, {percent(chance)} were called so at the end"
    )
    return replace(
        said,
        run=replace(said.run, notes=(*said.run.notes, note)),
        plan=replace(said.plan, confidence=round(said.plan.confidence * chance, 3)),
    )
