from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.figures import schedule_figure, svg
from lrdoctor.records import Series


def warm_cosine(steps=1000, warm=100, peak=0.02):
    step = np.arange(steps)
    after = np.clip((step - warm) / (steps - warm), 0, 1)
    return peak * np.minimum((step + 1) / warm, 1) * 0.5 * (1 + np.cos(np.pi * after))


def test_the_rate_its_parts_its_peak_and_its_end():
    rates = warm_cosine()
    figure = schedule_figure(rates, title="next", subtitle="warm up, then cosine", parts=[("warm-up", 0, 99)])
    (panel,) = figure.panels
    (line,) = panel.lines
    assert line.y.max() == rates.max()
    assert (panel.x.low, panel.x.high) == (0, 999)
    assert panel.y.scale == "linear"
    assert panel.y.low <= 0
    assert [(one.name, one.first, one.last) for one in panel.stretches] == [("warm-up", 0, 99)]
    assert [point.name for point in panel.points] == ["peak 0.02", "end 6.09e-8"]
    assert svg.paint(figure)


def test_the_rate_that_was_lies_under_it():
    before = Series(tag="lr", step=np.arange(0, 500, 10), value=np.full(50, 0.1))
    (panel,) = schedule_figure(warm_cosine(), before=before).panels
    was, now = panel.lines
    assert (was.name, was.ink, now.ink) == ("lr", "rate", "advice")
    assert panel.y.high > 0.1
    epochs = Series(tag="lr", step=np.arange(5), value=np.full(5, 0.1), unit="epoch")
    (note,) = schedule_figure(warm_cosine(), before=epochs).notes
    assert note == "lr counts epochs and is spread evenly over the steps"
    longer = Series(tag="lr", step=np.arange(0, 5000, 10), value=np.full(500, 0.1))
    assert schedule_figure(warm_cosine(), before=longer).panels[0].x.high == 4990


@pytest.mark.parametrize("rates", [[], [0.1], [np.nan, np.nan], [0.0, 0.0]])
def test_strange_schedules(rates):
    assert svg.paint(schedule_figure(rates))
