"""Curves saved with numpy."""

from __future__ import annotations

import contextlib
import random

import numpy as np
import pytest

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.records import Role


@pytest.fixture
def save(tmp_path):
    def saved(name, array):
        np.save(tmp_path / name, array)
        return tmp_path / name

    return saved


def test_the_arrays_of_a_directory_are_one_run(read, save):
    losses = np.linspace(3, 1, 20)
    (run,) = read(save("losses.npy", losses), save("lrs.npy", np.linspace(-5, 1, 20, dtype=np.float32)))
    np.testing.assert_array_equal(run.series["losses"].value, losses)
    np.testing.assert_allclose(run.series["lrs"].value[[0, -1]], [1e-5, 10], rtol=1e-6)
    assert run.series["lrs"].role is Role.LR
    assert "logarithm" in run.notes[0]


def test_arrays_of_several_lengths_and_kinds(read, save):
    (run,) = read(save("train_loss.npy", np.arange(9, 0, -1)), save("val_loss.npy", np.array([[3.0], [np.nan]])))
    assert run.series["train_loss"].value.tolist() == list(range(9, 0, -1))
    np.testing.assert_array_equal(run.series["val_loss"].value, [3, np.nan])
    assert "several lengths" in run.notes[0]


def test_a_rate_that_is_one_is_left_as_it_is(read, save):
    (run,) = read(save("lr.npy", np.array([0.1, 0.01])), save("loss.npy", np.array([2.0, 1.0])))
    assert run.series["lr"].value.tolist() == [0.1, 0.01]


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((3, 3)),
        np.array([1.0]),
        np.array(["a", "b"]),
        np.zeros(0),
        np.array([1 + 1j, 2]),
        np.array([True, False]),
    ],
)
def test_what_is_no_curve(read, save, array):
    with pytest.raises(NotALogError, match="no curve"):
        read(save("loss.npy", array))


def test_pickles_are_not_loaded(read, tmp_path):
    np.save(tmp_path / "loss.npy", np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
    with pytest.raises(NotALogError):
        read(tmp_path / "loss.npy")


def test_data_is_not_claimed(claim_of, save):
    assert claim_of(save("x_train.npy", np.zeros(9))) is None


def test_a_header_that_lies_about_the_length(read, save):
    path = save("loss.npy", np.linspace(2, 1, 12))
    path.write_bytes(path.read_bytes().replace(b"(12,)", b"(9999999,)"[:5]).replace(b"(9999", b"(99,)"))
    (run,) = read(path)
    assert len(run.series["loss"]) == 12


def test_damage(read, save):
    path = save("loss.npy", np.linspace(2, 1, 30))
    raw = path.read_bytes()
    rng = random.Random(0)
    for _ in range(600):
        broken = bytearray(raw)
        for _ in range(rng.choice([1, 4])):
            broken[rng.randrange(8, len(raw))] = rng.randrange(256)
        path.write_bytes(bytes(broken[: rng.randrange(8, len(raw) + 1)]))
        with contextlib.suppress(ReadError):
            read(path)


def test_rates_and_losses_alone_are_what_a_finder_saves(read, save):
    losses, accuracy = save("losses.npy", np.linspace(2, 1, 50)), save("accuracy.npy", np.linspace(0, 1, 50))
    rates = save("lrs.npy", np.linspace(0.002, 0.02, 50))
    (run,) = read(losses, rates)
    assert run.hyperparameters["schedule"] == "range_test"
    (run,) = read(losses, rates, accuracy)
    assert "schedule" not in run.hyperparameters
    (run,) = read(losses, save("lrs.npy", np.linspace(0.02, 0.002, 50)))
    assert "schedule" not in run.hyperparameters
