"""Falls of the loss scale: looked for at first, then lost."""

from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.errors import Unavailable
from lrdoctor.records import Role, Series
from lrdoctor.signals.scaling import scaling


def scale(octaves):
    value = 2.0 ** np.asarray(octaves, dtype=float)
    return Series(tag="loss_scale", step=np.arange(value.size) * 10, value=value, role=Role.LOSS_SCALE)


def test_the_search_at_the_start_is_no_fall():
    found = scaling(scale([32, 31, 20, 16] + [15, 16] * 18))
    assert found.octaves_lost == 1
    assert (found.highest, found.last, found.lowest) == (2.0**32, 2.0**16, 2.0**15)


def test_a_fall_from_a_level_that_was_held():
    found = scaling(scale([16] * 10 + [12] * 5 + [9] * 5 + [10] * 5))
    assert found.octaves_lost == 7
    assert found.lost_step == 150
    assert found.fall_steps.tolist() == [100, 150]
    assert found.stride == 10


def test_what_is_no_scale_is_passed_over():
    series = scale([3, 4, 5])
    broken = Series(tag="s", step=series.step, value=np.array([0.0, np.nan, 8.0]), role=Role.LOSS_SCALE)
    with pytest.raises(Unavailable, match="fewer than two"):
        scaling(broken)


def test_only_falls():
    assert scaling(scale([5, 4, 3, 2])).octaves_lost == 0
