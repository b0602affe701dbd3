"""Share of clipped steps, before and after clipping."""

from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.errors import Unavailable
from lrdoctor.records import Role, Series
from lrdoctor.signals.clipping import clipping


def norms(values):
    values = np.asarray(values, dtype=float)
    return Series(tag="grad_norm", step=np.arange(values.size), value=values, role=Role.GRAD_NORM)


def test_norms_logged_before_clipping():
    found = clipping(norms([0.5, 2.0, 3.0, 0.9, np.nan, np.inf]), {"clip_norm": 1.0})
    assert (found.share, found.after, found.points, found.highest) == (0.5, False, 4, 3.0)


def test_norms_logged_after_clipping_lie_at_the_threshold():
    found = clipping(norms([0.5, 1.0, 1.0, 0.99999]), {"clip_norm": 1})
    assert found.after
    assert found.share == 0.75


def test_one_norm_at_the_threshold_is_chance():
    assert clipping(norms([0.5, 1.0, 0.3]), {"clip_norm": 1.0}).after is False


@pytest.mark.parametrize("threshold", [None, 0, -1.0, float("inf"), float("nan"), True, "auto"])
def test_without_a_threshold(threshold):
    with pytest.raises(Unavailable, match="clip_norm"):
        clipping(norms([1.0]), {"clip_norm": threshold})


def test_without_a_finite_norm():
    with pytest.raises(Unavailable, match="no finite value"):
        clipping(norms([np.nan]), {"clip_norm": 1.0})


@pytest.mark.parametrize("how", [{"gradient_clip_algorithm": "value"}, {"opt.clip_mode": "agc"}])
def test_clipping_by_value_is_another_thing(how):
    with pytest.raises(Unavailable, match="not by their norm"):
        clipping(norms([1.0, 3.0]), {"clip_norm": 1.0, **how})


def test_clipping_by_norm_may_say_so():
    assert clipping(norms([1.0, 3.0]), {"clip_norm": 1.0, "gradient_clip_algorithm": "norm"}).share == 0.5
