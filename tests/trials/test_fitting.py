"""What the networks are taught, and that how many processes fit them changes nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lrdoctor.prescribing.features import NAMES
from lrdoctor.prescribing.network import MISSING
from lrdoctor.prescribing.response import RATE
from lrdoctor.trials import fitting
from lrdoctor.trials.dataset import OFFSETS, SCORES, Rows, response, rows_of


@pytest.fixture
def rows(grid):
    return rows_of(grid)


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def test_lessons_begin_with_what_is_asked_for_and_end_with_shares_of_the_best_reduction(rows):
    public = np.zeros(len(rows), bool)
    taught, asked = fitting.lessons(rows, public), fitting.targets(rows, public)
    np.testing.assert_array_equal(taught[:, : asked.shape[1]], asked)
    shares = taught[:, asked.shape[1] :].reshape(len(rows), -1, OFFSETS.size)
    assert shares.shape[1] == sum(name.endswith("of the reduction") for name in SCORES)
    assert (np.diff(shares, axis=1) >= 0).all(), "a rate that reaches more has reached less, too"
    near, fine = rows.scores[:, 0], rows.scores[:, 1]
    assert (shares[:, 0] <= near).all()
    assert (near <= shares[:, 1]).all()
    assert (fine <= shares[:, 2]).all()


def test_a_rate_that_ends_worse_than_it_began_reaches_no_share(grid):
    worse = grid.full_train_loss.copy()
    worse[3] = worse[3, 0] + np.arange(worse.shape[1])
    scores, _ = response(replace(grid, full_train_loss=worse), grid.steps)
    centre = OFFSETS.size // 2
    assert not scores[3, :, centre].any()


@pytest.mark.slow
def test_folds_fitted_side_by_side_say_the_same(rows, torch):
    few = fitting.Settings(members=1, long_budget=300, batch_size=64, ramps=2, long_ramps=2, width=4, epochs=1, folds=2)
    family = np.where(rows.member % 2 == 0, "even", "odd")
    split = replace_family(rows, family)
    public = np.zeros(len(split), bool)
    alone = fitting.held_out(split, public, few)
    assert alone.shape == (len(rows), 2 * OFFSETS.size)
    assert np.unique(alone, axis=0).shape[0] > 1
    np.testing.assert_array_equal(fitting.held_out(split, public, few, jobs=2), alone)


def test_only_the_short_expert_is_taught_more_than_is_asked_for(rows, torch, monkeypatch):
    columns, train = [], fitting._train
    monkeypatch.setattr(fitting, "_train", lambda x, y, *rest: columns.append(y.shape[1]) or train(x, y, *rest))
    few = fitting.Settings(members=1, long_budget=300, batch_size=64, ramps=2, long_ramps=2, width=4, epochs=1)
    fitting.fit(rows, np.zeros(len(rows), bool), few)
    shares = sum(name.endswith("of the reduction") for name in SCORES)
    assert columns == [(2 + shares) * OFFSETS.size, 2 * OFFSETS.size]


def test_long_trainings_are_calibrated_on_the_public_grids():
    """Short ones and long ones of the trials are where their responses say, those of public grids are not."""
    count = 300
    x = np.full((3 * count, len(NAMES)), MISSING, np.float32)
    x[:, RATE] = -3.0
    x[:, NAMES.index("log10 steps")] = np.repeat([2.75, 4.0, 4.0], count)
    public = np.repeat([False, False, True], count)
    best = np.where(public, np.linspace(-2, 2, 3 * count), np.linspace(-0.4, 0.4, 3 * count)).astype(np.float32)
    hollow = [np.zeros(3 * count)] * 5
    rows = Rows(x, np.zeros((3 * count, len(SCORES), OFFSETS.size), np.uint8), best, *hollow)
    peak = np.exp(-0.5 * OFFSETS**2).astype(np.float32)
    said = np.tile(np.concatenate([peak, peak]), (3 * count, 1))
    near, far, unknown = fitting.sharpness(rows, public, said)
    assert near > 1.5 * far
    assert far < unknown < near, "no rate is unknown here: all together"
    assert fitting.sharpness(rows, np.zeros(3 * count, bool), said)[1] > far


def test_what_is_stored_answers_only_what_is_asked_for(rows, torch):
    few = fitting.Settings(members=1, long_budget=300, batch_size=64, ramps=2, long_ramps=3, width=4, epochs=1)
    arrays = fitting.fit(rows, np.zeros(len(rows), bool), few)
    for expert, ramps in (("short_", 2), ("long_", 3)):
        assert arrays[f"{expert}w2"].shape == (1, 4, 2 * OFFSETS.size)
        assert np.bincount(arrays[f"{expert}feature"], minlength=len(NAMES)).max() == ramps


def replace_family(rows, family):
    return type(rows)(*(family if name == "family" else getattr(rows, name) for name in rows.__slots__))
