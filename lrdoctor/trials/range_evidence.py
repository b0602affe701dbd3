"""Writes the measured part of docs/range-test.md: hit rates side by side, what is called unusable, the interval."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.prescribing.ramp_dose import LEVEL
from lrdoctor.studies.ramp_faults import CLEAR
from lrdoctor.trials.range_testing import (
    STAND_IN,
    calibrate,
    cases_of,
    fitted_on,
    held_out,
    hits,
    is_slow,
    place,
    write_dose,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from lrdoctor.prescribing.ramp_dose import Calibration
    from lrdoctor.trials.grid import Grid
    from lrdoctor.trials.ramps import Ramp
    from lrdoctor.trials.range_testing import Case, Cases

    Floats = NDArray[np.float64]

__all__ = ["PAGE", "run"]

PAGE = Path(__file__).parents[2] / "docs" / "range-test.md"
BEGIN, END = "<!-- measured: python -m lrdoctor.trials range-test -->", "<!-- end of what is measured -->"
_SUGGESTIONS = {
    "minimum / 10 (fastai's minimum)": "minimum_over_10",
    "valley (fastai's default)": "valley",
    "steepest in log LR (fastai's steep)": "steepest",
    "slide (fastai)": "slide",
    "steepest in LR (Lightning)": "steepest_in_lr",
    "1 / curvature from the blow-up": "curvature",
}
_COLUMNS: dict[str, Callable[[Case], bool]] = {
    "ramps, 500 to 3,000 steps": lambda row: row.look != STAND_IN and row.steps < 3_000,
    "3,000 to 10,000": lambda row: row.look != STAND_IN and 3_000 <= row.steps < 10_000,
    "over 10,000": lambda row: row.look != STAND_IN and row.steps >= 10_000,
    STAND_IN: lambda row: row.look == STAND_IN,
}
_CLEARNESS = (0.0, 1.0, 2.0, 3.0, 6.0, np.inf)


def run(ramps: Iterable[Ramp], grids: Sequence[Grid], public: Sequence[Grid], page: Path = PAGE) -> Calibration:
    """Calibrate, write the file that the package ships, and put the figures into the page."""
    cases, outside = cases_of(ramps, grids), cases_of([], public)
    found = calibrate(cases)
    write_dose(found, cases)
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    text = "\n\n".join(_parts(cases, outside, found))
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    return found


def _parts(cases: Cases, outside: Cases, found: Calibration) -> Iterable[str]:
    usable = fitted_on(cases)
    tests = round(float(usable.column("weight").sum()))
    families = len({row.family for row in usable.rows})
    yield (
        f"{tests} usable range tests of {families} families of tasks, each against the trainings of the same network "
        "at 29 rates and several lengths. The figures of the recommended rate are those of a fit that had not seen the "
        "family. A hit ends within a tenth of the best loss reduction that any rate reaches at that length."
    )
    yield _hit_rates(usable, outside, found)
    plain = usable.where(lambda row: row.optimizer == "sgd")
    answered = np.array([row.offered["curvature"] is not None for row in plain.rows])
    yield (
        "Where a formula has no answer it counts as a miss. The curvature has one for "
        f"{_share(plain, answered, np.ones(len(plain), bool))} of the tests with plain SGD, and hits in "
        f"{_share(plain, hits(plain, _offered(plain, 'curvature')), answered)} of those."
    )
    yield "Called unusable, of all range tests; *would hit*: share of them in which the rate would have been right."
    yield _unusable(cases, found)
    yield f"By the clearness of the fall (fall over noise of single losses; below {CLEAR:g} no rate is recommended):"
    yield _by_clearness(cases, found)
    yield (
        f"The interval is stated to hold the middle of the near-best rates in {LEVEL:.0%} of the cases "
        f"({found.known[0]:+.2f} to {found.known[1]:+.2f} decades; {found.unknown[0]:+.2f} to {found.unknown[1]:+.2f} "
        "where the length is not given). How often it did:"
    ).replace("%", " %")
    yield _coverage(usable, outside, found)


def _placed(cases: Cases, numbers: Floats, *, length_known: bool = True) -> Floats:
    """log10 of recommended rates, with numbers for each row."""
    one = type(cases)
    rows = zip(cases.rows, numbers, strict=True)
    return np.array([place(one([row]), own, length_known=length_known)[0] for row, own in rows])


def _numbers(found: Calibration, count: int) -> Floats:
    return np.tile([found.shift, found.lean, found.slope], (count, 1))


def _hit_rates(usable: Cases, outside: Cases, found: Calibration) -> str:
    apart, theirs = held_out(usable), _numbers(found, len(outside))
    longest = np.array([row.longest for row in outside.rows], dtype=bool)

    def line(title: str, own: Floats, public: Floats) -> list[str]:
        cells = [title]
        hit = hits(usable, own)
        cells += [_share(usable, hit, np.array([keep(row) for row in usable.rows])) for keep in _COLUMNS.values()]
        if len(outside):
            hit = hits(outside, public)
            cells += [_share(outside, hit, np.ones(len(outside), bool)), f"{hit[longest].sum()} of {longest.sum()}"]
        return cells

    rows = []
    for title, known in (("length given", True), ("length not given", False)):
        own, public = (_placed(*pair, length_known=known) for pair in ((usable, apart), (outside, theirs)))
        rows.append(line(f"**recommended**, {title}", own, public))
    rows += [line(title, _offered(usable, name), _offered(outside, name)) for title, name in _SUGGESTIONS.items()]
    head = ["", *_COLUMNS] + (["public grids, all lengths", "public, full length"] if len(outside) else [])
    return _table(head, rows)


def _offered(cases: Cases, name: str) -> Floats:
    """log10 of a suggestion; NaN, a miss, where its formula has no answer."""
    rates = np.array([row.offered[name] or np.nan for row in cases.rows], dtype=np.float64)
    return np.log10(rates)


def _unusable(cases: Cases, found: Calibration) -> str:
    rows = []
    hit = hits(cases, _placed(cases, _numbers(found, len(cases))))
    for look in dict.fromkeys(row.look for row in cases.rows):
        here = np.array([row.look == look for row in cases.rows])
        refused = here & np.array([row.cause is not None for row in cases.rows])
        causes: Counter[str] = Counter()
        for row in cases.rows:
            if row.look == look and row.cause is not None:
                causes[row.cause] += row.weight  # type: ignore[assignment]  # weights add up to tests
        words = ", ".join(f"{cause} {round(count)}" for cause, count in causes.most_common())
        tests = round(float(cases.column("weight")[here].sum()))
        rows.append([look, str(tests), _share(cases, refused, here), _share(cases, hit, refused),
                     _share(cases, hit, here & ~refused), words])  # fmt: skip
    return _table(["range test", "tests", "unusable", "would hit", "usable ones hit", "why"], rows)


def _by_clearness(cases: Cases, found: Calibration) -> str:
    ramps = cases.where(lambda row: is_slow(row.look) and row.look != STAND_IN)
    hit = hits(ramps, _placed(ramps, _numbers(found, len(ramps))))
    clear = ramps.column("clearness")
    rows = []
    for low, high in pairwise(_CLEARNESS):
        here = (clear >= low) & (clear < high)
        title = f"{low:g} to {high:g}" if np.isfinite(high) else f"over {low:g}"
        rows.append([title, str(round(float(ramps.column("weight")[here].sum()))), _share(ramps, hit, here)])
    return _table(["clearness", "ramps", "hit"], rows)


def _coverage(usable: Cases, outside: Cases, found: Calibration) -> str:
    rows = []
    looks: list[tuple[str, Cases, Floats]] = [("trials, families held out", usable, held_out(usable))]
    for name in ("sgd", "momentum", "adam"):
        mine = np.array([row.optimizer == name for row in usable.rows])
        chosen = type(usable)(row for row in usable.rows if row.optimizer == name)
        looks.append((f"of these: {name}", chosen, looks[0][2][mine]))
    if len(outside):
        looks.append(("public grids", outside, _numbers(found, len(outside))))
    for title, cases, numbers in looks:
        cells = [title]
        for length_known, (low, high) in ((True, found.known), (False, found.unknown)):
            error = cases.column("centre") - _placed(cases, numbers, length_known=length_known)
            inside = (error >= low) & (error <= high)
            cells.append(_share(cases, inside, np.ones(len(cases), bool)))
        rows.append(cells)
    return _table(["", "length given", "not given"], rows)


def _share(cases: Cases, flags: NDArray[np.bool_], among: NDArray[np.bool_]) -> str:
    weight = cases.column("weight") * among
    return f"{float(weight @ flags) / weight.sum():.2f}" if weight.sum() > 0 else ""


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [titles, ["---", *("---:" for _ in titles[1:])], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
