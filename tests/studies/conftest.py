"""Runs as a sweep sees them, built by hand: no model and no reader needed."""

from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.records import Plan, RateAdvice, Role, Run, RunDiagnosis, Series, Verdict
from lrdoctor.studies.facts import Facts
from lrdoctor.studies.levels import Level


def diagnosed(run_id, *, factor=1.0, verdict=Verdict.HEALTHY, rate=None):
    run = Run(
        id=run_id, source=run_id, format="csv",
        series={"loss": Series(tag="loss", step=np.arange(3), value=np.ones(3), role=Role.TRAIN_LOSS)},
    )  # fmt: skip
    plan = Plan(
        lr=RateAdvice(factor=factor, interval=(factor / 2, factor * 2), level=0.8, value=rate and rate * factor),
        schedule=None, clip_norm=None, also=(), confidence=0.8, reason="For a reason.",
    )  # fmt: skip
    return RunDiagnosis(run=run, verdict=verdict, findings=(), plan=plan)


@pytest.fixture
def facts():
    """A maker of runs: rate and end level, and what else is to differ."""

    def make(lr, end, *, noise=0.001, first=2.3, broke=False, val=None, run_id=None, said=None, **other):
        defaults = {
            "optimizer": "adam", "hyperparameters": {"lr": lr, "batch_size": 32}, "planned": None, "length": 600,
            "unit": "step", "train_tag": "loss", "first_step": 0, "response": None, "like_trials": True,
        }  # fmt: skip
        return Facts(
            said=diagnosed(run_id or f"lr_{lr}", **(said or {"rate": lr})), lr=lr,
            train=Level(end, noise, first, min(end, first)), val=None if val is None else Level(val, noise, first, val),
            val_tag="" if val is None else "val_loss", broke=broke, **{**defaults, **other},
        )  # fmt: skip

    return make
