"""Where validation turned."""

from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.errors import Unavailable


def turning(n=60, at=0.25, rise=0.5, noise=0.0, seed=0):
    """A validation loss that falls from 1 to 0.5 at a share of the run, and then rises in a straight line."""
    t = np.linspace(0, 1, n)
    loss = np.where(t < at, 1 - 0.5 * t / at, 0.5 + rise * (t - at) / (1 - at))
    return loss + noise * np.random.default_rng(seed).standard_normal(n)


def test_a_turn_and_what_came_of_it(asked):
    train = np.linspace(1.0, 0.2, 60)
    metric = np.concatenate([np.linspace(0.5, 0.8, 15), np.linspace(0.8, 0.7, 45)])
    g = asked(loss=train, val=turning(), metric=metric).get("generalization")
    assert g.best_at == pytest.approx(0.25, abs=0.03)
    assert g.best_step == pytest.approx(15, abs=2)
    assert g.best == pytest.approx(0.51, abs=0.02)
    assert g.end == pytest.approx(0.95, abs=0.03)
    assert g.relative_rise == pytest.approx(g.rise / g.best)
    assert g.rise_of_progress == pytest.approx(0.9, abs=0.1)
    assert g.significance > 5
    assert g.train_fall == pytest.approx(1 - 0.22 / 0.8, abs=0.05)
    assert g.metric_tag == "metric"
    assert g.metric_change == pytest.approx(-0.3, abs=0.05)
    assert (g.tag, g.points, g.last_step) == ("val", 60, 59)


def test_validation_that_only_falls_has_not_turned(asked):
    g = asked(val=np.linspace(1, 0.5, 40)).get("generalization")
    assert g.best_at > 0.9
    assert g.rise < 0.06
    assert np.isnan(g.train_fall)
    assert g.metric_tag == ""
    assert np.isnan(g.metric_change)


def test_validation_that_never_fell(asked):
    g = asked(val=np.linspace(0.5, 1.0, 40)).get("generalization")
    assert g.best_at == 0
    assert g.rise_of_progress > 10


def test_scatter_and_significance(asked):
    level = [asked(val=1 + 0.1 * np.random.default_rng(i).standard_normal(60)).get("generalization") for i in range(40)]
    assert np.mean([g.sigma for g in level]) == pytest.approx(0.1, rel=0.15)
    assert np.mean([g.significance > 3 for g in level]) < 0.2
    turned = [asked(val=turning(noise=0.05, seed=i)).get("generalization") for i in range(40)]
    assert np.mean([g.significance > 3 for g in turned]) > 0.9


def test_training_is_compared_at_the_step_of_the_turn_whatever_its_density(asked):
    fine = (np.arange(0, 60_000, 10), np.linspace(1.0, 0.2, 6000))
    coarse = (np.arange(0, 60_000, 1000), np.linspace(1.0, 0.2, 60))
    val = (np.arange(0, 60_000, 1000), turning())
    a, b = (asked(loss=loss, val=val).get("generalization").train_fall for loss in (fine, coarse))
    assert a == pytest.approx(b, abs=0.03)


@pytest.mark.parametrize("val", [[1.0], [3, 2, 1], [3, np.nan, 2, 1]])
def test_three_points_do_not_turn(asked, val):
    with pytest.raises(Unavailable, match="4 are needed"):
        asked(val=val).get("generalization")


def test_constant_and_negative_losses(asked):
    flat = asked(loss=[1.0] * 9, val=[1.0] * 9, metric=[0.5] * 9).get("generalization")
    assert (flat.rise, flat.significance, flat.rise_of_progress, flat.metric_change) == (0, 0, 0, 0)
    negative = asked(val=turning() - 5).get("generalization")
    assert np.isnan(negative.relative_rise)
    assert negative.rise_of_progress == pytest.approx(asked(val=turning()).get("generalization").rise_of_progress)
