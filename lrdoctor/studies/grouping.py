"""Which runs are the same thing at different rates, what else differs, and why a rate is not carried over."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lrdoctor.studies.facts import Facts

SAME_LENGTH = 1.5
"""Budgets within this factor count as the same."""
_SAME_START = 3.0
"""First losses within this factor (or this much apart, where they can be negative) count as the same."""
_HUGE = 1e300
"""Whole numbers beyond it, which a configuration may hold, are no floats."""
_LONG = 20
"""Steps a run must have for its first loss to be that before training."""

_RATES = re.compile(r"(^|_)(lr|learning_?rate|eta|lrate)(_|\d|$)|_lr$|^lr")
_IDLE = re.compile(
    r"seed|name|(^|_)(id|uuid|dir|path|folder|file|host|user|device|gpu|gpus|rank|port|tag|tags|notes?|group|time|date)(_|$)"
    r"|output|logging|log_|wandb|mlflow|tensorboard|comet|checkpoint_every|save|resume|verbose|worker|pin_memory|prefetch"
    r"|version|git|commit|timestamp|started|duration|runtime|report_to|eval_every|eval_steps|print|debug|^_"
)
_DATA = re.compile(
    r"data|corpus|(^|_)(task|env|split|fold|tokenizer|augment\w*|seq_len|max_length|image_size|img_size|num_classes)(_|$)"
)
_MODEL = re.compile(
    r"model|arch|backbone|network|encoder|decoder|layer|hidden|width|depth|embed|head|unit|filter|channel|vocab|kernel"
    r"|activation|norm_type|batch_?norm|pretrained|lora|(^|_)(dim|d_ff|d_model|net)(_|$)"
)
_NOT_MODEL = re.compile(r"clip|grad|loader|metadata")
_LENGTH = re.compile(
    r"^(max_steps|epochs|num_epochs|n_epochs|max_epochs|steps|total_steps|warmup_steps|num_train_epochs)$"
)
_MOMENTUM = frozenset({"momentum", "nesterov"})

WHY = {
    "optimizer": "each optimizer has its own scale of rates",
    "momentum": "momentum multiplies the effective rate",
    "batch_size": "the best rate moves with the batch size",
    "budget": "the best rate falls as the budget grows",
    "model": "the best rate depends on the architecture",
    "data": "the best rate depends on the data",
    "curves": "other curves were logged, so it is another training",
    "start": "the losses begin at other levels, so model, data or loss differ",
}
"""Why a rate that was best in one group is not carried over to another, by what differs."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that keeps two runs apart: its kind (a key of `WHY`), its name, and both values."""

    kind: str
    name: str
    here: str
    there: str


def group(runs: Sequence[Facts]) -> list[list[Facts]]:
    """Put runs of the same thing together, in the order in which they were read; each by ascending rate."""
    groups: list[list[Facts]] = []
    for run in runs:
        for members in groups:
            if all(next(iter(differences(member, run)), None) is None for member in members):
                members.append(run)
                break
        else:
            groups.append([run])
    parts = [part for members in groups for part in _designed(members)]
    return [sorted(part, key=lambda run: (run.lr is None, run.lr or 0.0)) for part in parts]


def differences(one: Facts, other: Facts) -> list[Difference]:
    """What keeps two runs from being compared; what is unknown of one of them does not."""
    found = []
    if (curves := _curves(one, other)) is not None:
        found.append(Difference("curves", "curves", *curves))
    if one.optimizer and other.optimizer and one.optimizer != other.optimizer:
        found.append(Difference("optimizer", "optimizer", one.optimizer, other.optimizer))
    for name in sorted(one.hyperparameters.keys() & other.hyperparameters.keys()):
        kind = kind_of(name)
        here, there = one.hyperparameters[name], other.hyperparameters[name]
        if (
            kind in ("batch_size", "momentum", "model", "data")
            and here is not None
            and there is not None
            and not _same(here, there)
        ):
            found.append(Difference(kind, name, str(here), str(there)))
    found += [*_lengths(one, other), *_starts(one, other)]
    return found


def _curves(one: Facts, other: Facts) -> tuple[str, str] | None:
    """What tells the curves of two runs apart; None where the same program can have written both logs.

    That takes the same loss over the same unit, one format, and most of the curves in common.
    """
    here, there = one.train_tag or one.val_tag, other.train_tag or other.val_tag
    if not here or here != there:
        return here, there
    if one.unit != other.unit:
        return f"{here} per {one.unit}", f"{there} per {other.unit}"
    if one.run.format != other.run.format:
        return f"{here} ({one.run.format})", f"{there} ({other.run.format})"
    ours, theirs = one.run.series.keys(), other.run.series.keys()
    if 2 * len(ours & theirs) >= len(ours | theirs):
        return None
    return _listed(ours), _listed(theirs)


def _listed(tags: Iterable[str], most: int = 4) -> str:
    """Some tags, and how many more there are."""
    names = sorted(tags)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _lengths(one: Facts, other: Facts) -> Iterable[Difference]:
    """Budgets as planned, or as run where no plan is known and neither blew up."""
    if one.planned and other.planned and one.planned[0] == other.planned[0]:
        name, here, there = one.planned[0], one.planned[1], other.planned[1]
    elif one.broke or other.broke:
        return
    else:
        name, here, there = f"{one.unit}s", float(one.length), float(other.length)
    if max(here, there) > SAME_LENGTH * max(min(here, there), 1.0):
        yield Difference("budget", name, f"{here:g}", f"{there:g}")


def _starts(one: Facts, other: Facts) -> Iterable[Difference]:
    """First losses, where they were logged before the rate could matter, of runs that then learnt."""
    for run in (one, other):
        if run.train is None or run.broke or run.first_step > 1 or run.unit != "step" or run.length < _LONG:
            return
        if not run.train.value < run.train.first:
            return
    assert one.train is not None
    assert other.train is not None
    here, there = one.train.first, other.train.first
    if min(here, there) > 0:
        apart = max(here, there) > _SAME_START * min(here, there)
    else:
        apart = abs(here - there) > _SAME_START * max(1.0, min(abs(here), abs(there)))
    if apart:
        yield Difference("start", "first loss", f"{here:.3g}", f"{there:.3g}")


def varying(runs: Sequence[Facts]) -> list[str]:
    """Names of what differs among runs: ``lr`` first, then other hyperparameters that could matter."""
    names = ["lr"] if len({run.lr for run in runs if run.lr is not None}) > 1 else []
    every = sorted({name for run in runs for name in run.hyperparameters if name != "lr"})
    return names + [name for name in every if kind_of(name) != "idle" and len(_values(runs, name)) > 1]


def _designed(runs: list[Facts]) -> list[list[Facts]]:
    """Split by another hyperparameter where each of its values was tried at several rates: a grid over
    both."""
    for name in varying(runs):
        if name == "lr":
            continue
        parts: dict[str, list[Facts]] = {}
        for run in runs:
            parts.setdefault(_shown(run.hyperparameters.get(name)), []).append(run)
        if all(len({run.lr for run in part if run.lr is not None}) > 1 for part in parts.values()):
            return [piece for part in parts.values() for piece in _designed(part)]
    return [runs]


def _values(runs: Sequence[Facts], name: str) -> set[str]:
    """Known values of a hyperparameter."""
    return {_shown(run.hyperparameters[name]) for run in runs if run.hyperparameters.get(name) is not None}


def _shown(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _HUGE:
        return f"{float(value):.6g}"
    return str(value)


def _same(here: object, there: object) -> bool:
    return _shown(here) == _shown(there)


def kind_of(name: str) -> str:
    """What a hyperparameter says about: a key of `WHY`, "idle" for what cannot matter, or "other"."""
    low = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())
    if "batch_size" in low and not low.startswith(("eval", "val", "test", "per_device_eval")):
        return "batch_size"
    if low in _MOMENTUM:
        return "momentum"
    if _RATES.search(low) or _LENGTH.search(low) or low in ("optimizer", "schedule_free"):
        return "idle"
    if _DATA.search(low) and not _NOT_MODEL.search(low) and "data_dir" not in low:
        return "data"
    if _IDLE.search(low) and low not in ("model_name", "model_name_or_path"):
        return "idle"
    if _MODEL.search(low) and not _NOT_MODEL.search(low):
        return "model"
    return "other"
