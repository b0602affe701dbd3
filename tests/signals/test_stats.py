"""Fast order statistics against numpy's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lrdoctor.signals._stats import (
    bounded,
    median,
    quantile,
    robust_sigma,
    row_medians,
    unit_of,
)

numbers = st.floats(-1e100, 1e100, allow_subnormal=False)
lists = st.integers(1, 60).flatmap(lambda n: arrays(np.float64, n, elements=numbers))


@given(lists)
def test_median(values):
    before = values.copy()
    assert median(values) == np.median(values)
    assert (values == before).all()


@given(st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(lambda s: arrays(np.float64, s, elements=numbers)))
def test_row_medians(values):
    assert (row_medians(values) == np.median(values, axis=1)).all()


@pytest.mark.parametrize("n", [64, 511, 512, 513, 514])
def test_row_medians_of_long_rows(n):
    values = np.random.default_rng(n).standard_normal((7, n))
    assert (row_medians(values) == np.median(values, axis=1)).all()


@given(lists, st.sampled_from([0.0, 0.25, 0.5, 0.9, 0.99, 1.0]))
def test_quantile(values, share):
    assert quantile(values, share) == np.quantile(values, share)


@pytest.mark.parametrize("n", [1 << 15, (1 << 15) + 1, 200_001])
def test_order_statistics_of_long_arrays(n):
    rng = np.random.default_rng(n)
    noise = rng.standard_normal(n)
    ramp = np.linspace(0.0, 1.0, n)
    cycle = np.where(np.arange(n) % (n // 2048) == 0, 100.0, noise)  # the sample sees nothing but the hundreds
    for values in (noise, ramp, cycle, np.round(noise), np.full(n, 2.5), noise * 10.0 ** rng.integers(-300, 90, n)):
        assert median(values) == np.median(values)
        for share in (0.0, 0.01, 0.5, 0.9, 0.99, 0.9999, 1.0):
            assert quantile(values, share) == np.quantile(values, share)


def test_robust_sigma_is_that_of_normal_noise_whatever_the_outliers():
    noise = 3.0 * np.random.default_rng(0).standard_normal(20_001)
    assert robust_sigma(noise) == pytest.approx(3.0, rel=0.03)
    noise[:1000] = 1e9
    assert robust_sigma(noise) == pytest.approx(3.0, rel=0.15)
    assert robust_sigma(np.empty(0)) == 0.0


@pytest.mark.parametrize("largest", [5e-324, 1e-310, 1e-200, 0.7, 1.0, 3.0, 1e100, 1.7e308])
def test_the_unit_is_a_power_of_two_near_the_largest_magnitude(largest):
    for sign in (1.0, -1.0):
        unit = unit_of(np.array([0.0, sign * largest]))
        assert np.log2(unit) % 1 == 0
        assert largest / unit <= 2.0
        assert largest / unit >= 0.5 or largest < 1e-307
        assert unit / 2 * 2 == unit
    assert unit_of(np.zeros(3)) == 1.0


def test_what_is_huge_is_bounded_and_the_rest_is_not_copied():
    plain = np.array([-3.0, 1e99])
    assert bounded(plain) is plain
    assert bounded(np.array([-1.7e308, 2.0, 1e300])).tolist() == [-1e100, 2.0, 1e100]
    assert bounded(np.empty(0)).size == 0
