"""Groups, ranks, edges, noise and advice."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lrdoctor.records import Series, Verdict
from lrdoctor.studies.levels import end_level
from lrdoctor.studies.sweep import study


def test_best_first_blown_up_last(facts):
    (group,) = study([facts(0.1, math.nan, broke=True), facts(0.001, 1.5), facts(0.01, 0.4)])
    assert [run.id for run in group.runs] == ["lr_0.01", "lr_0.001", "lr_0.1"]
    assert group.best.lr == 0.01
    assert group.differs_in == ("lr",)
    assert group.at_edge is None, "a rate above blew up, so the best is no edge"
    assert group.good_band == (0.01, 0.01)


@pytest.mark.parametrize(
    ("ends", "edge"), [((2.0, 1.0, 0.3), "high"), ((0.3, 1.0, 2.0), "low"), ((1.0, 0.3, 1.0), None)]
)
def test_edges(facts, ends, edge):
    (group,) = study([facts(lr, end) for lr, end in zip((0.01, 0.03, 0.1), ends, strict=True)])
    assert group.at_edge == edge
    if edge is None:
        return
    assert not group.settled
    beyond = group.next[0].lr
    assert beyond > 0.1 if edge == "high" else beyond < 0.01
    assert group.next[0].interval[0] <= beyond <= group.next[0].interval[1]


def test_no_edge_where_the_neighbour_is_as_good(facts):
    (group,) = study([facts(0.001, 1.0), facts(0.01, 0.3005), facts(0.1, 0.3)])
    assert group.at_edge is None
    assert group.good_band == (0.01, 0.1)


def test_repeats_tell_the_noise(facts):
    runs = [facts(0.01, end, run_id=f"seed_{end}") for end in (0.30, 0.40, 0.50)] + [facts(0.1, 0.35)]
    (group,) = study(runs)
    assert group.repeats == 3
    assert group.noise == pytest.approx(0.1)
    assert group.clear is False
    (group,) = study([*runs[:3], facts(0.1, 1.9)])
    assert group.clear is True


def test_one_run_has_its_own_dose(facts):
    (group,) = study([facts(0.1, 0.5, said={"factor": 0.2, "verdict": Verdict.LR_TOO_HIGH, "rate": 0.1})])
    assert [one.lr for one in group.next] == [pytest.approx(0.02)]
    assert group.next[0].interval == (pytest.approx(0.01), pytest.approx(0.04))
    assert not group.settled
    assert group.at_edge is None


def test_one_healthy_run_is_left_alone(facts):
    (group,) = study([facts(0.1, 0.5)])
    assert group.settled
    assert group.next == ()


def test_one_run_that_cannot_be_judged_is_not_settled(facts):
    (group,) = study([facts(0.1, 0.5, said={"verdict": Verdict.INCONCLUSIVE})])
    assert not group.settled
    assert group.next == ()
    assert group.reason == "For a reason."


def test_unknown_rates_are_ranked_but_not_advised(facts):
    runs = [facts(None, end, run_id=f"run{end}", hyperparameters={}) for end in (0.5, 0.3)]
    (group,) = study(runs)
    assert group.best.id == "run0.3"
    assert (group.good_band, group.at_edge, group.next) == (None, None, ())
    assert "rate of no run is known" in group.reason


def test_all_blown_up_asks_for_less(facts):
    (group,) = study([facts(lr, math.nan, broke=True) for lr in (0.1, 1.0)])
    assert group.best is None
    assert group.next[0].lr < 0.1


def test_validation_decides_only_where_every_run_has_it(facts):
    runs = [facts(0.01, 0.5, val=1.2), facts(0.1, 0.4, val=1.4)]
    (group,) = study(runs)
    assert (group.ranked_by, group.best.lr) == ("val_loss", 0.01)
    (group,) = study([*runs, facts(0.001, 1.0)])
    assert (group.ranked_by, group.best.lr) == ("loss", 0.1)


def test_a_run_that_was_cut_short_is_not_compared(facts):
    planned = ("max_steps", 600.0)
    runs = [facts(0.01, 0.5, planned=planned), facts(0.1, 0.1, planned=planned, length=200)]
    (group,) = study(runs)
    assert group.best.lr == 0.01
    assert [run.state for run in group.runs] == ["finished", "unfinished"]


@pytest.mark.parametrize(
    ("change", "name", "words"),
    [
        ({"hyperparameters": {"batch_size": 128}}, "batch_size", "moves with the batch size"),
        ({"optimizer": "sgd"}, "optimizer", "own scale of rates"),
        ({"hyperparameters": {"hidden_dim": 64}}, "hidden_dim", "depends on the architecture"),
        ({"hyperparameters": {"dataset": "svhn"}}, "dataset", "depends on the data"),
        ({"length": 6000}, "steps", "falls as the budget grows"),
    ],
)
def test_what_keeps_runs_apart_is_named(facts, change, name, words):
    base = {"hyperparameters": {"batch_size": 32, "hidden_dim": 32, "dataset": "cifar10", "seed": 1}}
    changed = {**base, **change}
    runs = [
        facts(lr, 0.5, run_id=f"{lr}{part}", **kind)
        for part, kind in enumerate((base, changed))
        for lr in (0.01, 0.1)
    ]
    first, second = study(runs)
    assert len(first.runs) == len(second.runs) == 2
    (apart,) = first.apart
    assert apart.group == 1
    assert apart.differs_in == (name,)
    assert words in apart.why


def test_seeds_names_and_paths_keep_nothing_apart(facts):
    runs = [
        facts(
            lr,
            0.5,
            hyperparameters={
                "lr": lr,
                "seed": n,
                "run_name": f"r{n}",
                "output_dir": f"/o/{n}",
                "num_workers": n,
            },
        )
        for n, lr in enumerate((0.01, 0.1))
    ]
    (group,) = study(runs)
    assert group.differs_in == ("lr",)


def test_a_grid_over_two_things_is_a_group_for_each_value(facts):
    runs = [
        facts(lr, 0.5, run_id=f"{lr}-{decay}", hyperparameters={"weight_decay": decay})
        for lr in (0.01, 0.1) for decay in (0.0, 0.1)
    ]  # fmt: skip
    groups = study(runs)
    assert [len(group.runs) for group in groups] == [2, 2]
    assert groups[0].apart[0].differs_in == ("weight_decay",)


def test_what_else_differs_is_shown_where_runs_stay_together(facts):
    runs = [facts(lr, 0.5, hyperparameters={"weight_decay": lr * 3}) for lr in (0.01, 0.1)]
    (group,) = study(runs)
    assert group.differs_in == ("lr", "weight_decay")


def test_losses_that_begin_elsewhere_are_another_training(facts):
    assert len(study([facts(0.01, 0.5), facts(0.1, 50.0, first=400.0)])) == 2


def test_nothing_gives_nothing():
    assert study([]) == []


def test_end_level_is_the_median_of_the_last_tenth():
    value = np.concatenate([np.linspace(3, 1, 180), np.full(20, 0.5)])
    value[-3] = 40.0
    level = end_level(Series(tag="loss", step=np.arange(200), value=value))
    assert level.value == 0.5
    assert (level.first, level.lowest) == (3.0, 0.5)
    broken = np.append(value, np.nan)
    assert math.isnan(end_level(Series(tag="loss", step=np.arange(201), value=broken)).value)


def test_noise_of_the_end_level_is_that_of_a_median():
    rng = np.random.default_rng(0)
    ends = [
        end_level(Series(tag="loss", step=np.arange(1000), value=1 + 0.1 * rng.standard_normal(1000)))
        for _ in range(200)
    ]
    assert np.mean([end.noise for end in ends]) == pytest.approx(np.std([end.value for end in ends]), rel=0.2)
