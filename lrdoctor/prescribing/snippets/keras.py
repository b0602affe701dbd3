"""Keras (and TensorFlow): its own schedules where it has them, else a small class of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.prescribing.snippets._optimizers import in_keras

if TYPE_CHECKING:
    from lrdoctor.prescribing.schedules import Phase, Schedule


def code(schedule: Schedule) -> str:
    """Code that makes ``schedule``, which an optimizer takes as its learning rate."""
    own, use = _own(schedule), f"optimizer = {in_keras(schedule.optimizer)}\n"
    if own is None:
        return _class(schedule) + use
    return f"import keras\n\nschedule = keras.optimizers.schedules.{own}\n{use}"


def _own(schedule: Schedule) -> str | None:
    """The schedule that Keras has for it."""
    peak, kind, last = schedule.peak, schedule.kind.removeprefix("warmup_"), schedule.phases[-1]
    length = last.last - last.first
    if kind == "cosine" and schedule.warmup:
        return (
            f"CosineDecay(\n    0.0, decay_steps={length}, alpha={schedule.floor!r}, "
            f"warmup_target={peak!r}, warmup_steps={schedule.warmup}\n)"
        )
    if schedule.warmup:
        return None
    if kind == "cosine":
        return f"CosineDecay({peak!r}, decay_steps={length}, alpha={schedule.floor!r})"
    if kind == "linear":
        end = schedule.floor * peak
        return f"PolynomialDecay({peak!r}, decay_steps={length}, end_learning_rate={end!r}, power=1.0)"
    if kind == "step":
        edges = [phase.first - 1 for phase in schedule.phases[1:]]  # a boundary belongs to the rate before it
        return f"PiecewiseConstantDecay({edges}, {[phase.start * peak for phase in schedule.phases]!r})"
    return None


def _class(schedule: Schedule) -> str:
    branches = _rate(schedule.phases[-1])
    for phase in reversed(schedule.phases[:-1]):
        branches = f"ops.where(\n            step < {phase.last}, {_rate(phase)},\n            {branches}\n        )"
    return f"""\
import math

import keras
from keras import ops


@keras.saving.register_keras_serializable()
class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        step = ops.cast(step, "float32")
        return {schedule.peak!r} * {branches}

    def get_config(self):
        return {{}}


schedule = Schedule()
"""


def _rate(phase: Phase) -> str:
    """The share of the peak within one phase."""
    if phase.shape == "hold":
        return f"{phase.start!r} * ops.ones_like(step)"
    since = f"(step - {phase.first})" if phase.first else "step"
    length, change = phase.last - phase.first, phase.end - phase.start
    if phase.shape == "linear":
        return f"({phase.start!r} + {change!r} * {since} / {length})"
    return f"({phase.start!r} + {change!r} * (1 - ops.cos(math.pi * {since} / {length})) / 2)"
