"""The next rates: from nothing, from one run, from a sweep; and short runs first."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from lrdoctor.errors import UsageError
from lrdoctor.prescribing.optimizers import usual_rates
from lrdoctor.records import Verdict
from lrdoctor.studies.halving import TRUST, halving, trust_at
from lrdoctor.studies.planning import Wishes, from_group, from_nothing, plain
from lrdoctor.studies.sweep import study


def rates(search):
    return [rate.lr for rate in search.rates]


def planned(members, **wishes):
    (group,) = study(members)
    return from_group(group, Wishes(**wishes))


def test_from_the_optimizer_in_factors_of_three_around_its_default():
    search = from_nothing(usual_rates({"optimizer": "AdamW"}), None, fine_tuning=False, wishes=Wishes())
    assert search.stage == "coarse"
    assert rates(search) == [1e-4, 3e-4, 1e-3, 3e-3, 1e-2]
    assert search.low < 1e-4
    assert search.high > 1e-2


def test_fine_tuning_lies_lower_and_a_rate_beats_the_optimizer():
    adam = usual_rates({"optimizer": "adam"})
    assert rates(from_nothing(adam, None, fine_tuning=True, wishes=Wishes(runs=3))) == [1e-5, 3e-5, 1e-4]
    assert rates(from_nothing(adam, 0.02, fine_tuning=True, wishes=Wishes(runs=1))) == [0.02]


@pytest.mark.parametrize("around", [0.0, -1.0, math.nan, math.inf])
def test_what_is_no_rate_is_refused(around):
    with pytest.raises(UsageError, match="above zero"):
        from_nothing(None, around, fine_tuning=False, wishes=Wishes())


def test_nothing_at_all_is_refused():
    with pytest.raises(UsageError, match="nothing to start from"):
        from_nothing(None, None, fine_tuning=False, wishes=Wishes())
    for wrong in ({"runs": 0}, {"sample": -1}, {"budget": 0}):
        with pytest.raises(UsageError):
            Wishes(**wrong)


def test_one_run_is_searched_around_its_dose(facts):
    said = {"rate": 1e-5, "factor": 100.0, "verdict": Verdict.LR_TOO_LOW}
    search = planned([facts(1e-5, 2.0, said=said)], runs=4)
    assert search.stage == "coarse"
    assert rates(search)[0] == pytest.approx(1e-3)
    assert sorted(rates(search)) == pytest.approx([3e-4, 1e-3, 3e-3])  # the dose is known to a factor of two
    assert search.low < 1e-3 < search.high


def test_a_rate_that_was_too_high_is_not_gone_beyond(facts):
    said = {"rate": 0.3, "factor": 0.5, "verdict": Verdict.LR_TOO_HIGH}
    search = planned([facts(0.3, 1.0, said=said)], runs=9)
    assert rates(search)[0] == pytest.approx(0.15)
    assert max(rates(search)) < 0.3


def test_one_run_that_nothing_speaks_against_is_left_alone(facts):
    search = planned([facts(1e-3, 0.5)])
    assert (search.stage, search.rates, search.rungs) == ("settled", (), ())
    assert math.isnan(search.low)


def test_beyond_the_edge(facts):
    search = planned([facts(1e-5, 2.0), facts(1e-4, 1.5), facts(1e-3, 0.9)])
    assert search.stage == "extend"
    assert all(rate > 1.2e-3 for rate in rates(search))


def test_around_the_best_and_never_what_was_tried(facts):
    tried = {1e-4: 1.5, 1e-3: 0.4, 1e-2: 1.2}
    search = planned([facts(lr, end) for lr, end in tried.items()], runs=6)
    assert search.stage in ("refine", "settled")
    assert search.rates
    for rate in rates(search):
        assert 1e-4 < rate < 1e-2
        assert all(abs(math.log10(rate / other)) > 0.1 for other in tried)
    places = sorted(map(math.log10, rates(search)))
    assert all(right - left > 0.1 for left, right in pairwise(places))


def test_below_what_blew_up(facts):
    search = planned([facts(1.0, math.nan, broke=True), facts(3.0, math.nan, broke=True)])
    assert search.rates
    assert all(rate < 1.0 for rate in rates(search))


def test_a_run_without_a_loss_is_nothing_to_start_from(facts):
    said = {"rate": 1e-3, "verdict": Verdict.INCONCLUSIVE}
    search = planned([facts(1e-3, math.nan, said=said)])
    assert (search.stage, search.rates) == ("unknown", ())


def test_without_rates_it_says_so(facts):
    search = planned([facts(None, 0.5), facts(None, 0.6, run_id="b")])
    assert search.stage == "unknown"
    assert "log it" in search.reason


def test_the_length_of_a_run_is_the_planned_one(facts):
    runs = [facts(lr, 1.0 - lr, planned=("epochs", 30.0)) for lr in (1e-4, 1e-3)]
    search = planned(runs)
    assert (search.unit, search.rungs[-1].length) == ("epoch", 30)
    assert planned(runs, budget=9000).rungs[-1].length == 9000
    assert planned([facts(lr, 1.0 - lr) for lr in (1e-4, 1e-3)]).rungs[-1].length == 600


def test_the_sample_is_log_uniform_and_repeatable():
    make = lambda seed: from_nothing(None, 1e-3, fine_tuning=False, wishes=Wishes(sample=400, seed=seed))  # noqa: E731
    search = make(1)
    assert search.sample == make(1).sample != make(2).sample
    assert all(search.low <= rate <= search.high for rate in search.sample)
    middle = math.sqrt(search.low * search.high)
    assert sum(rate < middle for rate in search.sample) == pytest.approx(200, abs=40)
    assert search.rungs[0].runs == 400


def test_halving_keeps_a_third_three_times_as_long():
    rungs = halving(9, 900)
    assert [(rung.runs, rung.length) for rung in rungs] == [(9, 100), (3, 300), (1, 900)]
    assert [rung.share for rung in rungs] == pytest.approx([1 / 9, 1 / 3, 1])
    assert halving(1, 900)[0].share == 1
    assert halving(1000, None)[0].share == pytest.approx(1 / 27)
    assert halving(0, 900) == ()


def test_trust_is_that_of_the_longest_measured_share_that_is_no_longer():
    assert trust_at(1 / 9).share == 1 / 16
    assert trust_at(1 / 4) is TRUST[3]
    assert trust_at(1e-6) is TRUST[0]


def test_rates_are_written_as_people_write_them():
    assert [plain(place) for place in (-3, -2.5, -2.75, -1.69897)] == [1e-3, 3e-3, 1.8e-3, 0.02]
