"""What counts training: columns that are steps, epochs, samples or tokens, by name and by how they run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from lrdoctor.records import StepUnit

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

# In the order of trust. Environment steps, batches and rounds count something else, but they grow with
# training.
_STEPS = """
    global_step global_steps step steps global_iteration global_iter iteration iterations iter iters itr
    it n_iter num_iter num_iters niter cur_iter current_iter current_iteration iter_num iteration_num
    num_updates n_updates nupdates update updates optimizer_step optimizer_steps opt_step gradient_steps
    grad_step current_step current_steps cur_step total_step total_steps num_step num_steps n_step
    n_steps step_num step_idx step_number global_batch total_timesteps timesteps timestep total_timestep
    num_timesteps timesteps_so_far env_step env_steps total_env_steps num_env_steps total_env_interacts
    batch batches minibatch batch_idx batch_num n_batches round rounds boosting_round generation generations
    game games frame frames episode episodes episodes_so_far num_episodes n_episodes episode_num
    training_iteration
"""
_EPOCHS = """
    epoch epochs ep epoch_num epoch_idx epoch_number epoch_no num_epoch num_epochs n_epoch n_epochs
    current_epoch cur_epoch global_epoch
"""
_SAMPLES = """
    samples samples_seen consumed_samples consumed_train_samples seen_samples train_samples num_samples
    examples examples_seen images_seen
"""
_TOKENS = """
    tokens tokens_seen consumed_tokens consumed_train_tokens total_tokens train_tokens num_tokens
    num_input_tokens_seen tokens_processed
"""
_RANK: dict[str, tuple[int, StepUnit]] = {}
_UNITS: tuple[tuple[StepUnit, str], ...] = (
    ("step", _STEPS),
    ("epoch", _EPOCHS),
    ("sample", _SAMPLES),
    ("token", _TOKENS),
)
for _unit, _names in _UNITS:
    for _name in _names.split():
        _RANK.setdefault(_name, (len(_RANK), _unit))
_CALLED_STEP = pattern(
    r"^(?!.*(?:loss|acc|per|time|second|val|eval|test))\w+_(?:steps?|epochs?|iter(?:ation)?s?|updates?)$"
)
_PREFIXES = frozenset(
    ("train", "training", "trainer", "time", "misc", "progress", "charts", "log", "general", "info")
)
_ROW_NUMBER = frozenset(("", "unnamed_0", "index", "row"))


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """A column name in lower-case words: ``trainer/globalStep`` becomes ``trainer_global_step``."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[\W_]+", "_", snake.lower()).strip("_")


@lru_cache(maxsize=4096)
def axis_rank(name: str) -> tuple[int, StepUnit] | None:
    """How well a column of this name serves as the step (0 is best) and what it counts; None: not at all."""
    words = plain(name)
    while words not in _RANK:
        prefix, _, rest = words.partition("_")
        if prefix not in _PREFIXES or not rest:
            return None
        words = rest
    return _RANK[words]


def is_axis_name(name: str) -> bool:
    """Say whether a column of this name counts training (steps, epochs, samples, tokens)."""
    return axis_rank(name) is not None


def is_epoch_name(name: str) -> bool:
    """Say whether a column of this name counts epochs."""
    rank = axis_rank(name)
    return rank is not None and rank[1] == "epoch"


def is_called_step(name: str) -> bool:
    """Say whether a column is called a step of something, ``stage2_step``; known names come first."""
    return _CALLED_STEP.search(plain(name)) is not None


def is_row_number(name: str) -> bool:
    """Say whether this is the name that a nameless row number gets."""
    return plain(name) in _ROW_NUMBER


def grows(values: Floats) -> bool:
    """Say whether values count up: hardly ever back, and not standing still."""
    steps = np.diff(values)
    if not steps.size:
        return False
    return bool(
        np.count_nonzero(steps < 0) <= 0.1 * steps.size and np.count_nonzero(steps > 0) > 0.5 * steps.size
    )


def are_swapped(step: Floats, value: Floats) -> bool:
    """Say whether step and value were given in the wrong order, ``add_scalar(tag, step, value)``.

    The values then count up in whole numbers while the steps go up and down.
    """
    if value.size < 3 or not np.isfinite(value).all() or np.any(value != np.round(value)):
        return False
    return bool(np.all(np.diff(value) > 0) and np.any(np.diff(step) < 0))


@dataclass(slots=True)
class Axis:
    """What the rows of a table are counted by.

    Parameters
    ----------
    step
        int64 [n], one for each row.
    unit
        What it counts.
    name
        The column; None for the row number.
    order
        float64 [n]: falls where training starts over or resumes. Differs from `step` where only epochs tell.
    notes
        What had to be decided.
    clock
        float64 [n]: wall time in seconds since the epoch, where the table has it.
    """

    step: Ints
    unit: StepUnit
    name: str | None
    order: Floats
    notes: list[str] = field(default_factory=list)
    clock: Floats | None = None


def choose_axis(
    columns: Mapping[str, Floats], logged: Mapping[str, Bools], leader: Bools, wanted: str | None = None
) -> Axis:
    """Find the column that counts training; the row number where none does.

    Parameters
    ----------
    columns, logged
        The table.
    leader
        bool [n]: rows of the column with most points. How the axis runs is judged on them, since other rows
        may have been written late.
    wanted
        The column that the format defines as the step.
    """
    notes: list[str] = []
    candidates = _candidates(columns, wanted)
    # Steps may begin again in each epoch or, in reinforcement learning, in each episode.
    turns = [name for name, unit in candidates if unit == "epoch"]
    turns += [name for name, _ in candidates if plain(name).endswith(("episode", "episodes"))]
    turn = carried(columns[turns[0]], logged.get(turns[0]), leader) if turns else None
    for name, unit in candidates:
        values = carried(columns[name], logged.get(name), leader)
        if values is None:
            continue
        found = _as_axis(name, unit, values, leader, turn, notes)
        if found is not None:
            return found
    for name in filter(is_called_step, columns):  # ``stage2_step``
        values = carried(columns[name], logged.get(name), leader)
        if values is not None and _whole(values) and grows(values[leader]):
            return Axis(values.astype(np.int64), "step", name, values, notes)
    rows = np.arange(leader.size, dtype=np.float64)
    order = rows if turn is None else np.floor(turn + 1e-9)
    for name in filter(is_row_number, columns):  # one that the writer kept is better than ours
        values = carried(columns[name], logged.get(name), leader)
        if values is not None and _whole(values) and np.all(np.diff(values) > 0):
            return Axis(values.astype(np.int64), "step", name, order, notes)
    return Axis(rows.astype(np.int64), "step", None, order, notes)


def _candidates(columns: Mapping[str, Floats], wanted: str | None) -> list[tuple[str, StepUnit]]:
    """Columns that count by their names, the best first, each with what it counts."""
    ranked = [(rank, name) for name in columns if (rank := axis_rank(name)) is not None]
    candidates = [(name, unit) for (_, unit), name in sorted(ranked, key=lambda pair: pair[0][0])]
    if wanted is not None and wanted in columns:
        rank = axis_rank(wanted)
        candidates.insert(0, (wanted, "step" if rank is None else rank[1]))
    return candidates


def _as_axis(
    name: str, unit: StepUnit, values: Floats, leader: Bools, turn: Floats | None, notes: list[str]
) -> Axis | None:
    """A column as the axis, counted on where it begins again; None, perhaps noted, if it does not count."""
    shown = values[leader]
    if shown.size > 2 and shown.min() == shown.max():
        if unit != "epoch":
            notes.append(f"column {name!r} is {shown[0]:g} on every row: not used as the step")
        return None
    if unit == "epoch":
        values = np.floor(values + 1e-9)
        if _share(np.diff(values[leader]) == 0) > 0.2:
            return None  # several rows for each epoch: their number tells them apart
    elif not _whole(values):
        return None
    elif turn is not None and (combined := over_epochs(values, turn, leader)) is not None:
        notes.append(f"{name!r} starts again in every epoch: counted on over epochs")
        return Axis(combined.astype(np.int64), "step", name, combined, notes)
    if _share(np.diff(values[leader]) < 0) > 0.25:
        notes.append(f"column {name!r} goes back too often to be the step")
        return None
    if turn is not None and (ongoing := _counted_on(values, turn, leader)) is not None:
        values = ongoing
        notes.append(f"{name!r} starts again while training goes on: counted on")
    return Axis(values.astype(np.int64), unit, name, values, notes)


def _whole(values: Floats) -> bool:
    return bool(np.all(values == np.round(values)))


def _share(which: Bools) -> float:
    return float(np.count_nonzero(which)) / max(which.size, 1)


def carried(values: Floats, present: Bools | None, leader: Bools) -> Floats | None:
    """The axis with its last known value carried over rows that lack it; None if it is missing on most."""
    good = np.isfinite(values) & (np.abs(values) < 2**53)
    if present is not None:
        good &= present
    if not good.any() or _share(good[leader]) < 0.3:
        return None
    if good.all():
        return values
    index = np.maximum.accumulate(np.where(good, np.arange(values.size), -1))
    index[index < 0] = np.flatnonzero(good)[0]
    return values[index]


def over_epochs(step: Floats, epoch: Floats, leader: Bools) -> Floats | None:
    """The step counted on over epochs, where it starts again in each of them; None where it does not."""
    whole = np.floor(epoch + 1e-9)
    steps, epochs = step[leader], whole[leader]
    if steps.size < 4:
        return None
    back, next_epoch = np.diff(steps) < 0, np.diff(epochs) > 0
    both = int(np.sum(back & next_epoch))
    if both < max(1.0, 0.8 * np.sum(next_epoch)) or both < 0.5 * np.sum(back) or steps.min() < 0:
        return None
    length = steps.max() + (1.0 if steps.min() == 0 else 0.0)
    combined = (whole - epochs.min()) * length + step
    return combined if combined.max() < 2**53 else None


def _counted_on(step: Floats, epoch: Floats, leader: Bools) -> Floats | None:
    """The step counted on over a resume that set it to zero, where the epoch shows that training went on."""
    rows = np.flatnonzero(leader)
    steps, epochs = step[rows], epoch[rows]
    back = np.flatnonzero(np.diff(steps) < 0)
    if not back.size or np.any(np.diff(epochs) < 0) or np.any(epochs[back + 1] <= epochs[0]):
        return None
    stride = float(np.median(np.abs(np.diff(steps))))
    if np.any(steps[back + 1] > steps[0] + stride):
        return None  # an ordinary resume
    offset = np.zeros(step.size)
    for i in back[:1000]:
        offset[rows[i + 1] :] += steps[i] - min(steps[i + 1] - 1.0, steps[0])
    return step + offset
