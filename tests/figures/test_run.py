from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lrdoctor import synth
from lrdoctor.figures import run_figure
from lrdoctor.records import Role, Run, ScheduleAdvice, Series, Verdict


def curve(tag, values, role, *, unit="step", stride=1, first=0):
    values = np.asarray(values, dtype=float)
    step = first + np.arange(values.size, dtype=np.int64) * stride
    return Series(tag=tag, step=step, value=values, role=role, unit=unit)


def run_of(*series, **hyperparameters):
    return Run(
        id="r", source="r", format="x", series={one.tag: one for one in series}, hyperparameters=hyperparameters
    )


def test_panels_share_the_steps(oscillating):
    figure = run_figure(oscillating)
    loss, rate = figure.panels
    assert loss.x == rate.x
    steps = oscillating.run.series["train_loss"].step
    assert (loss.x.low, loss.x.high, loss.x.label) == (steps[0], steps[-1], "step")
    assert figure.title == oscillating.run.id
    assert figure.subtitle == oscillating.verdict
    assert "OSC101" not in figure.description
    assert oscillating.findings[0].message in figure.description


def test_every_finding_is_a_named_stretch(say):
    for make in (synth.two_cycle, synth.blow_up, synth.spikes, synth.overfit, synth.decayed_away):
        said = say(make())
        assert said.findings
        for finding, stretch in zip(said.findings, run_figure(said).panels[0].stretches, strict=True):
            assert (stretch.first, stretch.last) == (finding.span.first_step, finding.span.last_step)
            assert stretch.name == f"{finding.code} {finding.name}"
            assert finding.message in stretch.detail
            assert stretch.code == finding.code


def test_the_noise_band_holds_most_points(say):
    said = say(synth.healthy(points=2000))
    loss = run_figure(said, width=2000).panels[0]
    (band,) = loss.bands
    line = loss.lines[0]
    low, high = (np.interp(line.x, band.x, edge) for edge in (band.low, band.high))
    assert 0.9 < np.mean((line.y > low) & (line.y < high)) < 0.99


def test_the_best_point_is_the_lowest_of_the_validation_loss(say):
    said = say(synth.overfit())
    best = next(point for point in run_figure(said).panels[0].points if point.marker == "best")
    val = said.run.series["val_loss"]
    assert (best.x, best.y) == (val.step[val.value.argmin()], val.value.min())
    assert best.ink == "validation"
    only = say(synth.slow())
    lowest = next(point for point in run_figure(only).panels[0].points if point.marker == "best")
    assert lowest.y == only.run.series["train_loss"].value.min()


def test_the_best_point_of_a_run_that_broke_lies_before_that(say):
    said = say(synth.hidden_nan())
    assert said.verdict is Verdict.DIVERGED
    begun = run_figure(said).panels[0].stretches[0].first
    assert all(point.x < begun for point in run_figure(said).panels[0].points if point.marker == "best")


def test_the_advised_rate_and_its_interval(oscillating):
    rate = run_figure(oscillating).panels[1]
    advice, (interval,), (guide,) = oscillating.plan.lr, rate.stretches, rate.guides
    peak = oscillating.run.hyperparameters["lr"]
    assert guide.at == advice.value
    assert (interval.first, interval.last) == pytest.approx(tuple(peak * end for end in advice.interval))
    assert rate.y.low < interval.first < guide.at < interval.last < rate.y.high
    assert rate.y.low < peak < rate.y.high
    assert "advised" in guide.name


def test_an_unknown_rate_is_shown_as_a_multiple(say):
    said = say(run_of(curve("loss", np.geomspace(2, 1.9, 200), Role.TRAIN_LOSS)))
    rate = run_figure(said).panels[1]
    assert said.plan.lr.value is None
    assert rate.y.label == "× this run's rate"
    assert rate.lines[0].y.tolist() == [1, 1]
    assert rate.guides[0].at == said.plan.lr.factor


def test_a_configured_rate_is_a_straight_line(say):
    said = say(run_of(curve("loss", np.geomspace(2, 0.1, 200), Role.TRAIN_LOSS), lr=0.03))
    (line,) = run_figure(said).panels[1].lines
    assert line.name == "configured 0.03"
    assert line.y.tolist() == [0.03, 0.03]
    assert line.x.tolist() == [0, 199]


def test_an_advised_schedule_is_drawn_over_the_same_steps(oscillating):
    advised = ScheduleAdvice(kind="warmup_cosine", warmup_fraction=0.1, final_fraction=0.0)
    plan = replace(oscillating.plan, schedule=advised)
    loss, rate = run_figure(replace(oscillating, plan=plan)).panels
    line = rate.lines[-1]
    assert (line.ink, line.name) == ("advice", "advised schedule")
    assert (line.x[0], line.x[-1]) == (loss.x.low, loss.x.high)
    assert line.y.max() == pytest.approx(plan.lr.value, rel=1e-2)
    assert np.argmax(line.y) == pytest.approx(0.1 * line.y.size, abs=2)
    assert line.y[-1] < 0.01 * line.y.max()
    kept = run_figure(replace(oscillating, plan=replace(plan, schedule=None)))
    assert len(kept.panels[1].lines) == 1


def test_a_decay_to_zero_stays_on_a_linear_scale(say):
    cosine = 0.15 * (1 + np.cos(np.linspace(0, np.pi, 300)))
    said = say(synth.make_run(np.geomspace(2, 0.1, 300), lr=cosine))
    near = replace(said.plan.lr, factor=1.0, interval=(0.5, 2.0), value=0.3)
    assert run_figure(replace(said, plan=replace(said.plan, lr=near))).panels[1].y.scale == "linear"
    far = replace(said.plan.lr, factor=0.01, interval=(0.005, 0.02), value=0.003)
    assert run_figure(replace(said, plan=replace(said.plan, lr=far))).panels[1].y.scale == "log"


def test_curves_that_count_epochs_are_spread_over_the_steps(say):
    train = curve("loss", np.geomspace(2, 0.1, 100), Role.TRAIN_LOSS, stride=10)
    val = curve("val", [1.5, 0.8, 0.9, 1.0], Role.VAL_LOSS, unit="epoch")
    figure = run_figure(say(run_of(train, val)))
    assert figure.panels[0].lines[1].x.tolist() == pytest.approx([247.5, 495, 742.5, 990])
    assert figure.notes == ("val counts epochs and is spread evenly over the steps",)
    best = next(point for point in figure.panels[0].points if point.marker == "best")
    assert best.x == pytest.approx(495)


def test_what_is_not_finite_is_kept_however_long_the_run(say):
    values = np.geomspace(2, 0.1, 200_000)
    values[123_456] = np.nan
    values[150_000:150_010] = np.inf
    line = run_figure(say(run_of(curve("loss", values, Role.TRAIN_LOSS))), width=100).panels[0].lines[0]
    assert line.broken.tolist() == [[123_456, 123_456], [150_000, 150_009]]
    assert line.points == 200_000
    assert line.x.size < 1200


def test_the_ends_of_every_piece_of_evidence_are_points(say):
    said = say(synth.two_cycle())
    long = synth.make_run(np.tile(said.run.series["train_loss"].value, 30), stride=1)
    said = say(long)
    line = run_figure(said, width=20).panels[0].lines[0]
    ends = {s for f in said.findings for e in f.evidence for s in (e.span.first_step, e.span.last_step)}
    assert ends
    assert ends <= set(line.x.astype(int).tolist())


def test_what_lies_outside_is_marked_at_the_edge(say):
    values = 1 + 0.1 * np.sin(np.arange(300.0))
    values[10] = -7
    values[5] = 40
    loss = run_figure(say(run_of(curve("loss", values, Role.TRAIN_LOSS)))).panels[0]
    marks = {point.marker: point for point in loss.points}
    assert marks["up"].y == loss.y.high
    assert (marks["up"].x, marks["up"].name) == (5, "to 40")
    assert (marks["down"].x, marks["down"].name) == (10, "to -7")


@pytest.mark.parametrize(
    "values", [[], [1.0], [np.nan] * 30, [np.inf] * 30, [0.0] * 30, [1e308, -1e308] * 20, [5e-324] * 30]
)
def test_strange_runs_have_a_figure(values, say):
    said = say(run_of(curve("loss", values, Role.TRAIN_LOSS), lr=0.1))
    assert len(run_figure(said).panels) == 2


def test_a_run_without_a_loss_shows_what_there_is(say):
    said = say(run_of(curve("accuracy", np.linspace(0, 0.9, 50), Role.VAL_METRIC)))
    loss = run_figure(said).panels[0]
    assert loss.y.label == "val metric"
    assert loss.lines[0].ink == "other"
    assert run_figure(say(run_of())).panels[0].lines == ()


def test_an_inconclusive_run_gets_no_advice(say):
    said = say(synth.range_test())
    assert said.verdict is Verdict.INCONCLUSIVE
    rate = run_figure(said).panels[1]
    assert rate.guides == rate.stretches == ()
    assert rate.y.scale == "log"
    assert len(rate.lines) == 1
    short = say(run_of(curve("loss", [2.0, 1.0], Role.TRAIN_LOSS)))
    assert len(run_figure(short).panels) == 1
    assert "Advised" not in run_figure(short).description


def test_names_are_safe_to_show(say):
    run = run_of(curve("a\x1b[31m\nb", np.geomspace(2, 1, 50), Role.TRAIN_LOSS))
    figure = run_figure(say(replace(run, id="x\x00y")))
    assert figure.title == "x\\x00y"
    assert figure.panels[0].lines[0].name == "a\\x1b[31m\\nb"
