"""One curve at a time: evaluations reduced to their results, averages set apart, equal names reconciled."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.readers._text.axis import Axis, held_out
from lrdoctor.readers._text.words import NEUTRAL, is_measure
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lrdoctor.readers._text.scan import Group

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

Roles = dict[str, tuple[Role, str]]
_OVERLAP = 0.3
_LEARNT = ("learn", "train", "training")
_TESTED = ("test", "val", "valid", "validation", "dev")
_MISHAP = re.compile(r"\b(?:nan|skipped|overflow)", re.IGNORECASE)


@dataclass(slots=True)
class Curve:
    """One column before it is put into a table: lines, steps and values of equal length.

    Parameters
    ----------
    tag
        Its name.
    lines, steps, values
        int64, int64 and float64 [n].
    held
        It was measured on validation or test data.
    """

    tag: str
    lines: Ints
    steps: Ints
    values: Floats
    held: bool


def curves_of(group: Group, axis: Axis, roles: Roles) -> list[Curve]:
    """The columns of a group.

    Parameters
    ----------
    group
        Lines that say the same.
    axis
        What counts the training.
    roles
        Gets the roles that the way of printing settles.
    """
    steps, own = axis.steps_of(group)
    held = held_out(group)
    batches = [number for number, item in enumerate(group.fields) if item.kind == "step"]
    tags = {item.tag for item in group.fields}
    evaluations = _evaluations(group, batches[0], steps) if held and batches and not own else None
    curves = []
    for number, item in enumerate(group.fields):
        if item.kind != "value" or _uninformative(group, number):
            continue
        lines, at, values, tag = group.lines, steps, group.column(number), item.tag
        if evaluations is not None:
            starts, ends = evaluations
            if f"{tag} (avg)" in tags:
                continue  # the mean over the batches so far says it better
            lines, at = lines[ends], at[ends]
            if item.mean:
                tag, values = tag.removesuffix(" (avg)"), values[ends]
            else:
                values = np.add.reduceat(values, starts) / (ends - starts + 1)
        elif item.mean and batches:
            roles.setdefault(tag, (Role.AVERAGE, "printed in parentheses: the mean since the epoch began"))
        curves.append(Curve(tag, lines, at, values, held))
    return curves


def _uninformative(group: Group, number: int) -> bool:
    """A setting that is printed on every line and never changes."""
    values, tag = group.column(number), group.fields[number].tag
    if values.size < 5 or is_measure(tag) or _MISHAP.search(tag):
        return False
    return bool(np.all(values == values[0]))


def _evaluations(group: Group, batch: int, steps: Ints) -> tuple[Ints, Ints] | None:
    """First and last row of each evaluation, where its batches are printed one by one."""
    position = group.column(batch)
    new = np.flatnonzero((np.diff(position) <= 0) | (np.diff(steps) != 0)) + 1
    starts = np.concatenate(([0], new)).astype(np.int64)
    ends = np.append(new - 1, group.lines.size - 1).astype(np.int64)
    return (starts, ends) if starts.size < group.lines.size else None


def reconciled(curves: Sequence[Curve], notes: list[str]) -> list[Curve]:
    """One curve for each name.

    What several kinds of line call the same is joined where they take turns, and kept apart where both
    print it
    at the same steps with different values: the mean over an epoch beside the loss of its batches.
    """
    by_tag: dict[str, list[Curve]] = {}
    for curve in curves:
        by_tag.setdefault(curve.tag, []).append(curve)
    out: list[Curve] = []
    for tag, several in by_tag.items():
        several.sort(key=lambda curve: -curve.lines.size)
        longest, joined = several[0], [several[0]]
        for curve in several[1:]:
            if _overlap(longest, curve) <= _OVERLAP:
                joined.append(curve)
            elif not NEUTRAL.fullmatch(tag):
                name = f"{tag}_epoch" if curve.lines.size < 0.7 * longest.lines.size else f"{tag} [2]"
                if all(other.tag != name for other in out):
                    out.append(replace(curve, tag=name))
        lines = np.concatenate([curve.lines for curve in joined])
        order = np.argsort(lines, kind="stable")
        steps = np.concatenate([curve.steps for curve in joined])[order]
        values = np.concatenate([curve.values for curve in joined])[order]
        out += _repeated(Curve(tag, lines[order], steps, values, longest.held), notes)
    return out


def _overlap(many: Curve, few: Curve) -> float:
    """Share of the shorter curve's steps that the longer one has, unless it has the same values there."""
    common = np.isin(few.steps, many.steps)
    if not common.any():
        return 0.0
    if np.all(np.diff(many.steps) >= 0):
        there = many.values[np.minimum(np.searchsorted(many.steps, few.steps[common]), many.values.size - 1)]
        here = few.values[common]
        if np.mean((there == here) | (np.isnan(there) & np.isnan(here))) > 0.9:
            return 0.0
    return float(common.mean())


def _repeated(curve: Curve, notes: list[str]) -> list[Curve]:
    """A name printed two or three times at every step, with other values and no word that tells why."""
    if curve.lines.size < 4 or curve.held:
        return [curve]
    starts = np.concatenate(([0], np.flatnonzero(np.diff(curve.steps) != 0) + 1))
    counts = np.diff(np.append(starts, curve.lines.size))
    times = int(np.median(counts))
    if times not in (2, 3) or np.mean(counts == times) < 0.8:
        return [curve]
    which = np.arange(curve.lines.size) - np.repeat(starts, counts)
    first, second = curve.values[which == 0], curve.values[which == 1]
    if np.mean(first[: second.size] == second[: first.size]) > 0.5:
        return [curve]  # every process prints it
    notes.append(
        f"{curve.tag!r} is printed {times} times at every step and nothing tells which is which "
        "(training and validation?): kept apart by order"
    )
    return [
        Curve(
            curve.tag if turn == 0 else f"{curve.tag} [{turn + 1}]", curve.lines[which == turn],
            curve.steps[which == turn], curve.values[which == turn], curve.held,
        )
        for turn in range(times)
    ]  # fmt: skip


def bare_roles(curves: Sequence[Curve]) -> Roles:
    """``train: 2.1 | val: 2.3`` names no measure: what falls is a loss, what rises a score."""
    by_tag = {curve.tag: curve for curve in curves}
    learn = next((by_tag[tag] for tag in _LEARNT if tag in by_tag), None)
    if learn is None or learn.values.size < 2 or any("loss" in tag.lower() for tag in by_tag):
        return {}
    falls = bool(learn.values[-1] < learn.values[0])
    why = f"the one number that is printed of training data, and it {'falls' if falls else 'rises'}"
    held = (Role.VAL_LOSS if falls else Role.VAL_METRIC, why)
    return {learn.tag: (Role.TRAIN_LOSS if falls else Role.TRAIN_METRIC, why)} | dict.fromkeys(_TESTED, held)
