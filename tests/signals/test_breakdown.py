"""When the numbers stop, and what led to it."""

from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.errors import Unavailable

NAN, INF = np.nan, np.inf


def test_a_loss_that_ends_in_nan(asked):
    b = asked(loss=[2.0, 1.0, 4.0, NAN, INF, NAN]).get("breakdown")
    assert (b.tag, b.hidden, b.first_step, b.last_step, b.finite_before) == ("loss", False, 3, 5, 3)
    assert (b.share, b.recovered, b.growth) == (1.0, False, 4.0)
    assert np.isnan(b.gradient_growth)
    assert b.lr_rising is None


def test_a_skipped_step_is_recovered_from(asked):
    b = asked(loss=[3, NAN, 2, 1, 1, 1]).get("breakdown")
    assert b.recovered
    assert b.share == pytest.approx(1 / 5)


@pytest.mark.parametrize(
    ("loss", "recovered"),
    [([1, NAN], False), ([1, NAN, 1], False), ([1, NAN, 1, 1], False), ([1, NAN, 1, 1, 1], True), ([NAN], False)],
)
def test_recovery_takes_three_points(asked, loss, recovered):
    assert asked(loss=loss).get("breakdown").recovered is recovered


def test_broken_from_the_first_point(asked):
    b = asked(loss=([5, 10, 15], [NAN, NAN, NAN])).get("breakdown")
    assert (b.finite_before, b.first_step) == (0, 5)
    assert np.isnan(b.growth)


def test_zeros_beside_a_gradient_that_is_not_finite(asked):
    b = asked(loss=[2, 1, 0, 0, 0], grad=[1, 1, NAN, INF, NAN]).get("breakdown")
    assert (b.hidden, b.first_step, b.finite_before, b.share, b.recovered) == (True, 2, 2, 1.0, False)
    for finite in ({"loss": [2, 1, 0, 0], "grad": [1, 1, 1, 1]}, {"loss": [2, 1, 1, 1], "grad": [1, NAN, 1, 1]}):
        with pytest.raises(Unavailable, match="every logged loss is finite"):
            asked(**finite).get("breakdown")


def naive_hidden(loss, gradient):
    at = dict(zip(*gradient, strict=True))
    return [s for s, v in zip(*loss, strict=True) if v == 0 and s in at and not np.isfinite(at[s])]


@pytest.mark.parametrize("seed", range(20))
def test_hidden_points_are_matched_by_step(asked, seed):
    rng = np.random.default_rng(seed)
    loss = np.unique(rng.integers(0, 60, 30)), rng.choice([0.0, 1.0], 30)
    gradient = np.unique(rng.integers(0, 60, 30)), rng.choice([1.0, NAN, INF], 30)
    loss, gradient = ((s, v[: s.size]) for s, v in (loss, gradient))
    expected = naive_hidden(loss, gradient)
    found = asked(loss=loss, grad=gradient).find("breakdown")
    assert (found.first_step if found else None) == (expected[0] if expected else None)


def test_the_validation_loss_may_show_it_alone(asked):
    b = asked(loss=[3, 2, 1, 1], val=[1, NAN, NAN, NAN]).get("breakdown")
    assert (b.tag, b.first_step) == ("val", 1)


def test_a_validation_loss_that_never_was_a_number_is_no_break_down_of_a_training_that_goes_on(asked):
    for val in ([NAN], [NAN, NAN], [NAN, 1, 1, 1]):
        with pytest.raises(Unavailable, match="training loss is finite"):
            asked(loss=[3, 2, 1], val=val).get("breakdown")
    assert asked(val=[NAN, NAN]).get("breakdown").finite_before == 0


def test_what_led_to_it(asked):
    loss = [1.0] * 20 + [NAN] * 5
    b = asked(loss=loss, grad=[1.0] * 17 + [5.0, 50.0, 2.0] + [NAN] * 5, lr=np.linspace(0, 1, 25)).get("breakdown")
    assert b.gradient_growth == 50.0
    assert b.lr_rising is True
    falling = asked(loss=loss, grad=[NAN] * 25, lr=np.linspace(1, 0, 25)).get("breakdown")
    assert falling.lr_rising is False
    assert np.isnan(falling.gradient_growth)


def test_there_is_none_without_a_loss(asked):
    with pytest.raises(Unavailable, match="no loss"):
        asked(lr=[1.0, 2.0]).get("breakdown")
