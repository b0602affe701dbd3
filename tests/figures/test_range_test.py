from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.answers import RangeTestReport
from lrdoctor.figures import range_test_figure, svg
from lrdoctor.studies.range_test import judge

RATES = np.geomspace(1e-6, 10, 200)


def falls_and_explodes():
    fall = 2.3 - 1.6 / (1 + (0.02 / RATES) ** 1.2)
    return fall + 2 * np.maximum(RATES / 0.5 - 1, 0) ** 1.5 + 0.03 * np.random.default_rng(0).normal(size=200)


@pytest.fixture
def usable():
    said = judge(RATES, falls_and_explodes())
    assert said.usable
    return said


def test_the_rate_to_take_and_its_interval(usable):
    (panel,) = range_test_figure(usable).panels
    assert panel.x.scale == "log"
    assert [(guide.axis, guide.at) for guide in panel.guides] == [("x", usable.recommended)]
    stretches = {stretch.name: (stretch.first, stretch.last) for stretch in panel.stretches}
    assert next(ends for name, ends in stretches.items() if name.startswith("80 %")) == usable.interval
    regions = {region.kind: region.lr for region in usable.regions}
    assert stretches["descent"] == regions["descent"]
    assert stretches["explosion"] == regions["explosion"]


def test_the_descent_fills_the_panel_and_the_explosion_leaves_it(usable):
    (panel,) = range_test_figure(usable).panels
    logged, smoothed = panel.lines
    assert logged.y.max() > 5 * panel.y.high
    assert panel.y.high < 2 * usable.start
    assert np.isfinite(smoothed.y).all()
    assert smoothed.y.min() == usable.lowest
    assert next(point for point in panel.points if point.marker == "up").name.startswith("to ")


def test_each_suggestion_lies_on_the_smoothed_curve(usable):
    (panel,) = range_test_figure(usable).panels
    marks = {point.name: point for point in panel.points if point.marker == "diamond"}
    assert {"steepest", "valley", "slide", "minimum / 10"} <= set(marks)
    at = marks["valley"]
    assert at.x == usable.suggestions["valley"]
    assert at.y == pytest.approx(np.interp(at.x, panel.lines[1].x, panel.lines[1].y), abs=0.02)


def test_an_unusable_test_says_why():
    said = judge(RATES, 2.3 + 0.1 * np.random.default_rng(0).normal(size=200))
    figure = range_test_figure(said)
    assert not said.usable
    assert figure.subtitle == said.reason
    assert figure.panels[0].guides == ()
    assert figure.panels[0].y.high > said.loss[:150].max() - 0.1


@pytest.mark.parametrize(
    ("rates", "loss"),
    [([], []), ([0.1], [1.0]), (RATES, np.full(200, np.nan)), (RATES[::-1].copy(), falls_and_explodes())],
)
def test_what_is_no_range_test_can_be_drawn(rates, loss):
    figure = range_test_figure(judge(np.array(rates, dtype=float), np.array(loss, dtype=float)))
    assert figure.subtitle
    assert svg.paint(figure)


def test_the_report_of_a_range_test_draws_itself(usable):
    from matplotlib.figure import Figure as Canvas

    report = RangeTestReport([usable])
    axes = report.plot(Canvas().add_subplot())
    assert axes.get_xscale() == "log"
    assert "<svg" in report._repr_html_()
    assert "<svg" not in RangeTestReport([])._repr_html_()
