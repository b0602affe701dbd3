"""Range tests among runs, and the loss at each rate."""

from __future__ import annotations

import numpy as np
import pytest

import lrdoctor
from lrdoctor import synth
from lrdoctor.records import Role, Run, Series
from lrdoctor.studies.ramp_runs import range_tests


def run_of(lr, loss, lr_step=None, loss_step=None, lr_unit="step", name="x"):
    def series(tag, role, values, step, unit="step"):
        step = np.arange(len(values)) if step is None else step
        return Series(tag=tag, step=np.array(step), value=np.array(values, dtype=np.float64), role=role, unit=unit)

    rates, losses = series("lr", Role.LR, lr, lr_step, lr_unit), series("loss", Role.TRAIN_LOSS, loss, loss_step)
    return Run(id=name, source=name, format="x", series={"lr": rates, "loss": losses})


def curve(n=100):
    lr = np.geomspace(1e-6, 10, n)
    x = np.log10(lr)
    return lr, 2.3 - 1.5 / (1 + np.exp(-4 * (x + 2))) + np.exp(np.minimum(6 * (x + 0.2), 40))


def test_the_range_tests_among_trainings_are_chosen():
    found = range_tests([synth.healthy(), synth.range_test(), synth.step_schedule()])
    assert len(found) == 1
    assert found[0].usable


def test_without_one_the_first_run_says_why():
    (said,) = range_tests([synth.step_schedule(), synth.flat()])
    assert said.cause == "no-ramp"
    assert said.id == "synthetic"
    (said,) = range_tests([synth.reward_only()])
    assert "No learning rate was logged" in said.reason
    assert range_tests([]) == []


def test_a_linear_ramp_is_read_where_it_is_asked_for():
    lr, loss = curve()
    linear = np.linspace(1e-3, 5, 300)
    (said,) = range_tests([run_of(linear, np.interp(np.log(linear), np.log(lr), loss))])
    assert any("exponentially" in note for note in said.notes)
    assert said.cause != "no-ramp"


def test_rates_and_losses_of_different_steps():
    lr, loss = curve(200)
    (dense,) = range_tests([run_of(lr, loss)])
    (sparse,) = range_tests([run_of(lr, loss[::2], loss_step=range(0, 200, 2))])
    (rare,) = range_tests([run_of(lr[::10], loss, lr_step=range(0, 200, 10))])
    (by_epoch,) = range_tests([run_of(lr, loss[::2], lr_unit="epoch")])
    for said in (sparse, rare, by_epoch):
        assert said.recommended == pytest.approx(dense.recommended, rel=0.25)


def test_losses_that_were_not_logged_any_more_had_blown_up():
    lr, loss = curve()
    kept = lr < 0.2
    (said,) = range_tests([run_of(lr, loss[kept], loss_step=np.flatnonzero(kept))])
    assert said.usable
    assert said.regions[-1].kind == "explosion"
    (unknown,) = range_tests([run_of(lr[kept], loss[kept])])
    assert unknown.cause == "never-rose"


@pytest.mark.parametrize("held", [1, 5])
def test_recognised_as_in_any_diagnosis(held):
    """Also if each rate is held for some steps."""
    lr, loss = curve(60)
    rows = {"step": list(range(60 * held)), "lr": np.repeat(lr, held).tolist(), "loss": np.repeat(loss, held).tolist()}
    (said,) = lrdoctor.diagnose(rows)
    assert [finding.code for finding in said.findings] == ["RNG101"]
    assert "lrdoctor range-test" in said.plan.reason
    assert [action.action for action in said.plan.also] == ["read_range_test"]
    assert lrdoctor.range_test(rows).usable


def test_a_warm_up_is_no_range_test():
    step = np.arange(300)
    warmed = 0.1 * np.minimum((step + 1) / 30, 1) * (1 + np.cos(np.pi * step / 300)) / 2
    rows = {"step": step.tolist(), "lr": warmed.tolist(), "loss": (2 * 0.99**step).tolist()}
    assert lrdoctor.range_test(rows).result.cause == "no-ramp"
    assert "RNG101" not in [finding.code for finding in lrdoctor.diagnose(rows)[0].findings]
