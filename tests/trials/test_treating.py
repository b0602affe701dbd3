"""What treatments did, read off pairs of grids."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import numpy as np
import pytest

from lrdoctor.prescribing.treatments import Effect
from lrdoctor.trials import treating


@pytest.fixture
def decayed(grid):
    """The same grid with a decay that halves every finite final loss."""
    halved = replace(grid, name="toy__sgd__cosine", schedule="cosine")
    return replace(halved, full_train_loss=grid.full_train_loss * np.where(grid.eval_step > 900, 0.5, 1.0))


def told(monkeypatch, verdicts, offset=0.0):
    monkeypatch.setattr(treating, "_advice", lambda grid, budget: [(name, offset) for name in verdicts])


def test_a_decay_that_halves_the_loss(grid, decayed, monkeypatch):
    told(monkeypatch, ["needs-decay"] * grid.members)
    found = treating.effects([grid, decayed])
    assert set(found) == {("needs-decay", "cosine")}
    effect = found["needs-decay", "cosine"]
    assert (effect.runs, effect.grids, effect.worse) == (grid.members, 1, 0.0)
    assert effect.lowered == effect.high == pytest.approx(0.5)
    assert effect.better == effect.rescued
    assert 0.3 < effect.better < 1.0  # the lowest rates have hardly anything to halve in


def test_the_rerun_is_looked_up_at_the_advised_rate(grid, monkeypatch):
    best = int(np.argmin(np.where(np.isfinite(grid.full_train_loss[:, -1]), grid.full_train_loss[:, -1], np.inf)))
    better = grid.full_train_loss.copy()
    better[best, -3:] *= 0.5
    treated = replace(grid, name="toy__sgd__clip1", clip_norm=1.0, full_train_loss=better)
    monkeypatch.setattr(
        treating, "_advice", lambda g, budget: [("diverged", float(np.log10(g.lr[best] / lr))) for lr in g.lr]
    )
    effect = treating.effects([grid, treated])["diverged", "clip"]
    assert effect.lowered == pytest.approx(0.5)
    assert effect.rescued <= 1 / grid.members + 0.01


def test_too_few_runs_say_nothing(grid, decayed, monkeypatch):
    told(monkeypatch, ["stalled"] * 5 + ["healthy"] * (grid.members - 5))
    assert set(treating.effects([grid, decayed])) == {("healthy", "cosine")}


def test_a_grid_without_its_plain_twin_is_left_out(decayed, monkeypatch):
    told(monkeypatch, ["healthy"] * decayed.members)
    assert treating.effects([decayed]) == {}


def test_what_is_written_is_what_the_plan_reads(tmp_path):
    effect = Effect(runs=12, grids=2, better=0.5, worse=0.0, lowered=0.1, low=-0.02, high=0.3, rescued=0.25)
    path = tmp_path / "treatments.toml"
    treating.write({("lr-too-high", "cosine"): effect}, "word", path)
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    assert data["digest"] == "word"
    assert Effect(**data["lr-too-high"]["cosine"]) == effect
