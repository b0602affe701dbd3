"""Optax: its own schedules, joined where there are several phases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.prescribing.schedules import ONE_CYCLE_START
from lrdoctor.prescribing.snippets._optimizers import in_optax

if TYPE_CHECKING:
    from lrdoctor.prescribing.schedules import Phase, Schedule


def code(schedule: Schedule) -> str:
    """Code that makes ``schedule``, which an optimizer takes as its learning rate."""
    return f"import optax\n\nschedule = {_expression(schedule)}\noptimizer = {in_optax(schedule.optimizer)}\n"


def _expression(schedule: Schedule) -> str:
    peak, steps, warmup = schedule.peak, schedule.steps, schedule.warmup
    if schedule.kind == "one_cycle":
        share = f"{warmup} / {steps}" if int(warmup / steps * steps) == warmup else f"({warmup} + 0.5) / {steps}"
        return (
            f"optax.cosine_onecycle_schedule(\n    {steps}, {peak!r}, pct_start={share}, "
            f"div_factor={1 / ONE_CYCLE_START:g}, final_div_factor={ONE_CYCLE_START / schedule.floor!r}\n)"
        )
    if schedule.kind == "warmup_cosine":
        return (
            f"optax.warmup_cosine_decay_schedule(\n    0.0, {peak!r}, warmup_steps={warmup}, decay_steps={steps}, "
            f"end_value={schedule.floor * peak!r}\n)"
        )
    parts = [_part(phase, peak) for phase in schedule.phases]
    if len(parts) == 1:
        return parts[0]
    rows = "".join(f"        {part},\n" for part in parts)
    edges = [phase.first for phase in schedule.phases[1:]]
    return f"optax.join_schedules(\n    [\n{rows}    ],\n    boundaries={edges},\n)"


def _part(phase: Phase, peak: float) -> str:
    length = phase.last - phase.first
    if phase.shape == "hold":
        return f"optax.constant_schedule({phase.start * peak!r})"
    if phase.shape == "cosine":
        return f"optax.cosine_decay_schedule({phase.start * peak!r}, {length}, alpha={phase.end!r})"
    return f"optax.linear_schedule({phase.start * peak!r}, {phase.end * peak!r}, {length})"
