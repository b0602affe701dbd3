from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lrdoctor.figures.axes import ticks, value_axis
from lrdoctor.figures.spec import Axis, Line, Panel, Stretch


def axis(low, high, scale="linear", **more):
    return Axis(label="x", scale=scale, low=low, high=high, **more)


def test_places():
    assert axis(0, 10).place([0, 5, 20]).tolist() == [0, 0.5, 2]
    assert axis(0, 1e-300).place([1e300, -1.0]).tolist() == [100, -100]
    assert axis(0.01, 1, "log").place([0.01, 0.1, 10]) == pytest.approx([0, 0.5, 1.5])
    assert np.isnan(axis(0.01, 1, "log").place([0.0, -1.0, np.nan, np.inf])).all()
    assert axis(-1.5e308, 1.5e308).place([0.0, 1.5e308]).tolist() == [0.5, 1]
    assert float(axis(0, 4).place(1)) == 0.25


@pytest.mark.parametrize("ends", [(1, 1), (2, 1), (0, 1, "log"), (-1, 1, "log"), (np.nan, 1)])
def test_an_axis_that_cannot_be(ends):
    with pytest.raises(ValueError, match="cannot run"):
        axis(*ends)


def test_broken_stretches_of_a_line():
    y = np.array([np.nan, 1, np.inf, np.nan, 2, -np.inf])
    line = Line(name="", ink="train", x=np.arange(6.0) * 10, y=y, points=6)
    assert line.broken.tolist() == [[0, 0], [20, 30], [50, 50]]
    assert Line(name="", ink="train", x=y[1:2], y=y[1:2], points=1).broken.shape == (0, 2)


def test_log_where_positive_values_span_a_factor_of_ten():
    assert value_axis("", [np.array([0.1, 0.5])]).scale == "linear"
    assert value_axis("", [np.array([0.01, 0.5])]).scale == "log"
    assert value_axis("", [np.array([-0.01, 0.5, 100])]).scale == "linear"
    assert value_axis("", [np.array([0.1, 0.5]), np.array([9.0])]).scale == "log"
    assert value_axis("", [np.array([0.1, 0.5])], also=[1e-4]).scale == "log"
    assert value_axis("", [np.concatenate([[11.0, 9.0], np.linspace(3.6, 3.3, 500)])]).scale == "log"


def test_outliers_do_not_flatten_the_rest_and_wanted_values_are_inside():
    noisy = np.concatenate([np.linspace(-1, 1, 200), [500.0]])
    shown = value_axis("", [noisy])
    assert 1 < shown.high < 10
    assert -2 < shown.low <= -1
    assert value_axis("", [noisy], also=[40.0]).high > 40
    grows = value_axis("", [np.concatenate([np.ones(200), [1e9]])])
    assert grows.scale == "log"
    assert grows.high > 1e9


@pytest.mark.parametrize(
    "values",
    [[], [np.nan, np.inf], [0.0], [3.0], [1e305, -1e305], [1e-320, 1.0], [5e-324], [1e299, 1e-299], [-7.0] * 9],
)
def test_every_curve_has_an_axis(values):
    for scale in (None, "linear", "log"):
        shown = value_axis("", [np.array(values, dtype=float)], scale=scale)
        assert shown.low < shown.high
        assert all(np.isfinite([at for at, _ in ticks(shown)]))


@pytest.mark.parametrize(
    ("shown", "labels"),
    [
        (axis(0, 100), ["0", "20", "40", "60", "80", "100"]),
        (axis(1.05, 1.32), ["1.05", "1.1", "1.15", "1.2", "1.25", "1.3"]),
        (axis(2.30231, 2.3053), ["2.3025", "2.303", "2.3035", "2.304", "2.3045", "2.305"]),
        (axis(-1, 1), ["-1", "-0.5", "0", "0.5", "1"]),
        (axis(0, 2, whole=True), ["0", "1", "2"]),
        (axis(0, 1_000_000), ["0", "200,000", "400,000", "600,000", "800,000", "1e6"]),
        (axis(1e-5, 1e-1, "log"), ["1e-5", "1e-4", "0.001", "0.01", "0.1"]),
        (axis(0.03, 0.9, "log"), ["0.05", "0.1", "0.2", "0.5"]),
        (axis(0.02, 5, "log"), ["0.1", "1"]),
        (axis(2.1, 3.4, "log"), ["2.5", "3"]),
    ],
)  # fmt: skip
def test_ticks_are_round_and_told_apart(shown, labels):
    assert [label for _, label in ticks(shown)] == labels


def test_ticks_are_few_and_inside():
    for low, high in ((0, 7), (3e-7, 9e3), (123456, 123999), (1e-9, 1.1e-9)):
        for scale in ("linear", "log"):
            if low == 0 and scale == "log":
                continue
            found = ticks(axis(low, high, scale), most=5)
            assert 1 <= len(found) <= 8
            assert all(low - 1e-6 * high <= at <= high * (1 + 1e-6) for at, _ in found)
            assert len({label for _, label in found}) == len(found)


def test_names_of_stretches_share_a_row_where_they_do_not_meet():
    def panel(*ends):
        stretches = tuple(Stretch(axis="x", first=a, last=b, name="", ink="info") for a, b in ends)
        return Panel(x=axis(0, 100), y=axis(0, 1), stretches=(*stretches, replace(stretches[0], axis="y")))

    def rows(shown, widths):
        return [row for _, row in shown.lanes(widths)]

    assert rows(panel((0, 20), (30, 50)), [0.1, 0.1]) == [0, 0]
    assert rows(panel((0, 20), (30, 50)), [0.4, 0.1]) == [0, 1]
    assert rows(panel((0, 20), (10, 15), (16, 40)), [0.05, 0.05, 0.05]) == [0, 1, 1]
    assert rows(panel((60, 80), (90, 90)), [0.2, 0.3]) == [0, 1]  # the second name ends with its stretch
    assert rows(panel((0, 50), (90, 90)), [0.2, 0.3]) == [0, 0]
