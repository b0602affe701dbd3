"""Before and after: symptoms, outcome, what else changed, and whether the rate followed the batch size."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lrdoctor import synth
from lrdoctor.engine import Context, diagnose_run
from lrdoctor.roles import assign_roles
from lrdoctor.studies.comparison import compare_runs, pair
from lrdoctor.studies.facts import facts_of
from lrdoctor.studies.scaling import batch_scaling


def known(run, **hyperparameters):
    from dataclasses import replace

    run = assign_roles(replace(run, hyperparameters={**run.hyperparameters, **hyperparameters}))
    return facts_of(Context(run), diagnose_run(run))


def curve(end, *, points=300, noise=0.01, seed=0, val=None, metric=None, name="run", lr=1e-3, **hyperparameters):
    """From 2 to `end`, with noise of that size about it."""
    rng = np.random.default_rng(seed)
    loss = end + (2 - end) * np.exp(-np.arange(points) / 30) + noise * rng.standard_normal(points)
    run = synth.make_run(loss, lr=lr, name=name, val=val, val_metric=metric, hyperparameters={"lr": lr})
    return known(run, **hyperparameters)


def only(comparison):
    (outcome,) = comparison.outcomes
    return outcome


def test_a_symptom_that_is_gone_and_one_that_is_new():
    found = compare_runs(known(synth.spikes()), known(synth.healthy()))
    assert [finding.code for finding in found.gone] == ["SPK101"]
    assert (found.remaining, found.new) == ((), ())
    back = compare_runs(known(synth.healthy()), known(synth.spikes()))
    assert [finding.code for finding in back.new] == ["SPK101"]
    same = compare_runs(known(synth.spikes()), known(synth.spikes()))
    assert [finding.code for finding in same.remaining] == ["SPK101"]
    assert same.gone == ()


def test_better_and_worse_beyond_the_noise():
    better, worse = compare_runs(curve(0.8), curve(0.4)), compare_runs(curve(0.4), curve(0.8))
    assert (only(better).state, only(worse).state) == ("improved", "worse")
    assert only(better).share == pytest.approx(0.4 / 1.2, rel=0.05)
    assert (only(better).before, only(better).after) == pytest.approx((0.8, 0.4), abs=0.01)


@pytest.mark.parametrize("seed", range(6))
def test_noise_is_no_improvement(seed):
    assert only(compare_runs(curve(0.5, noise=0.1, seed=seed), curve(0.49, noise=0.1, seed=seed + 50))).state == "same"


def test_the_validation_loss_goes_before_and_a_metric_beside_it():
    val = np.linspace(1.0, 0.5, 30)
    found = compare_runs(
        curve(0.8, val=val, metric=np.linspace(0.5, 0.7, 30)),
        curve(0.2, val=val + 0.3, metric=np.linspace(0.5, 0.9, 30)),
    )
    assert [(o.tag, o.state, o.higher_is_better) for o in found.outcomes] == [
        ("val_loss", "worse", False),
        ("val_accuracy", "improved", True),
    ]


def test_a_blow_up_counts_as_worst():
    broken = known(synth.blow_up())
    assert only(compare_runs(broken, curve(0.4))).state == "improved"
    assert only(compare_runs(curve(0.4), broken)).state == "worse"
    assert only(compare_runs(broken, broken)).state == "same"
    assert only(compare_runs(broken, curve(0.4))).before == math.inf


def test_in_one_word():
    spiky, well = known(synth.spikes()), known(synth.healthy())
    assert compare_runs(curve(0.8), curve(0.4)).conclusion == "better"
    assert compare_runs(curve(0.4), curve(0.8)).conclusion == "worse"
    assert compare_runs(known(synth.blow_up()), spiky).conclusion == "better-with-symptoms"
    assert compare_runs(spiky, spiky).conclusion == "no-difference"
    assert compare_runs(spiky, well).conclusion in ("better", "symptom-gone", "worse")
    assert compare_runs(curve(0.8, dataset="a"), curve(0.4, dataset="b")).conclusion == "unknown"


def test_a_longer_run_is_compared_where_the_shorter_ends():
    short, long = curve(0.5, points=100), curve(0.5, points=400)
    found = compare_runs(short, long)
    assert only(found).at == 990
    assert only(found).state == "same"
    assert [change.kind for change in found.tune_again] == ["budget"]


def test_other_data_or_curves_do_not_compare():
    data = compare_runs(curve(0.8, dataset="cifar10"), curve(0.4, dataset="cifar100"))
    assert only(data).state == "unknown"
    assert "dataset" in only(data).reason
    assert [change.kind for change in data.tune_again] == ["data"]
    val_only = known(synth.levels_off())
    assert only(compare_runs(curve(0.8), val_only)).tag == "train_loss"


@pytest.mark.parametrize(
    ("name", "before", "after", "kind"),
    [
        ("batch_size", 32, 256, "batch_size"),
        ("optimizer", "sgd", "adam", "optimizer"),
        ("momentum", 0.9, 0.99, "momentum"),
        ("model", "resnet18", "resnet50", "model"),
        ("hidden_size", 64, 128, "model"),
        ("weight_decay", 0.0, 0.1, "other"),
    ],
)
def test_what_moves_the_best_rate_asks_for_tuning(name, before, after, kind):
    found = compare_runs(curve(0.5, **{name: before}), curve(0.5, **{name: after}))
    assert [(change.kind, change.name) for change in found.tune_again] == [(kind, name)]
    assert found.tune_again[0].why


def test_what_does_not_move_it_is_named_and_seeds_are_not():
    found = compare_runs(curve(0.5, dropout=0.1, seed_value=1), curve(0.5, dropout=0.3, seed_value=2))
    assert [(change.name, change.before, change.after) for change in found.changes] == [("dropout", "0.1", "0.3")]
    assert found.tune_again == ()


def test_the_rate_is_held_against_the_advice():
    before = known(synth.two_cycle(), lr=0.5)
    found = compare_runs(before, curve(0.5, lr=0.5 * before.said.plan.lr.factor))
    assert found.dosing.followed
    assert found.dosing.factor == pytest.approx(before.said.plan.lr.factor)
    assert not compare_runs(before, curve(0.5, lr=5.0)).dosing.followed


def test_what_the_logs_do_not_hold_is_named():
    assert compare_runs(curve(0.5), curve(0.5)).unknown == ("optimizer", "batch_size", "model", "data")
    full = {"optimizer": "adam", "batch_size": 32, "model": "a", "dataset": "b"}
    assert compare_runs(curve(0.5, **full), curve(0.5, **full)).unknown == ()


@pytest.mark.parametrize(
    ("optimizer", "factor", "rule", "asked", "state"),
    [
        ("sgd", 8.0, "linear", 8.0, "scaled"),
        ("sgd", 1.0, "linear", 8.0, "too-low"),
        ("sgd", 64.0, "linear", 8.0, "too-high"),
        ("adamw", math.sqrt(8), "square-root", math.sqrt(8), "scaled"),
        ("adamw", 8.0, "square-root", math.sqrt(8), "too-high"),
        ("wizard", 8.0, "unknown", math.nan, "unknown"),
    ],
)
def test_batch_size_asks_for_a_factor_on_the_rate(optimizer, factor, rule, asked, state):
    found = batch_scaling(
        curve(0.5, batch_size=32, optimizer=optimizer),
        curve(0.5, batch_size=256, optimizer=optimizer, lr=1e-3 * factor),
    )
    assert (found.rule, found.state) == (rule, state)
    assert found.asked == pytest.approx(asked, nan_ok=True)


def test_a_smaller_batch_asks_for_less():
    found = batch_scaling(curve(0.5, batch_size=256, optimizer="sgd"), curve(0.5, batch_size=32, optimizer="sgd"))
    assert (found.asked, found.state) == (1 / 8, "too-high")


def test_without_a_change_of_batch_size_nothing_is_said():
    assert batch_scaling(curve(0.5, batch_size=32), curve(0.5, batch_size=32)) is None
    assert batch_scaling(curve(0.5), curve(0.5, batch_size=32)) is None
    other = batch_scaling(curve(0.5, batch_size=32, optimizer="sgd"), curve(0.5, batch_size=64, optimizer="adam"))
    assert other.rule == "unknown"


def test_runs_are_matched_by_id_else_the_best_of_either_side():
    a, b, c = curve(0.8, name="a"), curve(0.4, name="b"), curve(0.6, name="c")
    assert pair([a, b], [b, c]) == [(b, b)]
    assert pair([a, b], [c]) == [(b, c)]
    broken = known(synth.blow_up())
    assert pair([broken, a], [c]) == [(a, c)]
    assert pair([], [a]) == []
