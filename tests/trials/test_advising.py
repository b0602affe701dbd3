"""The shipped decisions, with responses that are given."""

from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.prescribing.features import NAMES
from lrdoctor.prescribing.response import OFFSETS
from lrdoctor.trials.advising import Advice, Fit, advise, cases_of
from lrdoctor.trials.dataset import Rows, rows_of
from lrdoctor.trials.judging import judge

ANY = Fit((2.0, 2.0, 2.0), np.full(len(NAMES), -np.inf), np.full(len(NAMES), np.inf))


def peaked(at, height=0.9):
    """Near and fine of a response with one peak."""
    hill = height * np.exp(-((OFFSETS - at) ** 2) / 0.2)
    return np.concatenate([hill, hill]).astype(np.float32)


@pytest.fixture
def rows(grid) -> Rows:
    found = rows_of(grid)
    assert found is not None
    return found.take((found.budget == 316) & np.isin(found.look, ("dense", "no_grad_norm")))


def test_the_response_that_is_given_decides(grid, rows):
    some = rows.take(np.flatnonzero(rows.best > 0.8)[:3])
    outputs = np.stack([peaked(at) for at in (0.5, 1.0, 1.5)])
    advice = advise(some, outputs, {"toy": ANY}, lambda name: grid)
    assert advice.offset == pytest.approx([0.5, 1.0, 1.5], abs=0.1)
    assert (advice.low <= advice.offset).all()
    assert (advice.offset <= advice.high).all()


def test_a_response_that_is_content_leaves_the_rate(grid, rows):
    one = rows.take([int(np.abs(rows.best).argmin())])
    advice = advise(one, peaked(0.0)[None], {"toy": ANY}, lambda name: grid)
    assert advice.offset.tolist() == [0.0]
    assert advice.gain == pytest.approx([0.0])


def test_a_blow_up_is_never_told_to_go_higher(grid, rows):
    one = rows.take(rows.member == grid.members - 1)
    advice = advise(one, peaked(2.0)[None], {"toy": ANY}, lambda name: grid)
    assert (advice.offset < 0).all()
    assert (advice.without < 0).all()
    assert (advice.textbook < 0).all()


def test_advice_with_perfect_knowledge_cures_all(grid, rows):
    outputs = np.stack([peaked(float(best)) for best in rows.best])
    advice = advise(rows, outputs, {"toy": ANY}, lambda name: grid)
    judged = judge(cases_of(rows, lambda name: grid), advice.offset, advice.low, advice.high)
    assert judged.cured > 0.9
    assert judged.alone[np.abs(rows.best) < 0.2].all()
    assert judged.opposite == 0
    assert judged.covered > 0.9


def test_demands_choose_between_speaking_and_silence():
    advice = Advice(
        *[np.zeros(4)] * 4, without=np.array([0.0, 0.0, 0.0, -1.0]),
        freely=np.array([1.0, 1.0, -1.0, -1.0]), gain=np.array([0.2, 0.4, 0.4, 0.0]), verdict=np.array([""] * 4),
    )  # fmt: skip
    assert advice.demanding(0.3, 0.3).tolist() == [0.0, 1.0, -1.0, -1.0]
    assert advice.demanding(0.1, 0.5).tolist() == [1.0, 1.0, 0.0, -1.0]


def test_range_of_the_features_leaves_missing_ones_out():
    x = np.full((1000, len(NAMES)), -99.0, np.float32)
    x[:, 0] = np.linspace(0, 1, 1000)
    fit = Fit.of(Rows(x, *([np.zeros(1000)] * 7)), (1.5, 1.5, 1.0))
    assert fit.lowest[0] == pytest.approx(0.001, abs=1e-3)
    assert fit.highest[0] == pytest.approx(0.999, abs=1e-3)
    assert fit.lowest[1] == -np.inf
    assert fit.highest[1] == np.inf
