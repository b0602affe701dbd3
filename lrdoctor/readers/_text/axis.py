"""What counts the training in a text, and where on it each line stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.readers._text.layout import plain_name
from lrdoctor.readers._text.words import BAR, BATCH_RANK, HELD_OUT, UNNAMED_RANK, is_measure, names_split, split_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lrdoctor.readers._text.scan import Group

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_BACK_AND_FORTH = 0.25
_NEARLY_ALL = 0.8
_FEWEST = 5


@dataclass(slots=True)
class Axis:
    """Where on the training a line stands.

    Parameters
    ----------
    name
        What the log calls it; "epoch" if it counts epochs, "row" if the log counts nothing.
    lines, steps
        int64 [n]: lines on which it is known, increasing, and its value there.
    epochs
        float64 [n]: the epoch there, NaN where unknown; None if the log does not say.
    notes
        What was found out about it, a sentence each.
    """

    name: str
    lines: Ints
    steps: Ints
    epochs: Floats | None = None
    notes: list[str] = field(default_factory=list)

    def steps_of(self, group: Group) -> tuple[Ints, bool]:
        """The steps of a group's lines, and whether they are its own rather than its neighbours'."""
        place = np.searchsorted(self.lines, group.lines, side="right") - 1
        own = (place >= 0) & (self.lines[np.maximum(place, 0)] == group.lines)
        if own.all():
            return self.steps[place], True
        # Printed before the line that counts, as in a box whose step comes last? Then the next one is meant.
        if np.any(place < 0) and not np.any(group.lines > self.lines[-1]):
            place = np.where(own, place, place + 1)
        return self.steps[np.clip(place, 0, self.steps.size - 1)], False

    def spread(self, group: Group) -> int:
        """Over how many of the axis' intervals a group's lines are spread."""
        return int(np.unique(np.searchsorted(self.lines, group.lines, side="right")).size)


def measured(group: Group) -> bool:
    """The lines hold something that measures training."""
    return any(item.kind == "value" and is_measure(item.tag) for item in group.fields)


def constant(group: Group) -> bool:
    """Every value is the same on all lines, and none is NaN."""
    return all(
        item.kind != "value" or (np.isfinite(group.column(n)).all() and np.unique(group.column(n)).size == 1)
        for n, item in enumerate(group.fields)
    )


def held_out(group: Group) -> bool:
    """The lines speak of validation or test data only."""
    if group.split in HELD_OUT:
        return True
    tags = [item.tag for item in group.fields if item.kind == "value" and is_measure(item.tag)]
    return bool(tags) and all(
        names_split(tag) and split_of(tag.replace("_", " ").replace("/", " ")) in HELD_OUT for tag in tags
    )


def _share(flags: NDArray[np.bool_]) -> float:
    """How many are true; 0 if there are none."""
    return float(flags.mean()) if flags.size else 0.0


def find_axis(groups: Sequence[Group], totals: tuple[float, float] | None = None) -> Axis | None:
    """Find what counts the training.

    Parameters
    ----------
    groups
        All lines with numbers.
    totals
        Epochs and steps of the whole training where the log announces them.

    Returns
    -------
    None where nothing in the text counts it.
    """
    for name in _names(groups):
        axis = _by_epochs(groups, totals) if name == "epoch" else _by_steps(groups, name)
        if axis is not None:
            return axis
    return None


def _axes_of(group: Group) -> list[tuple[str, int, int]]:
    """Name, rank and column of everything that counts on a line."""
    return [
        ("epoch" if item.kind == "epoch" else plain_name(item.tag), item.rank, number)
        for number, item in enumerate(group.fields) if item.kind in ("epoch", "step")
    ]  # fmt: skip


def _names(groups: Sequence[Group]) -> list[str]:
    """Counts in the order of trust: what most lines with measurements carry, finer and known ones first."""
    groups = [group for group in groups if group.bar != "summary"]
    speaking = [group for group in groups if measured(group) and _axes_of(group)]
    speaking = [group for group in speaking if not held_out(group)] or speaking
    speaking = speaking or [group for group in groups if _axes_of(group) and _fractional(group)]
    weight: dict[str, int] = {}
    rank: dict[str, int] = {}
    for group in speaking or [group for group in groups if _axes_of(group)]:
        for name, trust, column in {axis[0]: axis for axis in reversed(_axes_of(group))}.values():
            values = group.column(column)
            if np.all(values == values[0]):
                continue
            if not speaking and trust >= UNNAMED_RANK:
                continue  # a progress bar without a word
            weight[name] = weight.get(name, 0) + group.lines.size
            rank[name] = min(rank.get(name, 99), trust)
    steps = {name: count for name, count in weight.items() if name != "epoch"}
    if not steps:
        return ["epoch"] if any(item.kind == "epoch" for group in groups for item in group.fields) else []
    most = max(steps.values())
    order = sorted(steps, key=lambda name: (steps[name] < _NEARLY_ALL * most, rank[name], -steps[name]))
    best = order[0]
    named = [({name for name, _, _ in _axes_of(group)}, group.lines.size) for group in speaking]
    only_epochs = sum(size for names, size in named if "epoch" in names and best not in names)
    return [*order, "epoch"] if 2 * steps[best] >= only_epochs else ["epoch", *order]


def _fractional(group: Group) -> bool:
    if group.lines.size < _FEWEST:
        return False
    for number, item in enumerate(group.fields):
        column = group.column(number)
        finite = column[np.isfinite(column)]
        if item.kind == "value" and finite.size and np.any(finite != np.round(finite)):
            return True
    return False


def _gather(groups: Sequence[Group], name: str) -> tuple[Ints, Floats, Floats, int]:
    """Lines, values and totals of one count, in the order of the text; how many kinds of line carry it."""
    parts: list[tuple[Ints, Floats, Floats]] = []
    with_words = any(measured(group) and any(axis == name for axis, _, _ in _axes_of(group)) for group in groups)
    for group in groups:
        if group.bar == "summary":
            continue
        for axis, rank, column in _axes_of(group):
            if axis != name:
                continue
            wordless = with_words and not measured(group) and rank >= UNNAMED_RANK
            if rank >= BATCH_RANK and name != "epoch" and (held_out(group) or wordless):
                continue  # how far an evaluation has come
            over = next(
                (
                    n
                    for n, item in enumerate(group.fields)
                    if item.kind == "total" and item.tag == group.fields[column].tag
                ),
                None,
            )
            total = group.column(over) if over is not None else np.full(group.lines.size, np.nan)
            parts.append((group.lines, group.column(column), total))
            break
    if not parts:
        empty = np.empty(0)
        return np.empty(0, np.int64), empty, empty, 0
    lines, values, totals = (np.concatenate(column) for column in zip(*parts, strict=True))
    good = np.isfinite(values) & (np.abs(values) < 2.0**53)
    lines, values, totals = lines[good], values[good], totals[good]
    order = np.argsort(lines, kind="stable")
    lines, values, totals = lines[order], values[order], totals[order]
    if name == BAR:  # a bar of batches within a bar of epochs: the longer one counts finer
        inner = totals == _most_common(totals)
        lines, values, totals = lines[inner], values[inner], totals[inner]
    once = np.append(np.diff(lines) != 0, True) if lines.size else np.empty(0, bool)
    return lines[once], values[once], totals[once], len(parts)


def _most_common(values: Floats) -> float:
    """What most of them are; NaN for none."""
    found, counts = np.unique(values, return_counts=True)
    return float(found[np.argmax(counts)]) if found.size else np.nan


def _carried(lines: Ints, known: Ints, values: Floats) -> Floats | None:
    """The last value known at or before each line."""
    if not known.size:
        return None
    place = np.searchsorted(known, lines, side="right") - 1
    return np.where(place >= 0, values[np.maximum(place, 0)], np.nan)


def _by_steps(groups: Sequence[Group], name: str) -> Axis | None:
    lines, steps, totals, kinds = _gather(groups, name)
    if lines.size < 2 or np.unique(steps).size < 2:
        return None
    epochs = _carried(lines, *_gather(groups, "epoch")[:2])
    notes: list[str] = []
    anew = epochs is None and _loss_is_back(groups, lines[1:][np.diff(steps) < 0])
    counted = steps if anew else _counted_on(steps, totals, epochs, name, notes)
    if _share(np.diff(counted) < 0) > _BACK_AND_FORTH or np.any(counted != np.round(counted)):
        return None
    if kinds == 1:
        counted = _spread_out(counted, notes)
    return Axis(name, lines, counted.astype(np.int64), epochs, notes)


def _loss_is_back(groups: Sequence[Group], turns: Ints) -> bool:
    """Say whether the loss is back near its first value at all these lines: trainings one after the other."""
    for group in groups:
        named = (n for n, item in enumerate(group.fields) if item.kind == "value" and "loss" in item.tag.lower())
        column = next(named, None)
        if column is None or held_out(group) or not turns.size:
            continue
        place = np.searchsorted(group.lines, turns)
        if place[0] == 0 or place[-1] == group.lines.size:
            continue
        loss = group.column(column)
        fall = loss[0] - loss[place - 1]
        return bool(np.all(fall > 0.25 * abs(loss[0])) and np.all(loss[place] - loss[place - 1] > 0.6 * fall))
    return False


def _counted_on(steps: Floats, totals: Floats, epochs: Floats | None, name: str, notes: list[str]) -> Floats:
    """Count on over epochs where the step starts again in each of them."""
    back = np.diff(steps) < 0
    if not back.any():
        return steps
    if epochs is not None and np.isfinite(epochs).all():
        whole = np.floor(epochs)
        turn = np.diff(whole)
        if np.mean(turn[back] != 0) < 0.6 or _share(back[turn > 0]) < 0.5:  # then it goes on over epochs
            return steps
        whole = whole - whole.min()
    else:
        before = totals[:-1][back]
        ended = steps[:-1][back] >= 0.8 * before if np.isfinite(before).all() else np.abs(
            steps[:-1][back] / np.median(steps[:-1][back]) - 1.0) < 0.1  # fmt: skip
        if (not np.isfinite(before).all() and back.sum() < 2) or np.mean(ended) < _NEARLY_ALL:
            return steps
        whole = np.concatenate(([0.0], np.cumsum(back)))
    known = totals[np.isfinite(totals) & (totals > 0)]
    length = float(np.median(known)) if known.size else 0.0
    if length < np.quantile(steps, 0.99):
        length = float(steps.max()) + (1.0 if steps.min() == 0 else 0.0)
    notes.append(f"{name!r} starts again in every epoch: counted on over epochs of {length:.0f}")
    counted: Floats = np.round(whole * length + steps)
    return counted


def _spread_out(steps: Floats, notes: list[str]) -> Floats:
    """Steps printed with three digits (2.06e+04) stand still and then jump: spread them over the lines."""
    same = np.diff(steps) == 0
    if steps.size < 20 or same.mean() < 0.1 or steps.max() < 1000:
        return steps
    if same[steps[1:] < 1000].mean() > 0.05 if np.any(steps[1:] < 1000) else False:
        return steps
    first = np.flatnonzero(np.append(True, ~same))
    heights = steps[first]
    jumps = np.diff(heights)
    if np.any(jumps < 0) or first.size < 5 or not _three_digits(heights):
        return steps
    notes.append("steps are printed with few digits: the lines between two of them were spread evenly")
    pace = float(np.median(jumps[-5:] / np.diff(first)[-5:]))  # steps for each line, towards the end
    grown = np.interp(np.arange(steps.size), first, heights)
    beyond = np.arange(steps.size) - first[-1]
    spread: Floats = np.floor(np.where(beyond > 0, heights[-1] + pace * beyond, grown))
    return spread


def _three_digits(values: Floats) -> bool:
    large = values[values >= 1000]
    if large.size < 3:
        return False
    unit = 10.0 ** (np.floor(np.log10(large)) - 2)
    return bool(np.mean(np.abs(large / unit - np.round(large / unit)) < 1e-6) > 0.95)


def _by_epochs(groups: Sequence[Group], totals: tuple[float, float] | None) -> Axis | None:
    lines, epochs, _, _ = _gather(groups, "epoch")
    if not lines.size:
        return None
    leader = leading(groups)
    if leader is None:
        return None
    at = _carried(leader.lines, lines, epochs)
    assert at is not None
    if np.isnan(at).any():  # printed before the first epoch is announced
        following = np.clip(np.searchsorted(lines, leader.lines), 0, lines.size - 1)
        at = np.where(np.isnan(at), epochs[following], at)
    if _share(np.diff(epochs) < 0) > 2 * _BACK_AND_FORTH:
        return None
    if np.unique(at).size < 2 and leader.lines.size > 2 and constant(leader):
        return None
    whole = np.floor(at)
    crowded = leader.lines.size > 2 and _share(np.diff(whole) == 0) > 0.2
    if not crowded or (np.all(at == whole) and _twice(whole)):
        return Axis("epoch", lines, np.floor(epochs).astype(np.int64), epochs)
    notes: list[str] = []
    return _within_epochs(groups, leader, at, totals, notes)


def _twice(epochs: Floats) -> bool:
    """Each epoch has two lines, or each has three: training and validation under the same words."""
    counts = np.diff(np.flatnonzero(np.concatenate(([True], np.diff(epochs) != 0, [True]))))
    times = int(np.median(counts))
    return counts.size >= 4 and times in (2, 3) and bool(np.mean(counts == times) >= _NEARLY_ALL)


def _within_epochs(
    groups: Sequence[Group],
    leader: Group,
    epochs: Floats,
    totals: tuple[float, float] | None,
    notes: list[str],
) -> Axis:
    """Several lines in each epoch: their steps come from a bar, from fractions of epochs, or by counting."""
    bar = _progress(groups, leader)
    if bar is not None:
        notes.append("steps are taken from the progress bar above each line")
        return Axis("step", leader.lines, bar, epochs, notes)
    if totals is not None and np.any(epochs != np.floor(epochs)) and totals[0] > 0:
        steps = np.round(epochs / totals[0] * totals[1])
        if np.unique(steps).size >= _NEARLY_ALL * np.unique(epochs).size:
            notes.append(f"steps are computed from the epoch: {totals[1]:.0f} steps in {totals[0]:g} epochs")
            return Axis("step", leader.lines, steps.astype(np.int64), epochs, notes)
    counted = np.arange(leader.lines.size)
    again = np.flatnonzero(np.diff(epochs) < -0.5) + 1
    for start in again.tolist():
        if np.floor(epochs[start]) <= np.floor(epochs[0]):
            counted[start:] = np.arange(leader.lines.size - start)
    notes.append("no step is printed: lines are counted instead")
    return Axis("row", leader.lines, counted, epochs, notes)


def _progress(groups: Sequence[Group], leader: Group) -> Ints | None:
    """Positions of the main progress bar at the leader's lines; None if there is none or it does not fit."""
    by_total: dict[float, list[tuple[Ints, Floats]]] = {}
    for group in groups:
        if group.bar != "tqdm" or measured(group):
            continue
        for number, item in enumerate(group.fields):
            if item.kind == "total":
                total, at = group.column(number), group.column(number - 1)
                for size in np.unique(total).tolist():
                    rows = total == size
                    by_total.setdefault(size, []).append((group.lines[rows], at[rows]))
    best: Ints | None = None
    for parts in by_total.values():
        lines = np.concatenate([part[0] for part in parts])
        at = np.concatenate([part[1] for part in parts])
        order = np.argsort(lines, kind="stable")
        steps = _carried(leader.lines, lines[order], at[order])
        if (
            steps is None
            or np.isnan(steps).any()
            or np.any(np.diff(steps) < 0)
            or np.unique(steps).size < _NEARLY_ALL * steps.size
        ):
            continue
        best = steps.astype(np.int64)
    return best


def leading(groups: Sequence[Group]) -> Group | None:
    """The lines with the finest training curve: most of them, about training data if possible."""
    ranked = sorted(
        (group for group in groups if any(item.kind == "value" for item in group.fields)),
        key=lambda group: (measured(group), not held_out(group), group.lines.size), reverse=True,
    )  # fmt: skip
    return ranked[0] if ranked else None
