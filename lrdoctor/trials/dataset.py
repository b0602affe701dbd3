"""From recorded grids to what a dose is fitted on: one row per run and look, and how each other rate would have done.

The target of a row is a whole response curve: for each candidate factor on the rate, the mean of several notions of
success (`SCORES`). So one model answers both how far to go and whether to go at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lrdoctor.engine import Context
from lrdoctor.prescribing.features import NAMES, features
from lrdoctor.prescribing.response import OFFSETS
from lrdoctor.trials.outcomes import budgets, final_losses, outcome
from lrdoctor.trials.views import LOOKS, make_run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from lrdoctor.trials.grid import Grid

__all__ = ["OFFSETS", "Rows", "join", "load_rows", "response", "rows_of", "save_rows"]

_SHARES = (0.995, 0.95, 0.7, 0.3, 0.0)
SCORES = (
    "near", "fine", "strict", "validation near", "validation fine",
    *(f"{share:g} of the reduction" for share in _SHARES),
)  # fmt: skip
"""Within 2 % and within 10 % of the best reduction of the training loss, within 2 % of the best loss itself, the same
two for the validation loss; and at least so much of the best reduction."""
_ALWAYS = ("dense", "no_grad_norm")


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What a dose is fitted on; n rows.

    Parameters
    ----------
    x
        float32 [n, len(NAMES)], see `prescribing.features`.
    scores
        uint8 [n, len(SCORES), len(OFFSETS)]: success at each candidate factor.
    best
        float32 [n]: log10(centre of the near-best band / this rate).
    grid, family, look
        Names, object arrays [n].
    budget, member
        int64 [n].
    """

    x: NDArray[np.float32]
    scores: NDArray[np.uint8]
    best: NDArray[np.float32]
    grid: NDArray[np.str_]
    family: NDArray[np.str_]
    look: NDArray[np.str_]
    budget: NDArray[np.int64]
    member: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.best.size)

    def take(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Rows:
        """A part of the rows."""
        return Rows(*(getattr(self, name)[which] for name in self.__slots__))


def response(grid: Grid, budget: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]] | None:
    """How each member of a grid would have done at each candidate factor.

    Returns
    -------
    scores uint8 [members, len(SCORES), len(OFFSETS)] and best float32 [members]; None where nothing was learnt. Rates
    outside the grid count as failures: the grids reach from no visible progress to blow-up.
    """
    try:
        train = outcome(grid, budget)
    except ValueError:
        return None
    if not train.learnt:
        return None
    flags = [train.near, train.fine, train.near_strict]
    validation = final_losses(grid, budget, on="val")
    if np.isfinite(validation).any():
        seen = outcome(grid, budget, on="val")
        flags += [seen.near, seen.fine] if seen.learnt else [train.near, train.fine]
    else:
        flags += [train.near, train.fine]
    flags += [train.reduction >= share for share in _SHARES]
    log_lr = np.log10(grid.lr)
    spacing = float(np.median(np.diff(log_lr)))
    position = (log_lr[:, None] + OFFSETS - log_lr[0]) / spacing
    nearest = np.rint(position).astype(np.int64)
    inside = (nearest >= 0) & (nearest < log_lr.size)
    table = np.stack(flags).astype(np.uint8)
    scores = np.where(inside[None], table[:, np.clip(nearest, 0, log_lr.size - 1)], 0).astype(np.uint8)
    return np.moveaxis(scores, 0, 1), train.log_factor_centre.astype(np.float32)


def rows_of(grid: Grid, looks: int = 1, seed: int = 0, shortest: int = 100) -> Rows | None:
    """Rows of one grid: every budget and member, as `_ALWAYS` and in some other looks chosen at random.

    Returns
    -------
    None if nothing was learnt at any budget.
    """
    rng = np.random.default_rng([seed, sum(grid.name.encode())])
    others = [name for name in LOOKS if name not in _ALWAYS]
    x, scores, best, where = [], [], [], []
    for budget in budgets(grid, shortest):
        answer = response(grid, budget)
        if answer is None:
            continue
        for member in range(grid.members):
            for look in (_ALWAYS[int(rng.integers(len(_ALWAYS)))], *rng.choice(others, looks, replace=False)):
                run = make_run(
                    grid, member, LOOKS[str(look)], budget if grid.schedule == "constant" else None
                )
                x.append(features(Context(run)))
                scores.append(answer[0][member])
                best.append(answer[1][member])
                where.append((budget, member, str(look)))
    if not x:
        return None
    n = len(x)
    return Rows(
        x=np.asarray(x, np.float32), scores=np.stack(scores), best=np.asarray(best, np.float32),
        grid=np.full(n, grid.name), family=np.full(n, grid.family), look=np.array([w[2] for w in where]),
        budget=np.array([w[0] for w in where]), member=np.array([w[1] for w in where]),
    )  # fmt: skip


def join(parts: Iterable[Rows]) -> Rows:
    """All rows of several grids."""
    parts = list(parts)
    return Rows(*(np.concatenate([getattr(part, name) for part in parts]) for name in Rows.__slots__))


def save_rows(rows: Rows, path: Path) -> None:
    """Write rows compactly; `scores` are packed to bits."""
    np.savez_compressed(
        path, names=np.array(NAMES), scores=np.packbits(rows.scores, axis=-1),
        **{name: getattr(rows, name) for name in Rows.__slots__ if name != "scores"},
    )  # fmt: skip


def load_rows(path: Path) -> Rows:
    """Read rows that `save_rows` wrote.

    Raises
    ------
    ValueError
        They were made with other features.
    """
    with np.load(path, allow_pickle=False) as data:
        if tuple(data["names"]) != NAMES:
            raise ValueError(f"{path} holds rows of other features: make them again")
        scores = np.unpackbits(data["scores"], axis=-1, count=OFFSETS.size)
        columns: dict[str, Any] = {name: data[name] for name in Rows.__slots__}
        return Rows(**(columns | {"scores": scores}))
