"""A step that starts again: the next epoch of one training, or the next training."""

from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.readers._table import Table, runs_from_table

RNG = np.random.default_rng(0)


def falling(n, noise=0.02):
    return 0.3 + 2 * np.exp(-np.arange(n) / (n / 3)) + noise * RNG.standard_normal(n)


def table(pieces, first=0):
    step = np.concatenate([first + np.arange(len(piece)) for piece in pieces]).astype(float)
    return Table({"iter": step, "loss": np.concatenate(pieces)})


def runs(given):
    return runs_from_table(given, source="x", format_name="csv")


@pytest.mark.parametrize(("first", "cut"), [(0, 0), (1, 7), (100, 1)])
def test_one_training_of_several_epochs(first, cut):
    whole = falling(80)
    (run,) = runs(table(np.split(whole[: 80 - cut], [20, 40, 60]), first))
    assert run.series["loss"].step.tolist() == list(range(first, first + 80 - cut))
    np.testing.assert_array_equal(run.series["loss"].value, whole[: 80 - cut])
    assert any("counted on over epochs of 20" in note for note in run.notes)


def test_trainings_that_start_over():
    assert len(runs(table([falling(20) for _ in range(4)]))) == 4


def test_a_flat_curve_cannot_tell():
    assert len(runs(table([1 + 0.1 * RNG.standard_normal(20) for _ in range(4)]))) == 4


def test_two_pieces_are_too_few_and_other_steps_are_other_trainings():
    whole = falling(60)
    assert len(runs(table(np.split(whole[:40], [20])))) == 2
    assert len(runs(table(np.split(whole, [15, 35])))) == 3
