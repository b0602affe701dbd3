"""Hugging Face: `TrainingArguments` where they know the schedule, else a PyTorch scheduler handed to the Trainer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.prescribing.snippets._optimizers import in_torch
from lrdoctor.prescribing.snippets.pytorch import definition

if TYPE_CHECKING:
    from lrdoctor.prescribing.schedules import Schedule


def code(schedule: Schedule) -> str:
    """`TrainingArguments`, with a Trainer's ``optimizers`` where they do not suffice."""
    known = _arguments(schedule)
    optimizer = in_torch(schedule.optimizer, "model.parameters()", "arguments.learning_rate")
    if known is None:
        return f"""\
import torch
from torch.optim import lr_scheduler
from transformers import TrainingArguments

arguments = TrainingArguments(output_dir="out", learning_rate={schedule.peak!r}, max_steps={schedule.steps})
optimizer = {optimizer}
{definition(schedule)}
# trainer = Trainer(model, arguments, optimizers=(optimizer, scheduler), ...)
"""
    name, more = known
    rows = [f"learning_rate={schedule.peak!r}", f"max_steps={schedule.steps}", f'lr_scheduler_type="{name}"']
    rows += [f"warmup_steps={schedule.warmup}"] if schedule.warmup else []
    rows += [f"lr_scheduler_kwargs={{{more}}}"] if more else []
    body = "".join(f"    {row},\n" for row in rows)
    text = f"""\
from transformers import TrainingArguments

arguments = TrainingArguments(
    output_dir="out",
{body})
"""
    if schedule.optimizer == "adamw":  # the Trainer's own
        return text
    trainer = "# trainer = Trainer(model, arguments, optimizers=(optimizer, None), ...)"
    return f"import torch\n{text}optimizer = {optimizer}\n{trainer}\n"


def _arguments(schedule: Schedule) -> tuple[str, str] | None:
    """Name of the scheduler and its own arguments; None where there is none of the kind."""
    floor, kind = schedule.floor, schedule.kind.removeprefix("warmup_")
    if kind == "constant":
        return ("constant_with_warmup" if schedule.warmup else "constant"), ""
    if kind == "cosine":
        return ("cosine_with_min_lr", f'"min_lr_rate": {floor!r}') if floor else ("cosine", "")
    if kind == "linear":
        return ("polynomial", f'"lr_end": {floor * schedule.peak!r}, "power": 1.0') if floor else ("linear", "")
    if kind == "cooldown" and not (floor and schedule.warmup):  # with a floor its warm-up would begin there
        last = schedule.phases[-1]
        words = [f'"num_decay_steps": {last.last - last.first}', '"decay_type": "linear"']
        return "warmup_stable_decay", ", ".join(words + ([f'"min_lr_ratio": {floor!r}'] if floor else []))
    return None
