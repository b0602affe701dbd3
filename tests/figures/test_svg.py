from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from lrdoctor import synth
from lrdoctor.figures import Axis, Figure, Line, Panel, overview_figure, run_figure, svg
from lrdoctor.figures.theme import PAPER, STYLES

NS = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def tree(everything):
    return ET.fromstring(svg.paint(everything))


def texts(tree):
    return [element.text for element in tree.iter(f"{NS}text")]


def of_ink(tree, tag, ink):
    """Marks of one ink: rectangles are filled, paths drawn."""
    kind, attribute = ("f", "fill") if tag == "rect" else ("s", "stroke")
    marks = [mark for mark in tree.iter(f"{NS}{tag}") if mark.get("class") == f"{kind}-{ink}"]
    assert {mark.get(attribute) for mark in marks} <= {STYLES[ink].light}
    return marks


def test_every_name_is_written(tree, everything, hostile):
    written = texts(tree)
    assert hostile in written[0]
    assert {"unstable", f"note {hostile}", "two", "loss $y", "learning rate", "step"} <= set(written)
    assert {f"_{hostile}", "val", "noise", "interval", "lr", "not finite"} <= set(written)
    assert {f"OSC101 {hostile}", "SPK101 spike", "here", "there"} <= set(written)
    assert {point.name for point in everything.panels[0].points} <= set(written)
    assert {point.kind for point in everything.panels[0].points} <= set(written)


def test_every_mark_is_drawn(tree, everything):
    curves = of_ink(tree, "path", "train")
    assert len(curves) == 3  # its swatch, the curve, the point that stands alone
    assert curves[1].get("d").count("M") == 3  # parted by NaN and infinity
    assert curves[2].get("d").count("M") == 1
    assert len(of_ink(tree, "path", "validation")) == 3  # its swatch, the curve, its dots
    assert len(of_ink(tree, "path", "rate")) == 2
    assert len(of_ink(tree, "path", "advice")) == 2  # the guides
    assert len(of_ink(tree, "rect", "warning")) == 2  # the shade and the bar above
    assert len(of_ink(tree, "rect", "critical")) == 3  # the same, and a swatch
    assert len(of_ink(tree, "rect", "advice")) == 2  # the interval and its swatch
    assert len([mark for mark in tree.iter(f"{NS}path") if mark.get("class") == "f-noise"]) == 1  # the band
    broken = [mark.get("d").count("M") for mark in tree.iter(f"{NS}path") if mark.get("class") == "f-critical"]
    assert broken == [3, 2]  # stretches of either curve
    markers = [mark for mark in tree.iter(f"{NS}path") if (mark.get("transform") or "").startswith("translate")]
    assert len(markers) == 21  # each point in the panel and in the legend, and the dot of a swatch


def test_details_are_hints(tree, hostile):
    hints = [element.text for element in tree.iter(f"{NS}title")]
    assert hints.count(hostile) == 2


def test_dashes_tell_lines_apart_without_colour(tree):
    (solid, dashed) = of_ink(tree, "path", "train")[1], of_ink(tree, "path", "advice")[0]
    assert solid.get("stroke-dasharray") is None
    assert dashed.get("stroke-dasharray")


def test_inside_a_page_text_takes_its_colour_and_nothing_leaks(everything):
    text = svg.paint(everything)
    assert 'fill="currentColor"' in text
    assert "<style" not in text
    assert " id=" not in text
    assert "<script" not in text
    assert re.search(r"https?://(?!www\.w3\.org/2000/svg)", text) is None


def test_a_file_of_its_own_has_light_and_dark(everything):
    text = svg.paint(everything, standalone=True)
    style = ET.fromstring(text).find(f"{NS}style").text
    light, dark = style.split("@media(prefers-color-scheme:dark)")
    for ink, look in STYLES.items():
        assert f".f-{ink}{{fill:{look.light}}}" in light
        assert f".s-{ink}{{stroke:{look.dark}}}" in dark
    assert PAPER[0] in light
    assert PAPER[1] in dark


def test_everything_is_inside(tree):
    width, height = float(tree.get("width")), float(tree.get("height"))
    assert tree.get("viewBox") == f"0 0 {width:g} {height:g}"
    for element in tree.iter(f"{NS}text"):
        if element.get("x") is not None:
            assert 0 <= float(element.get("x")) <= width
            assert 0 <= float(element.get("y")) <= height


def test_hostile_text_is_only_text(everything, hostile):
    text = svg.paint(everything, standalone=True)
    assert hostile not in text
    assert "<script" not in text
    ET.fromstring(text)


def one_line(x, y, axis):
    steps = Axis(label="step", scale="linear", low=float(x[0]), high=float(x[-1]))
    line = Line(name="l", ink="train", x=np.array(x, float), y=np.array(y, float), points=len(x))
    return Figure(title="t", subtitle="", description="", panels=(Panel(x=steps, y=axis, lines=(line,)),))


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_values_far_outside_keep_numbers_small(scale):
    axis = Axis(label="y", scale=scale, low=1.0, high=2.0)
    text = svg.paint(one_line([0, 1, 2, 3], [1.5, 1e308, -1e308, 1.5], axis))
    assert max(abs(float(number)) for number in re.findall(r"-?\d+\.?\d*", text)) <= 2000  # the year in the namespace
    ET.fromstring(text)


def test_the_same_figure_twice_is_the_same_text(everything):
    assert svg.paint(everything) == svg.paint(everything)


def test_labels_keep_clear_of_curves(oscillating):
    """The name of the best point has a place where no curve runs, as long as there is one."""
    axis = Axis(label="y", scale="linear", low=0.0, high=1.0)
    steps = Axis(label="step", scale="linear", low=0.0, high=100.0)
    from lrdoctor.figures._placing import pixels, spot
    from lrdoctor.figures._svg_layout import Box

    line = Line(name="", ink="train", x=np.arange(101.0), y=np.full(101, 0.5), points=101)
    box = Box(0, 0, 600, 200)
    place = spot(300, 100, 80, pixels(Panel(x=steps, y=axis, lines=(line,)), box), box)
    assert abs(place.y - 4 - 100) > 7
    corner = spot(598, 198, 80, np.zeros((2, 0)), box)
    assert corner.anchor == "end"
    assert corner.y < 198


@pytest.mark.parametrize("make", [synth.blow_up, synth.flat, synth.reward_only, synth.overfit, synth.range_test])
def test_any_run_can_be_drawn(make, say):
    said = say(make())
    for figure in (run_figure(said), overview_figure([said, said])):
        ET.fromstring(svg.paint(figure, standalone=True))
        assert "nan" not in re.sub(r">[^<]*<", "><", svg.paint(figure)).lower()
