"""Hugging Face Trainer: `trainer_state.json`, in the output directory and once more in each
`checkpoint-<step>`.

The checkpoints of one training hold its log history up to their step, so that the one with the largest
`global_step` holds all of it. `training_args.bin` beside it is a pickle and is never opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.patterns import pattern
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._companions import read_model_card
from lrdoctor.readers._log_history import runs_from_log_history, settings_of_state
from lrdoctor.readers._records import load_json
from lrdoctor.readers._table import labelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Run

_CHECKPOINT = pattern(r"checkpoint[-_]\d+|checkpoint|best[-_]?(?:model|checkpoint)?|final[-_]?\w*|last")


class TrainerStateReader:
    """Reads the log history of the Hugging Face Trainer."""

    name = "hf-trainer"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim `trainer_state*.json` by name; the states of one output directory belong together."""
        if not (file.name.startswith("trainer_state") and file.suffix == ".json"):
            return None
        home = file.path.parent
        if _CHECKPOINT.fullmatch(home.name):
            home = home.parent
        return Claim(strength=Strength.FORMAT, group=home)

    def read(self, source: Source) -> Iterator[Run]:
        """Read the runs of one output directory; see `Reader.read`."""
        states: list[tuple[LogFile, Mapping[str, Any]]] = []
        failures: list[ReadError] = []
        for file in source.files:
            try:
                states.append((file, _state(file)))
            except ReadError as error:
                failures.append(error)
        if not states:
            raise failures[0]
        card = read_model_card(source.path if source.path.is_dir() else source.path.parent)
        notes = [f"{error.source}: {error.reason}" for error in failures]
        kept = _longest(states)
        for number, (file, state, covered) in enumerate(kept, 1):
            said = list(notes)
            if covered:
                said.append(f"{covered} more checkpoints hold the beginning of this log: read once")
            for run in runs_from_log_history(
                state["log_history"],
                source=str(file.path),
                format_name=self.name,
                hyperparameters=settings_of_state(state) | card,
                notes=said,
            ):
                yield labelled(run, str(number) if len(kept) > 1 else "")


def _state(file: LogFile) -> Mapping[str, Any]:
    content = load_json(file.path)
    if not isinstance(content, Mapping) or not isinstance(content.get("log_history"), list):
        raise NotALogError(file.path, "no trainer state: it has no log_history")
    if not any(isinstance(entry, Mapping) for entry in content["log_history"]):
        raise NotALogError(file.path, "its log_history is empty: nothing was logged (see logging_steps)")
    return content


def _longest(
    states: list[tuple[LogFile, Mapping[str, Any]]],
) -> list[tuple[LogFile, Mapping[str, Any], int]]:
    """The states that no other one continues, each with the number of those that it covers."""
    kept: list[tuple[LogFile, Mapping[str, Any], int]] = []
    for file, state in sorted(states, key=lambda pair: -len(pair[1]["log_history"])):
        history = state["log_history"]
        for position, (winner, longer, covered) in enumerate(kept):
            if _is_prefix(history, longer["log_history"]):
                kept[position] = (winner, longer, covered + 1)
                break
        else:
            kept.append((file, state, 0))
    return kept


def _is_prefix(short: list[Any], long: list[Any]) -> bool:
    """Whether a history is the beginning of another (NaN equals NaN, a summary at its end is passed over)."""
    points = [entry for entry in short if isinstance(entry, Mapping) and "train_runtime" not in entry]
    return len(points) <= len(long) and repr(points) == repr(long[: len(points)])


READER = TrainerStateReader()
