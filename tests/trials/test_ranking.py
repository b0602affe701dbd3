"""What a short run's ranking is worth; the figures in docs and code are those that were measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lrdoctor.studies.planning import TRUST
from lrdoctor.trials.__main__ import main
from lrdoctor.trials.outcomes import outcome
from lrdoctor.trials.ranking import SHARES, table, trust

PAGE = Path(__file__).parents[2] / "docs" / "search.md"


def test_a_grid_whose_ranking_never_changes_can_be_trusted_at_once(grid):
    steady = np.array([1.0 - 0.001 * grid.eval_step * (k + 1) / grid.members for k in range(grid.members)])
    rows = trust([replace(grid, full_train_loss=steady.astype(np.float32))])
    assert [row.share for row in rows] == [1 / 4, 1 / 2]  # 316 and 562 of 1,000 steps
    for row in rows:
        assert (row.near, row.fine, row.kept, row.shift, row.grids) == (1, 1, 1, 0, 2)
        assert row.correlation == pytest.approx(1)


def test_a_leader_that_falls_back_costs_what_it_misses(grid):
    late = grid.eval_step > 600
    early = np.linspace(1.0, 0.5, grid.members)[:, None]
    loss = np.where(grid.eval_step == 0, 1.0, np.where(late, 1.5 - early, early))
    first = trust([replace(grid, full_train_loss=loss.astype(np.float32))])[0]
    assert first.correlation == pytest.approx(-1)
    assert first.near == 0
    assert first.regret == pytest.approx(1, abs=0.01)
    assert first.shift == pytest.approx(np.log10(grid.lr[-1] / grid.lr[0]), abs=0.26)


def test_the_shift_is_that_of_the_real_leader(grid):
    first = trust([grid])[0]
    full, short = outcome(grid), outcome(grid, 316)
    assert first.shift == pytest.approx(np.log10(grid.lr[short.best] / grid.lr[full.best]), abs=0.26)
    assert first.shift > 0


def test_schedules_and_clipping_are_left_out(grid):
    assert trust([replace(grid, schedule="cosine"), replace(grid, clip_norm=1.0)]) == []


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
        assert [f"{100 * row.near:.0f}", f"{100 * row.fine:.0f}", f"{100 * row.kept:.0f}"] == [
            cells[2],
            cells[3],
            cells[5],
        ]
        assert f"{row.shift:.2f}" == cells[6]


def test_the_table_is_markdown():
    assert table([]).splitlines()[1].count("---") == 7
