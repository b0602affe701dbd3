"""Figures as data for the charts: unpacked as the script unpacks them, they are what they were."""

from __future__ import annotations

import json
import re
from typing import get_args

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lrdoctor import synth
from lrdoctor.engine import all_rules, diagnose_run
from lrdoctor.figures import run_figure
from lrdoctor.figures._svg_marks import _SHAPES
from lrdoctor.figures.spec import Marker
from lrdoctor.renderers._html.charts import _steps, _values, chart
from lrdoctor.renderers._html.page import asset


def unpacked(values):
    return np.array([float(value) for value in values])


@given(arrays(np.float64, 20, elements=st.floats(allow_nan=True, allow_infinity=True, width=64)))
def test_values_keep_five_digits_and_what_is_not_finite(y):
    there = json.loads(msgspec.json.encode(_values(y)))
    back = unpacked(there)
    finite = np.isfinite(y)
    np.testing.assert_array_equal(np.isnan(back), np.isnan(y))
    np.testing.assert_array_equal(back[np.isinf(y)], y[np.isinf(y)])
    np.testing.assert_allclose(back[finite], y[finite], rtol=5.1e-5, atol=0)


def test_values_are_short():
    y = np.random.default_rng(1).uniform(0, 1, 200) ** 5
    assert max(len(repr(value)) for value in _values(y)) <= len("9.9999e-05")


@pytest.mark.parametrize("x", [[0.0, 10.0, 10.0, 35.0], [5.0], [], [-3.0, 2**40]])
def test_steps_are_differences(x):
    packed = _steps(np.array(x))
    assert np.cumsum(packed["steps"]).tolist() == x if x else packed == {"values": []}


def test_other_places_are_values():
    assert _steps(np.array([0.5, 1.25])) == {"values": [0.5, 1.25]}


def test_a_figure_keeps_its_extremes_and_gaps():
    said = diagnose_run(synth.blow_up(), all_rules())
    figure = run_figure(said)
    drawn = json.loads(msgspec.json.encode(chart(figure)))
    assert [panel["share"] for panel in drawn["panels"]] == [panel.share for panel in figure.panels]
    line = drawn["panels"][0]["lines"][0]
    assert "NaN" in line["y"]
    back = unpacked(line["y"])
    loss = said.run.series["train_loss"].value
    assert np.nanmax(back) == pytest.approx(np.nanmax(loss), rel=1e-4)
    names = [one["name"] for one in drawn["panels"][0]["stretches"]]
    assert any(said.findings[0].code in name for name in names)


def test_the_charts_know_every_marker():
    script = asset("marks.js")
    for name in get_args(Marker):
        assert re.search(rf'\b{name}: "{re.escape(_SHAPES[name])}"', script), name
