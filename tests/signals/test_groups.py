"""Rates of parameter groups against one another."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lrdoctor.records import Role, Series
from lrdoctor.signals._groups import relate


def rate(values, step=None):
    values = np.asarray(values, dtype=float)
    steps = np.arange(values.size) if step is None else np.asarray(step)
    return Series(tag="lr", step=steps, value=values, role=Role.LR)


def test_geometric_levels_give_the_decay():
    shape = np.linspace(1, 0.1, 50)
    found = relate([rate(1e-3 * 0.7**layer * shape) for layer in (3, 2, 1, 0)])
    assert found.decay == pytest.approx(0.7)
    assert found.levels == pytest.approx((1, 0.7, 0.49, 0.343))
    assert found.ratio == pytest.approx([0.343, 0.49, 0.7, 1])
    assert found.steady


def test_two_levels_have_no_decay_and_uneven_ones_neither():
    assert math.isnan(relate([rate([1e-3] * 5), rate([1e-5] * 5)]).decay)
    assert math.isnan(relate([rate([1.0] * 5), rate([0.5] * 5), rate([0.1] * 5)]).decay)


def test_groups_that_only_warm_up_differently_are_alike():
    warm = np.concatenate([np.linspace(0.1, 0.01, 10), np.full(40, 0.01)])
    assert relate([rate(np.minimum(np.arange(50) / 1000, 0.01)), rate(warm)]).levels == (1.0,)


def test_a_ratio_that_drifts_is_not_steady():
    assert not relate([rate(np.full(50, 1e-3)), rate(np.linspace(1e-5, 1e-3, 50))]).steady


def test_frozen_and_thawed():
    found = relate([rate([0] * 6), rate([0, 0, 0, 1e-4, 1e-4, 1e-4]), rate([1e-3] * 6)])
    assert found.frozen.tolist() == [True, False, False]
    assert found.thawed.tolist() == [-1, 3, -1]
    assert found.levels == pytest.approx((1, 0.1))


def test_only_common_steps_count():
    found = relate([rate([1.0, 1.0, 1.0], step=[0, 10, 20]), rate([0.5, 0.5], step=[10, 20])])
    assert (found.points, found.first_step, found.last_step) == (2, 10, 20)
    assert relate([rate([1.0], step=[0]), rate([1.0], step=[1])]) is None


def test_nothing_trains():
    assert relate([rate([0, 0]), rate([0, np.nan])]) is None
