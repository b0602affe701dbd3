"""Comet's offline archives: a zip with `messages.json`, a message a line."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.patterns import pattern
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._hyper import find_hyperparameters
from lrdoctor.readers._json_rows import NON_FINITE
from lrdoctor.readers._points import Points, runs_from_points

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lrdoctor.records import Run

_MESSAGES = "messages.json"
_NAMED_BY_KEY = pattern(r"[0-9A-Za-z]{32,50}(?:-\w+)?")
_MAX_LINE = 16 << 20
_MAX_RATIO, _FREE_BYTES = 200, 64 << 20
"""JSON of this kind shrinks to a tenth or a fiftieth; a zip that promises more is no log."""
_OWN = frozenset(("curr_step", "curr_epoch"))


class CometReader:
    """Reads an offline experiment, packed or still unpacked."""

    name = "comet-offline"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim a zip that holds messages, and the messages of an experiment that was never packed."""
        if file.suffix == ".zip" and file.head.startswith(b"PK\x03\x04"):
            told = b"messages.json" in file.head or b"experiment.json" in file.head
            if told or _NAMED_BY_KEY.fullmatch(file.path.stem):
                return Claim(strength=Strength.FORMAT) if _holds_messages(file.path) else None
        if file.name == _MESSAGES and b'"payload"' in file.head[:4096]:
            return Claim(strength=Strength.FORMAT, group=file.path.parent)
        return None

    def read(self, source: Source) -> Iterator[Run]:
        """Read the experiment.

        Raises
        ------
        NotALogError
            No metric was logged.
        ReadError
            The archive is damaged, or unpacks to far more than a log of its size does.
        """
        for file in source.files:
            yield from _read(file.path, source.path)


READER = CometReader()


def _holds_messages(path: Path) -> bool:
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            return _MESSAGES in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return True  # cut off: to be refused with the reason


def _read(path: Path, home: Path) -> list[Run]:
    import zipfile
    import zlib

    metrics: dict[str, list[tuple[Any, float, Any]]] = defaultdict(list)
    params: dict[str, object] = {}
    bad = 0
    try:
        for line in _lines(path):
            try:
                payload = json.loads(line)["payload"]
                _sort(payload, metrics, params)
            except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
                bad += 1
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        if not metrics:
            raise ReadError(path, f"the archive is damaged or cut off ({error})") from None
        bad += 1
    except OSError as error:
        raise ReadError(path, f"cannot be read: {error.strerror or error}") from None
    points = {name: _points(entries) for name, entries in metrics.items()}
    notes = [f"{bad} messages cannot be read: left out"] if bad else []
    runs = runs_from_points(
        points,
        source=str(home),
        format_name=READER.name,
        hyperparameters=find_hyperparameters(params),
        notes=notes,
    )
    if not runs:
        raise NotALogError(path, "a Comet experiment without a metric")
    return runs


def _lines(path: Path) -> Iterator[bytes]:
    """Lines of the messages, at most as many bytes as a log of this size may hold."""
    import zipfile

    if path.suffix.lower() != ".zip":
        with path.open("rb") as stream:
            yield from _bounded(stream, path, limit=1 << 62)
        return
    with zipfile.ZipFile(path) as archive:
        if _MESSAGES not in archive.namelist():
            raise zipfile.BadZipFile(f"no {_MESSAGES} in it")
        packed = archive.getinfo(_MESSAGES).compress_size
        with archive.open(_MESSAGES) as stream:
            limit = min(packed, path.stat().st_size) * _MAX_RATIO + _FREE_BYTES
            yield from _bounded(stream, path, limit=limit)  # type: ignore[arg-type]


def _bounded(stream: BinaryIO, path: Path, limit: int) -> Iterator[bytes]:
    read = 0
    while line := stream.readline(_MAX_LINE):
        read += len(line)
        if read > limit:
            raise ReadError(path, f"unpacks to more than {limit >> 20} MB: not a log of its size")
        if line.strip():
            yield line


def _sort(
    payload: dict[str, Any], metrics: dict[str, list[tuple[Any, float, Any]]], params: dict[str, object]
) -> None:
    """Take the metric or the setting of a message."""
    metric, param = payload.get("metric"), payload.get("param")
    if metric:
        value = metric["metricValue"]
        value = NON_FINITE.get(value, value) if isinstance(value, str) else value
        context = payload.get("context")
        name = f"{context}_{metric['metricName']}" if context else str(metric["metricName"])
        if not isinstance(value, bool) and not name.startswith("sys."):
            entry = (metric.get("step"), float(value), payload.get("local_timestamp"))
            metrics[name].append(entry)  # last: no curve without a number
    elif param and param["paramName"] not in _OWN:
        params[str(param["paramName"]).replace("|", ".")] = param.get("paramValue")


def _points(entries: list[tuple[Any, float, Any]]) -> Points:
    steps, values, times = zip(*entries, strict=True)
    step = None
    if all(type(at) is int and abs(at) < 1 << 53 for at in steps):
        step = np.array(steps, np.int64)
    time = None
    if all(type(when) in (int, float) and abs(when) < 1e300 for when in times):
        time = np.array(times, np.float64)
    return Points(step, np.array(values, np.float64), time)
