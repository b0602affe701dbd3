"""What the lines mean to one another: tables under a header, boxes, states of a progress bar, headings."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.readers._text.nouns import Field
from lrdoctor.readers._text.scan import Group
from lrdoctor.readers._text.words import BAR, HELD_OUT, axis_rank, is_clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lrdoctor.readers._text.scan import Scan

    Ints = NDArray[np.int64]

_HEADERS = 100
_RIGHT_ABOVE = 2
_YOLO_PARTS = frozenset(("box", "obj", "cls", "dfl", "seg", "total"))
_NEARLY_ALL = 0.9
_FEW = 0.2
"""A progress bar's last states stand for all of them if there are so many, as a share."""


def lay_out(scan: Scan) -> list[Group]:
    """Turn rows and boxes into groups of named numbers, and leave out what was only shown for a moment.

    Parameters
    ----------
    scan
        What the file holds.
    """
    groups = [_without(group, scan.at("aside")) for group in scan.groups if group.what == "data"]
    groups = [group for group in groups if group.lines.size]
    groups += _rows(scan)
    groups += _boxes(scan)
    return _settled(groups)


def _without(group: Group, asides: Sequence[tuple[int, str]]) -> Group:
    """Leave out lines that only say again what has been said, as announced by the line above."""
    again = np.isin(group.lines - 1, [line for line, _ in asides]) if asides else np.zeros(1, bool)
    return group.take(~again) if again.any() else group


def _rows(scan: Scan) -> list[Group]:
    """Name the numbers of table rows by the header above them."""
    headers = sorted(line for line in scan.names if line >= 0)
    if not headers:
        return []
    at = np.array(headers, np.int64)
    kinds = list(dict.fromkeys(scan.names[line] for line in headers))[:_HEADERS]
    number_of = {names: number for number, names in enumerate(kinds)}
    which = np.array([number_of.get(scan.names[line], -1) for line in headers])
    found: dict[tuple[tuple[str, ...], tuple[int, ...], bool, str], list[tuple[Group, Ints]]] = {}
    for group in scan.groups:
        if group.what != "row":
            continue
        above = np.searchsorted(at, group.lines) - 1
        kind = np.where(above >= 0, which[np.maximum(above, 0)], -1)
        cells = tuple(int(field.tag) for field in group.fields)
        for number in np.unique(kind[kind >= 0]).tolist():
            names = kinds[number]
            if max(cells) > len(names):
                continue
            rows = np.flatnonzero(kind == number)
            found.setdefault((names, cells, group.overwritten, group.bar), []).append((group, rows))
    named: list[Group] = []
    for (names, cells, overwritten, _), parts in found.items():
        fields, keep = [], []
        for place, cell in enumerate(cells):
            if cell >= len(names) or is_clock(names[cell]):
                continue
            fields.append(_named(place, _spelled_out(names[cell], names)))
            keep.append(place)
        if not any(field.kind != "value" for field in fields):
            continue
        lines = np.concatenate([group.lines[rows] for group, rows in parts])
        values = np.concatenate([group.values[rows][:, keep] for group, rows in parts])
        order = np.argsort(lines, kind="stable")
        # A row that is still being overwritten holds means so far, like the states of a Keras bar.
        whole = Group("data", tuple(fields), "", "keras", overwritten, lines[order], values[order])
        named.append(_full_bars(whole) if all(group.bar for group, _ in parts) else whole)
    return named


def _full_bars(group: Group) -> Group:
    """Rows with a progress bar behind them: of each epoch the last, whether or not the others were overwritten."""
    at = next((n for n, item in enumerate(group.fields) if item.kind == "epoch"), None)
    return group if at is None else group.take(np.append(np.diff(group.column(at)) != 0, True))


def _spelled_out(name: str, names: tuple[str, ...]) -> str:
    """YOLOv5 heads its columns with the bare names of the parts of its loss."""
    return f"train/{name}_loss" if name in _YOLO_PARTS and "gpu_mem" in names else name


def _named(token: int, name: str) -> Field:
    rank = {"E": -1, "#": 1}.get(name, axis_rank(name))
    return Field(token, name) if rank is None else Field(token, name, "epoch" if rank < 0 else "step", rank)


def _boxes(scan: Scan) -> list[Group]:
    """Put all lines of one box on the line where it begins, with the name of their section in front."""
    boxed = [group for group in scan.groups if group.what == "box"]
    if not boxed:
        return []
    rules = np.array([-1, *(line for line, _ in scan.at("rule"))], np.int64)
    sections = scan.at("section")
    starts = np.array([-1, *(line for line, _ in sections)], np.int64)
    names = ["", *(name for _, name in sections)]
    groups = []
    for group in boxed:
        box = rules[np.searchsorted(rules, group.lines) - 1]
        if group.split != "indented" or not sections:
            groups.append(_moved(group, box, group.fields[0].tag))
            continue
        over = np.searchsorted(starts, group.lines) - 1
        inside = starts[over] > box
        spoken = np.array(
            [names[number] if within else "" for number, within in zip(over.tolist(), inside.tolist(), strict=True)]
        )
        for name in dict.fromkeys(spoken.tolist()):
            rows = np.flatnonzero(spoken == name)
            tag = group.fields[0].tag
            groups.append(_moved(group.take(rows), box[rows], f"{name}/{tag}" if name else tag))
    return groups


def _moved(group: Group, lines: Ints, tag: str) -> Group:
    field = replace(group.fields[0], tag=tag)
    if is_clock(tag.rpartition("/")[2]) and field.kind == "value":
        field = replace(field, kind="total")  # of no interest, kept in place
    return Group("data", (field,), "", "box", overwritten=False, lines=lines, values=group.values)


def _settled(groups: list[Group]) -> list[Group]:
    """Leave out states of a progress bar where the lines that stayed say the same."""
    lasting: dict[str, int] = {}
    for group in groups:
        if not group.overwritten:
            for field in group.fields:
                if field.kind == "value":
                    lasting[field.tag] = lasting.get(field.tag, 0) + group.lines.size
    kept = []
    for group in groups:
        if group.overwritten:
            tags = [field.tag for field in group.fields if field.kind == "value"]
            enough = 1 if group.bar == "keras" else max(2.0, _FEW * group.lines.size)
            if tags and all(lasting.get(tag, 0) >= enough for tag in tags):
                continue
            group = _last_states(group)
        kept.append(group)
    return kept


def _last_states(group: Group) -> Group:
    """tqdm draws its bar again when the words beside it change: only the last of a position counts."""
    counts = [n for n, item in enumerate(group.fields) if item.kind in ("epoch", "step")]
    barred = any(item.kind == "step" and item.tag == BAR for item in group.fields)
    if not barred or group.bar != "tqdm" or all(item.kind != "value" for item in group.fields):
        return group
    last = np.append(np.any(np.diff(group.values[:, counts], axis=0) != 0, axis=1), True)
    return group if last.all() else group.take(last)


def under_headings(group: Group, headings: Sequence[tuple[int, str]]) -> dict[str, Ints] | None:
    """Divide lines by the last heading above them (Training, Validation).

    Parameters
    ----------
    group
        Lines that do not themselves say what they were measured on.
    headings
        Line and split of each heading.

    Returns
    -------
    Rows by split: of both, where headings tell the lines apart; of one, where its heading stands above
    nearly all of them; None where they settle nothing.
    """
    if not headings:
        return None
    at = np.array([line for line, _ in headings], np.int64)
    over = np.searchsorted(at, group.lines) - 1
    spoken = np.array([headings[number][1] if number >= 0 else "" for number in over.tolist()])
    parts = {name: np.flatnonzero(spoken == name) for name in dict.fromkeys(spoken.tolist())}
    held = sum(name in HELD_OUT for _, name in headings)
    rare, often = sorted((held, len(headings) - held))
    shares = [rows.size / group.lines.size for rows in parts.values()]
    if 2 * rare >= often and len(parts) > 1 and "" not in parts and min(shares) >= _FEW:
        return parts  # both are announced, in turns
    tests = _right_below(group, at, over) & np.isin(spoken, list(HELD_OUT))
    if _FEW <= np.mean(tests) <= 1 - _FEW:  # "testing", then the same words as in training
        return {"train": np.flatnonzero(~tests), str(spoken[tests][0]): np.flatnonzero(tests)}
    near = (over >= 0) & (group.lines - at[np.maximum(over, 0)] <= _RIGHT_ABOVE)
    main = max(parts, key=lambda name: parts[name].size)
    if main and np.mean(near & (spoken == main)) >= _NEARLY_ALL:
        return {main: np.arange(group.lines.size)}
    return None


def _right_below(group: Group, at: Ints, over: Ints) -> NDArray[np.bool_]:
    """The first line below each heading, if it stands where the training stood before."""
    first = np.append(True, np.diff(over) != 0) & (over >= 0) & (group.lines - at[np.maximum(over, 0)] <= _RIGHT_ABOVE)
    for number, item in enumerate(group.fields):
        if item.kind in ("epoch", "step"):
            first &= np.append(False, np.diff(group.column(number)) == 0)
    return first


def plain_name(tag: str) -> str:
    """A count's name without the data it was measured on: ``valid_num_updates`` counts updates."""
    return re.sub(
        r"^(?:train_inner|train(?:er|ing)?|valid(?:ation|ate)?|val|test|eval|end of|after)[ _/-]+",
        "",
        tag.strip().lower(),
    ).replace(" ", "_")
