"""The course of the level, against plain computations and known curves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from lrdoctor.signals.descent import running_median, theil_sen

values = arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e6, 1e6, allow_subnormal=False))


@given(values, st.sampled_from([1, 3, 5]))
def test_running_median(value, width):
    n, half = value.size, width // 2
    padded = [value[min(max(i, 0), n - 1)] for i in range(-half, n + half)]
    plain = [np.median(padded[i : i + width]) for i in range(n)] if n >= 3 else value.tolist()
    assert running_median(value, width).tolist() == plain


@settings(deadline=None)
@given(arrays(np.float64, st.integers(3, 30), elements=st.floats(-100, 100, width=16)), st.integers(0, 9))
def test_theil_sen(y, seed):
    x = np.sort(np.random.default_rng(seed).integers(0, 20, y.size)).astype(float)
    slope, low, high = theil_sen(x, y)
    pairs = [(y[j] - y[i]) / (x[j] - x[i]) for i in range(y.size) for j in range(i + 1, y.size) if x[j] > x[i]]
    assert slope == pytest.approx(np.median(pairs) if pairs else 0.0)
    assert low <= slope <= high


def test_the_interval_of_theil_sen_is_that_of_scipy_within_a_rank():
    rng = np.random.default_rng(3)
    for n in (10, 40, 100):
        x = np.linspace(0, 1, n)
        y = 2 - 3 * x + rng.standard_normal(n)
        ours, theirs = theil_sen(x, y), stats.theilslopes(y, x, 0.9)
        slopes = np.sort([(y[j] - y[i]) / (x[j] - x[i]) for i in range(n) for j in range(i + 1, n)])
        assert ours[0] == pytest.approx(theirs[0])
        for mine, other in ((ours[1], theirs[2]), (ours[2], theirs[3])):
            assert abs(np.searchsorted(slopes, mine) - np.searchsorted(slopes, other)) <= 2


def test_the_interval_of_theil_sen_covers_the_slope_in_nine_cases_of_ten():
    rng = np.random.default_rng(4)
    x = np.linspace(0, 1, 60)
    inside = 0
    for _ in range(300):
        _, low, high = theil_sen(x, -x + 0.3 * rng.standard_normal(60))
        inside += low <= -1 <= high
    assert 255 <= inside <= 285  # 270 expected, standard deviation 5


@pytest.mark.parametrize("n", [10, 40, 41, 300, 20_000])
def test_a_straight_line(asked, n):
    d = asked(loss=np.linspace(3.0, 2.0, n)).get("descent")
    assert (d.start, d.end) == pytest.approx((3.0, 2.05), abs=0.06)
    assert d.best <= d.end
    assert d.progress == pytest.approx(1.0, abs=0.06)
    assert d.late_rate == pytest.approx(1.0, abs=0.12)
    assert d.late_gain == pytest.approx(0.4, abs=0.05)
    assert d.slope == pytest.approx(-1.0, rel=1e-6)
    assert d.reduction == pytest.approx(1 - 2.05 / 3, abs=0.02)
    assert d.best_at > 0.9


def test_a_plateau_and_a_way_back(asked):
    t = np.linspace(0, 1, 500)
    flat = asked(loss=1 + np.exp(-30 * t)).get("descent")
    assert flat.late_rate < 0.01
    assert flat.late_gain < 0.01
    back = asked(loss=2 + np.abs(t - 0.5)).get("descent")
    assert back.give_back == pytest.approx(0.9, abs=0.03)
    assert back.best_at == pytest.approx(0.5, abs=0.02)
    assert back.best_step == pytest.approx(250, abs=10)
    rising = asked(loss=2 + t).get("descent")
    assert rising.progress == pytest.approx(0.0, abs=0.01)


def test_power_laws_fall_late_at_the_documented_rate(asked):
    t = np.linspace(0, 1, 1000)
    assert asked(loss=1 / (1 + 100 * t) ** 0.5 + 1).get("descent").late_rate == pytest.approx(0.1, abs=0.05)


def test_significance_grows_with_the_root_of_the_points(asked, descending):
    few = asked(loss=10 + descending(400, 0.1)).get("descent").significance
    many = asked(loss=10 + descending(6400, 0.1)).get("descent").significance
    assert many / few == pytest.approx(4.0, rel=0.3)


def test_the_start_is_the_first_point_where_it_stands_apart(asked):
    loss = np.concatenate([[50.0], np.linspace(3, 2, 3000)]) + 0.01 * np.random.default_rng(0).standard_normal(3001)
    assert asked(loss=loss).get("descent").start == pytest.approx(50, rel=0.01)
    noisy = 3 + np.random.default_rng(0).standard_normal(3000) * 0.1
    noisy[0] = 3.25  # no more than the noise
    assert asked(loss=noisy).get("descent").start == pytest.approx(3.0, abs=0.06)


@pytest.mark.parametrize("value", [0.7, 0.0, -3.0, 1e300, 5e-324])
@pytest.mark.parametrize("n", [1, 2, 5, 300])
def test_a_constant_curve_makes_no_progress(asked, n, value):
    d = asked(loss=np.full(n, value)).get("descent")
    assert (d.progress, d.late_gain, d.late_rate, d.slope) == (0, 0, 0, 0)
    assert np.isnan(d.give_back)
    assert d.reduction == 0 if value > 0 else np.isnan(d.reduction)
