"""The next rate from several runs: directions that must hold whatever the constants are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrdoctor.prescribing.response import OFFSETS
from lrdoctor.studies.combining import STEP, Observations, combine, shapes


def observed(rates, levels, *, start=2.3, centres=None, noise=0.001):
    """Runs at log10 rates; `centres` says where each response sees the best rate (None: no response)."""
    rates = np.asarray(rates, float)
    chance = np.full((rates.size, OFFSETS.size), np.nan)
    if centres is not None:
        for row, (rate, centre) in enumerate(zip(rates, centres, strict=True)):
            chance[row] = 0.01 + 0.6 * np.exp(-(((OFFSETS - (centre - rate)) / 0.5) ** 2))
    return Observations(
        log10_lr=rates, level=np.asarray(levels, float), noise=np.full(rates.size, noise), start=start,
        near=chance, fine=np.minimum(chance * 1.5, 0.99),
    )  # fmt: skip


def test_the_shapes_are_shares_of_the_best_reduction_with_the_best_in_the_middle():
    known = shapes()
    middle = known.reduction.shape[1] // 2
    assert known.weight.sum() == pytest.approx(1.0, abs=1e-3)
    assert known.reduction.max() <= 1.0
    assert (known.reduction[:, middle - 2 : middle + 3].max(axis=1) > 0.95).all()
    assert (known.reduction[:, 0] < 0.9).all()


def test_one_run_follows_its_response():
    found = combine(observed([-5.0], [2.1], centres=[-2.5]))
    assert not found.settled
    assert found.log10_lr == pytest.approx(-2.5, abs=0.5)
    assert found.interval[0] <= found.log10_lr <= found.interval[1]


def test_one_run_is_followed_to_the_top_of_its_own_response_however_the_shapes_lean():
    """A narrow chance and a broad one, whose mean over neighbours is higher: seen through the shapes, it is the narrow
    one that is followed."""
    seen = observed([-4.0], [2.1], centres=[-2.0])
    narrow, broad = np.exp(-(((OFFSETS - 0.75) / 0.3) ** 2)), np.exp(-(((OFFSETS - 3.0) / 1.0) ** 2))
    seen.near[0] = 0.01 + np.maximum(0.6 * narrow, 0.5 * broad)
    seen.fine[0] = seen.near[0]
    assert combine(seen).log10_lr == pytest.approx(-1.0, abs=STEP)


def test_a_single_run_that_is_where_its_response_puts_the_best_is_the_best_bet():
    found = combine(observed([-2.5], [0.05], centres=[-2.5]))
    assert found.best_chance > found.chance > found.added
    assert not found.settled, "one log is never sure enough"


def test_levels_that_fall_with_the_rate_lead_upwards_without_any_response():
    assert combine(observed([-4.0, -3.5], [2.2, 2.0])).log10_lr > -3.5


def test_a_rate_that_ended_much_worse_leads_back():
    assert combine(observed([-3.0, -1.0], [0.3, 2.29])).log10_lr < -1.0


def test_the_next_rate_is_for_the_case_that_the_best_so_far_is_not_near_the_best():
    """A best rate at the end of those tried, by a clear lead: beyond it, though the chance there is the lower one."""
    found = combine(observed([-3.0, -2.0, -1.0], [1.4, 0.13, 0.007], centres=[-1.0] * 3))
    assert found.best_chance > 0.5
    assert found.added < found.chance
    assert found.log10_lr > -1.0


def test_measured_levels_overrule_responses_that_mislead():
    """Both responses see the best below, but each step up in rate gained in proportion to it."""
    found = combine(observed([-4.0, -3.5, -3.0], [2.28, 2.23, 2.1], centres=[-4.5, -4.5, -4.5]))
    assert found.log10_lr > -3.0


def test_a_bracketed_optimum_is_looked_for_inside():
    found = combine(observed([-5.0, -2.0], [2.1, np.inf], centres=[-3.0, -3.0]))
    assert -5.0 < found.log10_lr < -2.0


def test_a_fine_scan_with_the_best_inside_settles():
    rates = np.arange(-5, -0.9, 0.25)
    levels = 0.2 + 1.2 * np.abs((rates + 2.75) / 2.5) ** 2
    levels[rates > -1.5] = np.inf
    found = combine(observed(rates, levels, centres=[-2.75] * rates.size))
    assert found.settled
    assert found.best_chance > 0.5


def test_the_best_between_close_neighbours_settles_and_at_the_end_of_three_it_does_not():
    assert combine(observed([-2.3, -2.0, -1.7], [0.6, 0.5, 0.7])).settled
    assert not combine(observed([-2.3, -2.0, -1.7], [0.6, 0.55, 0.4], centres=[-1.7] * 3)).settled


def test_nothing_known_at_all_is_an_answer_too():
    found = combine(observed([-3.0], [np.nan]))
    assert not found.settled
    assert np.isfinite(found.log10_lr)


@settings(max_examples=40, deadline=None)
@given(
    runs=st.lists(
        st.tuples(st.integers(-24, 8), st.floats(0.01, 3.0) | st.sampled_from([np.inf, np.nan])), min_size=1, max_size=6
    ),
    centre=st.floats(-4, 0),
)  # fmt: skip
def test_never_a_rate_that_was_tried_nor_one_where_all_blew_up(runs, centre):
    rates = np.array([r for r, _ in runs]) / 4
    levels = np.array([level for _, level in runs])
    found = combine(observed(rates, levels, centres=[centre] * len(runs)))
    for rate, _ in found.rates():
        assert np.abs(rates - rate).min() > 0.1
        finite, blown = rates[~np.isinf(levels)], rates[np.isinf(levels)]
        above = blown[blown > finite.max()] if finite.size else blown
        assert not above.size or rate < above.min()
    assert 0 <= found.best_chance <= 1 + 1e-6
    assert 0 <= found.chance <= 1 + 1e-6
    assert found.interval[0] <= found.interval[1]


def test_only_ratios_of_rates_and_shares_of_the_loss_matter():
    one = combine(observed([-4.0, -2.0, -1.0], [2.0, 0.8, 1.5], centres=[-2, -2, -2]))
    other = combine(observed([-1.0, 1.0, 2.0], [20.0, 8.0, 15.0], start=23, centres=[1, 1, 1], noise=0.01))
    assert other.log10_lr - one.log10_lr == pytest.approx(3.0, abs=1e-9)
    assert other.near == pytest.approx(one.near, abs=1e-4)
    assert 3.0 % STEP == 0
