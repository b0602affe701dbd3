"""The loss around a cut of the rate."""

from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.errors import Unavailable

RATE = np.where(np.arange(200) < 80, 1.0, 0.1)


def test_a_loss_that_falls_at_the_cut(asked):
    loss = np.where(np.arange(200) < 80, 2.0, 1.0) + 0.01 * np.random.default_rng(0).standard_normal(200)
    r = asked(loss=loss, lr=RATE).get("lr_response")
    assert (r.step, r.factor) == (80, pytest.approx(0.1))
    assert r.before == pytest.approx(0.0, abs=0.02)
    assert r.gained == pytest.approx(1.0, abs=0.02)
    assert r.fall > 50


def test_a_loss_that_fell_before(asked):
    r = asked(loss=1 + np.exp(-np.arange(200) / 10), lr=RATE).get("lr_response")
    assert r.before > 0.95
    assert abs(r.gained) < 0.05


@pytest.mark.parametrize(
    ("loss", "lr", "words"),
    [
        (np.linspace(2, 1, 200), np.ones(200), "never cut"),
        (np.linspace(2, 1, 200), np.linspace(1, 0, 200), "never cut"),
        (np.linspace(2, 1, 200), np.where(np.arange(200) < 199, 1.0, 0.1), "too close"),
        (np.linspace(1, 2, 200), RATE, "no progress"),
    ],
)
def test_where_there_is_nothing_to_measure(asked, loss, lr, words):
    with pytest.raises(Unavailable, match=words):
        asked(loss=loss, lr=lr).get("lr_response")
