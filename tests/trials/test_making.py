"""Rows and held-out responses are kept by content, and the shipped model fits what is in the repository."""

from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.prescribing.features import NAMES
from lrdoctor.trials import fitting, making
from lrdoctor.trials.grid import save_grid


@pytest.fixture
def model():
    with np.load(fitting.MODEL_PATH, allow_pickle=False) as data:
        return {key: data[key] for key in data.files}


def test_the_model_belongs_to_the_features(model):
    assert tuple(model["names"]) == NAMES


def test_the_model_was_fitted_on_the_table_as_it_is(model):
    assert "digest" in model, "fit the model with: python -m lrdoctor.trials fit"
    assert str(model["digest"]) == making.table_digest(), "the table has changed since: python -m lrdoctor.trials fit"


def test_logs_are_described_as_when_the_model_was_fitted(model):
    assert "probe" in model, "fit the model with: python -m lrdoctor.trials fit"
    now = making.probe()
    np.testing.assert_allclose(model["probe"], now, rtol=1e-3, atol=1e-3, err_msg="python -m lrdoctor.trials fit")


def test_a_model_below_a_megabyte():
    assert fitting.MODEL_PATH.stat().st_size < 1_000_000


def test_the_digest_sees_contents_and_names(grid, tmp_path):
    table, public = tmp_path / "table", tmp_path / "public.npz"
    save_grid(grid, table / "a.npz")
    public.write_bytes(b"rows")
    first = making.table_digest(table, public)
    assert making.table_digest(table, public) == first
    public.write_bytes(b"other rows")
    second = making.table_digest(table, public)
    (table / "a.npz").rename(table / "b.npz")
    assert len({first, second, making.table_digest(table, public)}) == 3


def test_rows_are_made_once(grid, tmp_path, monkeypatch):
    save_grid(grid, tmp_path / "table" / "toy__sgd.npz")
    monkeypatch.setattr(making, "PUBLIC_ROWS", tmp_path / "rows" / "public.npz")
    asked = []

    def held_out(rows, public, jobs):
        asked.append(len(rows))
        return np.tile(np.linspace(0.1, 0.9, 2 * fitting.OFFSETS.size, dtype=np.float32), (len(rows), 1))

    monkeypatch.setattr(fitting, "held_out", held_out)
    foreign = making.join(making._rows([tmp_path / "table" / "toy__sgd.npz"], None, making.load_grid))
    (tmp_path / "rows").mkdir()
    making.save_rows(foreign.take(np.arange(5)), making.PUBLIC_ROWS)

    first = making.gather(tmp_path / "table", cache=tmp_path / "cache")
    monkeypatch.setattr(making, "rows_of", lambda grid: pytest.fail("made again"))
    again = making.gather(tmp_path / "table", cache=tmp_path / "cache")
    assert asked == [len(first.rows)]
    assert first.public.sum() == 5
    assert again.rows.x.tolist() == first.rows.x.tolist()
    assert again.outputs == pytest.approx(first.outputs, abs=1e-3)
    assert again.power == pytest.approx(first.power, rel=0.05)


def test_public_rows_are_made_anew_where_the_grids_are(grid, tmp_path, monkeypatch):
    monkeypatch.setattr(making, "PUBLIC_ROWS", tmp_path / "rows" / "public.npz")
    monkeypatch.setattr(making, "load_public_grid", lambda path: grid)
    monkeypatch.setattr(fitting, "held_out", lambda rows, public, jobs: np.zeros((len(rows), 82), np.float32))
    save_grid(grid, tmp_path / "table" / "toy__sgd.npz")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "toy__momentum.npz").write_bytes(b"read by another function")
    material = making.gather(tmp_path / "table", tmp_path / "foreign")
    assert making.PUBLIC_ROWS.exists()
    assert material.public.sum() * 2 == len(material.rows)


def test_families_of_public_grids_lie_in_folds_of_their_own():
    from lrdoctor.trials.dataset import Rows

    family = np.array(["a", "b", "c", "d", "e", "f", "x", "y", "z"] * 2)
    rows = Rows(*([np.zeros(18)] * 4), family, *([np.zeros(18)] * 3))
    folds = fitting.folds(rows, np.isin(family, ["x", "y", "z"]))
    alone = folds[np.isin(family, ["x", "y", "z"])]
    assert len(set(alone.tolist())) == 3
    assert not set(alone.tolist()) & set(folds[~np.isin(family, ["x", "y", "z"])].tolist())
    assert all(np.unique(folds[family == name]).size == 1 for name in family)
    assert len(set(folds.tolist())) == 9
