from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lrdoctor.trials.outcomes import budgets, final_losses, outcome, treatment_gain


def test_best_rate_is_where_the_formula_says(grid):
    found = outcome(grid)
    known = 0.1 + 2 * np.exp(-3 * grid.lr * 960) + grid.lr
    known[grid.lr > 0.5] = np.inf
    assert found.best == int(np.argmin(known))
    assert found.log_factor[found.best] == 0
    assert found.log_factor[0] == pytest.approx(np.log10(grid.lr[found.best] / grid.lr[0]))
    assert found.initial == pytest.approx(2.1, rel=1e-3)
    assert found.at_edge is None
    assert found.learnt


def test_shorter_budget_wants_a_higher_rate(grid):
    assert grid.lr[outcome(grid, 100).best] > grid.lr[outcome(grid).best]


def test_blown_up_is_worst(grid):
    found = outcome(grid)
    assert np.isinf(found.loss[-1])
    assert found.reduction[-1] == -np.inf
    assert not found.fine[-1]


def test_near_and_fine_nest_around_the_best(grid):
    found = outcome(grid)
    low, high = found.band
    assert low <= found.best <= high
    assert found.near[low : high + 1].all()
    assert not found.near[low - 1]
    assert (found.fine | ~found.near).all()
    assert found.near_strict.sum() <= found.near.sum()
    centre = (np.log10(grid.lr[low]) + np.log10(grid.lr[high])) / 2
    assert found.log_factor_centre[0] == pytest.approx(centre - np.log10(grid.lr[0]))


def test_median_of_the_last_measurements_forgives_one_spike(grid):
    loss = grid.full_train_loss.copy()
    loss[4, -2] = 50.0
    assert final_losses(replace(grid, full_train_loss=loss))[4] == pytest.approx(
        final_losses(grid)[4], rel=0.02
    )


def test_ended_in_nan_is_infinite_whatever_came_before(grid):
    loss = grid.full_train_loss.copy()
    loss[4, -1] = np.nan
    assert np.isinf(final_losses(replace(grid, full_train_loss=loss))[4])


def test_prefixes_are_trials_only_at_a_constant_rate(grid):
    assert budgets(grid) == [276, 316, 562, 1000] or budgets(grid)[-1] == 1000
    scheduled = replace(grid, schedule="cosine")
    assert budgets(scheduled) == [1000]
    with pytest.raises(ValueError, match="cosine"):
        outcome(scheduled, 316)


def test_no_finite_run_is_an_error(grid):
    dead = replace(grid, full_train_loss=np.full_like(grid.full_train_loss, np.nan))
    with pytest.raises(ValueError, match="no run is finite"):
        outcome(dead)


def test_treatment_gain(grid):
    loss = grid.full_train_loss.copy()
    loss[-1] = loss[outcome(grid).best]
    treated = replace(grid, clip_norm=1.0, full_train_loss=loss)
    gain = treatment_gain(grid, treated)
    assert gain[-1] == pytest.approx(1.0)
    np.testing.assert_allclose(gain[:-1], 0, atol=1e-9)
    with pytest.raises(ValueError, match="differ"):
        treatment_gain(grid, replace(treated, optimizer="adam"))
