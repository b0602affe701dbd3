"""After what share of the budget the ranking of learning rates can be trusted, from the recorded grids. numpy only.

``python -m lrdoctor.trials ranking`` prints the table of docs/search.md. Every grid at a constant rate is cut off at a
share of its budget, and the rates are ranked by the minibatch losses that were logged up to there, as somebody would
who tries several rates for a short time and then trains the best one to the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.trials.outcomes import FINE, NEAR, budgets, outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from lrdoctor.trials.grid import Grid

__all__ = ["SHARES", "Trust", "table", "trust"]

SHARES = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2)
_CLOSE = 1.34
"""A measured budget within this factor of a share stands for it; the ladder of budgets has steps of 1.78."""
_EVERY = 2
"""Of the recorded rates (four a decade) every second makes a grid in factors of about 3."""
_SHORTEST = 2_000
"""Shorter trainings are left out: a share of them is a hundred steps, and nobody runs that to save time."""
_KEPT = 3
"""Successive halving keeps the best third."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """How well a short run's ranking of a grid in factors of about 3 foretells the full one's.

    Parameters
    ----------
    share
        Of the full budget.
    grids
        Grids (halves of the recorded ones) it rests on.
    correlation
        Median rank correlation of the losses, over the rates that end finite.
    near, fine
        Share of grids in which the rate that leads after the short run ends within 2 %, or 10 %, of the best reduction.
    lower
        Share of grids in which the rate a step (a factor of about 3) below that leader ends within 2 %.
    regret
        90th percentile of the share of the best reduction that is missed by following it.
    kept
        Share of grids in which the best third after the short run holds a rate that ends within 2 % of the best.
    shift
        Mean of log10 of the rate that leads after the short run over the one that is best in the end, in decades.
    """

    share: float
    grids: int
    correlation: float
    near: float
    fine: float
    lower: float
    regret: float
    kept: float
    shift: float


def trust(grids: Iterable[Grid], shares: Sequence[float] = SHARES, shortest: int = _SHORTEST) -> list[Trust]:
    """Measure all shares on all grids of `shortest` steps and more, with a constant rate and no clipping, that learnt
    anything."""
    rows: dict[float, list[tuple[float, ...]]] = {share: [] for share in shares}
    for grid in grids:
        plain = grid.schedule == "constant" and grid.clip_norm is None
        if grid.steps < shortest or not plain or not outcome(grid).learnt:
            continue
        ladder = np.array([budget for budget in budgets(grid) if budget < grid.steps])
        for share in shares:
            if ladder.size == 0:
                continue
            nearest = int(ladder[np.argmin(np.abs(np.log(ladder / (share * grid.steps))))])
            if max(nearest / (share * grid.steps), share * grid.steps / nearest) <= _CLOSE:
                rows[share] += [_follow(grid, nearest, offset) for offset in range(_EVERY)]
    return [_summary(share, np.array(found)) for share, found in rows.items() if found]


def _follow(grid: Grid, budget: int, offset: int) -> tuple[float, ...]:
    """Rank correlation, what the leader and the rate below it miss, whether the best third is good enough, shift."""
    full = outcome(grid)
    pick = slice(offset, None, _EVERY)
    early, late, rates = logged_level(grid, budget)[pick], full.loss[pick], np.log10(grid.lr[pick])
    best, reached = int(np.argmin(late)), full.reduction[pick]
    order = np.argsort(early, kind="stable")
    gain = reached[best]
    missed = 1.0 - np.maximum(reached, 0.0) / gain
    leader = int(order[0])
    third = order[: -(-order.size // _KEPT)]
    both = np.isfinite(early) & np.isfinite(late)
    return (
        _rank_correlation(early[both], late[both]),
        float(missed[leader]),
        float(missed[max(leader - 1, 0)]),
        float(missed[third].min() <= NEAR),
        float(rates[leader] - rates[best]),
    )


def logged_level(grid: Grid, budget: int) -> NDArray[np.float64]:
    """Median of the logged minibatch losses over the last tenth of a budget, as `lrdoctor sweep` ranks runs by.

    Returns
    -------
    float64 [members]; infinite where one of them is not finite.
    """
    begin, end = np.searchsorted(grid.step, [0.9 * budget, budget])
    tail = grid.train_loss[:, min(begin, max(end - 3, 0)) : end].astype(np.float64)
    return np.where(np.isfinite(tail).all(axis=1), np.median(tail, axis=1), np.inf)


def _rank_correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Spearman's; NaN for fewer than three pairs."""
    if one.size < 3:
        return float("nan")
    first, second = (np.argsort(np.argsort(values, kind="stable"), kind="stable") for values in (one, other))
    return float(np.corrcoef(first, second)[0, 1])


def _summary(share: float, rows: NDArray[np.float64]) -> Trust:
    correlation, missed, below, kept, shift = rows.T
    return Trust(
        share=share,
        grids=len(rows),
        correlation=float(np.nanmedian(correlation)),
        near=float(np.mean(missed <= NEAR)),
        fine=float(np.mean(missed <= FINE)),
        lower=float(np.mean(below <= NEAR)),
        regret=float(np.quantile(missed, 0.9)),
        kept=float(np.mean(kept)),
        shift=float(np.mean(shift)),
    )


def table(rows: Iterable[Trust]) -> str:
    """The measurements as a Markdown table."""
    titles = (
        "share of the budget", "rank correlation", "leader ends within 2 %", "within 10 %", "missed by 1 in 10",
        "the rate below it, within 2 %", "best third holds one within 2 %", "leader's rate over the best",
    )  # fmt: skip
    lines = ["| " + " | ".join(titles) + " |", "|" + " --- |" * len(titles)]
    lines += [
        f"| 1/{1 / row.share:.0f} | {row.correlation:.2f} | {100 * row.near:.0f} % | {100 * row.fine:.0f} % "
        f"| {100 * row.regret:.0f} % | {100 * row.lower:.0f} % | {100 * row.kept:.0f} % | {10**row.shift:.2f} |"
        for row in rows
    ]
    return "\n".join(lines)
