"""Code to copy: it runs, and its rates are those of the plan."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from lrdoctor.records import ScheduleAdvice
from lrdoctor.records.plan import ScheduleKind
from lrdoctor.renderers._html.snippet import snippet

OPTIMIZERS = ("sgd", "momentum", "nesterov", "adam", "adamw", "amsgrad", "rmsprop", "lion", None)


def changed(said, *, optimizer="adam", value=0.018, momentum=None, **plan):
    run = replace(said.run, hyperparameters={"optimizer": optimizer, "momentum": momentum})
    plan = replace(said.plan, lr=replace(said.plan.lr, value=value), **plan)
    return replace(said, run=run, plan=plan)


@pytest.mark.parametrize("kind", get_args(ScheduleKind))
def test_every_schedule_reaches_its_peak_and_its_end(oscillating, kind):
    torch = pytest.importorskip("torch", reason="the code is for PyTorch")
    warm = 0.1 if "warmup" in kind or kind == "one_cycle" else 0.0
    end = 1.0 if kind.endswith("constant") else 0.01
    advice = ScheduleAdvice(kind=kind, warmup_fraction=warm, final_fraction=end)
    text = snippet(changed(oscillating, schedule=advice))
    model = torch.nn.Linear(1, 1)
    batches = [(torch.ones(1, 1), torch.zeros(1, 1))] * 598
    rates = []

    def criterion(output, target):
        rates.append(scope["optimizer"].param_groups[0]["lr"])
        return ((output - target) ** 2).mean()

    scope = {"model": model, "batches": batches, "criterion": criterion}
    exec(text, scope)
    assert max(rates) == pytest.approx(0.018, rel=0.02)
    assert rates[-1] == pytest.approx(0.018 * end, abs=1e-4)
    assert kind == "constant" or scope["share"](598) == pytest.approx(end)
    assert rates[0] == pytest.approx(0.018 if not warm else 0.018 / 60, rel=0.1)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("value", [0.018, None])
def test_it_is_code_for_any_optimizer(oscillating, optimizer, value):
    text = snippet(changed(oscillating, optimizer=optimizer, value=value, momentum=0.95))
    compile(text, "snippet", "exec")
    assert ("PEAK * 0.18" in text) == (value is None)
    assert ("momentum=0.95" in text) == (optimizer in ("sgd", "momentum", "nesterov"))
    assert "clip_grad_norm_(model.parameters(), 1)" in text


def test_nothing_to_change(oscillating):
    keep = replace(oscillating.plan.lr, factor=1.0, interval=(0.5, 2.0))
    assert snippet(changed(oscillating, schedule=None, clip_norm=None)) != ""
    assert snippet(replace(oscillating, plan=replace(oscillating.plan, lr=keep, schedule=None, clip_norm=None))) == ""
