"""What following a piece of advice once would have brought, read off recorded grids. numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.trials.outcomes import outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lrdoctor.trials.grid import Grid

    Flags = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

__all__ = ["ALONE", "HARM", "Board", "Cases", "Judged", "best_of", "board_of", "judge"]

ALONE = (0.6, 1.7)
"""A factor between these leaves the rate as it is."""
HARM = 0.02
"""A rerun does harm if it loses more than this share of the best reduction."""
_WORST = -1.0
"""Reduction that stands for everything worse than losing the whole progress once over, blow-ups included."""


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """A grid at one budget; arrays are [members], see `outcomes.Outcome`.

    Parameters
    ----------
    log_lr
        log10 of the rates, evenly spaced.
    reduction
        Share of the best reduction, no lower than -1.
    near, fine
        Within 2 %, and within 10 %, of it.
    best, centre
        log10 of the best rate, and of the middle of the near-best band around it.
    band
        Width of that band in decades; 0 for a single rate.
    """

    name: str
    family: str
    optimizer: str
    budget: int
    log_lr: Floats
    reduction: Floats
    near: Flags
    fine: Flags
    best: float
    centre: float
    band: float

    @property
    def spacing(self) -> float:
        """Decades between neighbouring rates."""
        return float(np.median(np.diff(self.log_lr)))


def board_of(grid: Grid, budget: int | None = None) -> Board | None:
    """Judge a grid at a budget (default: its full length); None where nothing was learnt."""
    try:
        found = outcome(grid, budget)
    except ValueError:
        return None
    if not found.learnt:
        return None
    log_lr = np.log10(grid.lr)
    low, high = found.band
    return Board(
        name=grid.name, family=grid.family, optimizer=grid.optimizer, budget=found.budget, log_lr=log_lr,
        reduction=np.maximum(found.reduction, _WORST), near=found.near, fine=found.fine,
        best=float(log_lr[found.best]), centre=float(log_lr[[low, high]].mean()),
        band=float(log_lr[high] - log_lr[low]),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """Runs that were given advice: each a member of a board.

    Parameters
    ----------
    boards
        Those that occur.
    board, member
        int64 [n]: which board, which rate of it.
    """

    boards: Sequence[Board]
    board: Indices
    member: Indices

    def __len__(self) -> int:
        return int(self.board.size)

    def take(self, which: Flags | Indices) -> Cases:
        """A part of the cases."""
        return Cases(self.boards, self.board[which], self.member[which])

    def of_boards(self, values: Sequence[float] | Floats) -> Floats:
        """One value per board, for each case: float64 [n]."""
        return np.asarray(values, np.float64)[self.board]

    def log_lr(self) -> Floats:
        """log10 of each run's rate."""
        return self._pick("log_lr", self.member)

    def _pick(self, name: str, member: Indices) -> Floats:
        longest = max(board.log_lr.size for board in self.boards)
        rows = [np.asarray(getattr(board, name), np.float64) for board in self.boards]
        table = np.stack([np.pad(row, (0, longest - row.size), constant_values=np.nan) for row in rows])
        picked: Floats = table[self.board, member]
        return picked


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What became of the cases; all arrays are [n].

    Parameters
    ----------
    was_near, was_fine
        How the run itself ended.
    near, fine
        How the rerun at the advised factor ended; a rate outside the grid is neither.
    change
        Reduction of the rerun less that of the run.
    alone
        Whether the factor leaves the rate as it is.
    truth, said
        1 for a rate that is too low, -1 for one too high, 0 for one that is fine; by the grid, and by the advice.
    error
        Advised log10 factor less the right one (to the middle of the near-best band).
    inside
        Whether the stated interval holds the middle of the band, and `inside_best` the best rate itself.
    """

    was_near: Flags
    was_fine: Flags
    near: Flags
    fine: Flags
    change: Floats
    alone: Flags
    truth: Indices
    said: Indices
    error: Floats
    inside: Flags
    inside_best: Flags

    def take(self, which: Flags | Indices) -> Judged:
        """A part of the cases."""
        return Judged(*(getattr(self, name)[which] for name in self.__slots__))

    @property
    def cured(self) -> float:
        """Share of the runs not near the best whose rerun is."""
        return _share(self.near[~self.was_near])

    @property
    def reached(self) -> float:
        """Share of all runs that are near the best once the advice was followed, those left alone included."""
        return _share(np.where(self.alone, self.was_near, self.near))

    @property
    def landed(self) -> float:
        """Share of the runs that were not fine whose rerun is."""
        return _share(self.fine[~self.was_fine])

    @property
    def harm(self) -> float:
        """Share of all runs whose rerun is worse by more than `HARM`."""
        return _share(self.change < -HARM)

    @property
    def near_alone(self) -> float:
        """Share of the runs near the best that were left alone."""
        return _share(self.alone[self.was_near])

    @property
    def fine_alone(self) -> float:
        """Share of the fine runs that were left alone."""
        return _share(self.alone[self.was_fine])

    @property
    def balanced(self) -> float:
        """Balanced accuracy of too low, fine, too high."""
        shares = [_share(self.said[self.truth == side] == side) for side in (-1, 0, 1)]
        return float(np.nanmean(shares)) if np.isfinite(shares).any() else float("nan")

    @property
    def opposite(self) -> int:
        """Runs that were sent the wrong way."""
        return int(np.sum((self.truth != 0) & (self.said == -self.truth)))

    @property
    def covered(self) -> float:
        """Share of the intervals that hold the middle of the near-best band."""
        return _share(self.inside)


def _share(flags: Flags) -> float:
    return float(flags.mean()) if flags.size else float("nan")


def judge(cases: Cases, offset: Floats, low: Floats | None = None, high: Floats | None = None) -> Judged:
    """Look up the rerun of each case.

    Parameters
    ----------
    cases
        The runs.
    offset
        float64 [n]: log10 of the advised factor. The rerun is the member of the grid nearest to the advised rate.
    low, high
        log10 of the ends of the stated intervals; default: the factor itself.
    """
    log_lr = cases.log_lr()
    first = cases.of_boards([board.log_lr[0] for board in cases.boards])
    spacing = cases.of_boards([board.spacing for board in cases.boards])
    size = np.array([board.log_lr.size for board in cases.boards])[cases.board]
    wanted = np.rint((log_lr + offset - first) / spacing).astype(np.int64)
    within = (wanted >= 0) & (wanted < size)
    rerun = np.clip(wanted, 0, size - 1)
    right = cases.of_boards([board.centre for board in cases.boards]) - log_lr
    best = cases.of_boards([board.best for board in cases.boards]) - log_lr
    was_fine = cases._pick("fine", cases.member) > 0
    alone = (offset >= np.log10(ALONE[0])) & (offset <= np.log10(ALONE[1]))
    low, high = (offset if low is None else low), (offset if high is None else high)
    slack = 1e-9
    return Judged(
        was_near=cases._pick("near", cases.member) > 0, was_fine=was_fine,
        near=(cases._pick("near", rerun) > 0) & within, fine=(cases._pick("fine", rerun) > 0) & within,
        change=cases._pick("reduction", rerun) - cases._pick("reduction", cases.member), alone=alone,
        truth=np.where(was_fine, 0, np.sign(right)).astype(np.int64),
        said=np.where(alone, 0, np.sign(offset)).astype(np.int64), error=offset - right,
        inside=(right >= low - slack) & (right <= high + slack),
        inside_best=(best >= low - slack) & (best <= high + slack),
    )  # fmt: skip


def best_of(cases: Cases, trials: int) -> tuple[float, float, float]:
    """Random search: the best of some trials at rates drawn from the grid.

    Returns
    -------
    cured, landed, harm, as in `Judged`; exact expectations, nothing is drawn.
    """
    near = cases.of_boards([_share(board.near) for board in cases.boards])
    fine = cases.of_boards([_share(board.fine) for board in cases.boards])
    own = cases._pick("reduction", cases.member)
    worse = np.array(
        [
            np.mean(cases.boards[board].reduction < reduction - HARM)
            for board, reduction in zip(cases.board, own, strict=True)
        ]
    )
    was_near, was_fine = cases._pick("near", cases.member) > 0, cases._pick("fine", cases.member) > 0
    cured = (1 - (1 - near) ** trials)[~was_near]
    landed = (1 - (1 - fine) ** trials)[~was_fine]
    return float(cured.mean()), float(landed.mean()), float((worse**trials).mean())
