from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from lrdoctor.trials.grid import TABLE, load_grid, load_public_grid, load_table, save_grid


def test_round_trip_keeps_everything_to_the_stated_precision(grid, tmp_path):
    loss = grid.train_loss.copy()
    loss[0, :4] = [np.inf, -np.inf, np.nan, 0.0]
    loss[1, 0] = -3.25
    grid = replace(grid, train_loss=loss, clip_norm=1.0)
    save_grid(grid, tmp_path / "a.npz")
    again = load_grid(tmp_path / "a.npz")
    for field in fields(grid):
        before, after = getattr(grid, field.name), getattr(again, field.name)
        if not isinstance(before, np.ndarray):
            assert before == after, field.name
        elif before.dtype == np.float32:
            np.testing.assert_allclose(after, before, rtol=2.0**-7 if field.name == "grad_norm" else 2.0**-12)
        else:
            np.testing.assert_array_equal(after, before)
    assert again.val_accuracy is None
    assert list(again.train_loss[0, :4].astype(str)) == ["inf", "-inf", "nan", "0.0"]
    assert not again.train_loss.flags.writeable


def test_same_grid_same_bytes_and_nothing_partial_left(grid, tmp_path):
    save_grid(grid, tmp_path / "a.npz")
    save_grid(grid, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.npz", "b.npz"]


def test_table_is_read_in_order_of_names(grid, tmp_path):
    for name in ("b", "a"):
        save_grid(replace(grid, name=name), tmp_path / f"{name}.npz")
    assert [g.name for g in load_table(tmp_path)] == ["a", "b"]


@pytest.mark.parametrize("budget", [100, 316, 700, None])
def test_even_steps_have_one_interval(grid, budget):
    at = grid.even_steps(budget)
    assert np.unique(np.diff(grid.step[at])).size == 1
    assert grid.step[at][0] == 0
    assert grid.step[at][-1] >= 0.9 * (budget or 1000)


def test_public_layout(tmp_path):
    rng, members, epochs = np.random.default_rng(0), 5, 4
    keys = ("epoch_train_loss", "epoch_test_loss", "epoch_train_accuracy", "epoch_test_accuracy")
    np.savez(
        tmp_path / "mnist_mlp__adam.npz",
        lr=np.logspace(-5, 0, members), step=np.arange(100), train_loss=rng.random((members, 100)),
        optimizer="adam", batch_size=128, epochs=epochs, steps=400, length=np.full(members, 400),
        **{key: rng.random((members, epochs + 1)) for key in keys},
    )  # fmt: skip
    grid = load_public_grid(tmp_path / "mnist_mlp__adam.npz")
    assert (grid.family, grid.optimizer, grid.steps_per_epoch, grid.loss_kind) == (
        "mnist_mlp",
        "adam",
        100,
        "cross_entropy",
    )
    assert grid.eval_step.tolist() == [0, 100, 200, 300, 400]
    assert grid.members == members
    assert grid.source != "trials"


@pytest.mark.skipif(not any(TABLE.glob("*.npz")), reason="the table is not part of the wheel")
class TestTable:
    def test_fits_its_limit(self):
        assert sum(f.stat().st_size for f in TABLE.glob("*.npz")) <= 20e6

    def test_breadth(self):
        grids = load_table()
        assert len({(g.task, g.optimizer) for g in grids}) >= 60
        assert len({g.family for g in grids}) >= 12
        for g in grids:
            assert g.members >= 29
            assert np.log10(g.lr[-1] / g.lr[0]) >= 7 - 1e-9
            assert np.diff(np.log10(g.lr)).max() <= 0.25 + 1e-9
            assert g.train_loss.shape == (g.members, g.step.size)
            assert np.isfinite(g.full_train_loss[:, -1]).any()
