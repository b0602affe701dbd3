"""What following advice once brings, on boards that can be judged by eye."""

from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.trials.judging import Board, Cases, best_of, board_of, judge
from lrdoctor.trials.outcomes import outcome

#           too low ........ near .. fine blown up
REDUCTION = [0.0, 0.3, 0.95, 1.0, 0.99, 0.92, -1.0]


def board(reduction=REDUCTION, low=-4.0, spacing=0.5, name="toy__sgd"):
    share = np.array(reduction)
    log_lr = low + spacing * np.arange(share.size)
    near = share >= 0.98
    middle = float(log_lr[near].mean())
    return Board(
        name=name, family="toy", optimizer="sgd", budget=100, log_lr=log_lr, reduction=share, near=near,
        fine=share >= 0.9,
        best=float(log_lr[int(share.argmax())]), centre=middle, band=float(np.ptp(log_lr[near])),
    )  # fmt: skip


def cases(members, boards=None):
    boards = boards or [board()]
    return Cases(boards, np.zeros(len(members), np.int64), np.array(members))


def test_the_rerun_is_the_member_nearest_to_the_advised_rate():
    judged = judge(cases([1, 1, 1]), np.array([1.0, 1.2, 1.3]))
    assert judged.near.tolist() == [True, True, True]  # members 3, 3 and 4
    assert judged.change.tolist() == pytest.approx([0.7, 0.7, 0.69])


def test_a_rate_outside_the_grid_is_no_success_but_no_worse_than_its_edge():
    judged = judge(cases([3, 0]), np.array([9.0, -9.0]))
    assert not judged.fine.any()
    assert judged.change.tolist() == [-2.0, 0.0]


def test_shares_are_over_the_runs_that_they_speak_of():
    #       lowest: to the best; fine but not near: to fine; near: left; near: blown up
    judged = judge(cases([0, 2, 3, 4]), np.array([1.5, -0.1, 0.0, 1.0]))
    assert judged.cured == 0.5
    assert judged.reached == 0.5  # the first two: to the best, and not; the third stays there; the last blows up
    assert judged.landed == 1.0
    assert judged.near_alone == 0.5
    assert judged.fine_alone == pytest.approx(2 / 3)
    assert judged.harm == 0.25


def test_two_percent_of_the_reduction_is_no_harm_yet():
    flat = board([0.5, 1.0, 0.985, 0.97])
    judged = judge(cases([1, 1], [flat]), np.array([0.5, 1.0]))
    assert judged.harm == 0.5


def test_left_alone_is_a_factor_between_0_6_and_1_7():
    judged = judge(cases([3, 3, 3, 3]), np.log10([0.59, 0.61, 1.69, 1.71]))
    assert judged.alone.tolist() == [False, True, True, False]


def test_direction_is_asked_of_runs_that_are_not_fine():
    judged = judge(cases([0, 1, 3, 6, 6]), np.array([1.0, -1.0, 0.5, -1.0, 0.0]))
    assert judged.truth.tolist() == [1, 1, 0, -1, -1]
    assert judged.said.tolist() == [1, -1, 1, -1, 0]
    assert judged.opposite == 1
    assert judged.balanced == pytest.approx((0.5 + 0.0 + 0.5) / 3)


def test_intervals_hold_the_middle_of_the_band_or_the_best_rate():
    # from member 1 the best is a decade up, the middle of the band 1.25
    judged = judge(cases([1, 1, 1]), np.ones(3), np.array([0.5, 0.5, 1.2]), np.array([1.1, 1.25, 2.0]))
    assert judged.inside.tolist() == [False, True, True]
    assert judged.inside_best.tolist() == [True, True, False]
    assert judged.error.tolist() == pytest.approx([-0.25] * 3)


def test_boards_of_different_sizes_go_together():
    short = board([0.0, 1.0], name="other__sgd")
    both = Cases([board(), short], np.array([0, 1]), np.array([0, 0]))
    assert judge(both, np.array([1.5, 0.5])).near.tolist() == [True, True]


def test_random_search_is_expected_exactly():
    cured, landed, harm = best_of(cases([1, 3]), 2)
    assert cured == pytest.approx(1 - (5 / 7) ** 2)
    assert landed == pytest.approx(1 - (3 / 7) ** 2)
    worse = [2 / 7, 5 / 7]  # members whose reduction is more than 0.02 below 0.3, below 1.0
    assert harm == pytest.approx(np.mean([share**2 for share in worse]))


def test_random_search_agrees_with_drawing():
    rng = np.random.default_rng(0)
    drawn = np.array(REDUCTION)[rng.integers(0, 7, (20_000, 3))].max(axis=1)
    assert best_of(cases([1]), 3)[0] == pytest.approx(np.mean(drawn >= 0.98), abs=0.01)


def test_a_board_is_the_outcome_of_a_grid(grid):
    found, known = board_of(grid, 316), outcome(grid, 316)
    assert found is not None
    assert found.best == pytest.approx(np.log10(grid.lr[known.best]))
    assert found.reduction.min() == -1.0
    assert found.near.tolist() == known.near.tolist()


def test_a_grid_that_learnt_nothing_is_no_board(grid):
    from dataclasses import replace

    assert board_of(replace(grid, full_train_loss=np.ones_like(grid.full_train_loss))) is None
