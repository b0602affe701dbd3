"""Which points are of one training: several event files of a run, restarts, resumes.

A directory may hold one training in several files (it was resumed, or train and validation have a writer
each), or several trainings (it was started again with the same log directory). What tells them apart:

- Files without a common tag are writers of one training.
- With common tags, a file that begins anew is another training: its first step is no later than the first
step
  of the training so far (or hardly later, if that has run for long), or no later than one logging interval
  where that interval has changed as well.
- So is one that was written at the same time over the same steps.
- Anything else continues the training: what it goes back behind is superseded.

The same holds within a file, where steps go back.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.readers._axis import is_axis_name
from lrdoctor.readers._events.columns import Curve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Curves = Mapping[str, Curve]

_OFTEN = 0.25  # share of points that go back above which they are out of order, not resumed
_FEW = 3
_HARDLY = 50  # one in so many
_CLEARLY = 3.0
_MOST_STEPS = 1 << 62


@dataclass(slots=True)
class Part:
    """What one event file adds.

    Parameters
    ----------
    name
        The file, for notes.
    begin
        When it was begun, in seconds since the epoch.
    curves
        By tag, in the order of writing.
    resumed_at
        The step of a session start before its first point, or None.
    ordered
        Known to have no step that goes back.
    settings, texts, notes
        As in `Columns`; what had to be mended.
    empty
        What to say of the file if no file of the run holds a curve.
    """

    name: str
    begin: float
    curves: dict[str, Curve]
    resumed_at: int | None = None
    ordered: bool = False
    settings: list[bytes] = field(default_factory=list)
    texts: dict[str, bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    empty: str = ""


@dataclass(slots=True)
class Training:
    """One training, put together from parts."""

    curves: dict[str, Curve]
    parts: list[Part]
    notes: list[str] = field(default_factory=list)
    ordered: bool = False
    """No step goes back, as far as is known."""


def trainings_of(parts: Sequence[Part]) -> list[Training]:
    """Put the files of a run together, in the order in which they were begun."""
    if len(parts) == 1 and parts[0].ordered:
        return [Training(parts[0].curves, list(parts), ordered=True)]
    found: list[Training] = []
    for part in sorted((piece for part in parts for piece in _sessions(part)), key=lambda part: part.begin):
        if not part.curves:
            continue
        for training in reversed(found):
            if _is_copy(training, part):
                training.notes.append(f"{part.name} holds the same points again: left out")
                break
            if _continues(training, part):
                _extend(training, part)
                break
        else:
            found.append(Training(dict(part.curves), [part]))
    for part in parts:
        if not part.curves and found:  # hyperparameters in a file of their own
            before = [training for training in found if training.parts[0].begin <= part.begin + 1]
            (before or found[:1])[-1].parts.append(part)
    return found


def _leader(curves: Curves) -> str | None:
    """The tag that tells how training ran: the most points, at steps that change."""
    tags = [tag for tag, curve in curves.items() if not curve.constant and not is_axis_name(tag)]
    return max(tags or curves, key=lambda tag: (len(curves[tag].step), "loss" in tag.lower()), default=None)


def _is_copy(training: Training, part: Part) -> bool:
    """Say whether every point of a part is in the training already."""
    if not part.curves or part.curves.keys() - training.curves.keys():
        return False
    return all(
        len(training.curves[tag].step) == len(curve.step)
        and np.array_equal(training.curves[tag].step, curve.step)
        and np.array_equal(training.curves[tag].value, curve.value, equal_nan=True)
        and np.array_equal(training.curves[tag].wall, curve.wall, equal_nan=True)
        for tag, curve in part.curves.items()
    )


def _continues(training: Training, part: Part) -> bool:
    """Say whether a part belongs to a training that was begun before it."""
    shared = {tag: curve for tag, curve in part.curves.items() if tag in training.curves}
    tag = _leader(shared)
    if tag is None:
        return True
    before, after = training.curves[tag], part.curves[tag]
    first, start = int(before.step.min()), int(after.step.min())
    if part.resumed_at is not None:
        return part.resumed_at > first
    reached = int(before.step.max())
    slack = (reached - first) // _HARDLY if len(before.step) >= _HARDLY else 0
    if start <= first + slack:
        return False
    if start <= reached and after.wall[0] < before.wall[-1]:
        return False  # written at the same time
    interval, was = _interval(after.step), _interval(before.step)
    return interval is None or was is None or interval == was or start > interval


def _interval(step: Ints) -> int | None:
    """Steps between points; None for a single one."""
    gaps = np.diff(step)
    gaps = gaps[gaps > 0]
    return int(np.median(gaps)) if gaps.size else None


def _extend(training: Training, part: Part) -> None:
    """Continue a training; what the part goes back behind is superseded."""
    lost = 0
    shared = part.curves.keys() & training.curves.keys()
    everywhere = part.resumed_at if shared else None  # another writer's start says nothing about these curves
    where = everywhere
    for tag, curve in training.curves.items():
        limit = everywhere
        if tag in shared:
            start = int(part.curves[tag].step.min())
            limit = start if limit is None else min(start, limit)
        if limit is None:
            continue
        keep = curve.step < limit
        if not keep.all():
            lost += int(np.count_nonzero(~keep))
            where = limit if where is None else min(where, limit)
            training.curves[tag] = curve.of(keep)
    for tag, curve in part.curves.items():
        training.curves[tag] = training.curves[tag].then(curve) if tag in training.curves else curve
    training.curves = {tag: curve for tag, curve in training.curves.items() if len(curve.step)}
    if lost:
        training.notes.append(
            f"resumed at step {where} in {part.name}: {lost} earlier points from there on are superseded"
        )
    training.parts.append(part)


def _sessions(part: Part) -> list[Part]:
    """Cut a file where its training starts again or resumes."""
    if part.ordered or all(curve.ordered for curve in part.curves.values()):
        return [part]
    leader = _leader(part.curves)
    if leader is None:
        return [part]
    step, wall, _ = part.curves[leader]
    cuts = _cuts(step)
    if not cuts:
        return [part]
    others = {tag: curve for tag, curve in part.curves.items() if tag != leader}
    if _goes_on(part.curves[leader], cuts, others):
        return [_counted_on(part, leader, cuts)]
    times = [(wall[cut - 1] + wall[cut]) / 2 for cut in cuts]
    timed = bool(np.all(np.diff([wall[0], *times, wall[-1]]) > 0))
    pieces = []
    for number in range(len(cuts) + 1):
        curves = {}
        for tag, curve in part.curves.items():
            if tag == leader:
                bounds = cuts
            elif timed:
                bounds = np.searchsorted(curve.wall, times).tolist()
            else:
                bounds = _cuts(curve.step)
            if number <= len(bounds):
                begin, end = [0, *bounds, len(curve.step)][number : number + 2]
                if end > begin:
                    curves[tag] = curve.of(slice(begin, end))
        begun = part.begin if number == 0 else max(float(times[number - 1]), part.begin)
        piece = Part(part.name, begun, curves, part.resumed_at if number == 0 else None)
        if number == 0:
            piece.settings, piece.texts, piece.notes = part.settings, part.texts, part.notes
        pieces.append(piece)
    return pieces


def _cuts(step: Ints) -> list[int]:
    """Where a curve goes back over what it has been through, rather than a little out of order."""
    back = np.flatnonzero(step[1:] < step[:-1]) + 1
    over = np.ones(back.size, bool)  # the points just before are all at this step or later
    for lag in range(1, _FEW + 1):
        over &= (back >= lag) & (step[np.maximum(back - lag, 0)] >= step[back])
    anew = bool((step[back] <= step[0]).all())
    if not anew and back.size > _OFTEN * step.size:
        return []
    cuts: list[int] = []
    begin = 0
    for index, deep in zip(back.tolist(), over.tolist(), strict=True):
        again = deep or (back.size <= _FEW and step[index] in step[begin:index])
        if index - begin >= 2 and (again or step[index] <= step[begin]):
            cuts.append(index)
            begin = index
    return cuts


def _goes_on(leader: Curve, cuts: Sequence[int], others: Curves) -> bool:
    """Say whether steps that begin anew count within the epochs of one training.

    Each stretch of the curve then begins where the one before has ended, not where the first has begun; or,
    if that cannot be told, another curve counts the epochs and never goes back.
    """
    step, wall, value = leader
    begins = [0, *cuts]
    if len(cuts) < 2 or any(step[index] > step[0] for index in cuts):
        return False
    ends = [*cuts, len(step)]
    width = max(min(np.diff([*begins, len(step)])) // 10, 1)
    heads = np.array([np.median(value[begin : begin + width]) for begin in begins])
    tails = np.array([np.median(value[end - width : end]) for end in ends])
    with np.errstate(invalid="ignore"):
        to_end = np.median(np.abs(heads[1:] - tails[:-1]))
        to_start = np.median(np.abs(heads[1:] - heads[0]))
    if to_end < to_start / _CLEARLY or to_start < to_end / _CLEARLY:
        return bool(to_end < to_start)
    for curve in others.values():
        covers = curve.wall[0] < wall[cuts[0]] and wall[cuts[-1]] <= curve.wall[-1]
        if covers and len(curve.step) > 2 and curve.ordered and np.mean(np.diff(curve.step) > 0) > 0.5:
            return True
    return False


def _counted_on(part: Part, leader: str, cuts: Sequence[int]) -> Part:
    """Steps within epochs, counted on over the epochs, for every curve that begins anew with the leader."""
    curves = dict(part.curves)
    length = int(part.curves[leader].step.max()) - min(int(part.curves[leader].step.min()), 1) + 1
    if length * (len(cuts) + 1) >= _MOST_STEPS:
        return part
    for tag, curve in part.curves.items():
        mine = _cuts(curve.step)
        if len(mine) != len(cuts):
            continue
        epoch = np.zeros(len(curve.step), np.int64)
        epoch[mine] = 1
        curves[tag] = Curve(curve.step + np.cumsum(epoch) * length, curve.wall, curve.value)
    note = f"{leader!r}: the step begins anew in each of {len(cuts) + 1} epochs; counted on over them"
    return replace(part, curves=curves, notes=[*part.notes, note])
