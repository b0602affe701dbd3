"""Swings told from noise: known cycles, white noise in bulk, and a plain Fourier sum."""

from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.errors import Unavailable
from lrdoctor.signals.oscillation import _trend


def cycle(period, n=600, noise=0.05, seed=0):
    """A swing of height 1 about 10."""
    t = np.arange(n)
    return 10 + np.sin(2 * np.pi * t / period + 0.3) + noise * np.random.default_rng(seed).standard_normal(n)


@pytest.mark.parametrize("n", [12, 13, 100, 4096])
def test_the_trend_is_the_least_squares_parabola(n):
    z = np.random.default_rng(n).standard_normal(n) * 5 + 100
    x = np.linspace(-1, 1, n)
    assert _trend(z) == pytest.approx(np.polyval(np.polyfit(x, z, 2), x), rel=1e-9)


@pytest.mark.parametrize("period", [2, 2.5, 3, 4, 7.3, 20, 50])
def test_the_period_of_a_swing(asked, period):
    swing = asked(loss=cycle(period)).get("oscillation")
    assert swing.period == pytest.approx(period, rel=0.06)
    assert swing.peak_share > 0.9
    assert swing.amplitude == pytest.approx(1.0 if period != 2 else np.sqrt(2) * abs(np.sin(0.3)), rel=0.15)
    assert (swing.first_step, swing.last_step) == (200, 599)


def test_alternation_of_cycles_and_of_noise(asked):
    def found(loss):
        return asked(loss=loss).get("oscillation").alternation

    swing = 10 + (-1.0) ** np.arange(600) + 0.05 * np.random.default_rng(0).standard_normal(600)
    assert found(swing) == pytest.approx(1.0, abs=0.03)
    assert found(cycle(4)) == pytest.approx(1.0, abs=0.03)
    assert found(cycle(3)) == pytest.approx(0.5, abs=0.03)
    assert found(cycle(6)) == pytest.approx(0.5, abs=0.03)
    assert found(cycle(50)) < 0
    noise = [found(10 + np.random.default_rng(seed).standard_normal(600)) for seed in range(50)]
    assert max(noise) < 0.25
    error = asked(loss=swing).get("oscillation").alternation_error
    assert error == pytest.approx(0.05)
    assert np.std(noise) < 2 * error


@pytest.mark.parametrize("n", [60, 600])
def test_white_noise_rarely_has_a_peak_above_the_stated_share(asked, n):
    above = 0
    for seed in range(200):
        swing = asked(loss=10 + np.random.default_rng(seed).standard_normal(n)).get("oscillation")
        above += swing.peak_share > swing.noise_share
    assert above <= 2


def test_the_peak_against_a_plain_fourier_sum(asked):
    loss = cycle(9.0, n=90, noise=0.3)
    swing = asked(loss=loss).get("oscillation")
    z = loss[30:]
    residual = z - _trend(z)
    window = np.hanning(z.size + 2)[1:-1]
    t = np.arange(z.size)
    power = [
        abs(sum(residual * window * np.exp(-2j * np.pi * k * t / z.size))) ** 2 for k in range(3, z.size // 2 + 1)
    ]
    peak = int(np.argmax(power))
    assert swing.period == pytest.approx(z.size / (peak + 3))
    assert swing.peak_share == pytest.approx(sum(power[max(peak - 2, 0) : peak + 3]) / sum(power), rel=1e-6)


def test_only_the_end_of_a_long_log_is_looked_at(asked):
    loss = np.concatenate([cycle(2.0, 8000), 10 + np.random.default_rng(0).standard_normal(4096)])
    assert asked(loss=loss).get("oscillation").alternation < 0.1


@pytest.mark.parametrize(
    "loss", [[0.7] * 300, [0.0] * 20, np.linspace(3, 1, 300), [3, 2, 1], np.linspace(1, 2, 17)[:16]]
)
def test_what_does_not_vary_or_is_too_short_is_not_judged(asked, loss):
    with pytest.raises(Unavailable, match=r"points|vary"):
        asked(loss=loss).get("oscillation")


@pytest.mark.parametrize("size", [1e-310, 1e-160, 1e99])
def test_tiny_and_huge_swings(asked, size):
    swing = asked(loss=size * (-1.0) ** np.arange(200)).get("oscillation")
    assert swing.alternation == pytest.approx(1.0, abs=0.02)
    assert swing.amplitude == pytest.approx(size * np.sqrt(2), rel=0.05)
