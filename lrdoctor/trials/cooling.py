"""What a decay brings: trains runs at a constant rate, cools each of them down, and keeps what was gained.

Each run is its own control: up to the cool-down its log is that of a run at a constant rate, so what is known at that
moment and what the decay then did belong to the same training.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lrdoctor.engine import Context
from lrdoctor.errors import Unavailable
from lrdoctor.prescribing.decay import LEVEL, Model, course
from lrdoctor.rules.noise_floor import RULE as PLATEAU
from lrdoctor.trials.grid import TABLE, load_grid
from lrdoctor.trials.schedules import HELD
from lrdoctor.trials.views import LOOKS, make_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lrdoctor.trials.grid import Grid
    from lrdoctor.trials.protocol import Trial

    Floats = NDArray[np.float64]

ROWS = Path(__file__).parent / "rows" / "decay.npz"
"""What was recorded; the curves themselves are not part of the repository."""
MODEL_PATH = Path(__file__).parents[1] / "prescribing" / "decay.npz"
HELD_STEPS = (562, 1_778)
"""Steps at the constant rate before the decay begins."""
_OPTIMIZERS = ("adam", "momentum", "adamw", "sgd")
_LOOKS = ("even", "points_20")
_FLAT = 0.05
"""Log ratio of the levels half way and at the end below which a run has come to rest."""
_WARY = 0.9
"""Share of the reruns that the interval is stretched to hold: of so few families, more than `LEVEL` of unseen ones."""
_CLIP = 4.0
"""Log ratios beyond it are blow-ups or memorised data; how far beyond does not matter."""


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """Runs at the moment their rate was cooled down, a row each.

    Parameters
    ----------
    rows, logs, val_logs
        `course` [n, k]; log of the training loss after the decay over that before [n]; of the validation loss.
    family, grid, look
        Where they come from, str [n].
    plateau
        Whether PLT101 fires, so that the run is told to decay [n].
    """

    rows: Floats
    logs: Floats
    val_logs: Floats
    family: NDArray[np.str_]
    grid: NDArray[np.str_]
    look: NDArray[np.str_]
    plateau: NDArray[np.bool_]

    def take(self, which: NDArray[np.bool_]) -> Cases:
        """Some of them."""
        return Cases(*(getattr(self, field.name)[which] for field in fields(self)))


def all_trials(held: int) -> list[Trial]:
    """One grid for every task that is not one of endurance, each budget with another optimizer; the dearer tasks are
    trained for the shorter budget only."""
    from lrdoctor.trials.protocol import Trial
    from lrdoctor.trials.tasks import all_tasks

    turn = HELD_STEPS.index(held)
    tasks = [task for task in all_tasks().values() if task.steps is None]
    return [
        Trial(task=task, optimizer=_OPTIMIZERS[(index + turn) % 4], steps=round(held / HELD), schedule="cooldown")
        for index, task in enumerate(tasks)
        if task.cost == "cheap" or turn == 0
    ]


def train(folder: Path, jobs: int = 1) -> None:
    """Train the grids that are missing below `folder`, one directory per budget."""
    from lrdoctor.trials.running import run_all

    for held in HELD_STEPS:
        wanted = [trial for trial in all_trials(held) if not (folder / str(held) / f"{trial.name}.npz").exists()]
        run_all(wanted, folder / str(held), jobs)


def record(folder: Path, path: Path = ROWS) -> Cases:
    """Describe every run of the grids below `folder` as it was before its decay, and write what the decay brought."""
    found = [case for held in HELD_STEPS for file in sorted((folder / str(held)).glob("*.npz"))
             for case in _cases(load_grid(file), held)]  # fmt: skip
    cases = _joined(found)
    path.parent.mkdir(exist_ok=True)
    np.savez_compressed(
        path, rows=cases.rows.astype(np.float32), logs=cases.logs.astype(np.float32),
        val_logs=cases.val_logs.astype(np.float32), family=cases.family, grid=cases.grid, look=cases.look,
        plateau=cases.plateau,
    )  # fmt: skip
    return cases


def _joined(found: list[tuple[Any, ...]]) -> Cases:
    return Cases(*(np.array(column) for column in zip(*found, strict=True)))


def load(path: Path = ROWS) -> Cases:
    """What was recorded."""
    with np.load(path, allow_pickle=False) as data:
        return Cases(*(data[field.name] for field in fields(Cases)))


def _cases(grid: Grid, held: int) -> Iterator[tuple[Any, ...]]:
    """Members whose loss was finite and had fallen when the decay began."""
    plain = replace(grid, schedule="constant")  # up to the decay it was
    before = _level(grid.full_train_loss, grid, held)
    val_before = _level(grid.val_loss, grid, held)
    for member in np.flatnonzero(np.isfinite(before) & (before < grid.full_train_loss[:, 0]) & (before > 0)):
        after = _log_ratio(float(grid.full_train_loss[member, -1]), float(before[member]))
        val_after = _log_ratio(float(grid.val_loss[member, -1]), float(val_before[member]))
        for look in _LOOKS:
            found = _described(plain, int(member), look, held)
            if found is not None:
                yield found[0], after, val_after, grid.family, f"{grid.name}/{held}", look, found[1]


def _described(grid: Grid, member: int, look: str, budget: int) -> tuple[Floats, bool] | None:
    """`course` of one member at a constant rate, and whether PLT101 fires; None where its log does not give it."""
    context = Context(make_run(grid, member, LOOKS[look], budget))
    try:
        return course(context), context.call(PLATEAU.check) is not None
    except Unavailable:
        return None


def _level(loss: NDArray[np.float32], grid: Grid, end: int) -> Floats:
    """Median over the last tenth of the steps up to `end`, per member."""
    at = (grid.eval_step > 0.9 * end) & (grid.eval_step <= end)
    return np.asarray(np.median(loss[:, at].astype(np.float64), axis=1))


def _log_ratio(after: float, before: float) -> float:
    if not after > 0 or not before > 0:
        return _CLIP
    return float(np.clip(np.log(after / before), -_CLIP, _CLIP))


def held_out(cases: Cases) -> Floats:
    """(worst, middle, best, chance) for each case, from the runs of all other families [n, 4]."""
    answers = np.zeros((len(cases.logs), 4))
    for family in np.unique(cases.family):
        own = cases.family == family
        answers[own] = [_without(cases, family).foretell(row) for row in cases.rows[own].astype(np.float64)]
    return answers


def reruns(cases: Cases, table: Path = TABLE) -> tuple[Cases, Floats]:
    """Grids of the table that were trained with a cosine as well: their runs at a constant rate, with the log ratio of
    the ends, and the answers of the other families."""
    found, told = [], []
    for file in sorted(table.glob("*__cosine.npz")):
        decayed = load_grid(file)
        if decayed.schedule != "cosine":
            continue
        grid, budget = load_grid(table / f"{decayed.task}__{decayed.optimizer}.npz"), decayed.steps
        model, end = _without(cases, decayed.family), _level(grid.full_train_loss, grid, decayed.steps)
        for member in np.flatnonzero(np.isfinite(end) & (end < grid.full_train_loss[:, 0]) & (end > 0)):
            described = _described(grid, int(member), _LOOKS[0], budget)
            if described is not None:
                row, plateau = described
                log = _log_ratio(float(decayed.full_train_loss[member, -1]), float(end[member]))
                found.append((row, log, np.nan, decayed.family, decayed.name, _LOOKS[0], plateau))
                told.append(model.foretell(row, rerun=True))
    return _joined(found), np.array(told)


def _without(cases: Cases, family: str) -> Model:
    others = cases.family != family
    return Model(cases.rows[others].astype(np.float64), cases.logs[others].astype(np.float64))


def stretch_for(logs: Floats, answers: Floats, level: float = LEVEL) -> float:
    """Factor on the spread of the neighbours with which the interval holds a share `level` of the cases."""
    worst, middle, best, _ = answers.T
    side = np.where(logs > middle, worst - middle, middle - best)
    return float(np.quantile(np.abs(logs - middle) / np.maximum(side, 1e-9), level))


def fit(cases: Cases, table: Path = TABLE, path: Path = MODEL_PATH) -> str:
    """Calibrate on all families, write the file that the package ships, and judge it on held-out ones.

    Returns
    -------
    A Markdown table. Held out are the recorded runs; for reruns, of which there are few families, the stretch too.
    """
    told, (again, told_again) = held_out(cases), reruns(cases, table)
    stretch, rerun_stretch = stretch_for(cases.logs, told), stretch_for(again.logs, told_again, _WARY)
    np.savez_compressed(
        path, rows=cases.rows.astype(np.float32), logs=cases.logs.astype(np.float32),
        stretch=np.array(stretch), rerun_stretch=np.array(rerun_stretch),
    )  # fmt: skip
    for family in np.unique(again.family):
        own = again.family == family
        told_again[own] = _stretched(told_again[own], stretch_for(again.logs[~own], told_again[~own], _WARY))
    lines = ["| runs | number | mean error | of no answer | of one answer for all | 80 % interval holds | its width |",
             "|---|---|---|---|---|---|---|"]  # fmt: skip
    lines += _lines("decayed from here on", cases, _stretched(told, stretch))
    lines += _lines("trained again with a cosine", again, told_again)
    return "\n".join(lines)


def _stretched(answers: Floats, stretch: float) -> Floats:
    worst, middle, best, chance = answers.T
    return np.stack([middle + stretch * (worst - middle), middle, middle + stretch * (best - middle), chance], axis=1)


def _lines(name: str, cases: Cases, answers: Floats) -> Iterator[str]:
    flat = np.abs(cases.rows[:, 0]) < _FLAT
    kinds = ((name, flat | True), ("... at rest", flat), ("... not at rest", ~flat), ("... with PLT101", cases.plateau))
    for title, which in kinds:
        truth, (worst, middle, best, _) = cases.logs[which], answers[which].T
        errors = [float(np.mean(np.abs(truth - guess))) for guess in (middle, 0.0, np.median(truth))]
        holds, width = np.mean((truth >= best) & (truth <= worst)), np.median(worst - best)
        cells = [title, f"{len(truth):,}", *(f"{error:.3f}" for error in errors), f"{holds:.2f}", f"{width:.2f}"]
        yield "| " + " | ".join(cells) + " |"
