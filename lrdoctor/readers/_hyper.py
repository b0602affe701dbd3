"""How a run was set up: any configuration, however nested and named, on the names that `Run` uses.

One place for `hparams.yaml`, `args.yaml`, `opt.yaml`, TrainingArguments, W&B configs, DeepSpeed and Keras
optimizer blocks and plain argparse dictionaries, so that every reader calls a learning rate ``lr``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from lrdoctor.patterns import pattern

if TYPE_CHECKING:
    from lrdoctor.records import Hyperparameter

_MAX_ENTRIES, _MAX_DEPTH, _MAX_TEXT = 400, 8, 200


@dataclass(frozen=True, slots=True)
class _Target:
    """One canonical name and the spellings that mean it, most trusted first."""

    name: str
    spellings: tuple[str, ...]
    positive: bool = True
    """A value of zero or less means "not set" (max_steps = -1, clip = 0)."""


_NUMBERS = (
    _Target("lr", (
        "lr", "learning_rate", "learning_rate_init", "learningrate", "base_lr", "peak_lr", "max_lr",
        "lr0", "init_lr", "initial_lr", "lr_init", "initial_learning_rate", "base_learning_rate",
        "lr_max", "lr_base", "optim_lr", "train_lr", "max_learning_rate", "peak_learning_rate", "lrate",
        "eta")),
    _Target("batch_size", (
        "total_train_batch_size", "global_batch_size", "total_batch_size", "train_batch_size",
        "batch_size", "batchsize", "per_device_train_batch_size", "train_micro_batch_size_per_gpu",
        "micro_batch_size", "per_gpu_train_batch_size", "samples_per_gpu", "batch_size_per_gpu",
        "batch_size_train", "ims_per_batch", "minibatch_size", "mini_batch_size", "batch", "bs")),
    _Target("momentum", ("momentum", "sgd_momentum"), positive=False),
    _Target("weight_decay", ("weight_decay", "weightdecay", "wd", "optim_weight_decay"), positive=False),
    _Target("clip_norm", (
        "max_grad_norm", "gradient_clip_val", "clip_grad_norm", "clip_norm", "clipnorm", "grad_clip_norm",
        "grad_norm_clip", "gradient_clip_norm", "clip_max_norm", "gradient_clipping", "clip_grad",
        "grad_clip", "clip_gradients", "global_clipnorm", "max_norm", "clip")),
    _Target("epochs", (
        "num_train_epochs", "max_epochs", "epochs", "num_epochs", "n_epochs", "nepochs", "total_epochs",
        "train_epochs", "training_epochs", "n_epoch", "num_epoch", "max_epoch", "epoch_num", "nb_epoch")),
    _Target("max_steps", (
        "max_steps", "total_steps", "num_train_steps", "train_steps", "training_steps", "max_iters",
        "train_iters", "num_iterations", "max_iter", "total_iters", "max_iterations", "iterations",
        "total_timesteps", "max_updates", "max_update", "num_steps", "n_steps_total", "n_iters",
        "total_training_steps", "num_iters", "max_train_steps", "total_iterations")),
    _Target("warmup_steps", (
        "warmup_steps", "num_warmup_steps", "warmup_iters", "lr_warmup_iters", "lr_warmup_steps",
        "warmup_updates", "warmup_num_steps", "warmup_iterations", "warmup_iter", "n_warmup_steps")),
)  # fmt: skip
_OPTIMIZER_KEYS = (
    "optimizer", "optim", "opt", "optimizer_name", "optimizer_type", "optim_name", "optimiser", "solver",
    "optim_type",
)  # fmt: skip
_SCHEDULE_KEYS = (
    "lr_scheduler_type", "lr_scheduler", "lr_schedule", "scheduler", "schedule", "sched", "lr_policy",
    "lr_decay_style", "scheduler_type", "scheduler_name", "lr_scheduler_name", "learning_rate_schedule",
    "sched_name",
)  # fmt: skip
_NAME_KEYS = (
    "name", "type", "_target_", "class_name", "_name_", "_name", "class_path", "cls", "class", "method",
    "policy",
)  # fmt: skip
# Parts of a path that say "this belongs to something else": taken only where nothing better is there.
_ELSEWHERE = frozenset((
    "discriminator", "critic", "disc", "ema", "val", "valid", "validation", "test", "eval", "evaluation",
    "finder", "inference", "scheduler", "schedule", "lr_scheduler", "swa", "export", "aux", "teacher",
))  # fmt: skip
# Longer names before those that they contain.
_OPTIMIZERS = (
    "adafactor", "adamax", "nadam", "radam", "adadelta", "adagrad", "adabelief", "adahessian", "madgrad",
    "adopt", "lamb", "lars", "lion", "muon", "sophia", "shampoo", "soap", "prodigy", "novograd", "rmsprop",
    "adamw", "adam", "sgd", "lbfgs", "rprop", "ftrl",
)  # fmt: skip
_SCHEDULES = (
    (pattern(r"one_?cycle|1cycle"), "one_cycle"),
    (pattern(r"constant_(?:lr_)?with_warm_?up|warmup_constant|^warmup_?lr$"), "warmup_constant"),
    (pattern(r"plateau"), "plateau"),
    (pattern(r"warm_?restarts|cyclic|triangular"), "cyclical"),
    (pattern(r"cos"), "cosine"),
    (pattern(r"inverse_?sq|inv_?sqrt|rsqrt|noam"), "inverse_sqrt"),
    (pattern(r"exp"), "exponential"),
    (pattern(r"poly"), "polynomial"),
    (pattern(r"step"), "step"),
    (pattern(r"linear|warmup_?decay"), "linear"),
    (pattern(r"const|fixed"), "constant"),
)


def find_hyperparameters(mapping: Mapping[str, object]) -> dict[str, Hyperparameter]:
    """Put a configuration on the names that `Run` uses.

    Parameters
    ----------
    mapping
        Nested or flat: the content of `hparams.yaml`, ``vars(args)``, ``TrainingArguments.to_dict()``, a
        W&B `config.yaml` with its ``{key: {desc, value}}`` wrapping, a DeepSpeed or Hydra configuration.

    Returns
    -------
    ``lr``, ``batch_size``, ``momentum``, ``weight_decay``, ``clip_norm``, ``epochs``, ``max_steps``,
    ``warmup_steps`` as numbers, ``optimizer`` and ``schedule`` as short lower-case names, each only if
    found; then every other scalar under its own dotted name. A batch size per device is multiplied by the
    accumulation steps and the number of processes where these are given.
    """
    flat = flatten(mapping)
    found: dict[str, Hyperparameter] = {}
    used: set[str] = set()
    for target in _NUMBERS:
        hit = _best_number(flat, target)
        if hit is not None:
            path, number = hit
            used.add(path)
            found[target.name] = _whole_batch(flat, path, number) if target.name == "batch_size" else number
    for name, keys in (("optimizer", _OPTIMIZER_KEYS), ("schedule", _SCHEDULE_KEYS)):
        named = _best_name(flat, keys)
        if named is not None:
            used.add(named[0])
            found[name] = optimizer_name(named[1]) if name == "optimizer" else schedule_name(named[1])
    if "schedule" not in found and any(
        value is True and _leaf(path) == "cos_lr" for path, value in flat.items()
    ):
        found["schedule"] = "cosine"
    reserved = {*found, *(target.name for target in _NUMBERS), "optimizer", "schedule"}
    # A value under a name of ours that says nothing (max_steps = -1, lr = "auto") must not pass for one.
    return found | {
        path: value for path, value in flat.items()
        if path not in used | reserved and not (isinstance(value, str) and len(value) > _MAX_TEXT)
    }  # fmt: skip


def flatten(mapping: Mapping[str, object]) -> dict[str, Hyperparameter]:
    """Turn a nested configuration into dotted names with scalar values; W&B's wrapping and private keys go.

    At most 400 entries and eight levels are kept: hostile YAML can refer to itself.
    """
    flat: dict[str, Hyperparameter] = {}
    for path, value in _walk(mapping, "", 0):
        flat.setdefault(path, value)
        if len(flat) >= _MAX_ENTRIES:
            break
    return flat


_OF_SGD = {
    "gradientdescent": "sgd",
    "gradientdescentoptimizer": "sgd",
    "momentum": "momentum",
    "momentumoptimizer": "momentum",
    "sgdm": "momentum",
    "sgdmomentum": "momentum",
    "sgdwithmomentum": "momentum",
    "momentumsgd": "momentum",
    "nesterov": "nesterov",
    "nag": "nesterov",
    "sgdnesterov": "nesterov",
    "nesterovsgd": "nesterov",
}


def optimizer_name(text: str) -> str:
    """Shorten ``torch.optim.AdamW``, ``adamw_torch_fused``, ``FusedAdam`` to a name like ``adamw``."""
    short = text.partition("(")[0].strip().rpartition(".")[2]
    plain = re.sub(r"[^a-z]", "", short.lower())
    if plain in _OF_SGD:  # said instead of "SGD with a momentum of 0.9", whose useful rates are ten times lower
        return _OF_SGD[plain]
    return next((name for name in _OPTIMIZERS if name in plain), plain or text.strip().lower())


def schedule_name(text: str) -> str:
    """Shorten ``CosineAnnealingLR``, ``SchedulerType.LINEAR`` and such to a name like ``cosine``."""
    short = text.partition("(")[0].strip().rpartition(".")[2]
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", short).lower().replace("-", "_")
    return next((name for words, name in _SCHEDULES if words.search(snake)), snake)


def number(value: object) -> float | int | None:
    """Read a configured number; YAML reads ``1e-4`` as text, some writers wrap it in a list of one."""
    if isinstance(value, (list, tuple)) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if abs(value) < 10**15 else None
    if isinstance(value, str) and len(value) < 40 and value.strip()[:1].isascii():
        try:
            value = int(value) if value.strip().isdecimal() and len(value) < 16 else float(value)
        except ValueError:
            return None
        if isinstance(value, int):
            return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return None


def _walk(value: object, path: str, depth: int) -> Iterator[tuple[str, Hyperparameter]]:
    if isinstance(value, Mapping):
        if depth > _MAX_DEPTH:
            return
        if depth and "value" in value and set(value) <= {"value", "desc"}:  # W&B wraps each setting
            yield from _walk(value["value"], path, depth + 1)
            return
        for key, inner in value.items():
            name = str(key)
            if name.startswith("_wandb") or (depth == 0 and name == "wandb_version"):
                continue
            yield from _walk(inner, f"{path}.{name}" if path else name, depth + 1)
        return
    scalar = _scalar(value)
    if path and (scalar is not None or value is None):
        yield path, scalar


def _scalar(value: object) -> Hyperparameter:
    """A plain scalar, whatever it was wrapped in (enumeration, numpy, list of one); None if it is none."""
    if isinstance(value, (bool, int, float, str)):
        inner = getattr(value, "value", value)  # a str enumeration
        return cast("Hyperparameter", inner if isinstance(inner, (bool, int, float, str)) else value)
    if isinstance(value, (list, tuple)):
        return _scalar(value[0]) if len(value) == 1 and not isinstance(value[0], (list, tuple)) else None
    inner = getattr(value, "value", None)
    if isinstance(inner, (bool, int, float, str)):
        return inner
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "size", 1) == 1:
        try:
            got = item()
        except (TypeError, ValueError, RuntimeError):
            return None
        return got if isinstance(got, (bool, int, float, str)) else None
    return None


def _leaf(path: str) -> str:
    return re.split(r"[./]", path)[-1].strip().lower().replace("-", "_").replace(" ", "_")


def _distance(path: str) -> tuple[bool, int]:
    """How far from the main trainer's own setting a path is; smaller is better."""
    parts = [part.lower() for part in re.split(r"[./]", path)]
    return any(part in _ELSEWHERE for part in parts[:-1]), len(parts)


def _best_number(flat: Mapping[str, Hyperparameter], target: _Target) -> tuple[str, float | int] | None:
    best: tuple[tuple[bool, int, int], str, float | int] | None = None
    for path, value in flat.items():
        leaf = _leaf(path)
        if leaf not in target.spellings:
            continue
        if leaf == "max_norm" and "clip" not in path.lower():
            continue
        parsed = number(value)
        if parsed is None or (parsed <= 0 if target.positive else parsed < 0):
            continue
        elsewhere, depth = _distance(path)
        rank = (elsewhere, target.spellings.index(leaf), depth)
        if best is None or rank < best[0]:
            best = rank, path, parsed
    return None if best is None else best[1:]


def _best_name(flat: Mapping[str, Hyperparameter], keys: tuple[str, ...]) -> tuple[str, str] | None:
    """A name given as ``optimizer: adam`` or inside a block, ``optimizer: {type: Adam, ...}``."""
    best: tuple[tuple[bool, int, int], str, str] | None = None
    for path, value in flat.items():
        if not isinstance(value, str) or not value.strip() or len(value) > _MAX_TEXT:
            continue
        leaf, parent = _leaf(path), _leaf(path.rpartition(".")[0])
        if leaf in keys:
            rank = (_distance(path)[0] and keys is _OPTIMIZER_KEYS, keys.index(leaf), path.count("."))
        elif leaf in _NAME_KEYS and parent in keys:
            rank = (False, keys.index(parent), path.count(".") + 1)
        else:
            continue
        if best is None or rank < best[0]:
            best = rank, path, value
    return None if best is None else best[1:]


def _whole_batch(flat: Mapping[str, Hyperparameter], path: str, size: float | int) -> float | int:
    """The batch of one optimizer step, where the configuration names a device's share of it."""
    leaf = _leaf(path)
    if not leaf.startswith(("per_", "micro_", "train_micro", "samples_per_gpu")):
        return size
    for wanted in (("gradient_accumulation_steps",), ("world_size", "n_gpu", "num_processes")):
        factor = next((number(value) for key, value in flat.items() if _leaf(key) in wanted), None)
        if factor is not None and factor > 1:
            size *= factor
    return size
