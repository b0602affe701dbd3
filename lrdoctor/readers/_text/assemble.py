"""From lines to tables: which lines are data, where each stands, what belongs into one row."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.readers._table import Table
from lrdoctor.readers._text.axis import Axis, constant, find_axis, held_out, leading, measured
from lrdoctor.readers._text.layout import lay_out, under_headings
from lrdoctor.readers._text.words import HELD_OUT, NEUTRAL, is_measure, is_setting
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lrdoctor.readers._text.scan import Group, Scan

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_MOST_COLUMNS = 200
_SETTINGS = 4
_SETTINGS_WITHOUT_AXIS = 2


@dataclass(slots=True)
class Curve:
    """One column before it is put into a table: lines, steps and values of equal length."""

    tag: str
    lines: Ints
    steps: Ints
    values: Floats
    own: bool
    held: bool


@dataclass(slots=True)
class Piece:
    """A table with what is known of it.

    Parameters
    ----------
    table, axis
        The columns, and the one that counts.
    roles
        Roles that the text itself settles.
    notes
        What had to be found out or mended.
    name
        What the log calls this training where it announces it; "" otherwise.
    begins
        The first line of the longest curve.
    """

    table: Table
    axis: str
    roles: dict[str, tuple[Role, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    name: str = ""
    begins: int = 0


def pieces(scan: Scan) -> list[Piece]:
    """Make tables of a text: one, or one for each training it announces; none where it holds no curve.

    Parameters
    ----------
    scan
        What the text holds.
    """
    groups = lay_out(scan)
    if not any(measured(group) or _pair(group) or _counted_values(group) for group in groups):
        return []
    notes: list[str] = []
    groups = _divided(groups, scan, notes)
    axis = find_axis(groups, _announced(groups))
    if axis is None:
        return _without_axis(groups, scan, notes)
    groups, roles = _accepted(groups, axis)
    if not groups:
        return []
    curves = [curve for group in groups for curve in _curves(group, axis, notes, roles)]
    curves = _reconciled(curves, notes)
    if all(curve.lines.size < 2 for curve in curves):
        return []
    piece = _tabled(curves, axis)
    if piece is None:
        return []
    piece.roles = {tag: role for tag, role in roles.items() if tag in piece.table.columns}
    piece.notes = axis.notes + notes
    return [piece]


def _counted_values(group: Group) -> bool:
    """Numbers that are not whole, beside something that counts, often enough to be a curve."""
    if group.lines.size < 5 or not any(
        item.kind in ("epoch", "step") and item.rank < 8 for item in group.fields
    ):
        return False
    return any(
        item.kind == "value" and np.mean(group.column(n) != np.round(group.column(n))) > 0.5
        for n, item in enumerate(group.fields)
    )


def _announced(groups: Sequence[Group]) -> tuple[float, float] | None:
    """Epochs and steps of the whole training, as the HF Trainer announces them."""
    found: dict[str, float] = {}
    for group in groups:
        for number, item in enumerate(group.fields):
            name = item.tag.lower()
            if name in ("num epochs", "total optimization steps"):
                found[name] = float(group.column(number)[0])
    if len(found) < 2:
        return None
    return found["num epochs"], found["total optimization steps"]


def _divided(groups: list[Group], scan: Scan, notes: list[str]) -> list[Group]:
    """Lines whose words are the same in training and validation, told apart by the headings above them."""
    headings = scan.at("heading")
    out = []
    for group in groups:
        plain = measured(group) and not group.split and all(
            item.kind != "value" or "/" not in item.tag for item in group.fields)  # fmt: skip
        parts = under_headings(group, headings) if plain and len({name for _, name in headings}) > 1 else None
        if parts is None:
            out.append(group)
            continue
        notes.append("training and validation lines are told apart by the headings above them")
        for name, rows in parts.items():
            part = group.take(rows)
            part.fields = tuple(
                replace(i, tag=f"{name}/{i.tag}") if i.kind == "value" else i for i in part.fields
            )
            part.split = name
            out.append(part)
    return out


def _accepted(groups: list[Group], axis: Axis) -> tuple[list[Group], dict[str, tuple[Role, str]]]:
    """The lines that are data: they count the training themselves, or stand between lines that do."""
    kept: list[Group] = []
    roles: dict[str, tuple[Role, str]] = {}
    known: set[str] = set()
    ordered = sorted(groups, key=lambda group: -group.lines.size)
    one_each = (
        axis.name == "row"
    )  # nothing counts: lines that repeat settings are results, one for each training
    for group in ordered:
        tags = {item.tag for item in group.fields if item.kind == "value"}
        if not tags or (one_each and sum(is_setting(item.tag) for item in group.fields) >= _SETTINGS):
            continue
        _, own = axis.steps_of(group)
        size = group.lines.size
        if group.bar == "summary":
            for tag in tags:
                roles.setdefault(tag, (Role.AVERAGE, "printed once, with the summary of the whole training"))
        elif group.bar == "box":
            if size < 2:
                continue
        elif own:
            if size < 2 and not tags & known and not (measured(group) and len(kept) > 0):
                continue
        else:
            if not measured(group) or size < 2:
                continue
            evaluates = held_out(group) and any(item.kind == "step" for item in group.fields)
            if axis.spread(group) < max(2, 0 if evaluates else 0.3 * size):
                continue
            if size > 3 and axis.spread(group) > 2 and constant(group) and size < 0.2 * axis.lines.size:
                continue
        kept.append(group)
        known |= tags
    kept.sort(key=lambda group: int(group.lines[0]))
    return kept, roles


def _curves(group: Group, axis: Axis, notes: list[str], roles: dict[str, tuple[Role, str]]) -> list[Curve]:
    """The columns of a group, with evaluations in progress reduced to their results and averages set apart."""
    steps, own = axis.steps_of(group)
    held = held_out(group)
    batches = [n for n, item in enumerate(group.fields) if item.kind == "step"]
    tags = {item.tag for item in group.fields}
    curves = []
    evaluations = _evaluations(group, batches[0], steps) if held and batches and not own else None
    for number, item in enumerate(group.fields):
        if item.kind != "value" or _uninformative(group, number):
            continue
        lines, at, values, tag = group.lines, steps, group.column(number), item.tag
        averaged = f"{tag} (avg)" in tags
        if evaluations is not None:
            starts, ends = evaluations
            if averaged:
                continue
            lines, at = lines[ends], at[ends]
            if item.mean:
                tag, values = tag.removesuffix(" (avg)"), values[ends]
            else:
                values = np.add.reduceat(values, starts) / (ends - starts + 1)
        elif item.mean and batches:
            roles.setdefault(tag, (Role.AVERAGE, "printed in parentheses: the mean since the epoch began"))
        curves.append(Curve(tag, lines, at, values, own, held))
    return curves


def _uninformative(group: Group, number: int) -> bool:
    """A setting or a counter of mishaps that is printed on every line and never changes."""
    values = group.column(number)
    if values.size < 5 or is_measure(group.fields[number].tag):
        return False
    return bool(np.all(values == values[0]))


def _evaluations(group: Group, batch: int, steps: Ints) -> tuple[Ints, Ints] | None:
    """First and last row of each evaluation, where its batches are printed one by one."""
    position = group.column(batch)
    new = np.flatnonzero((np.diff(position) <= 0) | (np.diff(steps) != 0)) + 1
    starts = np.concatenate(([0], new)).astype(np.int64)
    ends = np.append(new - 1, group.lines.size - 1).astype(np.int64)
    return (starts, ends) if starts.size < group.lines.size else None


def _reconciled(curves: list[Curve], notes: list[str]) -> list[Curve]:
    """One curve for each name: what several kinds of line call the same is joined, or kept apart if it differs."""
    by_tag: dict[str, list[Curve]] = {}
    for curve in curves:
        by_tag.setdefault(curve.tag, []).append(curve)
    out = []
    for tag, several in by_tag.items():
        several.sort(key=lambda curve: -curve.lines.size)
        main = [several[0]]
        for curve in several[1:]:
            if _overlap(several[0], curve) > 0.3:
                if NEUTRAL.fullmatch(tag):
                    continue
                name = f"{tag}_epoch" if curve.lines.size < 0.7 * several[0].lines.size else f"{tag} [2]"
                if all(other.tag != name for other in out):
                    out.append(replace(curve, tag=name))
                continue
            main.append(curve)
        lines = np.concatenate([curve.lines for curve in main])
        order = np.argsort(lines, kind="stable")
        joined = Curve(
            tag, lines[order], np.concatenate([c.steps for c in main])[order], np.concatenate([c.values for c in main])[order],
            own=main[0].own, held=main[0].held,
        )  # fmt: skip
        out += _repeated(joined, notes)
    return out


def _overlap(many: Curve, few: Curve) -> float:
    """Share of the shorter curve's steps that the longer one has, with another value."""
    common = np.isin(few.steps, many.steps)
    if not common.any():
        return 0.0
    where = np.searchsorted(many.steps, few.steps[common]) if np.all(np.diff(many.steps) >= 0) else None
    if where is not None:
        there = many.values[np.minimum(where, many.values.size - 1)]
        here = few.values[common]
        same = (there == here) | (np.isnan(there) & np.isnan(here))
        if same.mean() > 0.9:
            return 0.0
    return float(common.mean())


def _repeated(curve: Curve, notes: list[str]) -> list[Curve]:
    """A name that is printed two or three times at every step, with different values and no word that tells why."""
    if curve.lines.size < 4 or curve.held:
        return [curve]
    change = np.flatnonzero(np.diff(curve.steps) != 0) + 1
    starts = np.concatenate(([0], change))
    counts = np.diff(np.append(starts, curve.lines.size))
    times = int(np.median(counts))
    if times not in (2, 3) or np.mean(counts == times) < 0.8:
        return [curve]
    which = np.arange(curve.lines.size) - np.repeat(starts, counts)
    first = curve.values[which == 0]
    second = curve.values[which == 1][: first.size]
    if np.mean(first[: second.size] == second) > 0.5:
        return [curve]
    notes.append(
        f"{curve.tag!r} is printed {times} times at every step and nothing tells which is which "
        "(training and validation?): kept apart by order"
    )
    return [
        Curve(curve.tag if n == 0 else f"{curve.tag} [{n + 1}]", curve.lines[which == n], curve.steps[which == n],
              curve.values[which == n], curve.own, curve.held)
        for n in range(times)
    ]  # fmt: skip


def _tabled(curves: list[Curve], axis: Axis) -> Piece | None:
    """Put curves into a table: one row for each step, a new one where the longest curve goes on."""
    if not curves:
        return None
    curves = sorted(curves, key=lambda curve: -curve.lines.size)[:_MOST_COLUMNS]
    leader = curves[0]
    lines = np.concatenate([curve.lines for curve in curves])
    steps = np.concatenate([curve.steps for curve in curves])
    source = np.repeat(np.arange(len(curves)), [curve.lines.size for curve in curves])
    order = np.argsort(lines, kind="stable")
    ordered = steps[order]
    leads = (source == 0)[order]
    stretch = np.cumsum(np.append(True, np.diff(ordered) != 0)) - 1
    seen = np.cumsum(leads)
    before = np.concatenate(([0], seen[np.flatnonzero(np.diff(stretch))]))[stretch]
    again = leads & (seen - before > 1)
    row_ordered = np.cumsum(np.append(False, (np.diff(ordered) != 0)) | again)
    row = np.empty_like(row_ordered)
    row[order] = row_ordered
    count = int(row_ordered[-1]) + 1
    count_by = np.empty(count)
    count_by[row_ordered] = ordered
    columns: dict[str, Floats] = {axis.name: count_by}
    logged: dict[str, NDArray[np.bool_]] = {}
    if axis.epochs is not None and axis.name != "epoch":
        epoch = np.full(count, np.nan)
        at = np.searchsorted(axis.lines, leader.lines, side="right") - 1
        epoch[row[: leader.lines.size]] = axis.epochs[np.maximum(at, 0)]
        columns["epoch"] = epoch
        logged["epoch"] = np.isfinite(epoch)
    start = 0
    for curve in curves:
        stop = start + curve.lines.size
        tag = curve.tag if curve.tag not in columns else f"{curve.tag} [value]"
        column, there = np.full(count, np.nan), np.zeros(count, bool)
        column[row[start:stop]] = curve.values
        there[row[start:stop]] = True
        columns[tag] = column
        if not there.all():
            logged[tag] = there
        start = stop
    return Piece(Table(columns, logged), axis.name, begins=int(leader.lines[0]))


# ---- nothing counts --------------------------------------------------------------------------------------------
_FIRST_OF_PAIR = re.compile(r"(?P<split>\w+)\[0\]")


def _without_axis(groups: list[Group], scan: Scan, notes: list[str]) -> list[Piece]:
    """Rows are cycles: a new one begins where a name comes again."""
    groups = [group for group in groups if measured(group) or _pair(group)]
    groups = [group for group in groups if sum(is_setting(item.tag) for item in group.fields) < _SETTINGS_WITHOUT_AXIS]
    groups = [group for group in groups if group.lines.size >= 3 and not constant(group)]
    leader = leading(groups) or max(groups, key=lambda group: group.lines.size, default=None)
    if leader is None or leader.lines.size < 5:
        return []
    groups = [group for group in groups if _interleaved(group, leader)]
    anchor = min(
        (g for g in groups if g.lines.size >= 0.9 * leader.lines.size), key=lambda group: int(group.lines[0])
    )
    notes.append("no step is printed: lines are counted instead")
    made = []
    for name, first, last in _announcements(anchor, scan):
        lines = anchor.lines[(anchor.lines >= first) & (anchor.lines < last)]
        axis = Axis("row", lines, np.arange(lines.size, dtype=np.int64))
        roles: dict[str, tuple[Role, str]] = {}
        curves = []
        for group in groups:
            part = group.take((group.lines >= first) & (group.lines < last))
            if part.lines.size:
                curves += _curves(part, axis, notes, roles)
                roles |= _pair_roles(part)
        piece = _tabled(_reconciled(curves, notes), axis)
        if piece is not None:
            piece.roles = {tag: role for tag, role in roles.items() if tag in piece.table.columns}
            piece.notes = list(dict.fromkeys(notes))
            piece.name = name
            made.append(piece)
    return made


def _interleaved(group: Group, leader: Group) -> bool:
    """The group's lines are spread between the leader's, not in one heap before or after them."""
    return group is leader or np.unique(np.searchsorted(leader.lines, group.lines)).size >= max(
        2, 0.3 * group.lines.size
    )


def _announcements(anchor: Group, scan: Scan) -> list[tuple[str, int, int]]:
    """Name, first and last line of each training that a line such as "0th model" or "SGD start!" announces.

    Only where they cut the lines into stretches of equal length, and one stands above the first.
    """
    whole = [("", 0, scan.lines)]
    said = [
        (line, name) for line, name in scan.at("session") if anchor.lines[0] - 50 <= line < anchor.lines[-1]
    ]
    places = np.searchsorted(anchor.lines, [line for line, _ in said])
    starts: dict[int, tuple[int, str]] = {}
    for place, (line, name) in zip(places.tolist(), said, strict=True):
        starts[place] = (line, name)
    if len(starts) < 2 or 0 not in starts:
        return whole
    at = sorted(starts)
    lengths = np.diff([*at, anchor.lines.size])
    if lengths.min() < 5 or np.ptp(lengths[:-1]) > 1 or lengths[-1] > lengths[0] + 1:
        return whole
    lines = [starts[place][0] for place in at]
    names = [re.sub(r"[!.:\s]+$", "", starts[place][1]) for place in at]
    return list(zip(names, lines, [*lines[1:], scan.lines], strict=True))


def _pair(group: Group) -> bool:
    """``test: (0.69, 0.50)``: a pair under the name of a data set."""
    tags = [item.tag for item in group.fields if item.kind == "value"]
    return (
        len(tags) >= 2
        and _FIRST_OF_PAIR.fullmatch(tags[0]) is not None
        and tags[0].rpartition("[")[0].lower() in (HELD_OUT | {"train", "training"})
    )


def _pair_roles(group: Group) -> dict[str, tuple[Role, str]]:
    """Loss and accuracy, where the first is positive and the second always in [0, 1]."""
    if not _pair(group) or any(is_measure(item.tag) for item in group.fields):
        return {}
    first, second = (
        group.column(n)
        for n, item in enumerate(group.fields)
        if item.kind == "value" and item.tag.endswith(("[0]", "[1]"))
    )
    if np.nanmin(second) < 0 or np.nanmax(second) > 1 or np.nanmin(first) < 0:
        return {}
    name = group.fields[0].tag.rpartition("[")[0]
    held = name.lower() in HELD_OUT
    why = f"pairs under {name!r}: the second number is always between 0 and 1"
    return {
        f"{name}[0]": (Role.VAL_LOSS if held else Role.TRAIN_LOSS, f"first of {why}"),
        f"{name}[1]": (Role.VAL_METRIC if held else Role.TRAIN_METRIC, f"second of {why}"),
    }
