"""Which directory is the run that an event file belongs to.

A run is a directory of event files, but some writers spread one training over sub-directories: one for each
split (Keras, Estimator, fairseq), one for each curve of a group (`SummaryWriter.add_scalars`), one for the
hyperparameters (`add_hparams`). The names of these are what tells them from runs that lie side by side.
"""

from __future__ import annotations

import os
import re
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from lrdoctor.patterns import pattern
from lrdoctor.readers._events.crc import crc32c, masked
from lrdoctor.readers._events.layout import FOOT, HEAD
from lrdoctor.readers._events.parse import Odd, parse_event

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from lrdoctor.readers._base import LogFile

SPLIT = pattern(
    r"train(?:ing)?|train_inner|val|valid(?:ation)?|dev|test(?:ing)?|eval(?:uation)?"
    r"|(?:val|valid|validation|test|eval)[_-]?\d+|eval[_-]\w+",
    re.IGNORECASE,
)
"""Sub-directories that hold one split of their parent's training."""
_CLOCK = pattern(r"\d{9,10}\.\d+")  # what add_hparams names its directory: str(time.time())
_MOST_ENTRIES = 2000
_MOST_SETTINGS = 3
_FEW_RECORDS = 40
_DEEP = 4


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event file belongs.

    Parameters
    ----------
    home
        The run's directory.
    split
        Name of the sub-directory that holds a split, or "".
    group, member
        Main tag and key of `add_scalars`, or "".
    """

    home: Path
    split: str = ""
    group: str = ""
    member: str = ""

    def rename(self, tags: Iterable[str]) -> dict[str, str]:
        """The names of tags in the run; no two of them become one."""
        names = {tag: f"{tag}/{self.member}" if self.group and tag == self.group else tag for tag in tags}
        if not self.split:
            return names
        before = f"{self.split}/"
        short = {tag: name if name.startswith(before) else before + name for tag, name in names.items()}
        if len(set(short.values())) == len(short):
            return short
        return {tag: before + name for tag, name in names.items()}


def is_event_file(name: str) -> bool:
    """Say whether a file is named like an event file that holds summaries."""
    return "tfevents" in name and not name.endswith(".profile-empty") and not name.startswith("._")


def place_of(file: LogFile) -> Place:
    """Find the run that an event file belongs to, from the directories around it."""
    directory = file.path.parent
    group = member = split = ""
    if _CLOCK.fullmatch(directory.name) and _takes_settings(directory.parent):
        directory = directory.parent
    else:
        tag = first_tag(file.head) if _has_ancestor_with_events(directory) else None
        if tag:
            up, member = _member(directory, tag)
            if member and _look(up).events:
                directory, group = up, tag
    if SPLIT.fullmatch(directory.name) and _is_split(directory):
        directory, split = directory.parent, directory.name
    return Place(directory, split, group, member if group else "")


def _member(directory: Path, tag: str) -> tuple[Path, str]:
    """Directory of the main writer and key, if this directory is one that `add_scalars` makes for a tag."""
    flat = tag.replace("/", "_") + "_"  # torch: <main tag>_<key>
    if directory.name.startswith(flat) and len(directory.name) > len(flat):
        return directory.parent, directory.name[len(flat) :]
    parts = tuple(part for part in tag.split("/") if part)  # tensorboardX: <main tag>/<key>
    if parts and directory.parts[-len(parts) - 1 : -1] == parts:
        return directory.parents[len(parts)], directory.name
    return directory, ""


def _is_split(directory: Path) -> bool:
    """Say whether `train`, `test`... is a split of its parent rather than an experiment of that name."""
    parent = _look(directory.parent)
    if parent.events:
        return True
    splits = [name for name in parent.folders if SPLIT.fullmatch(name)]
    if any(name != directory.name and _look(directory.parent / name).events for name in splits):
        return True
    others = [name for name in parent.folders if not SPLIT.fullmatch(name)]
    return not any(_look(directory.parent / name).events for name in others[:50])


def _takes_settings(directory: Path) -> bool:
    """Say whether a directory is a run, and one with few enough sets of hyperparameters to be one training."""
    seen = _look(directory)
    return seen.events and sum(map(bool, map(_CLOCK.fullmatch, seen.folders))) <= _MOST_SETTINGS


def _has_ancestor_with_events(directory: Path) -> bool:
    path = os.fspath(directory)
    for _ in range(_DEEP):
        path = os.path.dirname(path)  # noqa: PTH120 - asked for every event file of a fleet
        if _look(path or ".").events:
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Seen:
    events: bool
    folders: tuple[str, ...]


def _look(directory: Path | str) -> _Seen:
    """Whether a directory holds event files, and its sub-directories."""
    path = os.fspath(directory)
    try:
        changed = os.stat(path).st_mtime_ns  # noqa: PTH116 - asked for every event file of a fleet
    except OSError:
        return _Seen(events=False, folders=())
    return _listing(path, changed)


@lru_cache(maxsize=512)
def _listing(directory: str, _changed: int) -> _Seen:
    folders: list[str] = []
    events = False
    try:
        with os.scandir(directory) as entries:
            for count, entry in enumerate(entries):
                if count == _MOST_ENTRIES:
                    break
                if is_event_file(entry.name):
                    events = events or entry.is_file()
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
    except OSError:
        pass
    return _Seen(events, tuple(sorted(folders)))


def first_tag(head: bytes) -> str | None:
    """The tag of the first scalar among the first records of a file, if the head of the file holds one."""
    at = 0
    for _ in range(_FEW_RECORDS):
        if at + HEAD + FOOT > len(head):
            return None
        length, crc = struct.unpack_from("<QI", head, at)
        if masked(crc32c(head[at : at + 8])) != crc:
            return None
        try:
            event = parse_event(head[at + HEAD : at + HEAD + length])
        except (Odd, IndexError):
            return None
        if event.values:
            begin, size = event.values[0].tag
            return head[at + HEAD + begin : at + HEAD + begin + size].decode("utf-8", "replace")
        at += HEAD + length + FOOT
    return None
