"""From lines to tables: which lines are data, and which of them belong to one training."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.readers._text.axis import Axis, constant, find_axis, held_out, measured
from lrdoctor.readers._text.curves import bare_roles, curves_of, reconciled
from lrdoctor.readers._text.layout import lay_out, under_headings
from lrdoctor.readers._text.tabling import tabled
from lrdoctor.readers._text.uncounted import is_pair, pieces_without_axis
from lrdoctor.readers._text.words import LEADING_RANK, NEUTRAL, is_setting, names_split
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrdoctor.readers._text.curves import Roles
    from lrdoctor.readers._text.nouns import Field
    from lrdoctor.readers._text.scan import Group, Scan
    from lrdoctor.readers._text.tabling import Piece

_SETTINGS = 4


def pieces(scan: Scan) -> list[Piece]:
    """Make tables of a text: one, or one for each training it announces; none where it holds no curve.

    Parameters
    ----------
    scan
        What the text holds.
    """
    groups = lay_out(scan)
    if not any(measured(group) or is_pair(group) or _counted_values(group) for group in groups):
        return []
    notes: list[str] = []
    groups = _tested(_divided(groups, scan, notes), notes)
    axis = find_axis(groups, _announced(groups))
    if axis is None:
        return pieces_without_axis(groups, scan, notes)
    groups, roles = _accepted(groups, axis)
    if not groups:
        return []
    curves = [curve for group in groups for curve in curves_of(group, axis, roles)]
    curves = reconciled(curves, notes)
    if all(curve.lines.size < 2 for curve in curves):
        return []
    piece = tabled(curves, axis)
    if piece is None:
        return []
    roles = bare_roles(curves) | roles
    piece.roles = {tag: role for tag, role in roles.items() if tag in piece.table.columns}
    piece.notes = list(dict.fromkeys(axis.notes + notes))
    return [piece]


def _counted_values(group: Group) -> bool:
    """Numbers that are not whole, beside something that counts, often enough to be a curve."""
    if group.lines.size < 5 or not any(
        item.kind in ("epoch", "step") and item.rank < LEADING_RANK for item in group.fields
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
        tags = [item.tag for item in group.fields if item.kind == "value"]
        silent = measured(group) and not group.split and not any(names_split(tag) for tag in tags)
        parts = under_headings(group, headings) if silent else None
        if parts is None:
            out.append(group)
            continue
        notes.append("headings above the lines tell what they were measured on")
        for name, rows in parts.items():
            part = group.take(rows)
            part.fields = tuple(_under(item, name) for item in part.fields)
            part.split = name
            out.append(part)
    return out


def _tested(groups: Sequence[Group], notes: list[str]) -> list[Group]:
    """Lines that name the best so far, beside values that finer lines print while training, are evaluations."""
    out = []
    for group in groups:
        tags = {item.tag for item in group.fields if item.kind == "value"}
        finer = any(
            tags & {item.tag for item in other.fields if item.kind == "value"}
            and other.lines.size >= 3 * group.lines.size
            and any(item.kind == "step" for item in other.fields)
            for other in groups
        )
        best = any(tag.lower().startswith("best") for tag in tags)
        if best and finer and not group.split and all(item.kind == "value" for item in group.fields):
            group = group.take(np.arange(group.lines.size))
            group.fields, group.split = tuple(_under(item, "val") for item in group.fields), "val"
            notes.append("lines that name the best so far are taken for evaluations")
        out.append(group)
    return out


def _under(item: Field, name: str) -> Field:
    """A field with its heading in front."""
    neutral = item.kind != "value" or NEUTRAL.fullmatch(item.tag) is not None
    return item if neutral else replace(item, tag=f"{name}/{item.tag}")


def _accepted(groups: list[Group], axis: Axis) -> tuple[list[Group], Roles]:
    """The lines that are data, in the order of the text, and the roles that their kind settles."""
    kept: list[Group] = []
    roles: Roles = {}
    known: set[str] = set()
    for group in sorted(groups, key=lambda group: -group.lines.size):
        tags = {item.tag for item in group.fields if item.kind == "value"}
        # Where nothing counts, lines that repeat settings are results, a line for each training.
        settings = sum(is_setting(item.tag) for item in group.fields) if axis.name == "row" else 0
        if not tags or settings >= _SETTINGS or not _belongs(group, axis, others=bool(kept), known=bool(tags & known)):
            continue
        if group.bar == "summary":
            for tag in tags:
                roles.setdefault(tag, (Role.AVERAGE, "printed once, with the summary of the whole training"))
        kept.append(group)
        known |= tags
    kept.sort(key=lambda group: int(group.lines[0]))
    return kept, roles


def _belongs(group: Group, axis: Axis, *, others: bool, known: bool) -> bool:
    """Lines count the training themselves, or stand between lines that do."""
    size = group.lines.size
    if group.bar == "summary":
        return True
    if group.bar == "box":
        return size > 1
    if axis.steps_of(group)[1]:
        return size > 1 or known or (measured(group) and others)
    if size < 2 or not measured(group):
        return False
    evaluates = held_out(group) and any(item.kind == "step" for item in group.fields)
    spread = axis.spread(group)
    if spread < max(2, 0 if evaluates else 0.3 * size):
        return False
    return not (constant(group) and size > 3 and spread > 2 and size < 0.2 * axis.lines.size)
