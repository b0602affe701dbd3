"""Where the tab's runs come from: the directory itself, or TensorBoard's data provider where that is elsewhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lrdoctor.records import Run

_SAMPLED = (
    "TensorBoard was not started on one directory of this machine, so the curves are those that it keeps: a sample of "
    "1,000 points each, unless it is started with --samples_per_plugin scalars=0. What happened between them cannot be "
    "seen."
)
_MOST_POINTS = 1_000_000
"""Points of a curve that the data provider is asked for: as many as it has."""


class Source(Protocol):
    """What the tab looks at."""

    note: str
    """What its reader has to know about it; "" for nothing."""

    def state(self) -> object:
        """Something that is equal as long as nothing was logged."""
        ...

    def logs(self) -> Any:
        """What `lrdoctor.diagnose` is to read."""
        ...


def source_of(context: Any) -> Source | None:
    """The best source that a TensorBoard's context has; None where it has none."""
    if context.logdir and _is_local(context.logdir):
        return Directory(Path(context.logdir).expanduser())
    return Provider(context.data_provider) if context.data_provider is not None else None


def _is_local(logdir: str) -> bool:
    """Whether it names one directory here, existing or yet to come: neither gs://bucket nor a list of name:path."""
    return "://" not in logdir and (Path(logdir).expanduser().is_dir() or not {",", ":"} & set(logdir))


class Directory:
    """A directory of logs: read as the command line reads it, every point and every format."""

    note = ""

    def __init__(self, path: Path) -> None:
        self._path = path

    def state(self) -> object:
        """Name, size and time of every file."""
        return hash(tuple(_files(self._path)))

    def logs(self) -> Any:
        """The path; nothing while it does not exist."""
        return self._path if self._path.exists() else []


def _files(root: Path) -> Iterator[tuple[str, int, int]]:
    for place, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(place, name)  # noqa: PTH118 - a Path for each of 100,000 files takes seconds
            try:
                known = os.stat(path)  # noqa: PTH116
            except OSError:  # removed meanwhile
                continue
            yield path, known.st_size, known.st_mtime_ns


class Provider:
    """TensorBoard's data provider: what it sampled, whatever it sampled it from."""

    note = _SAMPLED

    def __init__(self, provider: Any) -> None:
        self._provider = provider

    def state(self) -> object:
        """The last step and time of every curve."""
        found = self._provider.list_scalars(**self._asked())
        return [
            (run, tag, series.max_step, series.max_wall_time)
            for run, tags in sorted(found.items())
            for tag, series in sorted(tags.items())
        ]

    def logs(self) -> list[Run]:
        """A run for each of TensorBoard's."""
        found = self._provider.read_scalars(**self._asked(), downsample=_MOST_POINTS)
        return [_run(name, curves) for name, curves in sorted(found.items())]

    @staticmethod
    def _asked() -> dict[str, Any]:
        from tensorboard.context import RequestContext

        return {"ctx": RequestContext(), "experiment_id": "", "plugin_name": "scalars"}


def _run(name: str, curves: Mapping[str, Sequence[Any]]) -> Run:
    import numpy as np

    from lrdoctor.records import Run, Series

    series = {
        tag: Series(
            tag=tag,
            step=np.array([point.step for point in points], dtype=np.int64),
            value=np.array([point.value for point in points], dtype=np.float64),
            wall_time=np.array([point.wall_time for point in points], dtype=np.float64),
        )
        for tag, points in curves.items()
    }
    notes = ("the curves were sampled by TensorBoard",)
    return Run(id=name, source=name, format="tensorboard-provider", series=series, notes=notes)
