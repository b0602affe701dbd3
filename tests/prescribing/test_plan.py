"""One coherent plan per run, whatever its log looks like."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lrdoctor import synth
from lrdoctor.engine import Context, all_rules, diagnose_run, signals
from lrdoctor.errors import Unavailable
from lrdoctor.prescribing.dose import BOUNDS
from lrdoctor.records import Role, Run, Series, Verdict
from lrdoctor.roles import assign_roles

DOWN = {code for code, (_, high) in BOUNDS.items() if high < 0}
NOT_UP = {code for code, (_, high) in BOUNDS.items() if high <= 0}
UP = {code for code, (low, _) in BOUNDS.items() if low > 0}
BLOWN = {"NAN101", "NAN103", "DIV101", "DIV102", "DIV103"}


@st.composite
def segments(draw, n):
    """A curve put together from pieces that logs have: falls, plateaus, spikes, swings, blow-ups, NaN, rubbish."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    t = np.linspace(0, 1, n)
    value = draw(st.sampled_from([0.0, 0.3, 2.0])) + 2.3 / (1 + draw(st.sampled_from([0.0, 0.5, 5.0, 200.0])) * t)
    value = value + draw(st.sampled_from([0.0, 0.002, 0.05, 0.8])) * rng.standard_normal(n)
    for what in draw(
        st.lists(st.sampled_from(["spike", "swing", "rise", "blow up", "nan", "zero", "cut", "shift"]), max_size=3)
    ):
        at = draw(st.integers(0, n - 1))
        match what:
            case "spike":
                value[at : at + 3] += draw(st.sampled_from([1.0, 50.0, 1e6]))
            case "swing":
                value[at:] += 0.5 * np.cos(np.pi * np.arange(n - at) * draw(st.sampled_from([1.0, 0.5, 0.1])))
            case "rise":
                value[at:] += np.linspace(0, draw(st.sampled_from([1.0, 10.0])), n - at)
            case "blow up":
                value[at:] = np.exp(np.minimum(np.arange(n - at) * 0.7, 600))
            case "nan":
                value[at : at + draw(st.sampled_from([1, n]))] = draw(st.sampled_from([math.nan, math.inf, -math.inf]))
            case "zero":
                value[at:] = 0.0
            case "cut":
                value[at:] = value[at:] * 0.3
            case "shift":
                value = value - 3.0
    return value * draw(st.sampled_from([1.0, 1.0, 1.0, 1e-9, 1e12, 1e-320, 1e305]))


class Missing(Context):
    """Says why there is no answer."""

    def why(self, name):
        try:
            self.get(name)
        except Unavailable as reason:
            return str(reason)
        return ""


@st.composite
def runs(draw):
    """A run with any of the curves that a log may have, and any hyperparameters."""
    n = draw(st.sampled_from([1, 2, 3, 4, 5, 6, 8, 12, 20, 39, 41, 100, 300, 1200]))
    unit = draw(st.sampled_from(["step", "step", "epoch", "token"]))
    stride = draw(st.sampled_from([1, 10, 1000]))
    series = {}

    def add(tag, role, value):
        step = np.linspace(0, (n - 1) * stride, value.size).astype(np.int64) + draw(st.sampled_from([0, 1, 500]))
        series[tag] = Series(tag=tag, step=step, value=value, role=role, unit=unit, role_reason="made")

    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if draw(st.integers(0, 9)):
            add("loss", Role.TRAIN_LOSS, draw(segments(n)))
        if draw(st.booleans()):
            add("val", Role.VAL_LOSS, draw(segments(draw(st.sampled_from([n, max(1, n // 10), 5])))))
        if draw(st.booleans()):
            add("grad", Role.GRAD_NORM, np.abs(draw(segments(n))))
        if draw(st.booleans()):
            add("accuracy", Role.VAL_METRIC, -draw(segments(max(1, n // 5))))
        if draw(st.booleans()):
            rate = draw(st.sampled_from([1e-7, 1e-3, 0.1, 30.0])) * draw(
                st.sampled_from(
                    [np.ones(n), np.linspace(1, 0, n), np.geomspace(1e-6, 1, n), 0.1 ** (np.arange(n) // 30.0)]
                )
            )
            add("lr", Role.LR, rate)
    facts = {
        "lr": draw(st.sampled_from([None, 1e-12, 1e-3, 1.0, 1e9, 0.0, -1.0, math.nan, math.inf, 10**400, "0.1"])),
        "optimizer": draw(st.sampled_from([None, "adam", "sgd", "lion", "shampoo", 3])),
        "momentum": draw(st.sampled_from([None, 0.9])),
        "batch_size": draw(st.sampled_from([None, 32, 0, 10**400])),
        "schedule": draw(st.sampled_from([None, "cosine"])),
    }
    stated = {name: value for name, value in facts.items() if value is not None}
    return Run(id="x", source="x", format="x", series=series, hyperparameters=stated)


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(runs())
def test_any_run_gets_one_coherent_plan(run):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        said = diagnose_run(run)
        missing = [context.why(name) for context in [Missing(run)] for name in signals()]
    assert not [reason for reason in missing if "this is a bug" in reason]
    codes = {finding.code for finding in said.findings}
    assert not [skip for skip in said.skips if "this is a bug" in skip.reason]
    for finding in said.findings:
        assert 0.05 <= finding.confidence <= 1.0
        assert finding.span.first_step <= finding.span.last_step
    plan, rate = said.plan, said.plan.lr
    low, high = rate.interval
    assert 0 < low <= rate.factor <= high < math.inf
    assert rate.value is None or (0 < rate.value < math.inf)
    assert 0 <= plan.confidence <= 1
    assert plan.reason.endswith(".")
    if said.verdict in {Verdict.HEALTHY, Verdict.INCONCLUSIVE}:
        assert rate.factor == 1.0
    if said.verdict is Verdict.HEALTHY:
        assert plan.schedule is None
        assert plan.clip_norm is None
    if codes & DOWN and "NAN102" not in codes:  # where a loss never was a number, that comes first
        assert rate.factor < 1
    if codes & NOT_UP:
        assert rate.factor <= 1
    if codes & UP and not codes & NOT_UP:
        assert rate.factor > 1
    if codes & BLOWN:
        assert plan.clip_norm > 0
    if plan.schedule is not None and said.verdict is not Verdict.NEEDS_DECAY:
        assert plan.schedule.kind == "warmup_cosine"
    for action in plan.also:
        assert action.why in codes | {"PTS101"}


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_the_plan_for_each_symptom(rule):
    for example in (example for example in rule.examples if example.fires):
        said = diagnose_run(assign_roles(example.make()))
        factor = said.plan.lr.factor
        if said.verdict in {Verdict.LR_TOO_HIGH, Verdict.DIVERGED, Verdict.UNSTABLE}:
            assert factor < 1 or rule.code == "NAN102"
        elif said.verdict is Verdict.LR_TOO_LOW:
            assert factor > 1
        elif said.verdict is not Verdict.STALLED:
            assert factor == 1
        if said.plan.lr.value is not None and rule.code != "LRD101":  # there the log contradicts the configuration
            assert said.plan.lr.value == pytest.approx(factor * said.run.hyperparameters["lr"], rel=0.01)


def test_what_else_to_do():
    def also(run):
        return {(action.action, action.why): action.at_step for action in diagnose_run(assign_roles(run)).plan.also}

    assert also(synth.overfit()).keys() == {("early_stop", "OVF101"), ("regularize", "OVF101")}
    assert also(synth.overfit())["early_stop", "OVF101"] in range(8, 16)
    assert also(synth.blow_up())["restart_before", "NAN101"] == 2000
    assert ("restart_before", "NAN103") in also(synth.hidden_nan())
    assert ("check_inputs_and_loss", "NAN102") in also(synth.healthy(nan_at=tuple(range(300))))
    assert ("overfit_one_batch", "FLT101") in also(synth.flat())
    assert ("stop_earlier", "PLT103") in also(synth.converged())
    assert ("log_more", "PTS101") in also(synth.healthy(points=3))
    assert also(synth.healthy()) == {}


def test_gradients_are_clipped_at_the_ninetieth_percentile_of_their_norm():
    norms = np.random.default_rng(0).lognormal(0, 0.5, 400)
    run = synth.spikes()
    loss = run.series["train_loss"].value
    logged = diagnose_run(assign_roles(synth.make_run(loss, grad_norm=norms, lr=3e-3)))
    assert logged.plan.clip_norm == pytest.approx(np.quantile(norms, 0.9), rel=0.01)
    assert diagnose_run(assign_roles(run)).plan.clip_norm == 1.0
    zero = diagnose_run(assign_roles(synth.make_run(loss, grad_norm=np.zeros(400), lr=3e-3)))
    assert zero.plan.clip_norm == 1.0


def test_a_warm_up_that_was_too_short_is_made_longer_and_one_that_was_kept_is_kept():
    t = np.linspace(0, 1, 300)
    blown = diagnose_run(
        assign_roles(synth.make_run(synth.blow_up().series["train_loss"].value, lr=np.minimum(t / 0.12, 1)))
    )
    assert blown.plan.schedule.warmup_fraction == pytest.approx(0.24, abs=0.01)
    t = np.linspace(0, 1, 500)
    plateau = synth.noisy_plateau().series["train_loss"].value
    kept = diagnose_run(assign_roles(synth.make_run(plateau, lr=np.minimum(t / 0.06, 1))))
    assert kept.verdict is Verdict.NEEDS_DECAY
    assert (kept.plan.schedule.kind, kept.plan.schedule.final_fraction) == ("warmup_cosine", 0.01)
    assert kept.plan.schedule.warmup_fraction == pytest.approx(0.06, abs=0.01)
    assert diagnose_run(assign_roles(synth.noisy_plateau())).plan.schedule.kind == "cosine"


@pytest.mark.parametrize("slope", [0.05, 0.2, 0.5])
def test_a_rate_that_is_not_known_is_raised_thirtyfold_at_most(slope):
    t = np.linspace(0, 1, 300)
    noise = np.random.default_rng(0).standard_normal(300)
    run = Run(
        id="r", source="r", format="csv",
        series={"loss": Series(tag="loss", step=np.arange(300), value=2.3 - slope * t + 0.005 * noise)},
    )  # fmt: skip
    plan = diagnose_run(assign_roles(run)).plan
    assert 1 < plan.lr.factor <= 31.6 < plan.lr.interval[1]
    capped = plan.lr.factor > 31
    assert ("of those that the log allows" in plan.reason) == capped, "it is only said to be the best if it is"


def test_a_decay_that_ran_out_is_stretched_at_the_same_peak():
    said = diagnose_run(assign_roles(synth.decayed_away()))
    assert said.verdict is Verdict.STALLED
    assert said.plan.lr.factor == 1.0
    assert (said.plan.schedule.kind, said.plan.schedule.final_fraction) == ("cosine", 0.01)


def test_where_validation_only_rose_there_is_nothing_to_stop_at():
    run = assign_roles(synth.overfit())
    series = dict(run.series)
    val = next(tag for tag, one in series.items() if one.role is Role.VAL_LOSS)
    series[val] = replace(series[val], value=np.linspace(1.0, 3.0, len(series[val])))
    said = diagnose_run(replace(run, series=series))
    assert "OVF101" in {finding.code for finding in said.findings}
    assert [action.action for action in said.plan.also if action.why == "OVF101"] == ["regularize"]


def test_clipping_is_never_loosened():
    run = assign_roles(synth.blow_up())
    plain = diagnose_run(run).plan.clip_norm
    tight = replace(run, hyperparameters={**run.hyperparameters, "clip_norm": plain / 10})
    assert diagnose_run(tight).plan.clip_norm is None, "it clips tighter already"
    loose = replace(run, hyperparameters={**run.hyperparameters, "clip_norm": plain * 10})
    assert diagnose_run(loose).plan.clip_norm == plain


def test_after_a_cut_the_advice_stays_near_the_rates_that_the_log_shows_at_work():
    step = np.arange(0, 30_000, 100.0)
    cut = step >= 15_000
    noise = 0.3 * np.random.default_rng(0).standard_normal(step.size)
    loss = np.where(cut, 7.0 + 3.0 * np.exp(-(step - 15_000) / 3_000), 18.0) + np.where(cut, 0.1, 1.0) * noise
    rate = np.where(cut, 5.0, 20.0)
    series = {
        name: Series(tag=name, step=step, value=value) for name, value in (("train_loss", loss), ("lr", rate))
    }
    run = assign_roles(Run(id="r", source="r", format="made", series=series, hyperparameters={"batch_size": 20}))
    said = diagnose_run(run)
    assert said.findings[0].code == "LRC101"
    assert 0.03 <= said.plan.lr.factor <= 0.25  # half a decade below a tenth, and the rate that worked
