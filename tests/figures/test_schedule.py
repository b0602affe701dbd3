from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.figures import schedule_figure, svg
from lrdoctor.prescribing.schedules import KINDS, schedule
from lrdoctor.records import Series


@pytest.mark.parametrize("kind", KINDS)
def test_the_curve_is_the_schedule(kind):
    built = schedule(kind, peak=0.02, steps=1000)
    (panel,) = schedule_figure(built).panels
    (line,) = panel.lines
    drawn = np.interp(np.arange(1000), line.x, line.y)
    np.testing.assert_allclose(drawn, built.values, atol=0.02 * 0.003)
    assert (panel.x.low, panel.x.high, panel.y.scale) == (0, 999, "linear")
    assert panel.y.low <= 0
    assert panel.y.high > 0.02
    assert [point.name.split()[0] for point in panel.points] == ["peak", "end"]
    assert panel.points[0].y == pytest.approx(0.02, rel=1e-3)


def test_phases_are_named():
    (panel,) = schedule_figure(schedule("cooldown", peak=1.0, steps=100, warmup=10)).panels
    assert [(one.name, one.first, one.last) for one in panel.stretches] == [
        ("rise", 0, 9), ("hold", 10, 79), ("decay", 80, 99),
    ]  # fmt: skip
    assert schedule_figure(schedule("cosine", peak=1.0, steps=100)).panels[0].stretches == ()


def test_the_rate_that_was_lies_under_it():
    built = schedule("warmup_cosine", peak=0.02, steps=1000)
    before = Series(tag="lr", step=np.arange(0, 5000, 10), value=np.full(500, 0.1))
    (panel,) = schedule_figure(built, before=before).panels
    was, now = panel.lines
    assert (was.name, was.ink, now.ink) == ("lr", "rate", "advice")
    assert panel.y.high > 0.1
    assert panel.x.high == 4990
    epochs = Series(tag="lr", step=np.arange(5), value=np.full(5, 0.1), unit="epoch")
    (note,) = schedule_figure(built, before=epochs).notes
    assert note == "lr counts epochs and is spread evenly over the steps"


@pytest.mark.parametrize("steps", [2, 3, 100_000_000])
def test_very_short_and_very_long_ones(steps):
    figure = schedule_figure(schedule("warmup_cosine", peak=1e-5, steps=steps))
    assert figure.panels[0].lines[0].x.size < 1000
    assert svg.paint(figure)
