"""Sweeps played on recorded grids: start somewhere, ask for the next rate, look up how it ended, ask again.

``python -m lrdoctor.trials.sweeping shapes`` makes the shapes that `lrdoctor.studies.combining` reckons with;
``... score`` plays sweeps with responses that were fitted without the family they are asked about.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.engine import Context
from lrdoctor.prescribing.response import OFFSETS
from lrdoctor.studies.combining import BROKEN, STEP, Observations, Settings, Shapes, combine
from lrdoctor.studies.levels import blew_up, end_level
from lrdoctor.trials.grid import TABLE, load_public_grid, load_table
from lrdoctor.trials.outcomes import FINE, NEAR, budgets, final_losses, outcome
from lrdoctor.trials.views import LOOKS, make_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from lrdoctor.trials.dataset import Rows
    from lrdoctor.trials.grid import Grid

    Floats = NDArray[np.float64]

__all__ = ["Case", "Score", "case_of", "make_shapes", "play", "responses_by_member", "score", "shape_of"]

SHAPES_PATH = Path(__file__).parent.parent / "studies" / "shapes.npz"
_REACH = 44
"""Steps of `STEP` decades on either side of the centre of the band."""
_COMPARED = slice(_REACH - 24, _REACH + 17)
"""Where shapes are compared: three decades below the centre, two above."""
_BLOWN_ODDS = -6.0


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A grid at one budget as a sweep sees it; arrays are [members].

    Parameters
    ----------
    name, family, public, budget
        Which one; public grids are scored by the training loss within 10 %, as their own bar is.
    log10_lr
        Of each member, ascending.
    reduction, val_reduction
        True share of the best reduction of the training and of the validation loss.
    centre
        log10 of the centre of the near-best band.
    level, noise, start, bounded
        What the log shows of it, see `lrdoctor.studies.combining.Observations`.
    near, fine
        Each member's response, [members, len(OFFSETS)].
    """

    name: str
    family: str
    public: bool
    budget: int
    log10_lr: Floats
    reduction: Floats
    val_reduction: Floats
    centre: float
    level: Floats
    noise: Floats
    start: float
    bounded: bool
    near: Floats
    fine: Floats

    def seen(self, members: Sequence[int]) -> Observations:
        """What the logs of some members show."""
        at = np.asarray(members)
        return Observations(
            log10_lr=self.log10_lr[at], level=self.level[at], noise=self.noise[at], start=self.start,
            near=self.near[at], fine=self.fine[at], bounded=self.bounded, log10_steps=math.log10(self.budget),
        )  # fmt: skip

    def near_best(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Members that are near the best by training, and by validation loss."""
        bar = 1 - (FINE if self.public else NEAR)
        return self.reduction >= bar, self.val_reduction >= bar


def case_of(grid: Grid, budget: int, near: Floats, fine: Floats) -> Case | None:
    """Make a case; None where nothing was learnt at that budget."""
    try:
        truth = outcome(grid, budget)
    except ValueError:
        return None
    if not truth.learnt:
        return None
    by_val = (
        outcome(grid, budget, on="val") if np.isfinite(final_losses(grid, budget, on="val")).any() else None
    )
    part = budget if grid.schedule == "constant" else None
    runs = [make_run(grid, member, LOOKS["dense"], part) for member in range(grid.members)]
    train = [end_level(run.series["train_loss"]) for run in runs]
    val = [end_level(run.series["val_loss"]) if "val_loss" in run.series else None for run in runs]
    broke = np.array([blew_up(Context(run)) for run in runs])
    ends = [t if any(v is None for v in val) or v is None else v for t, v in zip(train, val, strict=True)]
    level = np.array([end.value for end in ends])
    return Case(
        name=grid.name, family=grid.family, public=grid.source != "trials", budget=budget,
        log10_lr=np.log10(grid.lr), reduction=truth.reduction,
        val_reduction=by_val.reduction if by_val is not None and by_val.learnt else truth.reduction,
        centre=float(np.log10(grid.lr[list(truth.band)]).mean()),
        level=np.where(broke | ~np.isfinite(level), np.inf, level),
        noise=np.nan_to_num(np.array([end.noise for end in ends])),
        start=float(np.nanmedian([end.first for end in train])),
        bounded=bool(np.nanmin([end.lowest for end in (*train, *ends)]) > 0), near=near, fine=fine,
    )  # fmt: skip


def responses_by_member(
    rows: Rows, predicted: NDArray[np.floating]
) -> dict[tuple[str, int], tuple[Floats, Floats]]:
    """Near and fine [members, len(OFFSETS)] by grid and budget, from the first look at each member.

    Parameters
    ----------
    rows, predicted
        As `lrdoctor.trials.fitting.held_out` takes and gives them.
    """
    first: dict[tuple[str, int], dict[int, int]] = {}
    keys = zip(rows.grid.tolist(), rows.budget.tolist(), rows.member.tolist(), strict=True)
    for index, (grid, budget, member) in enumerate(keys):
        first.setdefault((grid, budget), {}).setdefault(member, index)
    found = {}
    for key, members in first.items():
        both = (
            predicted[[members[m] for m in sorted(members)]]
            .astype(np.float64)
            .reshape(len(members), 2, OFFSETS.size)
        )
        found[key] = (both[:, 0], both[:, 1])
    return found


@dataclass(frozen=True, slots=True)
class Played:
    """The members that were run, the first being the start, and whether the interval stated from the first, the first
    two... of them held the centre of the near-best band."""

    members: tuple[int, ...]
    covered: tuple[bool, ...]


def play(
    case: Case, start: int, known: Shapes | None = None, s: Settings | None = None, runs: int = 3
) -> Played:
    """Follow the suggestions from one member on, until they end, lead back, or `runs` more were run."""
    members, covered = [start], []
    for _ in range(runs):
        found = combine(case.seen(members), known, s)
        covered.append(found.interval[0] <= case.centre <= found.interval[1])
        nearest = int(np.argmin(np.abs(case.log10_lr - found.log10_lr)))
        if found.settled or nearest in members:
            break
        members.append(nearest)
    return Played(tuple(members), tuple(covered))


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Shares over all starts: whose best run so far is `good` at the start and after 1, 2 and 3 further runs; how many
    of these there were on average; intervals `covered` that hold the centre, from one run and from several."""

    starts: int
    good: tuple[float, float, float, float]
    runs: float
    covered: tuple[float, float]


def score(
    cases: Sequence[Case], *, on: str = "train", starts: int = 300, seed: int = 0, known: Shapes | None = None,
    s: Settings | None = None,
) -> Score:  # fmt: skip
    """Play sweeps from random members of random cases.

    Parameters
    ----------
    on
        Loss by which the truth is judged, "train" or "val".
    starts
        How many sweeps.
    """
    rng = np.random.default_rng(seed)
    reached, length, first = [], [], []
    later: list[bool] = []
    for _ in range(starts):
        case = cases[int(rng.integers(len(cases)))]
        start = int(rng.integers(case.log10_lr.size))
        good = case.near_best()[on == "val"]
        played = play(case, start, known, s)
        members = list(played.members)
        length.append(len(members) - 1)
        first.append(played.covered[0])
        later += played.covered[1:]
        reached.append([bool(good[members[: count + 1]].any()) for count in range(4)])
    none, one, two, three = (float(share) for share in np.mean(reached, axis=0))
    return Score(
        starts=starts, good=(none, one, two, three), runs=float(np.mean(length)),
        covered=(float(np.mean(first)), float(np.mean(later)) if later else math.nan),
    )  # fmt: skip


def shape_of(grid: Grid, budget: int) -> Floats | None:
    """Share of the best reduction at rates `STEP` decades apart about the centre of the band; None if nothing
    was learnt."""
    try:
        truth = outcome(grid, budget)
    except ValueError:
        return None
    if not truth.learnt:
        return None
    offset = np.arange(-_REACH, _REACH + 1) * STEP
    position = -truth.log_factor_centre
    share = np.where(np.isfinite(truth.reduction), np.clip(truth.reduction, BROKEN, 1.0), BROKEN)
    shape = np.interp(offset, position, share)
    below, above = offset < position[0], offset > position[-1]
    shape[below] = max(share[0], 0.0) * 10 ** (
        offset[below] - position[0]
    )  # little progress is in proportion to the rate
    shape[above] = share[-1] if share[-1] >= 1 - FINE else BROKEN
    return np.asarray(shape)


def make_shapes(grids: Iterable[Grid], count: int = 32, seed: int = 0) -> Shapes:
    """Reduce the shapes of all grids and budgets to the most typical ones (k-medoids; Kaufman & Rousseeuw
    1990)."""
    found, weight = [], []
    for grid in grids:
        mine = [shape for budget in budgets(grid) if (shape := shape_of(grid, budget)) is not None]
        found += mine
        weight += [1 / math.sqrt(max(len(mine), 1))] * len(mine)
    shapes, weights = np.array(found), np.array(weight)
    part = shapes[:, _COMPARED]
    clipped = np.clip(part, 0.0, 1.0)
    odds = np.where(part < 0, _BLOWN_ODDS, np.log((clipped + 0.01) / (1 - clipped + 0.01)))
    square = (odds**2).sum(axis=1)
    apart = np.sqrt(np.maximum(square[:, None] + square[None] - 2 * odds @ odds.T, 0.0))
    chosen = np.random.default_rng(seed).choice(len(shapes), min(count, len(shapes)), replace=False)
    for _ in range(10):
        nearest = apart[:, chosen].argmin(axis=1)
        groups = [np.flatnonzero(nearest == k) for k in range(chosen.size)]
        moved = np.array([
            own[(apart[np.ix_(own, own)] * weights[own]).sum(axis=1).argmin()] if own.size else chosen[k]
            for k, own in enumerate(groups)
        ])  # fmt: skip
        if np.array_equal(moved, chosen):
            break
        chosen = moved
    nearest = apart[:, chosen].argmin(axis=1)
    total = np.array([weights[nearest == k].sum() for k in range(chosen.size)])
    kept = total > 0
    return Shapes(reduction=shapes[chosen[kept]], weight=total[kept] / total.sum())


def write_shapes(shapes: Shapes, path: Path = SHAPES_PATH) -> None:
    """Write the file that the package ships."""
    np.savez_compressed(
        path, reduction=shapes.reduction.astype(np.float16), weight=shapes.weight.astype(np.float32)
    )


def make_cases(
    grids: Iterable[Grid],
    responses: Mapping[tuple[str, int], tuple[Floats, Floats]],
    most: int = 3,
    seed: int = 0,
) -> list[Case]:
    """Cases of every grid at up to `most` budgets for which there are responses of every member."""
    rng = np.random.default_rng(seed)
    cases = []
    for grid in grids:
        possible = [
            b for b in budgets(grid) if len(responses.get((grid.name, b), ((), ()))[0]) == grid.members
        ]
        for budget in rng.permutation(possible)[:most]:
            case = case_of(grid, int(budget), *responses[grid.name, int(budget)])
            if case is not None:
                cases.append(case)
    return cases


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m lrdoctor.trials.sweeping", description=__doc__)
    parser.add_argument("what", choices=("shapes", "score"))
    parser.add_argument("--table", type=Path, default=TABLE, metavar="DIR", help="recorded grids")
    parser.add_argument("--public", type=Path, metavar="DIR", help="public grids, to be used as well")
    parser.add_argument("--rows", type=Path, metavar="DIR", help="rows of the grids (score)")
    parser.add_argument(
        "--responses", type=Path, metavar="NPY", help="held-out responses of all rows in order (score)"
    )
    parser.add_argument("--starts", type=int, default=300)
    options = parser.parse_args(argv)
    grids = load_table(options.table)
    if options.public:
        grids += [load_public_grid(path) for path in sorted(options.public.glob("*.npz"))]
    if options.what == "shapes":
        write_shapes(make_shapes(grids))
        return 0
    if options.rows is None or options.responses is None:
        parser.error("score needs --rows and --responses")
    from lrdoctor.trials.dataset import join, load_rows

    rows = join(load_rows(path) for path in sorted(options.rows.glob("*.npz")))
    cases = make_cases(grids, responses_by_member(rows, np.load(options.responses)))
    for public in (False, True):
        chosen = [case for case in cases if case.public is public]
        for on in ("train", "val") if chosen else ():
            known = score(chosen, on=on, starts=options.starts)
            print(f"{'public' if public else 'trials'}, {on} loss: {known}")
    print(f"{len(cases)} cases", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
