"""A range test is used, or called unusable for the right reason."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lrdoctor
from lrdoctor.prescribing.ramp_dose import LEVEL, calibration, ramp_dose
from lrdoctor.studies.range_test import judge


def ramp(n=100, low=1e-7, high=10.0, noise=0.02, fall=1.5, at=-2.6, limit=-0.2, seed=0):
    lr = np.geomspace(low, high, n)
    x = np.log10(lr)
    loss = 2.3 - fall / (1 + np.exp(-4 * (x - at))) + np.exp(np.minimum(6 * (x - limit), 40))
    return lr, loss + noise * np.random.default_rng(seed).standard_normal(n)


def test_a_good_one():
    said = judge(*ramp())
    assert said.usable
    assert (said.cause, said.reason) == (None, None)
    low, high = said.interval
    assert 2e-3 < low < said.recommended < high < 1
    assert said.level == LEVEL
    assert [part.kind for part in said.regions] == ["flat", "descent", "minimum", "ascent", "explosion"]
    assert said.regions[0].span.first_step == 0
    assert said.regions[-1].span.last_step == 99
    assert said.start == pytest.approx(2.3, abs=0.1)
    assert set(said.suggestions) >= {"steepest", "valley", "slide", "minimum_over_10"}
    assert said.lr.shape == said.loss.shape == said.smoothed.shape


def test_the_longer_the_training_the_lower_the_rate():
    rates = [judge(*ramp(), steps=steps).recommended for steps in (500, 5_000, 50_000)]
    assert rates[0] > rates[1] > rates[2] > rates[0] / 10
    assert judge(*ramp(), steps=10_000).recommended == judge(*ramp()).recommended


def test_the_dose():
    assert ramp_dose(0.1, 1.0).lr > ramp_dose(0.1, 0.1).lr
    assert ramp_dose(0.1, 1e9).lr == pytest.approx(ramp_dose(0.1, 1e3).lr)
    dose = ramp_dose(0.1, 1.0, 7)
    assert dose.low < dose.lr == ramp_dose(0.1, 1.0, 500).lr < dose.high
    assert calibration().slope < 0 < calibration().lean


noisy = np.random.default_rng(3).standard_normal(100)
line = np.geomspace(1e-7, 10, 100)
UNUSABLE = {
    "never-rose": ramp(high=10**-2.2),
    "too-short": ramp(n=6),
    "too-fast": ramp(n=14),
    "too-noisy": (line, 2.3 + 1.0 * noisy),
    "already-trained": (line, np.where(line > 0.05, 0.5 + 40 * line, 0.5 + 0.01 * noisy)),
    "never-moved": (line, 2.3 + 0.01 * noisy),
    "starts-too-high": (line, np.where(np.arange(100) > 4, np.nan, 2.3)),
    "no-ramp": (line[::-1], ramp()[1]),
}


@pytest.mark.parametrize(("cause", "arrays"), UNUSABLE.items(), ids=UNUSABLE)
def test_unusable(cause, arrays):
    said = judge(*arrays)
    assert said.cause == cause
    assert not said.usable
    assert (said.recommended, said.interval) == (None, None)
    assert said.reason.endswith(".")
    assert "nan" not in said.reason.lower()


def test_other_rates_that_are_no_ramp():
    loss = np.linspace(2, 1, 100)
    warmed = np.minimum(np.arange(1, 101) / 20, 1) * 0.1
    for lr in (np.full(100, 0.1), warmed, np.zeros(100), np.full(100, np.nan), np.zeros(0)):
        said = judge(lr, loss[: lr.size])
        assert said.cause == "no-ramp"
        assert said.lr.size == said.smoothed.size


def test_a_rate_below_the_first_one_is_not_recommended():
    said = judge(*ramp(low=10**-1.6, at=-1.2, n=60, noise=0.001))
    assert said.cause == "starts-too-high"


def test_a_blow_up_may_be_a_number_nan_or_infinite():
    lr, loss = ramp()
    rates = {judge(lr, np.where(lr > 1, tail, loss)).recommended for tail in (np.nan, np.inf, 1e30)}
    assert len(rates) == 1
    assert rates.pop() is not None


def test_one_training_for_each_rate_in_place_of_a_ramp():
    lr = 10.0 ** np.arange(-5, 2.01, 0.2)
    loss = 0.2 + 2.0 * np.exp(-np.minimum(lr * 300, 50)) + 0.3 * lr
    said = judge(lr, np.where(lr > 3, np.nan, loss))
    assert said.usable
    assert 1e-3 < said.recommended < 0.1


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**31), st.integers(0, 120), st.sampled_from([0.0, 0.02, 1.0, 1e200]), st.integers(0, 120))
def test_any_ramp(seed, n, noise, broken):
    rng = np.random.default_rng(seed)
    lr, loss = ramp(n=n, noise=0.0) if n else (np.zeros(0), np.zeros(0))
    loss = loss + noise * rng.standard_normal(n)
    loss[broken:] = rng.choice([np.nan, np.inf, 1e308, 2.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = lrdoctor.RangeTestReport([judge(lr, loss)])
        assert repr(report)
        assert report.to_json()
    assert report.usable == (report.reason is None)
    if report.usable:
        low, high = report.interval
        assert 0 < low <= report.recommended <= high < math.inf
