"""How sure a response is of itself: calibrated by length, and where the rate is not known."""

from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.prescribing.features import NAMES
from lrdoctor.prescribing.network import MISSING
from lrdoctor.prescribing.response import OFFSETS, RATE, believed, density, from_output, interval, power_for

POWERS = (3.0, 2.0, 1.0)
NEAR = np.exp(-0.5 * (OFFSETS / 0.8) ** 2)
FINE = np.exp(-0.5 * (OFFSETS / 1.2) ** 2)


@pytest.mark.parametrize(
    ("steps", "rate_known", "power"),
    [
        (600, True, 3.0), (1_000, True, 3.0), (10**3.25, True, 2.5), (1e5, True, 2.0), (600, False, 1.0),
        (1e5, False, 1.0),
    ],
)  # fmt: skip
def test_power_by_length_and_rate(steps, rate_known, power):
    assert power_for(POWERS, np.log10(steps), rate_known=rate_known) == pytest.approx(power)


@pytest.mark.parametrize("powers", [(3.0, 2.0, 1.0), (2.0, 3.0, 1.0)])
def test_of_unknown_length_the_wider_interval(powers):
    assert power_for(powers, float("nan"), rate_known=True) == 2.0


def told(steps, rate=-3.0):
    row = np.full(len(NAMES), MISSING)
    row[NAMES.index("log10 steps")], row[RATE] = np.log10(steps), rate
    everything = np.full(len(NAMES), -np.inf), np.full(len(NAMES), np.inf)
    return from_output(row, np.concatenate([NEAR, FINE]), POWERS, *everything)


def test_the_interval_is_the_one_of_its_power():
    for steps, rate, power in ((600, -3.0, 3.0), (1e5, -3.0, 2.0), (600, MISSING, 1.0)):
        said = told(steps, rate)
        assert (said.low, said.high) == interval(density(NEAR, FINE, power))
    assert told(1e5).high > told(600).high


def test_a_sweep_of_one_run_believes_what_the_run_does():
    short, long = believed(NEAR, FINE, 2.8), believed(NEAR, FINE, 5.0)
    assert short[0] < 0 < short[1]
    assert short != long, "the shipped model is calibrated by length"
