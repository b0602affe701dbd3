"""Texts in which nothing counts the training: rows are cycles of lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.readers._text.axis import Axis, constant, leading, measured
from lrdoctor.readers._text.curves import curves_of, reconciled
from lrdoctor.readers._text.tabling import tabled
from lrdoctor.readers._text.words import HELD_OUT, is_measure, is_setting
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrdoctor.readers._text.curves import Roles
    from lrdoctor.readers._text.scan import Group, Scan
    from lrdoctor.readers._text.tabling import Piece

SETTINGS = 2
"""So many settings on a line that counts nothing make it the result of a training, not a point of one."""
_FEWEST = 5
_FEWEST_SCORES = 10
_LOSS = re.compile(r"loss|nll|perpl|ppl|cost|objective|likelihood|entropy|\blr\b|rate|reward|return", re.IGNORECASE)
_PAIR = re.compile(r"(?P<name>\w+)\[0\]")
_PAIR_NAMES = HELD_OUT | {"train", "training"}


def pieces_without_axis(groups: Sequence[Group], scan: Scan, notes: list[str]) -> list[Piece]:
    """Make a table of each training that a text without steps announces.

    Parameters
    ----------
    groups
        All lines with numbers.
    scan
        What else the text holds.
    notes
        What was found out so far.
    """
    kept = [
        group for group in groups
        if (measured(group) or is_pair(group)) and group.lines.size >= 3 and not constant(group)
        and sum(is_setting(item.tag) for item in group.fields) < SETTINGS  # else: a line for each training
    ]  # fmt: skip
    leader = leading(kept) or max(kept, key=lambda group: group.lines.size, default=None)
    if leader is None or leader.lines.size < (_FEWEST if _names_loss(leader) else _FEWEST_SCORES):
        return []
    kept = [group for group in kept if _interleaved(group, leader)]
    anchor = min(
        (group for group in kept if group.lines.size >= 0.9 * leader.lines.size),
        key=lambda group: int(group.lines[0]),
    )
    notes.append("no step is printed: lines are counted instead")
    made = []
    for name, first, last in _announcements(anchor, scan):
        lines = anchor.lines[(anchor.lines >= first) & (anchor.lines < last)]
        axis = Axis("row", lines, np.arange(lines.size, dtype=np.int64))
        roles: Roles = {}
        curves = []
        for group in kept:
            part = group.take((group.lines >= first) & (group.lines < last))
            if part.lines.size:
                curves += curves_of(part, axis, roles)
                roles |= _pair_roles(part)
        piece = tabled(reconciled(curves, notes), axis)
        if piece is not None:
            piece.roles = {tag: role for tag, role in roles.items() if tag in piece.table.columns}
            piece.notes = list(dict.fromkeys(notes))
            piece.name = name
            made.append(piece)
    return made


def _names_loss(group: Group) -> bool:
    """Losses are printed while training; scores alone may be the results of a few models."""
    return is_pair(group) or any(_LOSS.search(item.tag) for item in group.fields)


def is_pair(group: Group) -> bool:
    """Say whether lines hold a pair under the name of a data set: ``test: (0.69, 0.50)``."""
    tags = [item.tag for item in group.fields if item.kind == "value"]
    match = _PAIR.fullmatch(tags[0]) if len(tags) >= 2 else None
    return match is not None and match["name"].lower() in _PAIR_NAMES


def _interleaved(group: Group, leader: Group) -> bool:
    """The group's lines are spread between the leader's, not in one heap before or after them."""
    if group is leader:
        return True
    return np.unique(np.searchsorted(leader.lines, group.lines)).size >= max(2, 0.3 * group.lines.size)


def _announcements(anchor: Group, scan: Scan) -> list[tuple[str, int, int]]:
    """Name, first and last line of each training that a line such as "0th model" or "SGD start!" announces.

    Only where they cut the lines into stretches of equal length, and one stands above the first.
    """
    whole = [("", 0, scan.lines)]
    said = [(line, name) for line, name in scan.at("session") if anchor.lines[0] - 50 <= line < anchor.lines[-1]]
    places = np.searchsorted(anchor.lines, [line for line, _ in said]).tolist()
    starts = dict(zip(places, said, strict=True))  # the last one above each stretch
    if len(starts) < 2 or 0 not in starts:
        return whole
    at = sorted(starts)
    lengths = np.diff([*at, anchor.lines.size])
    if lengths.min() < _FEWEST or np.ptp(lengths[:-1]) > 1 or lengths[-1] > lengths[0] + 1:
        return whole
    lines = [starts[place][0] for place in at]
    names = [re.sub(r"[!.:\s]+$", "", starts[place][1]) for place in at]
    return list(zip(names, lines, [*lines[1:], scan.lines], strict=True))


def _pair_roles(group: Group) -> Roles:
    """Loss and accuracy, where the first is positive and the second always in [0, 1]."""
    if not is_pair(group) or any(is_measure(item.tag) for item in group.fields):
        return {}
    ends = ("[0]", "[1]")
    first, second = (
        group.column(n) for n, item in enumerate(group.fields) if item.kind == "value" and item.tag.endswith(ends)
    )
    if not (np.all(first >= 0) and np.all(second >= 0) and np.all(second <= 1)):
        return {}
    name = group.fields[0].tag.rpartition("[")[0]
    held = name.lower() in HELD_OUT
    why = f"pairs under {name!r}: the second number is always between 0 and 1"
    return {
        f"{name}[0]": (Role.VAL_LOSS if held else Role.TRAIN_LOSS, f"first of {why}"),
        f"{name}[1]": (Role.VAL_METRIC if held else Role.TRAIN_METRIC, f"second of {why}"),
    }
