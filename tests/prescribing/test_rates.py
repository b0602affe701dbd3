"""The rate of a run, and what is usual."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lrdoctor import synth
from lrdoctor.engine import Context
from lrdoctor.prescribing.optimizers import optimizer_name, usual_rates
from lrdoctor.prescribing.rates import last_step, peak_rate

LOSS = np.linspace(2, 1, 20)


def known(logged=None, **stated):
    return Context(synth.make_run(LOSS, lr=logged, hyperparameters=stated))


def test_the_logged_peak_goes_before_the_configured_rate():
    assert peak_rate(known(np.linspace(0, 0.1, 20), lr=3.0)) == 0.1
    assert peak_rate(known(lr=3.0)) == 3.0
    assert peak_rate(known(lr=1)) == 1.0
    assert peak_rate(known()) is None


@pytest.mark.parametrize("lr", [0.0, -0.1, math.nan, math.inf, 1e300, 5e-324, 10**400, "0.1", None], ids=range(9))
def test_what_is_no_rate(lr):
    assert peak_rate(known(lr=lr)) is None


def test_the_length_of_a_run():
    assert last_step(known()) == 190
    assert last_step(Context(synth.reward_only())) == 0


@pytest.mark.parametrize(
    ("stated", "name"),
    [
        ({"optimizer": "AdamW"}, "adamw"),
        ({"optimizer": "adamw_torch_fused"}, "adamw"),
        ({"optimizer": "adam"}, "adam"),
        ({"optimizer": "sgd"}, "sgd"),
        ({"optimizer": "sgd", "momentum": 0.9}, "momentum"),
        ({"optimizer": "sgd", "momentum": 0.0}, "sgd"),
        ({"optimizer": "torch.optim.SGD", "momentum": 0.9}, "momentum"),
        ({"optimizer": "sgd", "momentum": 0.9, "nesterov": True}, "nesterov"),
        ({"optimizer": "nesterov"}, "nesterov"),
        ({"optimizer": "RMSprop"}, "rmsprop"),
        ({"optimizer": "lion_8bit"}, "lion"),
        ({"optimizer": "adafactor"}, "adafactor"),
        ({"optimizer": "shampoo"}, None),
        ({"optimizer": 3}, None),
        ({"optimizer": ""}, None),
        ({}, None),
    ],
)
def test_the_optimizer_and_what_is_usual_for_it(stated, name):
    assert optimizer_name(stated) == name
    usual = usual_rates(stated)
    assert (usual is None) == (name is None)
    if usual is not None:
        assert usual.name == name
        assert 0 < usual.low <= usual.default <= usual.high
