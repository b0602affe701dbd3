"""Writes docs/evidence.md: the scoreboard in words and tables."""

from __future__ import annotations

import zlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.trials import peers
from lrdoctor.trials.grid import DRAWN, TABLE, load_grid, load_public_grid
from lrdoctor.trials.judging import judge
from lrdoctor.trials.making import table_digest
from lrdoctor.trials.scoreboard import (
    HEAD,
    asked_long,
    beside,
    budget_class,
    by_group,
    cells,
    failures,
    number,
    scores_of,
    table,
    thresholds,
)  # fmt: skip
from lrdoctor.trials.views import LOOKS, make_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from lrdoctor.trials.grid import Grid
    from lrdoctor.trials.making import Material
    from lrdoctor.trials.scoreboard import Scores

    Flags = NDArray[np.bool_]
    Load = Callable[[str], Grid]

__all__ = ["PAGE", "write_page"]

PAGE = Path(__file__).parents[2] / "docs" / "evidence.md"
_DENSE = ("dense", "no_grad_norm")
_SHORT = 562
"""Budget of the short trainings in the headline."""
_LONG = 10_000
"""Budget from which on a public training counts as long; the one grid below has 700 steps."""
_SAMPLE = 6_000
"""Rows of the trials, drawn at random, behind the tables by budget, look and optimizer."""
_BOARDS = 12
"""Boards on which TPE is run."""
_ASKED = 600
"""Runs on which other programs are asked, at most."""

_STARTS = 2_000
"""Starts of played sweeps."""

_INTRODUCTION = """\
# Evidence

This page is made by

<!-- not run: needs the recorded trials and the public grids -->
```sh
python -m lrdoctor.trials score --public DIR
```

from the recorded grids (docs/trials.md; {grids} grids, {families} families of tasks, digest {digest})
and from nine public grids of the DeepOBS baselines (36 rates each, 700 to 80,000 steps; `--public` names the
directory, their curves are not part of this repository). Nothing on it is written by hand.

**What is asked.** Each run of a grid is diagnosed as a user's log would be: the same rules, thresholds and
bounds, only the fitted response is that of a fit that has seen no run of the whole family (for a public grid:
no run of that problem, under any optimizer). The factor of the plan is followed once; the run of the grid at
the nearest rate is the rerun.

**What is measured.** *Near* is a final training loss within 2 % of the best reduction that any rate of the
grid reaches at the same budget, *fine* within 10 %.

- *near then*: share of all runs that are near the best once the advice was followed once, those that were near
  and left alone included
- *cured*: share of the runs not near the best whose rerun is near
- *landed*: share of the runs not fine whose rerun is fine
- *near left alone*, *fine left alone*: share of such runs whose factor is between 0.6 and 1.7
- *harm*: share of all runs whose rerun is worse by more than 2 % of the best reduction (a blow-up counts as
  losing it all)
- *direction*: balanced accuracy of too low, fine, too high
- *opposite*: runs not fine that were sent the wrong way
- *interval holds*: share of the stated 80 % intervals that hold the middle of the near-best rates
"""


def write_page(material: Material, public_dir: Path | None, path: Path = PAGE, where: Path = TABLE) -> None:
    """Judge and write the page.

    Parameters
    ----------
    material
        Rows and held-out responses, see `making.gather`.
    public_dir
        Directory of the public grids; None leaves their sections out.
    path
        Where the page goes.
    where
        Directory of the recorded grids.
    """
    load = _loader(where, public_dir)
    families = sorted(set(material.rows.family[~material.public].tolist()))
    parts = [
        _INTRODUCTION.format(
            grids=len(list(where.glob("*.npz"))), families=len(families), digest=table_digest(where)[:12]
        )
    ]
    rng = np.random.default_rng(0)
    rows = material.rows
    dense = np.isin(rows.look, _DENSE)
    short = scores_of(material, np.flatnonzero(~material.public & dense & (rows.budget == _SHORT)), load)
    drawn = np.sort(rng.permutation(np.flatnonzero(~material.public))[:_SAMPLE])
    mixed = scores_of(material, drawn, load)
    full: Scores | None = None
    if public_dir is not None:
        full = scores_of(material, np.flatnonzero(_at_full_length(material) & dense), load)
    parts.append(_short_version(short, mixed, full))
    parts.append(_comparison(short, full, load))
    parts.append(_sweeps(material if public_dir else material.own(), load))
    parts.append(_slices(mixed, full))
    if public_dir is not None:
        parts.append(_budgets(material, load))
    parts.append(_demands(short, full))
    parts.append(_where_it_fails(mixed))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(parts), encoding="utf-8")


def _at_full_length(material: Material) -> Flags:
    """Rows of public grids at the longest budget of their grid."""
    rows = material.rows
    longest: dict[str, int] = {}
    for name, budget in zip(rows.grid[material.public].tolist(), rows.budget[material.public].tolist(), strict=True):
        longest[name] = max(longest.get(name, 0), budget)
    return np.array([budget == longest.get(name) for name, budget in zip(rows.grid, rows.budget, strict=True)])


def _loader(where: Path, public_dir: Path | None) -> Callable[[str], Grid]:
    @lru_cache(maxsize=64)
    def load(name: str) -> Grid:
        own = where / f"{name}.npz"
        if own.exists():
            return load_grid(own)
        if public_dir is None:
            raise FileNotFoundError(f"{name} is not among the recorded grids: name the directory of the public ones")
        return load_public_grid(public_dir / f"{name}.npz")

    return load


def _for_choosing(family: str) -> bool:
    """Whether thresholds may be chosen on a family: half of them, by name, so that it stays so when others come."""
    return zlib.crc32(family.encode()) % 2 == 1


def _half(scores: Scores, *, choosing: bool) -> Scores:
    return scores.take(np.array([_for_choosing(family) is choosing for family in scores.rows.family.tolist()]))


def _made(scores: Scores, *, by_hand: bool) -> Scores:
    return scores.take(np.array([name.startswith(DRAWN) is not by_hand for name in scores.rows.grid.tolist()]))


def _short_version(short: Scores, mixed: Scores, full: Scores | None) -> str:
    kinds = [
        (f"trainings of {_SHORT} steps, logged densely", short),
        ("of these, tasks made by hand", _made(short, by_hand=True)),
        ("of these, tasks drawn at random", _made(short, by_hand=False)),
        ("of these, families that no threshold was chosen on", _half(short, choosing=False)),
        ("trainings of all lengths, in all looks", mixed),
        ("of these, families that no threshold was chosen on", _half(mixed, choosing=False)),
    ]
    if full is not None:
        kinds.append(("public grids at full length", full))
        kinds.append((f"of these, trainings of {_LONG:,} steps and more", full.take(full.rows.budget >= _LONG)))
    lines = []
    for name, scores in kinds:
        if not len(scores):
            continue
        judged = scores.judged
        holds = [number(judged.covered), number(float(judged.inside_best.mean()))]
        lines.append([name, f"{len(scores):,}", *cells(judged), *holds])
    text = "## In short\n\n" + table(["", "runs", *HEAD, "interval holds", "... the best rate itself"], lines)
    width = np.median(mixed.advice.high - mixed.advice.low)
    return text + f"\nThe median interval spans {width:.1f} decades.\n"


def _comparison(short: Scores, full: Scores | None, load: Load) -> str:
    text = f"""\
## What else one could do

On the same runs. A search forgets the run it starts from and ends with the best of its trials, drawn
log-uniformly from the rates of the grid (exact expectation; TPE: 50 seeds on {_BOARDS} grids drawn at
random). The range tests are simulated: the median loss of each rate's own first steps stands in for the ramp.
Other programs are asked through their own interface about the same log, written as CSV; where one names a
range its middle is taken, where it names only a direction half a decade ({_versions()}; up to {_ASKED} runs).

### Trainings of {_SHORT} steps

"""
    text += beside(short, load, lambda scores: _peers(scores, load), _BOARDS)
    if full is not None:
        text += "\n### Public grids at full length\n\n" + beside(
            full, load, lambda scores: _peers(scores, load), _BOARDS
        )
    return text


def _versions() -> str:
    found = peers.versions()
    missing = [name for name in peers.PEERS if name not in found]
    words = [f"{name} {number}" for name, number in found.items()]
    return ", ".join(words + [f"{name} was not installed" for name in missing])


def _peers(scores: Scores, load: Load) -> list[list[str]]:
    chosen = np.sort(np.random.default_rng(3).permutation(len(scores))[:_ASKED])
    rows, cases = scores.rows.take(chosen), scores.cases.take(chosen)
    lines = []
    for name in peers.PEERS:
        try:
            offset = np.array(
                [
                    peers.ask(name, make_run(load(str(grid)), int(member), LOOKS[str(look)], int(budget)))
                    for grid, member, look, budget in zip(rows.grid, rows.member, rows.look, rows.budget, strict=True)
                ]
            )
        except ImportError:
            continue
        lines.append([name, *cells(judge(cases, offset))])
    return lines


def _sweeps(material: Material, load: Load) -> str:
    """After one, two and three further runs, each suggested from all runs so far."""
    from lrdoctor.trials.sweeping import case_of, responses_by_member, score

    rows = material.rows
    known = responses_by_member(rows, material.outputs)
    drawn = np.char.startswith(rows.grid.astype(str), DRAWN)
    lines = []
    for title, which in (
        (f"{_SHORT} steps, tasks made by hand", ~material.public & ~drawn & (rows.budget == _SHORT)),
        (f"{_SHORT} steps, tasks drawn at random", drawn & (rows.budget == _SHORT)),
        ("public grids at full length", _at_full_length(material)),
    ):
        keys = sorted(set(zip(rows.grid[which].tolist(), rows.budget[which].tolist(), strict=True)))
        cases = [
            case
            for name, budget in keys
            if len(known[name, budget][0]) == load(name).members
            and (case := case_of(load(name), budget, *known[name, budget])) is not None
        ]
        if cases:
            found = score(cases, starts=_STARTS)
            shares = (*found.good, found.runs, *found.covered)
            lines.append([title, f"{len(cases)}", *(number(share) for share in shares)])
    after = ["good at the start", "after 1", "after 2", "after 3"]
    head = ["", "grids", *after, "runs", "interval holds", "... of several runs"]
    return f"""\
## After two and three runs

`lrdoctor sweep` looks at all runs so far and names the next rate. {_STARTS:,} starts at random members of
random grids; *good* is the share of all of them whose best run so far is near the best, for the public grids
fine (`lrdoctor.trials.sweeping`). The interval is that stated from the first run, and those from two and three runs
together. Played without the thresholds of a single run's plan, which the command follows
where they move the rate.

{table(head, lines)}"""


def _slices(mixed: Scores, full: Scores | None) -> str:
    classes = [budget_class(int(budget)) for budget in mixed.rows.budget]
    order = list(dict.fromkeys(budget_class(budget) for budget in (100, 562, 1000, 4000)))
    optimizers = [name.split("__")[1] for name in mixed.rows.grid.tolist()]
    text = f"## By length, look and optimizer\n\n{len(mixed):,} runs of the trials, drawn at random.\n\n"
    text += by_group(mixed, classes, "length", order) + "\n"
    text += by_group(mixed, mixed.rows.look.tolist(), "look (`trials/views.py`)", list(LOOKS)) + "\n"
    text += by_group(mixed, optimizers, "optimizer")
    if full is not None:
        text += "\n### Public grids\n\n" + by_group(full, full.rows.grid.tolist(), "grid, full length")
    return text


def _budgets(material: Material, load: Load) -> str:
    short, known = asked_long(material, load)
    lines = []
    for name, scores in (("fitted on 1,000 steps and less", short), ("fitted on all lengths", known)):
        error = scores.judged.error[~scores.judged.alone]
        lines.append([name, *cells(scores.judged), f"{np.median(error):+.2f}"])
    return f"""\
## Fitted on short trainings, asked about long ones

{len(short):,} runs of 10,000 steps and more from half of the families and the public grids. The first fit has
seen neither these families nor any training of more than 1,000 steps. The best rate falls as trainings get
longer: without long trainings in the fit, the advised rate is too high by the last column (decades, median
where a change was advised).

{table(["", *HEAD, "error"], lines)}"""


def _demands(short: Scores, full: Scores | None) -> str:
    chosen = _half(short, choosing=True)
    names = ", ".join(sorted(set(chosen.rows.family.tolist())))
    text = f"""\
## What other thresholds would bring

RTE101 and RTE102 speak where the fitted response promises enough gain (chance of ending near or fine).
Expected gain from which they raise, or cut, the rate, on {_SHORT} steps and the half of the families that
thresholds may be chosen on ({names}):

{thresholds(chosen)}"""
    if full is not None:
        text += f"\nOn the public grids at full length:\n\n{thresholds(full)}"
    return text


def _where_it_fails(mixed: Scores) -> str:
    return f"""\
## Where it fails

The five families with the fewest cured runs, among those of all lengths and looks.

{failures(mixed)}"""
