"""Runs that are cooled down are recorded, held out by family and fitted; the shipped answers are those of the rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lrdoctor.trials import cooling
from lrdoctor.trials.grid import save_grid
from lrdoctor.trials.schedules import multipliers


def test_the_cool_down_follows_what_was_held():
    for held in cooling.HELD_STEPS:
        factor = multipliers("cooldown", round(held * 6 / 5))
        assert (factor[:held] == 1).all()
        assert (np.diff(factor[held:]) < 0).all()
        assert 0 < factor[-1] < 0.01


def test_the_shipped_record_is_that_of_the_rows():
    cases = cooling.load()
    with np.load(cooling.MODEL_PATH, allow_pickle=False) as data:
        np.testing.assert_array_equal(data["rows"], cases.rows.astype(np.float32))
        np.testing.assert_array_equal(data["logs"], cases.logs.astype(np.float32))
        assert data["stretch"] > 0.5
    assert len(np.unique(cases.family)) >= 15


def test_held_out_answers_hold_their_level():
    cases = cooling.load()
    cases = cases.take(np.arange(len(cases.logs)) % 9 == 0)
    told = cooling.held_out(cases)
    stretched = cooling._stretched(told, cooling.stretch_for(cases.logs, told))
    assert np.mean((cases.logs >= stretched[:, 2]) & (cases.logs <= stretched[:, 0])) == pytest.approx(0.8, abs=0.03)
    assert np.mean(np.abs(cases.logs - told[:, 1])) < 0.85 * np.mean(np.abs(cases.logs))


def test_grids_become_rows(grid, tmp_path, monkeypatch):
    monkeypatch.setattr(cooling, "HELD_STEPS", (316,))
    save_grid(replace(grid, schedule="cooldown"), tmp_path / "316" / "toy.npz")
    cases = cooling.record(tmp_path, tmp_path / "rows.npz")
    assert len(cases.logs) == len(cases.rows) > 0
    assert set(cases.look.tolist()) <= set(cooling._LOOKS)
    again = cooling.load(tmp_path / "rows.npz")
    np.testing.assert_allclose(again.rows, cases.rows, rtol=1e-5)
