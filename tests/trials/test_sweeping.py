"""Sweeps played on cases whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.prescribing.response import OFFSETS
from lrdoctor.studies.combining import STEP, shapes
from lrdoctor.trials import TABLE, load_grid, outcome
from lrdoctor.trials.sweeping import (
    SHAPES_PATH,
    Case,
    make_shapes,
    play,
    responses_by_member,
    score,
    shape_of,
)


@pytest.fixture
def case():
    """Thirty rates, the best at 10^-2; every member's response knows it."""
    rates = np.arange(-6, 1.4, 0.25)
    reduction = np.clip(10.0 ** (0.7 * (rates + 2)), 0, 1)
    reduction[rates > -1.6] = -np.inf
    chance = np.stack([0.01 + 0.8 * np.exp(-(((OFFSETS - (-2 - rate)) / 0.3) ** 2)) for rate in rates])
    level = np.where(
        np.isfinite(reduction), 2.0 - 1.8 * np.where(np.isfinite(reduction), reduction, 0), np.inf
    )
    return Case(
        name="made", family="made", public=False, budget=600, log10_lr=rates, reduction=reduction,
        val_reduction=reduction, centre=-1.875, level=level, noise=np.full(rates.size, 1e-3), start=2.0, bounded=True,
        near=chance, fine=chance,
    )  # fmt: skip


def test_a_response_that_knows_leads_there_at_once(case):
    played = play(case, 2)
    assert case.near_best()[0][played.members[1]]
    assert played.covered[0]
    assert len(played.covered) >= len(played.members) - 1
    result = score([case], starts=40)
    assert min(result.covered) > 0.5
    assert result.good[0] < 0.3
    assert result.good[1] > 0.9
    assert result.good[1] <= result.good[2] <= result.good[3]


def test_a_response_that_misleads_costs_cures(case):
    wrong = np.roll(case.near, 10, axis=1)
    misled = Case(**{name: getattr(case, name) for name in Case.__slots__} | {"near": wrong, "fine": wrong})
    assert score([misled], starts=40).good[1] < 0.5


def test_a_shape_is_centred_on_the_band():
    grid = load_grid(sorted(TABLE.glob("*__sgd.npz"))[0])
    shape = shape_of(grid, grid.steps)
    truth = outcome(grid)
    middle = shape.size // 2
    assert shape.max() == pytest.approx(1.0, abs=0.02)
    assert (
        abs(int(np.argmax(shape)) - middle) * STEP <= 0.5 * np.ptp(np.log10(grid.lr[list(truth.band)])) + STEP
    )
    few = make_shapes([grid], count=4)
    assert few.weight.sum() == pytest.approx(1.0)
    assert len(few.reduction) <= 4
    assert few.reduction.shape[1] == shapes().reduction.shape[1]
    assert SHAPES_PATH.stat().st_size < 100_000


def test_responses_are_those_of_the_first_look():
    class Rows:
        grid = np.array(["a", "a", "a", "b"])
        budget = np.array([100, 100, 100, 100])
        member = np.array([0, 0, 1, 0])

    predicted = np.arange(4)[:, None] * np.ones((4, 2 * OFFSETS.size))
    found = responses_by_member(Rows, predicted)
    assert found["a", 100][0][:, 0].tolist() == [0.0, 2.0]
    assert found["b", 100][1].shape == (1, OFFSETS.size)
