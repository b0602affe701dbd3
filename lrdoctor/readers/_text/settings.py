"""Hyperparameters in the text above the curves: argument dumps, configurations, single settings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lrdoctor.readers._hyper import find_hyperparameters, optimizer_name

if TYPE_CHECKING:
    from lrdoctor.records import Hyperparameter

_WANTED_NAMES = """
    lr optimizer batch_size schedule momentum weight_decay clip_norm epochs max_steps warmup_steps
"""
WANTED = frozenset(_WANTED_NAMES.split())
"""Of everything that an argument dump holds, what a diagnosis uses."""

_VALUE = r"(?P<value>'[^'\n]{0,60}'|\"[^\"\n]{0,60}\"|[-+\w./]{1,60})"
_SETTING_NAMES = """
    lr learning_?[rR]ate base_lr base_learning_rate init_lr initial_lr lr0 peak_lr max_lr lr_init
    initial_learning_rate lrate optimizer optim opt optimMethod optimizer_name solver solver_type
    batch_?[sS]ize train_batch_size global_batch_size per_device_train_batch_size total_batch_size bs
    mini_batch_size train_micro_batch_size_per_gpu micro_batch_size gradient_accumulation_steps
    samples_per_gpu ims_per_batch momentum weight_?[dD]ecay wd clip_grad max_grad_norm grad_clip clip_norm
    clip gradient_clip_val gradient_clipping clip_gradients epochs num_epochs max_epochs? n_epochs nepochs
    num_train_epochs max_steps max_iters? train_iters num_iterations total_steps total_iters max_update
    warmup_steps warmup_iters lr_warmup_iters num_warmup_steps warmup_updates lr_scheduler
    lr_scheduler_type scheduler lr_decay_style lr_policy lr_schedule sched train_steps
"""
_NAMES = "|".join(_SETTING_NAMES.split())
_PAIR = re.compile(
    rf"(?<![\w.\[$%@])(?P<quote>['\"]?)-{{0,2}}(?P<name>{_NAMES})(?P=quote)"
    r"(?:\s{0,40}[:=]{1,3}\s{0,40}|\s{1,40}\.{3,}\s{0,40}|[ \t]{0,40}\|[ \t]{0,40})"
    rf"(?:\[\s?)?{_VALUE}"
)
_FLAG = re.compile(rf"(?<!\S)--?(?P<name>(?:{_NAMES.replace('_', '[-_]')}))[ =]{{1,3}}{_VALUE}")
_BLOCK = re.compile(
    r"(?P<name>optimizer|optim|lr_scheduler|scheduler|lr_config|optimizer_config)['\"]?\s{0,9}[:=]\s{0,9}"
    r"(?:dict\(|\{|(?P<cls>[A-Z]\w{1,40})\s{0,9}\()"
)
_INNER = re.compile(r"[^{}()]{0,120}?['\"]?(?:type|name|_target_|policy)['\"]?\s*[:=]\s*['\"]?([\w.]+)")
_TORCH_OPTIMIZERS = "Adam|AdamW|SGD|RMSprop|Adagrad|Adadelta|NAdam|RAdam|Adamax|Lion|LAMB|Adafactor"
_OPTIMIZER_REPR = re.compile(
    rf"\b(?P<name>{_TORCH_OPTIMIZERS}) \(\s?\nParameter Group 0(?P<body>(?:\n[ \t]+\w+: \S+){{1,30}})"
)
_POINT = re.compile(
    r"(?i)\b(?:loss|acc(?:uracy)?)['\"]?\s*[:=|]?\s*-?\d+\.\d|\b(?:epoch|iter(?:ation)?|step)\b['\"]?\s*[:=\[#]?\s*\[?\s*\d+"
)
_LAYER = re.compile(r"Norm\dd|Norm\(|\(\d+\): |Conv\dd\(|Linear\(|eps=.*momentum=")
_CODE = re.compile(r"\s*(?:def \w+\(|class \w+[(:]|import \w+|from [\w.]+ import )")
_TOO_MUCH_CODE = 12
_SCHEDULE_NAMES = """
    one_cycle warmup_constant plateau cyclical cosine inverse_sqrt exponential polynomial step linear constant
"""
_SCHEDULES = frozenset(_SCHEDULE_NAMES.split())
_OPTIMIZER_NAMES = """
    adafactor adamax nadam radam adadelta adagrad adabelief adahessian madgrad adopt lamb lars lion muon
    sophia shampoo soap prodigy novograd rmsprop adamw adam sgd lbfgs rprop ftrl
"""
_OPTIMIZERS = frozenset(_OPTIMIZER_NAMES.split())


def find_settings(head: bytes, above: int) -> dict[str, Hyperparameter]:
    """Find hyperparameters in the beginning of a log.

    Parameters
    ----------
    head
        Its first bytes.
    above
        Number of the line on which the curves begin; settings stand above it.

    Returns
    -------
    Names as in `Run.hyperparameters`. Where a log begins with the program's own source, only argument dumps
    count.
    """
    lines = head.decode("utf-8", errors="replace").split("\n", above + 1)[:above]
    code = sum(1 for line in lines if _CODE.match(line)) > _TOO_MUCH_CODE
    found: dict[str, object] = {}
    kept = []
    for line in lines:
        if _POINT.search(line) and not _is_dump(line):
            continue
        if (code and not _is_dump(line)) or _LAYER.search(line):
            continue
        kept.append(line[:20_000])
        for pattern in (_PAIR, _FLAG):
            for match in pattern.finditer(kept[-1]):
                name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", match["name"]).lower().replace("-", "_")
                name = {"optim_method": "optimizer", "solver_type": "optimizer", "type": "", "name": ""}.get(name, name)
                if name:
                    found.setdefault(name, _value(match["value"]))
    text = "\n".join(kept)
    found = {name: value for name, value in found.items() if value is not None}
    kinds = re.findall(r"type=['\"](\w*(?:Annealing|Step|Linear|Poly|OneCycle|Cosine|Exponential)\w*LR)['\"]", text)
    if kinds:  # MMEngine lists a warm-up and what follows it
        found["lr_scheduler"] = next((kind for kind in kinds if "Linear" not in kind), kinds[0])
    for match in _BLOCK.finditer(text):
        inside = text[match.end() : match.end() + 300]
        kind = (
            match["cls"]
            or (
                re.match(
                    r"[^{}()]{0,120}?['\"]?(?:type|name|_target_|policy)['\"]?\s*[:=]\s*['\"]?([\w.]+)",
                    inside,
                )
                or [None, None]
            )[1]
        )
        if kind and match["name"] in ("optimizer", "optim", "scheduler", "lr_scheduler", "lr_config"):
            key = "optimizer" if match["name"].startswith("optim") else "lr_scheduler"
            if not isinstance(found.get(key), str) or found[key] in ("dict",):
                found[key] = kind
    printed = _OPTIMIZER_REPR.search(text)
    if printed:
        found.setdefault("optimizer", printed["name"])
        for name, value in re.findall(r"(\w+): (\S+)", printed["body"]):
            found.setdefault(name, _value(value))
    return {name: value for name, value in find_hyperparameters(found).items() if _sensible(name, value, found)}


def _sensible(name: str, value: Hyperparameter, found: dict[str, object]) -> bool:
    """A printed setting that is what it should be: prose and source code hold the same words."""
    if name not in WANTED:
        return False
    if name == "schedule":
        return value in _SCHEDULES
    if name == "optimizer":
        return value in _OPTIMIZERS
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        return False
    if name == "momentum":
        return 0 < value < 1 and optimizer_name(str(found.get("optimizer", ""))) in (
            "sgd",
            "rmsprop",
            "lars",
            "",
        )
    return value > 0 or name == "weight_decay"


def _is_dump(line: str) -> bool:
    return "Namespace(" in line or "Arguments(" in line or (line.count("=") + line.count(":") > 12 and len(line) > 200)


def _value(text: str) -> object:
    text = text.strip("'\"").rstrip(".")
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        if text in ("None", "null", "none", ""):
            return None
        return {"true": True, "false": False}.get(text.lower(), text)
