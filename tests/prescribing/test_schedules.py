"""Schedules as arrays and pictures; their names, defaults and limits; from a diagnosis."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import lrdoctor
from lrdoctor import synth
from lrdoctor.engine import diagnose_run
from lrdoctor.errors import UsageError
from lrdoctor.prescribing.schedules import KINDS, schedule
from lrdoctor.records import Role, Series
from lrdoctor.records import plan as records
from lrdoctor.signals.schedule import schedule as recognised


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("steps", [4, 37, 1000])
def test_values(kind, steps):
    made = schedule(kind, peak=3e-4, steps=steps)
    values = made.values
    assert values.shape == (steps,)
    assert values.max() == pytest.approx(3e-4, rel=1e-9)
    assert (values >= 0).all()
    assert made.phases[0].first == 0
    assert made.phases[-1].last == steps
    assert all(a.last == b.first for a, b in zip(made.phases[:-1], made.phases[1:], strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_built_is_recognised(kind):
    values = schedule(kind, peak=3e-4, steps=2000).values
    found = recognised(Series(tag="lr", step=np.arange(2000), value=values, role=Role.LR), {})
    assert found.kind == {"cooldown": "warmup_cooldown"}.get(kind, kind)


def test_the_longest_is_drawn_at_once():
    made = schedule("warmup_linear", peak=1.0, steps=100_000_000)
    assert made.at(np.array([0, 2_500_000, 5_000_000])).tolist() == [0.0, 0.5, 1.0]
    assert len(made.picture().splitlines()) == 4


def test_the_kinds_are_those_of_plans():
    assert set(KINDS) == set(records.ScheduleKind.__args__)
    assert schedule("wsd", peak=1.0, steps=100).kind == "cooldown"


def test_warm_up_as_a_share_or_in_steps():
    assert schedule("warmup_cosine", peak=1.0, steps=1000).warmup == 50
    assert schedule("warmup_cosine", peak=1.0, steps=1000, warmup=0.2).warmup == 200
    assert schedule("warmup_cosine", peak=1.0, steps=1000, warmup=20).warmup == 20
    assert schedule("cosine", peak=1.0, steps=1000).warmup == 0


def test_floor_and_cuts():
    assert schedule("linear", peak=2.0, steps=1000, floor=0.1).values[-1] == pytest.approx(0.2, abs=0.003)
    steps = schedule("step", peak=1.0, steps=100, cuts=(0.3, 0.6), factor=0.2)
    assert np.unique(steps.values).tolist() == pytest.approx([0.04, 0.2, 1.0])
    assert steps.values[[29, 30, 59, 60]] == pytest.approx([1.0, 0.2, 0.2, 0.04])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"what": "cosin"}, "cosine"),
        ({"peak": -1.0}, "above zero"),
        ({"peak": None}, "peak="),
        ({"steps": None}, "steps="),
        ({"steps": 1}, "from 2"),
        ({"steps": 10**12}, "from 2"),
        ({"warmup": 100}, "warmup"),
        ({"warmup": -0.1}, "warmup"),
        ({"floor": 1.0}, "floor"),
        ({"what": "step", "cuts": (0.7, 0.5)}, "cuts"),
        ({"what": "step", "cuts": (0.98, 0.99, 0.995), "steps": 10}, "too few"),
        ({"what": object()}, "object"),
    ],
)
def test_what_is_wrong_is_said(arguments, words):
    what = {"what": "warmup_cosine", "peak": 1e-3, "steps": 100, **arguments}
    with pytest.raises(UsageError, match=words):
        schedule(what.pop("what"), **what)


def test_unknown_framework():
    with pytest.raises(UsageError, match="pytorch"):
        schedule("cosine", peak=1.0, steps=10).code("caffe")
    made = schedule("cosine", peak=1.0, steps=10)
    assert made.code("torch") == made.code("pytorch")


def test_the_optimizer_of_the_code():
    assert "SGD(model.parameters(), lr=1.0, momentum=0.9)" in schedule(
        "cosine", peak=1.0, steps=10, optimizer="momentum"
    ).code("pytorch")
    run = synth.noisy_plateau()
    known = replace(run, hyperparameters={"optimizer": "SGD", "momentum": 0.9})
    assert schedule(diagnose_run(known)).optimizer == "momentum"
    with pytest.raises(UsageError, match="adamw"):
        schedule("cosine", peak=1.0, steps=10, optimizer="magic")


def test_picture_and_html():
    made = lrdoctor.schedule("warmup_linear", peak=3e-4, steps=10_000)
    assert repr(made).startswith("warmup_linear: 3e-4 at its peak, 10,000 steps, 500 of them warm-up, to zero\n")
    rows = made.picture(width=40, rows=3).splitlines()
    assert len(rows) == 3
    assert max(map(len, rows)) == 40
    assert "<polyline" in made._repr_html_()
    assert len(made) == 10_000


def test_from_a_diagnosis():
    said = diagnose_run(synth.noisy_plateau())
    made = lrdoctor.schedule(said)
    assert made.kind == said.plan.schedule.kind == "cosine"
    assert made.peak == said.plan.lr.value
    assert made.floor == said.plan.schedule.final_fraction
    assert made.steps == 4991
    assert lrdoctor.schedule(said, peak=1.0, steps=10).values.max() == 1.0
    kept = lrdoctor.schedule(diagnose_run(synth.healthy()))
    assert (kept.kind, kept.peak) == ("constant", 1e-3)
    report = lrdoctor.diagnose([synth.noisy_plateau(), synth.healthy()])
    with pytest.raises(UsageError, match="choose one"):
        lrdoctor.schedule(report)
    assert lrdoctor.schedule(report[0]).kind == "cosine"
