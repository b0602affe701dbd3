"""Ray Tune and RLlib: `result.json` (JSON lines) and `progress.csv` of a trial, with `params.json`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.patterns import pattern
from lrdoctor.readers._axis import plain
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._beside import read_companion_json
from lrdoctor.readers._columns import read_columns
from lrdoctor.readers._hyper import find_hyperparameters
from lrdoctor.readers._json_table import read_json_table
from lrdoctor.readers._sheet import header_names
from lrdoctor.readers._table import Table, runs_from_table
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Run

# Configuration, clocks and machine: on every line, never a curve.
_NO_CURVE = pattern(
    r"config/.*|time\w*|timestamp|timers/.*|perf/.*|sampler_perf/.*|pid|iterations_since_restore|done|warmup_time"
    r"|timesteps_since_restore|node_ip|hostname|trial_id|experiment_\w+|num_\w*workers|hist_stats/.*|counters/.*"
)


class RayResultReader:
    """Reads the results of one trial; `result.json` where it is there, else `progress.csv`."""

    name = "ray-result"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim both files of a trial by name and the key training_iteration."""
        if file.name == "result.json":
            head = file.head
            known = b'"training_iteration"' in head or b'"time_total_s"' in head or b'"config"' in head
            if not head.lstrip().startswith(b"{") or not (known or file.size > len(head)):
                return None
        elif file.name != "progress.csv" or not {"training_iteration", "time_total_s"} <= set(
            header_names(file)
        ):
            return None
        return Claim(strength=Strength.FORMAT, group=file.path.parent)

    def read(self, source: Source) -> Iterator[Run]:
        """Read the trial; see `Reader.read`."""
        failure: ReadError | None = None
        for file in sorted(source.files, key=lambda file: file.name == "progress.csv"):
            try:
                table, notes = _table(file)
            except ReadError as error:
                failure = failure or error
                continue
            table = Table(
                {name: values for name, values in table.columns.items() if not _NO_CURVE.fullmatch(name)},
                table.logged,
            )
            if "training_iteration" not in table.columns:
                failure = failure or NotALogError(
                    file.path, "no results of a Ray trial: no training_iteration"
                )
                continue
            settings = find_hyperparameters(read_companion_json(file.path.parent / "params.json"))
            rewards = {
                name: (Role.REWARD, "RLlib: mean return of episodes")
                for name in table.columns if re.search(r"episode_(?:reward|return)_mean$", plain(name))
            }  # fmt: skip
            yield from runs_from_table(
                table, source=str(file.path), format_name=self.name, hyperparameters=settings, roles=rewards,
                notes=notes, axis="training_iteration", blank_may_be_nan=False,
            )  # fmt: skip
            return
        if failure is not None:
            raise failure


def _table(file: LogFile) -> tuple[Table, list[str]]:
    if file.suffix == ".csv":
        columns = read_columns(file)
        return columns.table, columns.notes
    content = read_json_table(file, prepare=_without_config)
    return content.table, content.notes


def _without_config(record: dict[str, Any]) -> None:
    record.pop("config", None)


READER = RayResultReader()
