"""Scatter and its character, against plain computations and known noise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lrdoctor.signals.noise import _interpolated, autocorrelation


def naive_autocorrelation(increments, lag):
    """Of increments about their median, clipped at five robust sigma; point by point."""
    middle = np.median(increments)
    limit = 5 * 1.4826 * np.median([abs(v - middle) for v in increments])
    if sum(abs(v - middle) > limit for v in increments) > len(increments) / 4:  # two kinds of increments
        middle, limit = 0.0, 5 * 1.4826 * np.median([abs(v) for v in increments])
    clipped = [min(max(v - middle, -limit), limit) for v in increments]
    power = sum(v * v for v in clipped)
    return 0.0 if power == 0 else sum(a * b for a, b in zip(clipped[lag:], clipped[:-lag], strict=True)) / power


@pytest.mark.parametrize("n", [300, 100_000, 100_001, 250_000])
def test_between_the_blocks_the_trend_is_straight(n):
    step, rng = np.arange(n) * 3, np.random.default_rng(n)
    knots, values = np.sort(rng.uniform(5, 3 * n - 50, 200)), rng.standard_normal(200)
    np.testing.assert_allclose(_interpolated(step, knots, values), np.interp(step, knots, values), rtol=0, atol=1e-9)


@settings(deadline=None)
@given(st.integers(6, 40).flatmap(lambda n: arrays(np.float64, n, elements=st.floats(-9, 9, width=16))))
def test_autocorrelation(increments):
    lags = autocorrelation(increments)
    naive = [naive_autocorrelation(increments, lag) for lag in (1, 2)]
    assert lags == pytest.approx(naive, abs=1e-9)
    assert all(-1 - 1e-12 <= lag <= 1 + 1e-12 for lag in lags)


@pytest.mark.parametrize("size", [1e-320, 1e-200, 1e99])
def test_autocorrelation_of_tiny_and_huge_increments(size):
    cycle = size * (-1.0) ** np.arange(50)
    assert autocorrelation(cycle) == pytest.approx((-0.98, 0.96), abs=1e-3)


@pytest.mark.parametrize("n", [30, 39, 41, 130, 600, 6000])
def test_scatter_of_noise_about_a_descent(asked, descending, n):
    """A block of a few points follows their noise, which costs up to a third of it."""
    found = [asked(loss=10 + descending(n, 0.3, seed)).get("noise") for seed in range(20)]
    share = {130: 0.67, 600: 0.79, 6000: 0.96}.get(n, 1.0)
    assert np.mean([noise.sigma for noise in found]) / 0.3 == pytest.approx(share, abs=0.1)
    assert found[0].points == n - n // 3 - 1


def test_character_of_noise(asked):
    rng = np.random.default_rng(1)
    white = asked(loss=5 + rng.standard_normal(6000)).get("noise")
    assert (white.lag1, white.lag2) == pytest.approx((-0.5, 0.0), abs=0.05)
    assert white.tail_weight == pytest.approx(3.8, rel=0.1)
    cycle = asked(loss=5 + (-1.0) ** np.arange(600) + 0.01 * rng.standard_normal(600)).get("noise")
    assert (cycle.lag1, cycle.lag2) == pytest.approx((-1.0, 1.0), abs=0.02)
    drift = asked(loss=5 + np.sin(np.arange(600) / 30)).get("noise")
    assert drift.lag1 > 0.9


def test_residuals_of_a_straight_line_are_zero_and_of_a_short_curve_those_to_the_neighbours(asked):
    line = asked(loss=np.linspace(3, 2, 3000))
    inside = slice(line.get("curve").block_size, -line.get("curve").block_size)
    assert np.abs(line.get("residuals")[inside]).max() < 1e-9
    value = np.random.default_rng(0).random(30) + 1
    expected = [(value[i] - (value[i - 1] + value[i + 1]) / 2) / np.sqrt(1.5) for i in range(1, 29)]
    short = asked(loss=value).get("residuals")
    assert short.tolist() == pytest.approx([expected[0], *expected, expected[-1]])
    assert asked(loss=[2.0, 1.0]).get("residuals").tolist() == [0.0, 0.0]


@pytest.mark.parametrize("n", [1, 2, 5, 100, 1000])
def test_a_constant_curve_has_no_noise(asked, n):
    noise = asked(loss=np.full(n, 0.7)).get("noise")
    assert (noise.sigma, noise.early_sigma, noise.lag1, noise.lag2, noise.tail_weight) == (0, 0, 0, 0, 1)
