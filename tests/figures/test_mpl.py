from __future__ import annotations

import io
import sys

import numpy as np
import pytest
from matplotlib import colors
from matplotlib.figure import Figure as Canvas

from lrdoctor.figures import mpl
from lrdoctor.figures.theme import STYLES


@pytest.fixture
def axes():
    return Canvas(figsize=(8, 6)).add_subplot()


@pytest.fixture
def painted(everything, axes):
    return mpl.paint(everything, axes)


def lines(axes, ink):
    return [line for line in axes.lines if colors.same_color(line.get_color(), STYLES[ink].light)]


def test_the_given_axes_hold_the_first_panel(painted, axes, everything):
    assert painted[0] is axes
    assert axes.figure.axes == painted
    loss, rate = everything.panels
    assert axes.get_ylabel() == loss.y.label
    assert axes.get_yscale() == "log"
    assert axes.get_ylim() == pytest.approx((loss.y.low, loss.y.high))
    assert painted[1].get_ylabel() == rate.y.label
    assert painted[1].get_xlim() == axes.get_xlim() == (0, 99)
    axes.figure.draw_without_rendering()
    assert axes.get_position().y0 > painted[1].get_position().y1


def test_every_line_has_its_points(painted, everything):
    (curve,) = lines(painted[0], "train")
    expected = everything.panels[0].lines[0]
    assert curve.get_xdata().tolist() == expected.x.tolist()
    assert np.array_equal(np.isfinite(curve.get_ydata()), np.isfinite(expected.y))
    assert curve.get_markevery() == [71]
    (validation,) = lines(painted[0], "validation")
    assert len(validation.get_markevery()) == np.isfinite(everything.panels[0].lines[1].y).sum()
    (rate,) = lines(painted[1], "rate")
    assert rate.get_ydata()[-1] == 1


def test_stretches_bands_guides_and_broken_stretches(painted):
    def box(patch):  # a polygon before matplotlib 3.9, a rectangle since
        return patch.get_patch_transform().transform_path(patch.get_path()).get_extents()

    spans = {round(box(patch).x0): patch for patch in painted[0].patches}
    assert box(spans[20]).width == 40
    assert spans[90].get_linewidth() > 0
    guides = [line for line in lines(painted[0], "advice") if line.get_linestyle() == "--"]
    assert sorted(guide.get_xdata()[0] for guide in guides) == [0, 50]
    band, *broken = painted[0].collections
    assert band.get_paths()
    assert [len(stretches.get_paths()) for stretches in broken] == [3, 2]


def test_points_and_names_are_there(painted, everything, hostile):
    written = {text.get_text() for text in painted[0].texts}
    assert {point.name for point in everything.panels[0].points} <= written
    assert {f"OSC101 {hostile}", "SPK101 spike", "here", "there"} <= written
    markers = {line.get_marker() for line in painted[0].lines}
    assert {"*", "o", "x", "^", "v", "<", ">", "s", "D"} <= markers
    assert f"note {hostile}\ntwo" in {text.get_text() for text in painted[1].texts}


def test_the_legend_names_what_is_not_named_elsewhere(painted, hostile):
    names = {text.get_text() for text in painted[0].get_legend().get_texts()}
    assert {f" _{hostile}", "val", "noise", "interval", "not finite", "kind dot"} <= names
    assert painted[1].get_legend() is None


def test_dollars_are_no_mathematics(painted):
    sink = io.BytesIO()
    painted[0].figure.savefig(sink, format="png")
    assert sink.getvalue().startswith(b"\x89PNG")
    assert not painted[0].title.get_parse_math() or painted[0].get_title() == ""


def test_dark_axes_get_the_dark_colours(everything):
    canvas = Canvas()
    axes = canvas.add_subplot(facecolor="black")
    mpl.paint(everything, axes)
    assert any(colors.same_color(line.get_color(), STYLES["train"].dark) for line in axes.lines)
    clear = Canvas(facecolor="black").add_subplot(facecolor="none")
    mpl.paint(everything, clear)
    assert any(colors.same_color(line.get_color(), STYLES["train"].dark) for line in clear.lines)


def test_ticks_follow_a_zoom(painted):
    before = list(painted[0].get_xticks())
    painted[0].set_xlim(10, 12)
    assert list(painted[0].get_xticks()) == [10, 11, 12]
    assert before != [10, 11, 12]
    painted[0].set_ylim(12, 10)  # upside down
    assert all(10 <= at <= 12 for at in painted[0].get_yticks())
    assert [painted[0].xaxis.get_major_formatter()(at) for at in (10, 11, 10.5)] == ["10", "11", ""]


def test_a_figure_to_save_needs_no_pyplot(everything, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    canvas = mpl.fresh(everything)
    assert len(canvas.axes) == 2
