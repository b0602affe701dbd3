"""What must not matter to a verdict and a dose, what may not make a run look better, and what every plan keeps to."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import lrdoctor
from lrdoctor import synth
from lrdoctor.engine import Context
from lrdoctor.records import Role, Run, Verdict

HARM = (
    Verdict.HEALTHY, Verdict.OVERFITTING, Verdict.NEEDS_DECAY, Verdict.LR_TOO_LOW, Verdict.STALLED,
    Verdict.LR_TOO_HIGH, Verdict.UNSTABLE, Verdict.DIVERGED,
)  # fmt: skip
"""Mildest first."""
SYNONYMS = {
    Role.TRAIN_LOSS: ["train_loss", "train/loss", "trainLoss", "training loss", "Loss/train", "tr_loss"],
    Role.VAL_LOSS: ["val_loss", "valid/loss", "eval_loss", "validation_loss", "Loss/val"],
    Role.LR: ["lr", "learning_rate", "train/learning_rate", "learning rate"],
    Role.GRAD_NORM: ["grad_norm", "train/grad_norm", "gnorm", "gradient norm"],
    Role.VAL_METRIC: ["val_accuracy", "eval_accuracy", "val/acc"],
}
MADE = [
    synth.healthy, synth.blow_up, synth.dead_after_blow_up, synth.early_blow_up, synth.flat, synth.spikes,
    synth.heavy_tailed, synth.two_cycle, synth.noisy_plateau, synth.flat_until_cut, synth.step_schedule, synth.slow,
    synth.decayed_away, synth.converged, synth.overfit, synth.levels_off, synth.timid, synth.tuned, synth.reckless,
]  # fmt: skip
KNOWN = {make.__name__: make() for make in MADE}


@st.composite
def drawn(draw):
    """A descent of any speed, depth and noise, with a swing, a spike or a blow-up."""
    points = draw(st.sampled_from([25, 80, 240, 700]))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    t = np.linspace(0, 1, points)
    loss = draw(st.sampled_from([0.02, 0.3, 2.0])) + draw(st.sampled_from([0.05, 0.5, 5.0])) / (
        1 + draw(st.sampled_from([0.5, 5.0, 80.0])) * t
    )
    loss = loss * np.exp(draw(st.sampled_from([0.0, 0.01, 0.2])) * rng.standard_normal(points))
    loss = loss * (1 + draw(st.sampled_from([0.0, 0.0, 0.4])) * (-1.0) ** np.arange(points))
    kind = draw(st.sampled_from(["none", "none", "spike", "explosion"]))
    at = points * 2 // 3
    if kind == "spike":
        loss[at : at + 3] += 4.0
    elif kind == "explosion":
        loss[at:] *= 1.5 ** np.minimum(np.arange(points - at), 60)
    return synth.make_run(loss, lr=draw(st.sampled_from([None, 1e-3, 0.5])))


RUNS = st.one_of(st.sampled_from(list(KNOWN.values())), drawn())
property_of = settings(max_examples=60, deadline=None)


def said(run):
    (one,) = lrdoctor.diagnose(run).runs
    return one


def changed(run, *, value=None, step=None, roles=(Role.TRAIN_LOSS, Role.VAL_LOSS)):
    """The run with other losses, or other steps of all curves."""
    return replace(run, series={
        tag: replace(
            series,
            value=value(series.value) if value and series.role in roles else series.value,
            step=step(series.step) if step else series.step,
        )
        for tag, series in run.series.items()
    })  # fmt: skip


def assert_same(one, other, *, dose=0.011):  # doses are told with three digits, so the last one may turn
    assert one.verdict == other.verdict
    assert other.plan.lr.factor == pytest.approx(one.plan.lr.factor, rel=dose)
    assert other.plan.lr.interval == pytest.approx(one.plan.lr.interval, rel=dose)
    assert {finding.code for finding in one.findings} == {finding.code for finding in other.findings}


@property_of
@given(RUNS, st.sampled_from([2.0**-10, 0.01, 0.37, 4.0, 1000.0]))
def test_the_unit_of_the_loss_does_not_matter(run, scale):
    # Scatter over no progress at all is a number without meaning, and the one feature that keeps the unit.
    assume(Context(run).find("descent").progress > 0)
    assert_same(said(run), said(changed(run, value=lambda loss: loss * scale)))


def spanned(run):
    """The lowest loss of a run, and how far its losses lie above that, but for the highest tenth."""
    losses = [run.series[tag].value for tag in run.series if run.series[tag].role in (Role.TRAIN_LOSS, Role.VAL_LOSS)]
    lowest, high = np.nanpercentile(np.concatenate(losses), [1, 90])
    return lowest, high - lowest


@pytest.mark.parametrize("share", [-0.1, 0.1])
@pytest.mark.parametrize("name", KNOWN)
def test_a_small_constant_in_the_loss_does_not_matter(name, share):
    """A term of weight decay, a constant that somebody left out: small against the level and the descent."""
    run = KNOWN[name]
    constant = share * min(spanned(run))
    one, other = said(run), said(changed(run, value=lambda loss: loss + constant))
    assert one.verdict is other.verdict
    assert {finding.code for finding in one.findings} == {finding.code for finding in other.findings}
    assert other.plan.lr.factor == pytest.approx(one.plan.lr.factor, rel=0.15)


@property_of
@given(drawn())
def test_a_hundredth_of_that_never_leaves_the_interval(run):
    one, other = said(run), said(changed(run, value=lambda loss: loss + 0.01 * min(spanned(run))))
    assert one.verdict is other.verdict
    assert within(one, other)


def within(one, other):
    """Whether the dose of the other lies in the interval of the one, but for the rounding of what is told."""
    low, high = one.plan.lr.interval
    return low * 0.99 <= other.plan.lr.factor <= high * 1.01


@pytest.mark.parametrize("name", KNOWN)
def test_a_constant_as_large_as_the_descent_leaves_the_verdict(name):
    """What is left of zero is evidence, so the dose may move; not out of its interval."""
    run = KNOWN[name]
    one, other = said(run), said(changed(run, value=lambda loss: loss + spanned(run)[1]))
    assert one.verdict is other.verdict
    assert within(one, other)


@property_of
@given(RUNS, st.sampled_from([1, 3, 1000, 10**9]))
def test_where_counting_begins_does_not_matter(run, first):
    # A few steps may as well be those before the first point, and are counted.
    assert_same(said(run), said(changed(run, step=lambda step: step + first)), dose=0.03)


@property_of
@given(RUNS, st.data())
def test_synonyms_do_not_matter(run, data):
    spelled = {}
    for series in run.series.values():
        tag = data.draw(st.sampled_from(SYNONYMS[series.role]))
        spelled[tag] = replace(series, tag=tag, role=None, role_reason="")
    assume(len(spelled) == len(run.series))
    assert_same(said(run), said(replace(run, series=spelled)), dose=1e-9)


@property_of
@given(st.permutations(list(KNOWN)[:6]))
def test_the_order_of_runs_does_not_matter(names):
    runs = [replace(KNOWN[name], id=name) for name in names]
    for one in lrdoctor.diagnose(runs).runs:
        assert_same(said(KNOWN[one.run.id]), one, dose=1e-12)


@pytest.mark.parametrize("name", KNOWN)
def test_thinned_twofold_the_dose_stays_within_the_interval(name):
    run = KNOWN[name]
    if run is KNOWN["two_cycle"]:
        pytest.skip("every other point of what alternates from point to point shows nothing of it")
    kept = {tag: slice(None, None, 2 if len(series) > 100 else 1) for tag, series in run.series.items()}
    thin = replace(run, series={
        tag: replace(series, step=series.step[kept[tag]].copy(), value=series.value[kept[tag]].copy())
        for tag, series in run.series.items()
    })  # fmt: skip
    whole, half = said(run).plan.lr, said(thin).plan.lr
    assert whole.interval[0] <= half.factor <= whole.interval[1]


@property_of
@given(RUNS, st.floats(0, 1), st.sampled_from([math.nan, math.inf, -math.inf]), st.sampled_from([1, 2, 50]))
def test_a_nan_never_makes_a_verdict_milder(run, place, bad, count):
    loss = run.series["train_loss"]
    at = 1 + int(place * (len(loss) - 1))
    spoiled = replace(
        loss, value=np.insert(loss.value, at, [bad] * count), step=np.insert(loss.step, at, [loss.step[at - 1]] * count)
    )
    before, after = said(run).verdict, said(replace(run, series={**run.series, "train_loss": spoiled})).verdict
    assert after is before or HARM.index(after) > HARM.index(before)


@property_of
@given(RUNS)
def test_every_plan_keeps_its_contract(run):
    for each in (run, changed(run, value=lambda loss: -loss), changed(run, value=np.zeros_like)):
        plan = said(each).plan
        low, high = plan.lr.interval
        assert 0 < low <= plan.lr.factor <= high < math.inf
        assert 0.5 <= plan.lr.level < 1
        assert plan.lr.value is None or plan.lr.value > 0
        assert 0 <= plan.confidence <= 1
        assert plan.clip_norm is None or plan.clip_norm > 0
        assert plan.reason == plan.reason.strip()
        if plan.schedule is not None:
            assert 0 <= plan.schedule.warmup_fraction <= 1
            assert 0 <= plan.schedule.final_fraction <= 1


@property_of
@given(RUNS)
def test_the_same_bytes_twice(run):
    assert lrdoctor.diagnose(run).to_json() == lrdoctor.diagnose(Run(**{
        name: getattr(run, name) for name in ("id", "source", "format", "series", "hyperparameters", "notes")
    })).to_json()  # fmt: skip


def test_reading_twice_gives_the_same_bytes(tmp_path):
    for name, run in KNOWN.items():
        loss = run.series["train_loss"]
        lines = [f"{step},{value}" for step, value in zip(loss.step, loss.value, strict=True)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["step,train_loss", *lines]))
    assert lrdoctor.diagnose(tmp_path).to_json() == lrdoctor.diagnose(tmp_path).to_json()
