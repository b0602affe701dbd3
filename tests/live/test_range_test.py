"""A range test in a loop of one's own."""

from __future__ import annotations

import numpy as np
import pytest

import lrdoctor
from lrdoctor.errors import UsageError
from lrdoctor.live.range_test import RangeTest


def descend(test, seed=0, curvatures=30):
    """Noisy gradient descent on a quadratic: stable below 2 / 10."""
    rng = np.random.default_rng(seed)
    curvature, weights = np.geomspace(1e-2, 10, curvatures), rng.standard_normal(curvatures)
    for lr in test:
        test.record(0.5 * (curvature * weights**2).sum())
        weights = weights - lr * (curvature * weights + 0.1 * rng.standard_normal(curvatures))
    return test


def test_it_stops_at_the_explosion_and_recommends_a_rate():
    test = descend(lrdoctor.RangeTest(1e-5, 10, 150))
    assert test.exploded
    assert len(test.losses) < len(test) == 150
    report = test.result(steps=2_000)
    assert report.usable
    assert 2e-3 < report.recommended < 0.2
    assert report.regions[-1].kind == "explosion"
    assert "recommended" not in repr(RangeTest())
    assert "take" in repr(test)
    assert "<pre>" in test._repr_html_()
    rates = test.rates[: len(test.losses)]
    assert report.recommended == lrdoctor.range_test((rates, test.losses), steps=2_000).recommended


@pytest.mark.parametrize("tail", [float("nan"), float("inf")])
def test_it_stops_at_once_where_the_loss_is_not_finite(tail):
    test = RangeTest(1e-6, 1, 100)
    for number, _ in enumerate(test):
        test.record(tail if number == 40 else 2.3)
    assert len(test.losses) == 41
    assert test.exploded


def test_noise_alone_does_not_stop_it():
    for seed in range(20):
        rng, test = np.random.default_rng(seed), RangeTest(1e-6, 1, 200)
        for _ in test:
            test.record(2.3 + 0.5 * rng.standard_normal())
        assert not test.exploded
        assert not test.result().usable


def test_the_loss_may_be_an_array_and_negative():
    test = RangeTest(1e-6, 1, 20)
    for _ in test:
        test.record(np.array([-5.0]) if len(test.losses) % 2 else np.float32(-5.0))
    assert len(test.losses) == 20


def test_a_loop_that_was_left_goes_on():
    test = RangeTest(1e-6, 1, 20)
    seen = []
    for lr in test:
        seen.append(lr)
        test.record(2.0)
        if len(test.losses) == 5:
            break
    assert seen[-1] < next(iter(test)) == pytest.approx(test.rates[5])


def test_what_is_wrong_is_said():
    with pytest.raises(UsageError, match=r"record\(loss\) was not called"):
        for _ in RangeTest():
            pass
    with pytest.raises(UsageError, match="take its mean"):
        RangeTest().record([1.0, 2.0])
    with pytest.raises(UsageError, match="climb"):
        RangeTest(1, 0.1)
    with pytest.raises(UsageError, match="too few"):
        RangeTest(steps=3)
    test = RangeTest(steps=10)
    for _ in test:
        test.record(1)
    with pytest.raises(UsageError, match="all rates"):
        test.record(1)
