"""Whole numbers in names are rates only where siblings' names say rates."""

from __future__ import annotations

import pytest

from lrdoctor.studies.naming import with_rates_of_siblings
from lrdoctor.studies.sweep import study


def named(facts, *names):
    return [facts(lr, 1.0, run_id=name) for name, lr in names]


def test_siblings_say_that_it_is_a_rate(facts):
    runs = named(facts, ("mlp-lr0.1", 0.1), ("mlp-lr0.01", 0.01), ("mlp-lr3", None))
    assert [run.lr for run in with_rates_of_siblings(runs)] == [0.1, 0.01, 3.0]


@pytest.mark.parametrize(
    "names",
    [
        (("lr_0.1", 0.1), ("lr_2", None), ("lr_3", None)),  # one is no custom
        (("mlp-lr0.1", 0.2), ("mlp-lr0.01", 0.3), ("mlp-lr3", None)),  # the names say something else
        (("mlp-lr0.1", 0.1), ("mlp-lr0.01", 0.01), ("cnn-lr3", None)),
        (("mlp-lr0.1", 0.1), ("mlp-lr0.01", 0.01), ("mlp-lr300", None)),
        (("a-lr0.1-lr0.2", 0.1), ("a-lr0.3-lr0.2", 0.3), ("a-lr3-lr0.2", None)),
        (("mlp-lr0.1", 0.1), ("mlp-lr0.01", 0.01), ("mlp-lr3b", None)),
    ],
)
def test_else_it_is_a_number(facts, names):
    runs = named(facts, *names)
    assert with_rates_of_siblings(runs)[2].lr is None


def test_a_sweep_knows_that_it_blew_up_there(facts):
    runs = named(facts, ("mlp-lr0.1", 0.1), ("mlp-lr0.01", 0.01))
    unknown = facts(None, float("nan"), broke=True, run_id="mlp-lr3", hyperparameters={"batch_size": 32})
    (group,) = study([*runs, unknown])
    assert all(rate.lr < 3 for rate in group.next)
    assert {run.lr for run in group.runs} == {0.1, 0.01, 3.0}
