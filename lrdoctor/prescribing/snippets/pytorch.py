"""PyTorch: its own schedulers, one after another where there are several phases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.prescribing.schedules import ONE_CYCLE_START
from lrdoctor.prescribing.snippets._optimizers import in_torch

if TYPE_CHECKING:
    from lrdoctor.prescribing.schedules import Phase, Schedule


def code(schedule: Schedule) -> str:
    """Code that makes ``scheduler`` from an ``optimizer``."""
    return f"""\
from torch.optim import lr_scheduler

# optimizer = {in_torch(schedule.optimizer, "model.parameters()", repr(schedule.peak))}
{definition(schedule)}
# in the loop over batches, after each optimizer.step(): scheduler.step()
"""


def definition(schedule: Schedule) -> str:
    """The statement that defines ``scheduler``."""
    if schedule.kind == "one_cycle":
        # PyTorch counts its phases to the last step; with one more they end where ours do.
        return f"""\
scheduler = lr_scheduler.OneCycleLR(
    optimizer, max_lr={schedule.peak!r}, total_steps={schedule.steps + 1},
    pct_start={schedule.warmup + 1} / {schedule.steps + 1}, div_factor={1 / ONE_CYCLE_START:g},
    final_div_factor={ONE_CYCLE_START / schedule.floor!r}, cycle_momentum=False,
)"""
    if schedule.kind == "step":
        return _chained(schedule, [_cuts(schedule)], schedule.warmup)
    later = [_scheduler(phase, schedule.peak) for phase in schedule.phases if phase.first >= schedule.warmup]
    return _chained(schedule, later, schedule.warmup)


def _chained(schedule: Schedule, later: list[str], warmup: int) -> str:
    parts = [f"lr_scheduler.LambdaLR(optimizer, lambda step: step / {warmup})"] if warmup else []
    parts += later
    if len(parts) == 1:
        return f"scheduler = {parts[0]}"
    rows = "".join(f"        {part},\n" for part in parts)
    edges = [phase.first for phase in schedule.phases[1:]] if schedule.kind != "step" else [warmup]
    return f"scheduler = lr_scheduler.SequentialLR(\n    optimizer,\n    [\n{rows}    ],\n    milestones={edges},\n)"


def _scheduler(phase: Phase, peak: float) -> str:
    length = phase.last - phase.first
    if phase.shape == "cosine":
        floor = f", eta_min={phase.end * peak!r}" if phase.end else ""
        return f"lr_scheduler.CosineAnnealingLR(optimizer, T_max={length}{floor})"
    if phase.shape == "linear":
        return f"lr_scheduler.LinearLR(optimizer, start_factor=1.0, end_factor={phase.end!r}, total_iters={length})"
    return "lr_scheduler.ConstantLR(optimizer, factor=1.0)"


def _cuts(schedule: Schedule) -> str:
    holds = [phase for phase in schedule.phases if phase.shape == "hold"]
    factor = holds[1].start / holds[0].start
    milestones = [phase.first - schedule.warmup for phase in holds[1:]]
    return f"lr_scheduler.MultiStepLR(optimizer, milestones={milestones}, gamma={factor!r})"
