"""What a decay would bring: known cases, and what cannot be answered."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lrdoctor import synth
from lrdoctor.engine import Context, diagnose_run
from lrdoctor.errors import Unavailable
from lrdoctor.prescribing.decay import DecayGain, Model, course, expected_decay_gain, in_words


def gain(run, **how):
    return expected_decay_gain(Context(run), **how)


def test_a_run_on_its_noise_floor_gains_and_one_that_falls_fast_loses_when_trained_again():
    resting = gain(synth.noisy_plateau())
    assert resting.low <= resting.middle <= resting.high
    assert resting.chance > 0.8
    falling = synth.make_run(2.3 * np.exp(-3 * np.linspace(0, 1, 200)), lr=1e-3)
    again = gain(falling, rerun=True)
    assert again.middle < gain(falling).middle
    assert again.middle < 0
    assert again.chance < 0.2


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (synth.step_schedule(), "not constant: step"),
        (synth.blow_up(), "broke down"),
        (synth.make_run(np.linspace(1, -1, 50)), "not above zero"),
        (synth.make_run(np.linspace(1, 2, 50)), "has not fallen"),
        (synth.reward_only(), "no loss"),
    ],
)
def test_what_cannot_be_answered_says_why(run, reason):
    with pytest.raises(Unavailable, match=reason):
        gain(run)


def test_course_is_free_of_the_units_of_the_loss():
    run = synth.noisy_plateau()
    scaled = synth.make_run(1000 * run.series["train_loss"].value, lr=0.05)
    assert course(Context(run)) == pytest.approx(course(Context(scaled)), nan_ok=True)
    assert math.isnan(course(Context(run))[3])  # no optimizer is known


def test_neighbours_answer_and_what_is_unknown_does_not_count():
    rows = np.zeros((400, 4))
    rows[:200, 0], rows[:, 3] = 2.0, np.linspace(-3, 3, 400)
    logs = np.concatenate([np.linspace(-0.2, 0.0, 200), np.linspace(-2.0, -1.0, 200)])
    model = Model(rows, logs, stretch=1.0, rerun_stretch=2.0)
    worst, middle, best, chance = model.foretell(np.array([2.0, 0.0, 0.0, math.nan]))
    assert -0.2 <= best < middle < worst <= 0.0
    assert chance > 0.99
    again = model.foretell(np.array([2.0, 0.0, 0.0, math.nan]), rerun=True)
    assert again[1] == pytest.approx(middle + 2.0)
    assert again[0] - again[1] == pytest.approx(2 * (worst - middle))


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ((0.12, 0.05, 0.22), "by 12 % (5 to 22 %)."),
        ((0.12, -0.05, 0.22), "by 12 % (0 to 22 %)."),
        ((0.001, 0.0, 0.04), "by less than 1 % (up to 4 %)."),
        ((0.001, 0.0, 0.002), "by less than 1 % (up to 1 %)."),
    ],
)
def test_words(ends, words):
    middle, low, high = ends
    assert in_words(DecayGain(middle, low, high, 0.8, 0.9)).endswith(words)


def test_the_plan_of_a_run_that_needs_a_decay_says_what_it_would_bring():
    assert "Decaying now" in diagnose_run(synth.noisy_plateau()).plan.reason
    assert "Decaying now" not in diagnose_run(synth.healthy()).plan.reason
