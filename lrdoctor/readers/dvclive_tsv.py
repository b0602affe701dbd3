"""DVCLive: `dvclive/plots/metrics/**/<name>.tsv`, a file for each metric, with `step`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._beside import read_companion_yaml
from lrdoctor.readers._hyper import find_hyperparameters
from lrdoctor.readers._one_metric_files import Named, runs_from_files
from lrdoctor.readers._sheet import header_names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lrdoctor.records import Run


class DvcLiveReader:
    """Reads the metrics of one DVCLive directory."""

    name = "dvclive"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim a `.tsv` with a step below `plots/metrics` (or, before version 1, below `scalars`)."""
        home = _home(file.path)
        if file.suffix != ".tsv" or home is None or "step" not in header_names(file):
            return None
        return Claim(strength=Strength.FORMAT, group=home)

    def read(self, source: Source) -> Iterator[Run]:
        """Read the run; see `Reader.read`."""
        home = source.path

        def tag(file: LogFile, name: str) -> Named:
            inner = file.path.relative_to(_metrics(file.path) or home).with_suffix("").as_posix()
            return inner if inner.rpartition("/")[2] == name or name in inner.split(
                "/"
            ) else f"{inner}/{name}", None

        settings = find_hyperparameters(read_companion_yaml(home / "params.yaml"))
        yield from runs_from_files(
            source.files, source=home, format_name=self.name, tag=tag, axis="step", hyperparameters=settings
        )


def _metrics(path: Path) -> Path | None:
    """The directory below which paths are metric names."""
    for parent in path.parents:
        if parent.name == "metrics" and parent.parent.name == "plots":
            return parent
        if parent.name == "scalars" and (parent.parent / "report.html").exists():
            return parent
    return None


def _home(path: Path) -> Path | None:
    metrics = _metrics(path)
    if metrics is None:
        return None
    return metrics.parent.parent if metrics.name == "metrics" else metrics.parent


READER = DvcLiveReader()
