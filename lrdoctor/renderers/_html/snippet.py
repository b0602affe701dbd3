"""PyTorch code that carries a plan out, to copy: an optimizer, a schedule, and the loop that uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.prescribing.optimizers import optimizer_name
from lrdoctor.renderers import _words as words

if TYPE_CHECKING:
    from lrdoctor.records import Plan, Run, RunDiagnosis, ScheduleAdvice

_CLASSES = {
    "sgd": "SGD", "momentum": "SGD", "nesterov": "SGD", "adam": "Adam", "adamw": "AdamW", "nadam": "NAdam",
    "radam": "RAdam", "adamax": "Adamax", "amsgrad": "Adam", "rmsprop": "RMSprop", "adagrad": "Adagrad",
    "adafactor": "Adafactor",
}  # fmt: skip
"""What torch.optim has; others come from packages of their own."""

# From 1 to 0 while `done`, the share of the run after its warm-up, goes from 0 to 1.
_SHAPES = {
    "cosine": "0.5 * (1 + math.cos(math.pi * done))",
    "linear": "1 - done",
    "one_cycle": "0.5 * (1 + math.cos(math.pi * done))",
    "cooldown": "1.0 if done < 0.8 else 1 - math.sqrt((done - 0.8) / 0.2)",
}


def snippet(said: RunDiagnosis) -> str:
    """The code for a run's plan; "" where the plan leaves everything as it is."""
    plan = said.plan
    if words.keeps_rate(plan) and plan.schedule is None and plan.clip_norm is None:
        return ""
    scheduled = plan.schedule is not None and plan.schedule.kind != "constant"
    imports = ["import math", "", "import torch"] if scheduled else ["import torch"]
    lines = [*imports, "", _optimizer(said.run, plan)]
    if plan.schedule is not None and scheduled:
        lines += _schedule(plan.schedule, said.run)
    lines += ["", "for inputs, targets in batches:", "    optimizer.zero_grad()",
              "    loss = criterion(model(inputs), targets)", "    loss.backward()"]  # fmt: skip
    if plan.clip_norm is not None:
        lines.append(f"    torch.nn.utils.clip_grad_norm_(model.parameters(), {plan.clip_norm:.3g})")
    lines += ["    optimizer.step()", *(["    scheduler.step()"] if scheduled else [])]
    return "\n".join(lines) + "\n"


def _optimizer(run: Run, plan: Plan) -> str:
    name = optimizer_name(run.hyperparameters) or ""
    made = _CLASSES.get(name, "AdamW")
    momentum = run.hyperparameters.get("momentum")
    rate = f"{plan.lr.value:.3g}" if plan.lr.value is not None else f"PEAK * {plan.lr.factor:.3g}"
    known = isinstance(momentum, float) and 0.0 < momentum < 1.0
    heavy = f", momentum={momentum if known else 0.9}"
    extra = {"momentum": heavy, "nesterov": f"{heavy}, nesterov=True", "amsgrad": ", amsgrad=True"}.get(name, "")
    about = "" if name in _CLASSES else "  # or the optimizer that this run used"
    before = "" if plan.lr.value is not None else "PEAK = ...  # the highest learning rate of this run\n"
    return f"{before}optimizer = torch.optim.{made}(model.parameters(), lr={rate}{extra}){about}"


def _schedule(advice: ScheduleAdvice, run: Run) -> list[str]:
    warm = advice.warmup_fraction
    falls = advice.kind.removeprefix("warmup_") != "constant"
    lines = [f"steps = {_steps(run)}", "", "", "def share(step):", "    done = min(step / steps, 1.0)"]
    if warm > 0:
        lines += [f"    if done < {warm:g}:", f"        return (step + 1) / ({warm:g} * steps + 1)"]
        lines += [f"    done = (done - {warm:g}) / {1 - warm:g}"] if falls else []
    lines += [f"    return {_share(advice) if falls else 1.0}", "", ""]
    return [*lines, "scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, share)"]


def _share(advice: ScheduleAdvice) -> str:
    """The share of the peak after the warm-up, as an expression in `done`."""
    end = advice.final_fraction
    if advice.kind == "step":
        return f"{max(end, 0.01):g} ** (min(int(3 * done), 2) / 2)"
    shape = _SHAPES[advice.kind.removeprefix("warmup_")]
    return shape if end == 0 else f"{end:g} + {1 - end:g} * ({shape})"


def _steps(run: Run) -> str:
    """Steps of this run, where it counts them: the advice is for the same budget."""
    counted = [series for series in run.series.values() if len(series) and series.unit == "step"]
    last = max((int(series.step[-1]) for series in counted), default=0)
    if last < 1:
        return "...  # optimizer steps of the whole run"
    return f"{last:_}  # optimizer steps of the whole run, as logged"
