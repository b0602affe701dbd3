"""What a decay, a warm-up or clipping did for recorded runs that were told the same: the plan's evidence for them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.engine import all_rules, diagnose_run
from lrdoctor.prescribing.treatments import DATA, Effect
from lrdoctor.trials.outcomes import final_losses, outcome, treatment_gain
from lrdoctor.trials.views import make_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from lrdoctor.trials.grid import Grid

    Floats = NDArray[np.float64]

__all__ = ["PATH", "effects", "write"]

PATH = Path(__file__).parent.parent / "prescribing" / DATA
_NOTICED = 0.02
"""Share of the best reduction from which on a gain or a loss counts."""
_FEWEST = 10
"""Runs below which nothing is said."""


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One pair of grids, the runs of one verdict; float64 [runs] each."""

    gain: Floats
    lowered: Floats
    at_old_rate: Floats


def effects(grids: Iterable[Grid]) -> dict[tuple[str, str], Effect]:
    """By verdict and treatment, what it added to the rerun that the plan asks for.

    Each untreated run is diagnosed as its log shows it; the treated run at the advised rate is compared with the
    untreated one at the same rate, with the same budget and minibatches.
    """
    grids = list(grids)
    plain = {(g.task, g.optimizer, g.seed): g for g in grids if g.schedule == "constant" and g.clip_norm is None}
    told: dict[tuple[str, int], list[tuple[str, float]]] = {}
    parts: dict[tuple[str, str], list[_Part]] = {}
    for grid in grids:
        twin = plain.get((grid.task, grid.optimizer, grid.seed))
        if twin is None or grid is twin or twin.steps < grid.steps or not outcome(twin, grid.steps).learnt:
            continue
        key = (twin.name, grid.steps)
        if key not in told:
            told[key] = _advice(twin, grid.steps)
        verdict = np.array([name for name, _ in told[key]])
        log_lr = np.log10(grid.lr)
        wanted = log_lr + np.array([offset for _, offset in told[key]])
        at = np.abs(wanted[:, None] - log_lr).argmin(axis=1)
        gain, lowered = treatment_gain(twin, grid), _lowered(twin, grid)
        for name in sorted(set(verdict.tolist())):
            of = verdict == name
            parts.setdefault((name, _treatment(grid)), []).append(_Part(gain[at[of]], lowered[at[of]], gain[of]))
    return {key: _effect(found) for key, found in sorted(parts.items()) if sum(p.gain.size for p in found) >= _FEWEST}


def _treatment(grid: Grid) -> str:
    return "clip" if grid.clip_norm is not None else grid.schedule


def _advice(grid: Grid, budget: int) -> list[tuple[str, float]]:
    """Verdict and log10 of the advised factor for each member."""
    rules = all_rules()
    said = [diagnose_run(make_run(grid, member, budget=budget), rules) for member in range(grid.members)]
    return [(str(one.verdict.value), float(np.log10(one.plan.lr.factor))) for one in said]


def _lowered(plain: Grid, treated: Grid) -> Floats:
    """Share by which each rate's final loss is lower with the treatment, [members]; 0 where a loss is not above 0."""
    before, after = final_losses(plain, treated.steps), final_losses(treated)
    usable = np.isfinite(before) & np.isfinite(after) & (before > 0) & (after > 0)
    return np.where(usable, 1.0 - np.divide(after, before, out=np.ones_like(after), where=usable), 0.0)


def _effect(parts: list[_Part]) -> Effect:
    gain, lowered, at_old_rate = (np.concatenate([getattr(p, n) for p in parts]) for n in _Part.__slots__)
    low, middle, high = np.quantile(lowered, [0.1, 0.5, 0.9])
    return Effect(
        runs=int(gain.size), grids=len(parts), better=_share(gain > _NOTICED), worse=_share(gain < -_NOTICED),
        lowered=round(float(middle), 3), low=round(float(low), 3), high=round(float(high), 3),
        rescued=_share(at_old_rate > _NOTICED),
    )  # fmt: skip


def _share(flags: NDArray[np.bool_]) -> float:
    return round(float(flags.mean()), 2)


def write(found: Mapping[tuple[str, str], Effect], digest: str, path: Path = PATH) -> None:
    """Write what the plan reads; `digest` tells later whether it is stale."""
    lines = [
        "# What treatments did for recorded runs, by verdict; written by `python -m lrdoctor.trials treat`.",
        "# `prescribing/treatments.py` explains the fields.",
        f'digest = "{digest}"',
    ]
    for (verdict, treatment), effect in found.items():
        lines += ["", f'["{verdict}".{treatment}]', *(f"{name} = {value}" for name, value in asdict(effect).items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
