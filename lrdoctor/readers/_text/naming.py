"""Names of numbers, as they are read off a line and as they become tags."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from lrdoctor.readers._text.nouns import Field
from lrdoctor.readers._text.words import NEUTRAL, axis_rank, is_measure, names_split, split_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_SCALES = {"k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9}
# Composer says "Train" or "Eval" before names that say it themselves.
_SAID_TWICE = re.compile(r"(?:Train|Eval) ([\w-]+/\S+)")
# Arrows, boxes, little pictures and the marks of East Asian sentences adorn a name.
_ADORNMENT = r"[\s\u2190-\u2bff\u3000-\u303f\ufe0f\u200d\U0001f000-\U0001faff]+"
_ADORNED = re.compile(rf"^{_ADORNMENT}|{_ADORNMENT}$")
_BARE_SPLITS = frozenset(("val", "valid", "test", "train", "dev", "eval"))


def readable(name: str) -> str:
    """Take quotes, brackets and marks off a name."""
    name = _ADORNED.sub("", name).strip(" \t\"'`*#>=~!?:;,$\\<|-+\ufffd&/")
    while name.endswith((".", "(", "[", "{")) or (name.endswith(")") and "(" not in name):
        name = name[:-1].rstrip(" \t\"'")
    while name.startswith((".", "(", "[", "{", ")", "]", "}", "'", '"')):
        name = name[1:].lstrip(" \t\"'")
    return re.sub(r"\s+", " ", name).strip()


def scale_of(behind: str) -> float:
    """The letter behind a number that multiplies it, if it stands alone: 12k, 3.4M."""
    return _SCALES.get(behind[:1], 1.0) if not behind[1:2].isalnum() else 1.0


def names_table(cells: Sequence[str]) -> bool:
    """Say whether these are column names of a training table: short, an axis among them, and a measure."""
    if any(len(cell) > 40 or len(cell.split()) > 5 for cell in cells) or len(set(cells)) < len(cells):
        return False
    if not any(axis_rank(cell) is not None or cell in ("E", "#") for cell in cells):
        return False
    return any(is_measure(cell) or cell.lower() in ("score", "train", "valid") for cell in cells)


def boxed_field(key: str, token: int) -> Field:
    """Name the number of a box line; its whole first cell is the name."""
    name = readable(key)
    rank = axis_rank(name)
    if rank is None:
        tail = name.rpartition("/")[2]
        rank = axis_rank(tail) if tail != name and axis_rank(tail) in (0, 1, 2) else None
    if rank is None:
        return Field(token, name)
    return Field(token, name, "epoch" if rank < 0 else "step", rank)


def tagged(fields: Sequence[Field], splits: Sequence[str]) -> tuple[Field, ...]:
    """Make the names of a line unique, with the split in front where only the context tells it.

    Parameters
    ----------
    fields
        The line's numbers, in order.
    splits
        For each, the data ("train", "val"...) that free-standing words before it speak of; "" if none.
    """
    tags = [field.tag for field in fields]
    named: list[Field] = []
    seen: set[str] = set()
    inherited = ""
    for field, split, tag in zip(fields, splits, tags, strict=True):
        if field.kind != "value":
            named.append(field)
            continue
        said = _SAID_TWICE.fullmatch(tag)
        if said:
            tag = said[1]
        elif names_split(tag):
            inherited = split_of(tag) or inherited
            if tag.lower() in _BARE_SPLITS:
                tag = _with_lead(tag, tags)
        elif not NEUTRAL.fullmatch(tag) and (split or inherited):
            tag = f"{split or inherited}/{tag}"
        number, unique = 2, tag
        while unique in seen:
            unique = f"{tag} [{number}]"
            number += 1
        seen.add(unique)
        named.append(replace(field, tag=unique))
    return tuple(named)


def _with_lead(tag: str, tags: Sequence[str]) -> str:
    """``loss train: 1.2, val: 1.3`` measures the same thing twice."""
    for other in tags:
        match = re.fullmatch(r"(.*loss) (?:train|training)", other, re.IGNORECASE)
        if match:
            return f"{match.group(1)} {tag}"
    return tag
