from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import lrdoctor as lrd
from lrdoctor.figures import overview_figure, sweep_figure
from lrdoctor.records import Role, Run, Series


def run_at(rate, end, *, name=None, known=True, points=200):
    value = end + (2.3 - end) * np.exp(-np.arange(points) / 20) if np.isfinite(end) else np.full(points, 2.3)
    if not np.isfinite(end):
        value[40:] = np.nan
    loss = Series(tag="loss", step=np.arange(points), value=value, role=Role.TRAIN_LOSS)
    return Run(id=name or f"lr{rate}", source="x", format="x", series={"loss": loss},
               hyperparameters={"lr": rate} if known else {})  # fmt: skip


@pytest.fixture
def group():
    ends = {0.001: 1.8, 0.01: 0.9, 0.1: 0.5, 1.0: np.inf}
    return lrd.sweep([run_at(rate, end) for rate, end in ends.items()])[0]


def test_every_run_stands_at_its_rate_and_level(group):
    (panel,) = sweep_figure(group).panels
    runs = {point.detail.split(":")[0]: point for point in panel.points if point.kind}
    assert set(runs) == {"lr0.001", "lr0.01", "lr0.1", "lr1.0"}
    for standing in group.runs:
        point = runs[standing.id]
        assert point.x == standing.lr
        assert panel.x.low < point.x < panel.x.high
        if standing.state == "finished":
            assert point.y == standing.level
            assert point.kind == standing.facts.said.verdict
    assert (runs["lr1.0"].y, runs["lr1.0"].kind, runs["lr1.0"].marker) == (panel.y.high, "blew up", "diverged")
    assert panel.x.scale == "log"


def test_the_best_run_and_the_means(group):
    (panel,) = sweep_figure(group).panels
    (best,) = (point for point in panel.points if point.marker == "ring")
    assert (best.x, best.y) == (group.best.lr, group.best.level)
    (line,) = panel.lines
    assert line.x.tolist() == [0.001, 0.01, 0.1]
    assert np.all(np.diff(line.y) < 0)


def test_the_next_rate_with_its_interval_and_the_band(group):
    from lrdoctor.studies.sweep import Next

    following = Next(lr=0.3, interval=(0.1, 0.8), why="between")
    group = replace(group, next=(following,), good_band=(0.01, 0.1), settled=False)
    figure = sweep_figure(group)
    (panel,) = figure.panels
    assert [(guide.axis, guide.at, guide.detail) for guide in panel.guides] == [("x", 0.3, "between")]
    assert [(stretch.first, stretch.last, stretch.ink) for stretch in panel.stretches] == [
        (0.01, 0.1, "good"), (0.1, 0.8, "info"),
    ]  # fmt: skip
    assert "Next: LR 0.3" in figure.subtitle
    settled = sweep_figure(replace(group, next=(), good_band=(0.1, 0.1), settled=True))
    assert settled.panels[0].guides == settled.panels[0].stretches == ()
    assert "Settled" in settled.subtitle


def test_repeats_are_averaged():
    runs = [run_at(0.1, 0.5, name="a"), run_at(0.1, 0.7, name="b"), run_at(0.01, 0.9)]
    (line,) = sweep_figure(lrd.sweep(runs)[0]).panels[0].lines
    assert line.name == "mean of the repeats"
    assert line.x.tolist() == [0.01, 0.1]
    assert line.y[1] == pytest.approx(0.6, abs=0.02)


def test_runs_of_unknown_rate_are_named_below():
    figure = sweep_figure(lrd.sweep([run_at(0.1, 0.5, known=False, name="mystery"), run_at(0.01, 0.9)])[0])
    assert figure.notes == ("learning rate unknown: mystery",)
    nothing = sweep_figure(lrd.sweep([run_at(0.1, 0.5, known=False, name="mystery")])[0])
    assert nothing.panels[0].points == ()


def test_an_overview_draws_each_run_by_verdict():
    runs = [run_at(0.001, 1.8), run_at(0.1, 0.5), run_at(1.0, np.inf)]
    said = lrd.diagnose(runs).runs
    figure = overview_figure(said)
    (panel,) = figure.panels
    assert [line.name for line in panel.lines][-1] == "diverged"
    assert {line.name for line in panel.lines} == {str(one.verdict) for one in said}
    assert {point.name for point in panel.points} == {"lr0.001", "lr0.1", "lr1.0"}
    assert all(np.isfinite(line.y).all() for line in panel.lines)
    assert figure.title == "3 runs"
    assert figure.notes == ()


def test_an_overview_names_within_the_picture_what_left_it():
    steps = np.arange(200)
    falling = np.exp(-steps / 20) - 0.5  # below zero in part, so that the axis is linear
    blown = np.where(steps < 199, falling, 1e7)
    figure = overview_figure(lrd.diagnose([{"step": steps, "loss": loss} for loss in (falling, blown)]).runs)
    (panel,) = figure.panels
    assert max(line.y.max() for line in panel.lines) > panel.y.high
    assert all(panel.y.low <= point.y <= panel.y.high for point in panel.points)


def test_an_overview_leaves_out_what_cannot_be_compared_or_seen():
    runs = [run_at(0.1, 0.5, name=f"r{number}") for number in range(70)]
    epochs = Series(tag="loss", step=np.arange(9), value=np.ones(9), role=Role.TRAIN_LOSS, unit="epoch")
    runs.append(Run(id="other", source="x", format="x", series={"loss": epochs}))
    figure = overview_figure(lrd.diagnose(runs).runs)
    assert len(figure.panels[0].lines) == 60
    assert figure.notes == ("11 runs not drawn",)
    assert len(overview_figure([]).panels[0].lines) == 0
