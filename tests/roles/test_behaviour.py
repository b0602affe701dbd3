"""What values say where a name does not."""

from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.records import Series
from lrdoctor.roles.behaviour import behaves_like_a_score, could_be_a_rate, direction, positive, total_among


def curve(value: np.ndarray | list[float]) -> Series:
    value = np.asarray(value, float)
    return Series(tag="x", step=np.arange(value.size, dtype=np.int64), value=value)


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (np.linspace(1, 0, 50), "falls"),
        (np.linspace(0, 1, 50), "rises"),
        (np.ones(50), "neither"),
        ([3.0, 2.0, 1.0], "neither"),
        ([4.0, 3.0, 2.0, 1.0], "falls"),
        (np.where(np.arange(50) % 2, 1.0, 2.0), "neither"),
        (np.r_[np.linspace(1, 0, 50), [np.nan, np.inf]], "falls"),
        ([np.nan] * 9, "neither"),
        ([1e308, -1e308] * 10, "neither"),
    ],
)
def test_direction(value: np.ndarray, where: str) -> None:
    assert direction(curve(value)) == where


def test_noise_alone_has_no_direction_more_often_than_by_chance() -> None:
    random = np.random.default_rng(0)
    found = [direction(curve(random.normal(size=2000))) for _ in range(40)]
    assert found.count("neither") >= 20


def test_positive_forgives_one_value_in_twenty() -> None:
    assert positive(curve(np.r_[np.ones(99), -1]))
    assert not positive(curve(np.r_[np.ones(90), -np.ones(10)]))
    assert not positive(curve([]))


def test_scores_rise_within_bounds() -> None:
    assert behaves_like_a_score(curve(np.linspace(0, 1, 20)))
    assert behaves_like_a_score(curve(np.linspace(10, 97, 20)))
    assert not behaves_like_a_score(curve(np.linspace(0, 1000, 20)))
    assert not behaves_like_a_score(curve(np.linspace(1, 0, 20)))


def test_rates() -> None:
    assert could_be_a_rate(curve([0.0, 1e-3, -1e-9]))
    assert not could_be_a_rate(curve([0.0, -1.0]))
    assert not could_be_a_rate(curve([1e-3, 50.0]))


def test_total() -> None:
    random = np.random.default_rng(1)
    a, b = random.random(30), random.random(30)
    assert total_among([curve(a), curve(a + b), curve(b)]) == 1
    assert total_among([curve(a), curve(a + b)]) is None
    assert total_among([curve(a), curve(b), curve(a * b)]) is None
    assert total_among([curve(np.zeros(30))] * 3) is None
    assert total_among([curve(a), curve(b), curve((a + b)[:20])]) is None
    assert total_among([curve([np.nan] * 30)] * 3) is None
