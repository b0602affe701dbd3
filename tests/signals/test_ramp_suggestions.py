"""Suggestions against the formulas of the tools they come from, written out naively."""

from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.signals.ramp import make_ramp
from lrdoctor.signals.ramp_suggestions import _slide, _valley, suggestions


def wandering(seed, n=90):
    rng = np.random.default_rng(seed)
    lr = np.geomspace(1e-6, 1, n)
    return lr, 2.0 - 1.5 / (1 + np.exp(-0.2 * (np.arange(n) - 50))) + 0.1 * rng.standard_normal(n).cumsum() * 0.2


def naive_valley(lr, loss):
    """fastai 2.8, `fastai.callback.schedule.valley`."""
    n = len(loss)
    max_start, max_end = 0, 0
    lds = [1] * n
    for i in range(1, n):
        for j in range(i):
            if loss[i] < loss[j] and lds[i] < lds[j] + 1:
                lds[i] = lds[j] + 1
            if lds[max_end] < lds[i]:
                max_end = i
                max_start = max_end - lds[max_end]
    sections = (max_end - max_start) / 3
    return float(lr[max_start + int(sections) + int(sections / 2)])


def naive_slide(lr, loss, lr_diff=15, thresh=0.005):
    """fastai 2.8, `fastai.callback.schedule.slide`."""
    slope = np.gradient(loss)
    r_idx = -1
    l_idx = r_idx - lr_diff
    found = lr[l_idx]
    while l_idx >= -len(loss) and abs(slope[r_idx] - slope[l_idx]) > thresh:
        found = lr[l_idx]
        r_idx -= 1
        l_idx -= 1
    return float(found)


@pytest.mark.parametrize("seed", range(12))
def test_fastai(seed):
    lr, loss = wandering(seed)
    assert _valley(lr, loss) == pytest.approx(naive_valley(lr, loss))
    assert _slide(lr, loss) == pytest.approx(naive_slide(lr, loss))


def test_steepest_and_the_minimum():
    lr = np.geomspace(1e-6, 10, 141)
    x = np.log10(lr)
    loss = 2 - 1 / (1 + np.exp(-6 * (x + 3))) + np.exp(8 * (x - 0.3))
    given = suggestions(make_ramp(lr, loss))
    assert np.log10(given["steepest"]) == pytest.approx(-3, abs=0.1)
    assert given["minimum_over_10"] == pytest.approx(lr[np.argmin(loss)] / 10, rel=0.3)
    assert given["steepest_in_lr"] < given["steepest"]  # the rate itself grows along the ramp


def test_no_descent_has_no_steepest():
    lr = np.geomspace(1e-6, 1, 60)
    given = suggestions(make_ramp(lr, 1 + np.linspace(0, 0.05, 60)))
    assert given["steepest"] is None
    assert given["curvature"] is None


@pytest.mark.parametrize("curvature", [0.5, 40.0])
def test_curvature_of_a_quadratic(curvature):
    weight, lr, loss = 1.0, np.geomspace(1e-4, 100, 300) / curvature, []
    for rate in lr:
        loss.append(0.5 * curvature * weight**2 + 1.0)
        weight *= 1 - rate * curvature
        weight = np.sign(weight) * max(abs(weight), 1e-3)  # as noise would
    with np.errstate(all="ignore"):
        given = suggestions(make_ramp(lr, np.array(loss)))
    assert given["curvature"] == pytest.approx(1 / curvature, rel=0.15)
