"""What a short run's ranking is worth; the figures in docs and code are those that were measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lrdoctor.studies.halving import TRUST
from lrdoctor.trials.__main__ import main
from lrdoctor.trials.outcomes import outcome
from lrdoctor.trials.ranking import SHARES, table, trust

PAGE = Path(__file__).parents[2] / "docs" / "search.md"


def told(grid, loss):
    """The grid with another loss: what it logged, and what it measured; `loss` takes steps and a place from 0 to 1."""
    place = np.linspace(0, 1, grid.members)[:, None]
    logged, measured = (loss(step[None], place).astype(np.float32) for step in (grid.step, grid.eval_step))
    return replace(grid, train_loss=logged, full_train_loss=measured)


def test_a_grid_whose_ranking_never_changes_can_be_trusted_at_once(grid):
    rows = trust([told(grid, lambda step, place: 1.0 - 0.001 * step * (place + 0.05) / 1.05)], shortest=0)
    assert [row.share for row in rows] == [1 / 4, 1 / 2]  # 316 and 562 of 1,000 steps
    for row in rows:
        assert (row.near, row.fine, row.kept, row.shift, row.grids) == (1, 1, 1, 0, 2)
        assert row.correlation == pytest.approx(1)


def test_a_leader_that_falls_back_costs_what_it_misses(grid):
    def loss(step, place):
        early = 1.0 - 0.5 * place
        return np.where(step == 0, 1.0, np.where(step > 600, 1.5 - early, early))

    first = trust([told(grid, loss)], shortest=0)[0]
    assert first.correlation == pytest.approx(-1)
    assert (first.near, first.lower) == (0, 0)
    assert first.regret == pytest.approx(1, abs=0.01)
    assert first.shift == pytest.approx(np.log10(grid.lr[-1] / grid.lr[0]), abs=0.26)


def test_the_shift_is_that_of_the_real_leader(grid):
    first = trust([grid], shortest=0)[0]
    full, short = outcome(grid), outcome(grid, 316)
    assert first.shift == pytest.approx(np.log10(grid.lr[short.best] / grid.lr[full.best]), abs=0.26)
    assert first.shift > 0


def test_schedules_clipping_and_short_ones_are_left_out(grid):
    assert trust([replace(grid, schedule="cosine"), replace(grid, clip_norm=1.0)], shortest=0) == []
    assert grid.steps < 2000
    assert trust([grid]) == []


@pytest.mark.slow
def test_docs_and_code_hold_what_the_command_prints(capsys):
    assert main(["ranking"]) == 0
    printed = capsys.readouterr().out.strip()
    assert printed in PAGE.read_text(encoding="utf-8"), (
        "put the output of python -m lrdoctor.trials ranking into docs/search.md"
    )
    shown = [[cell.strip(" %") for cell in line.split("|")[1:-1]] for line in printed.splitlines()[2:]]
    assert [row.share for row in TRUST] == list(SHARES)
    for row, cells in zip(TRUST, shown, strict=True):
        shares = [row.near, row.fine, row.lower, row.kept]
        assert [f"{100 * share:.0f}" for share in shares] == [cells[2], cells[3], cells[5], cells[6]]
        assert f"{row.shift:.2f}" == cells[7]


def test_the_table_is_markdown():
    assert table([]).splitlines()[1].count("---") == 8
