"""Numbers as a reader of reports wants them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdoctor.wording import at, counted, figure, percent, share, times


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (0.00056, 3, "5.6e-4"), (5e-05, 3, "5e-5"), (0.001, 3, "0.001"), (0.018, 3, "0.018"), (0.1, 2, "0.1"),
        (100.0, 2, "100"), (126.0, 2, "130"), (12_400.0, 3, "12,400"), (1e6, 3, "1e6"),
        (2.5e-12, 2, "2.5e-12"),
        (0.9999, 2, "1"), (0.00099999, 2, "0.001"), (999_999.0, 3, "1e6"), (0.0, 3, "0"), (-0.5, 3, "-0.5"),
        (math.nan, 3, "NaN"), (math.inf, 3, "inf"), (-math.inf, 3, "-inf"), (3, 2, "3"),
    ],
)  # fmt: skip
def test_figure(value, digits, shown):
    assert figure(value, digits) == shown


@given(st.floats(-1e300, 1e300), st.integers(1, 6))
def test_figure_reads_back_to_the_digits_it_shows(value, digits):
    shown = float(figure(value, digits).replace(",", ""))
    assert shown == pytest.approx(value, rel=0.5 * 10.0 ** (1 - digits) * 1.001, abs=5e-324)


@pytest.mark.parametrize(
    ("share", "shown"), [(0.81, "81 %"), (0.999, ">99 %"), (1.0, "100 %"), (0.001, "<1 %"), (0.0, "0 %")]
)
def test_percent(share, shown):
    assert percent(share) == shown


def test_counted():
    assert (counted(1, "run"), counted(1204, "run")) == ("1 run", "1,204 runs")


@pytest.mark.parametrize(
    ("part", "words"),
    [(0.81, "81 %"), (0.001, "less than 1 %"), (0.999, "more than 99 %"), (1.3, "130 %"), (-0.2, "0 %"),
     (12.3, "12 times"), (math.inf, "countless times")],
)  # fmt: skip
def test_share(part, words):
    assert share(part) == words


def test_times_and_places():
    assert times(2.29e6) == "2.3e6 times"
    assert times(5432.0) == "5,400 times"
    assert at(12000, "step") == "step 12,000"
    assert at(9, "epoch") == "epoch 9"
