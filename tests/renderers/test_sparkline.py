"""Curves in one line."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdoctor.records import Series
from lrdoctor.renderers._sparkline import BLOCKS, BROKEN, blocks, svg


def series(value, step=None):
    value = np.asarray(value, dtype=float)
    return Series(tag="t", step=np.arange(value.size) if step is None else np.asarray(step), value=value)


def test_blocks_follow_the_curve():
    down = blocks(series(np.linspace(1, 0, 800)), 8)
    assert (down[0], down[-1]) == ("█", "▁")
    assert list(down) == sorted(down, reverse=True)
    assert len(set(down)) >= 6
    assert blocks(series([1.0, 2.0]), 10) == "▁█"
    assert blocks(series([3.0, 3.0, 3.0]), 10) == "▁▁▁"
    assert blocks(series([]), 10) == ""


def test_what_is_not_finite_is_marked_where_it_is():
    assert blocks(series([1.0, np.nan, 0.0, np.inf]), 10) == "█!▁!"
    assert blocks(series([np.nan] * 5), 3) == BROKEN * 3
    value = np.ones(1000)
    value[500] = np.nan
    assert blocks(series(value), 10).index(BROKEN) == 5


def test_one_spike_neither_vanishes_nor_flattens_the_rest():
    value = np.linspace(2, 1, 1000)
    value[700] = 1e6
    drawn = blocks(series(value), 20)
    assert drawn[14] == BLOCKS[-1]
    assert drawn[0] > drawn[10] > drawn[19]


def test_a_swing_is_not_drawn_flat():
    drawn = blocks(series(np.tile([0.0, 1.0], 500)), 20)
    assert {BLOCKS[0], BLOCKS[-1]} <= set(drawn)


@given(st.lists(st.floats(), max_size=200), st.integers(1, 50))
def test_blocks_never_fail(value, width):
    drawn = blocks(series(value), width)
    assert len(drawn) == min(len(value), width)
    assert set(drawn) <= set(BLOCKS + BROKEN)


@pytest.mark.parametrize(
    "value",
    [
        [1.0],
        [np.nan],
        [1.0, np.nan, 2.0],
        np.random.default_rng(0).normal(size=5000),
        [1e308, -1e308],
        [np.inf, 1.0, 1.0],
    ],
)
def test_svg_is_well_formed_and_holds_numbers_only(value):
    drawn = svg(series(value))
    root = ET.fromstring(drawn)
    assert root.tag.endswith("svg")
    assert all(re.fullmatch(r"[MLHVZh\d. -]*", path.get("d")) for path in root)
    assert "nan" not in drawn
    assert "inf" not in drawn
    assert len(drawn) < 20_000


def test_svg_marks_what_is_not_finite():
    def red(value):
        return ET.fromstring(svg(series(value)))[0].get("d").count("Z")

    assert red([1.0, np.nan, 2.0]) == 1
    assert red([np.inf, 1.0, np.nan, np.nan, 2.0, -np.inf]) == 3
    assert red([1.0, 2.0]) == 0
    assert red([*[1.0] * 5000, *[np.nan] * 5000]) == 1
    assert svg(series([])) == ""
