"""How the usual ranges fare on recorded grids."""

from __future__ import annotations

import inspect
from dataclasses import replace

import numpy as np
import pytest

from lrdoctor.rules.implausible_rate import ImplausibleRate
from lrdoctor.trials.usual import main, tally


def test_best_rates_and_bad_ones_are_counted(grid):
    whole = tally([grid], margin=1e9)
    assert (whole.grids, whole.best_inside, whole.bad_outside) == (1, 1, 0)
    assert whole.bad > 0
    shifted = tally([replace(grid, lr=grid.lr * 1e9)])
    assert (shifted.best_inside, shifted.bad_outside) == (0, shifted.bad)


def test_other_grids_are_left_out(grid):
    others = [replace(grid, schedule="cosine"), replace(grid, clip_norm=1.0), replace(grid, optimizer="wizard")]
    flat = replace(grid, full_train_loss=np.ones_like(grid.full_train_loss))
    assert tally([*others, flat]).grids == 0


@pytest.mark.slow
def test_the_page_of_the_rule_says_what_was_counted(capsys):
    main()
    first, second = capsys.readouterr().out.splitlines()
    page = " ".join((inspect.getdoc(ImplausibleRate) or "").split())
    inside, grids = first.split()[-4], first.split()[-2]
    assert f"in {inside} of {grids} recorded trainings" in page, first
    outside, bad = second.split()[0], second.split()[2]
    assert f"{100 * int(outside) / int(bad):.0f} % of the rates" in page, second
