from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lrdoctor.records import Role
from lrdoctor.trials.views import LOOKS, Look, make_run

MEMBER = 8


def steps_of(run, tag="train_loss"):
    return run.series[tag].step


@pytest.mark.parametrize("name", sorted(LOOKS))
@pytest.mark.parametrize("budget", [None, 316])
def test_every_look_of_every_member_is_a_run(grid, name, budget):
    for member in range(grid.members):
        run = make_run(grid, member, LOOKS[name], budget)
        (loss,) = run.with_role(Role.TRAIN_LOSS)
        assert len(loss) >= 2
        assert (np.diff(loss.step) > 0).all()
        assert loss.step[-1] < (budget or grid.steps)


def test_dense_shows_what_was_recorded(grid):
    run = make_run(grid, MEMBER)
    np.testing.assert_array_equal(steps_of(run), grid.step)
    np.testing.assert_array_equal(run.series["train_loss"].value, grid.train_loss[MEMBER].astype(float))
    assert (run.series["lr"].value == grid.lr[MEMBER]).all()
    assert run.hyperparameters["lr"] == grid.lr[MEMBER]
    assert (run.hyperparameters["optimizer"], run.hyperparameters["momentum"]) == ("sgd", 0.9)


def test_intervals(grid):
    assert np.unique(np.diff(steps_of(make_run(grid, MEMBER, LOOKS["every_50"])))).tolist() == [48]
    assert 18 <= steps_of(make_run(grid, MEMBER, LOOKS["points_20"])).size <= 20
    assert steps_of(make_run(grid, MEMBER, LOOKS["per_epoch"])).tolist() == list(range(49, 1000, 50))


def test_what_is_not_logged_is_not_there(grid):
    assert "val_loss" not in make_run(grid, MEMBER, LOOKS["train_only"]).series
    assert "lr" not in make_run(grid, MEMBER, LOOKS["no_lr_column"]).series
    assert "grad_norm" not in make_run(grid, MEMBER, LOOKS["no_grad_norm"]).series
    bare = make_run(grid, MEMBER, LOOKS["curve_alone"])
    assert list(bare.series) == ["train_loss"]
    assert set(bare.hyperparameters) == {"max_steps"}
    assert "optimizer" not in make_run(grid, MEMBER, LOOKS["no_optimizer"]).hyperparameters


def test_half_a_log_knows_the_plan(grid):
    run = make_run(grid, MEMBER, LOOKS["half"])
    assert 490 <= steps_of(run)[-1] < 500
    assert run.hyperparameters["max_steps"] == 1000


def test_a_script_that_raises_ends_its_log_with_the_nan(grid):
    run = make_run(grid, grid.members - 1, Look(stops=True))
    value = run.series["train_loss"].value
    assert np.isnan(value[-1])
    assert np.isfinite(value[:-1]).all()
    assert np.isnan(make_run(grid, grid.members - 1).series["train_loss"].value[-100:]).all()


def test_schedule_shows_in_the_rate_and_has_no_prefix(grid):
    scheduled = replace(grid, schedule="cosine")
    rate = make_run(scheduled, MEMBER).series["lr"].value
    assert rate[0] == pytest.approx(grid.lr[MEMBER])
    assert rate[-1] < 0.01 * rate[0]
    with pytest.raises(ValueError, match="cosine"):
        make_run(scheduled, MEMBER, budget=316)


def test_validation_is_spread_evenly(grid):
    step = steps_of(make_run(grid, MEMBER, LOOKS["even"]), "val_loss")
    assert step[-1] == 999
    assert step.size <= 12
