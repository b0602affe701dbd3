"""Rules of thumb and searches, on curves whose answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lrdoctor import synth
from lrdoctor.engine import Context, diagnose_run
from lrdoctor.trials.judging import Cases, board_of
from lrdoctor.trials.policies import RANGE_TESTS, after_search, default_rate, range_test, textbook, tree_parzen


@pytest.mark.parametrize(("optimizer", "rate"), [("sgd", 0.1), ("momentum", 0.01), ("nesterov", 0.01), ("adam", 1e-3)])
def test_default_of_each_optimizer(optimizer, rate):
    assert default_rate(optimizer) == pytest.approx(np.log10(rate))


def test_unknown_optimizer_has_no_default():
    with pytest.raises(ValueError, match="unheard"):
        default_rate("unheard")


def test_textbook_follows_the_leading_finding():
    for make, factor in ((synth.blow_up, 0.1), (synth.two_cycle, 0.35), (synth.healthy, 1.0)):
        run = make()
        findings = [f for f in diagnose_run(run).findings if not f.code.startswith("RTE")]
        assert textbook(Context(run), findings) == pytest.approx(np.log10(factor)), make.__name__


LOG_LR = np.arange(-4, 1.01, 0.25)
VALLEY = np.where(LOG_LR <= -1, 2.0 - 0.2 * (LOG_LR + 4) ** 1.0 - 1.0 / (1 + np.exp(-8 * (LOG_LR + 2))), 3.0)


def ramp(grid, loss):
    """A grid whose members have these losses in their first steps."""
    curve = np.repeat(loss[:, None], grid.step.size, axis=1).astype(np.float32)
    return replace(grid, lr=10.0**LOG_LR, train_loss=curve)


def test_a_tenth_of_the_minimum(grid):
    assert range_test(ramp(grid, VALLEY), RANGE_TESTS["range test, minimum / 10"], 562) == pytest.approx(-2.0)


def test_steepest_in_log_rate_is_the_middle_of_the_slope(grid):
    found = range_test(ramp(grid, VALLEY), RANGE_TESTS["range test, steepest in log rate (fastai)"], 562)
    assert found == pytest.approx(-2.0)


def test_steepest_in_rate_prefers_low_rates(grid):
    early = np.where(LOG_LR <= -1, 2.0 - 0.2 * (LOG_LR + 4), 3.0)  # the same fall per decade everywhere
    found = range_test(ramp(grid, early), RANGE_TESTS["range test, steepest in rate (Lightning)"], 562)
    assert found <= -3.75


def test_what_blows_up_ends_the_ramp(grid):
    broken = np.where(LOG_LR > -1, np.nan, VALLEY)
    for rule in RANGE_TESTS.values():
        assert range_test(ramp(grid, broken), rule, 562) <= -1.0


def test_after_a_search_the_best_tried_counts(grid):
    board = board_of(grid)
    best = int(board.reduction.argmax())
    cases = Cases([board], np.zeros(2, np.int64), np.array([0, best]))
    tried = {0: np.array([[0, best], [0, 0]])}
    assert after_search(cases, tried, 1) == (0.0, 0.0, 0.5)  # both searches try the lowest first: harm to the best only
    assert after_search(cases, tried, 2) == (0.5, 0.5, 0.25)


def test_tree_parzen_stays_on_the_board_and_repeats_itself(grid):
    pytest.importorskip("optuna")
    board = board_of(grid)
    tried = tree_parzen(board, 2, 15)
    assert tried.shape == (2, 15)
    assert tried.min() >= 0
    assert tried.max() < board.log_lr.size
    assert (tried == tree_parzen(board, 2, 15)).all()
    late = tree_parzen(board, 3, 40)[:, 20:]
    assert board.reduction[late].mean() > board.reduction.mean() + 0.1
