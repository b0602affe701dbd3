"""TensorBoard event files, whoever wrote them: TensorFlow 1 and 2, Keras, torch, tensorboardX, Lightning, HF.

A directory of event files is a run. Sub-directories that hold a split (`train/`, `validation/`, `eval/`...),
one curve of a group (`add_scalars`) or hyperparameters (`add_hparams`) belong to the run above them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.patterns import pattern
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.records import Role, Run, Series

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from lrdoctor.readers._events.columns import Columns, Curve
    from lrdoctor.readers._events.trainings import Part, Training

_STAMP = pattern(r"tfevents\.(\d{9,10})(?:\.|$)")
_LFS = b"version https://git-lfs"
_SIGNATURE = b"brain.Event:"
_KERAS_EPOCH = pattern(r"(?:train|validation)/epoch_\w+")
_PLACEHOLDER = "hp_metric"


class TensorBoardReader:
    """Reads event files."""

    name = "tensorboard"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim by name, or by the version record that event files begin with."""
        if "tfevents" not in file.name:
            if _SIGNATURE not in file.head[12:48]:
                return None
        elif file.name.endswith(".profile-empty") or file.name.startswith("._"):
            return Claim(strength=Strength.FORMAT, quiet=True)  # a profiler's marker, a Mac's metadata
        from lrdoctor.readers._events.places import place_of

        return Claim(strength=Strength.FORMAT, group=place_of(file).home)

    def read(self, source: Source) -> Iterator[Run]:
        """Read the trainings of one run directory; see `Reader.read`."""
        from lrdoctor.readers._events.settings import hyperparameters
        from lrdoctor.readers._events.trainings import trainings_of

        parts, failures = _parts(source)
        if not any(part.curves for part in parts):
            raise _nothing(source, parts, failures)
        trainings = trainings_of(parts)
        unread = [f"{error.source.rpartition('/')[2]}: {error.reason}" for error in failures
                  if not isinstance(error, NotALogError)]  # fmt: skip
        for number, training in enumerate(trainings, 1):
            series, mended = _series(training)
            notes = [
                *unread,
                *(note for part in training.parts for note in part.notes),
                *training.notes,
                *mended,
            ]
            if len(trainings) > 1:
                names = list(dict.fromkeys(part.name for part in training.parts))
                others = f" and {len(names) - 1} more" if len(names) > 1 else ""
                notes.append(f"{len(trainings)} trainings are logged here; this is number {number}, "
                             f"in {names[0]}{others}")  # fmt: skip
            yield Run(
                id=str(number) if len(trainings) > 1 else "",
                source=str(source.files[0].path if len(source.files) == 1 else source.path),
                format=self.name,
                series=series,
                hyperparameters=hyperparameters(
                    source.path if source.path.is_dir() else source.path.parent,
                    [content for part in training.parts for content in part.settings],
                    {tag: text for part in training.parts for tag, text in part.texts.items()},
                ),
                notes=tuple(dict.fromkeys(notes)),
            )


def _parts(source: Source) -> tuple[list[Part], list[ReadError]]:
    parts: list[Part] = []
    failures: list[ReadError] = []
    for file in source.files:
        try:
            parts.append(_part(file, source))
        except ReadError as error:
            failures.append(error)
    return parts, failures


def _nothing(source: Source, parts: list[Part], failures: list[ReadError]) -> ReadError:
    """What to say of a run directory without a curve: what is damaged comes before what is merely empty."""
    damaged = [error for error in failures if not isinstance(error, NotALogError)]
    if damaged:
        return damaged[0]
    where = source.files[0].path if len(source.files) == 1 else source.path
    reasons = [part.empty for part in parts] or [error.reason for error in failures]
    return NotALogError(where, reasons[0] if reasons else "holds no event file")


def _part(file: LogFile, source: Source) -> Part:
    """Read one file."""
    from lrdoctor.readers._events.mending import exchange
    from lrdoctor.readers._events.places import Place, place_of
    from lrdoctor.readers._events.trainings import Part

    path = file.path
    columns = _columns(file)
    if not columns.records:
        raise _refusal(file)
    curves, notes = exchange(columns.curves())
    only = "no scalar"
    if _PLACEHOLDER in curves and (curves[_PLACEHOLDER].value == -1).all():
        del curves[_PLACEHOLDER]
        only = f"only Lightning's placeholder {_PLACEHOLDER} = -1"
    place = place_of(file)
    if place.home != source.path and not path.is_relative_to(source.path):  # it was moved under our feet
        place = Place(source.path)
    names = place.rename(curves)
    stamp = _STAMP.search(path.name)
    resumed = [step for count, step in columns.restarts if count == 0]
    return Part(
        name=_label(path, source.path),
        begin=float(stamp[1]) if stamp else min((float(curve.wall[0]) for curve in curves.values()), default=0.0),
        curves={names[tag]: curve for tag, curve in curves.items()},
        resumed_at=resumed[-1] if resumed else None,
        ordered=curves.ordered,
        settings=columns.settings,
        texts=columns.texts,
        notes=_damage(path.name, columns) + notes,
        empty=f"holds {only}: no curve was logged",
    )


def _columns(file: LogFile) -> Columns:
    """All that is in a file; of one that is followed only what is new is read."""
    from lrdoctor.readers._events import EventFile, join

    kept = file.kept("events")
    if kept is None:
        events = EventFile(file.path)
        columns = events.read()
    else:
        events, columns = kept[1]
        columns = join([columns, events.read()])
    file.keep("events", events.offset, (events, columns))
    return columns


def _refusal(file: LogFile) -> ReadError:
    """Say what a file is in which there is no record."""
    if file.size == 0:
        return NotALogError(file.path, "the event file is empty: nothing was logged")
    if file.name.endswith(".profile-empty") or file.name.startswith("._"):
        return NotALogError(file.path, "a marker beside an event file, which holds nothing itself")
    if file.head.startswith(_LFS):
        return ReadError(file.path, "a git-LFS pointer in place of the event file: run `git lfs pull`")
    if file.head[:2] == b"\x1f\x8b":
        return ReadError(file.path, "a compressed event file: unpack it with gunzip first")
    return ReadError(file.path, "not an event file: no record in it has a right checksum")


def _label(path: Path, home: Path) -> str:
    if path.parent == home:
        return path.name
    return path.relative_to(home).as_posix() if path.is_relative_to(home) else path.name


def _damage(name: str, columns: Columns) -> list[str]:
    """Say what could not be read."""
    notes = []
    if columns.damaged:
        places = "1 damaged place" if columns.damaged == 1 else f"{columns.damaged} damaged places"
        notes.append(f"{name}: {places}, {columns.lost_bytes} bytes lost; read on behind each")
    if columns.tail_bytes:
        notes.append(f"{name}: the last {columns.tail_bytes} bytes are not a whole record; left out")
    return notes


def _series(training: Training) -> tuple[dict[str, Series], list[str]]:
    """The curves of a training as series, and notes on what had to be mended."""
    from lrdoctor.readers._events.mending import settle

    curves, counters, notes = settle(training.curves, ordered=training.ordered)
    per_epoch = _epochs(curves)
    series = {}
    for tag, curve in curves.items():
        counter = tag in counters
        series[tag] = Series(
            tag=tag, step=curve.step, value=curve.value,
            wall_time=curve.wall if math.isfinite(curve.wall.sum()) else None,
            role=Role.OTHER if counter else None,
            role_reason="a counter stands where the values should be" if counter else "",
            unit="epoch" if tag in per_epoch else "step",
        )  # fmt: skip
    return series, notes


def _epochs(curves: Mapping[str, Curve]) -> set[str]:
    """Tags whose steps are epochs, as Keras counts them.

    Since 2.0 the tags of its sub-directories say so. Before, and in one directory, a loss and its `val_` twin
    at every one of the same consecutive steps do.
    """
    found = {tag for tag in curves if _KERAS_EPOCH.fullmatch(tag)}
    for tag, curve in curves.items():
        twin = curves.get(f"val_{tag}")
        if twin is None or len(curve.step) < 2 or not np.array_equal(twin.step, curve.step):
            continue
        if curve.step[0] in (0, 1) and (np.diff(curve.step) == 1).all():
            found |= {other for other, its in curves.items() if np.array_equal(its.step, curve.step)}
    return found


READER = TensorBoardReader()
