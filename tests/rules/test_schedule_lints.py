"""Each lint of a schedule fires by its fault and by nothing else, however the rate was logged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lrdoctor import synth
from lrdoctor.engine import Context, all_rules, diagnose_run
from lrdoctor.errors import Unavailable
from lrdoctor.records import Role, Series

N, PEAK = 2000, 3e-4
STEP = np.arange(N)
t = STEP / N
epoch = STEP // 50
LINTS = [rule for rule in all_rules() if rule.code.startswith("SCH")]


def cosine(u):
    return (1 + np.cos(np.pi * np.clip(u, 0, 1))) / 2


def warm(decay, share=0.05):
    return np.where(t < share, t / share, decay)


CLEAN = {
    "constant": np.ones(N),
    "warm-up, constant": np.minimum(t / 0.05, 1),
    "warm-up, cosine": warm(cosine((t - 0.05) / 0.95)),
    "warm-up per epoch, cosine": np.where(epoch < 3, (epoch + 1) / 4, cosine((epoch - 3) / 37)),
    "cosine to a floor": 0.1 + 0.9 * cosine(t),
    "linear": 1 - t,
    "steps": 0.1 ** ((t > 0.3) * 1.0 + (t > 0.6)),
    "exponential per epoch": 0.9**epoch,
    "inverse square root": np.minimum((STEP + 1) / 100, np.sqrt(100 / (STEP + 1))),
    "restarts": cosine(4 * t % 1),
    "restarts to a floor": 0.3 + 0.7 * cosine(2 * t % 1),
    "longer and longer": np.concatenate([cosine(np.arange(n) / n) for n in (286, 571, 1143)]),
    "triangles": np.abs((t * 8) % 2 - 1),
    "cool-down": np.minimum(1, (1 - t) / 0.2),
    "one cycle": np.where(t < 0.3, 0.04 + 0.96 * cosine(1 - t / 0.3), cosine((t - 0.3) / 0.7)),
    "polynomial": (1 - t) ** 2,
    "range test": 0.01 * 100.0**t,
}
FAULTS = {
    "warm-up longer than the run": ("SCH101", t / 2.5, {"warmup_steps": 5000}),
    "linear beyond its end": ("SCH102", 1 - 1.4 * t, {}),
    "over at 70 %": ("SCH102", np.maximum(1 - t / 0.7, 0), {}),
    "at zero after a resume": ("SCH102", np.where((t > 0.5) & (t < 0.6), 0, cosine(t)), {}),
    "begins anew at 40 %": ("SCH103", cosine((t + 0.0) % 0.4 / 0.95), {}),
    "linear begins anew": ("SCH103", np.where(t < 0.6, 1 - t, 1.6 - t), {}),
    "steps taken back": ("SCH103", np.where((t > 0.4) & (t < 0.7), 0.1, 1.0), {}),
    "a tenth at every step": ("SCH104", np.maximum(10.0 ** (-STEP.astype(float)), 1e-30), {}),
    "0.95 at every step": ("SCH104", np.maximum(0.95**STEP, 1e-12), {}),
    "cosine squared": ("SCH105", cosine(t) ** 2, {}),
    "linear squared": ("SCH105", (1 - t) ** 2, {"schedule": "linear"}),
    "cosine twice as fast": ("SCH105", (1 + np.cos(2 * np.pi * t)) / 2, {}),
    "over half way": ("SCH105", 1e-5 + cosine(2 * t), {}),
    "warm-up in epochs": ("SCH106", (epoch + 1) / 500, {}),
    "cosine in epochs": ("SCH106", cosine(epoch / 2000), {"schedule": "cosine"}),
}
LOGGED = {
    "dense": (STEP, lambda r: r),
    "every 10": (STEP[::10], lambda r: r[::10]),
    "three digits": (STEP[9::10], lambda r: np.array([float(f"{v:.3g}") for v in r[9::10]])),
    "six decimals": (STEP[9::10], lambda r: np.round(r[9::10], 6)),
    "every 50": (STEP[::50], lambda r: r[::50]),
}
LESS_IS_SEEN = {
    ("a tenth at every step", "every 50"): set(),  # a single fall, from the first point to the second
    ("a tenth at every step", "every 10"): set(),
    ("a tenth at every step", "three digits"): set(),
    ("warm-up in epochs", "every 50"): {"SCH101"},  # a point per epoch has no stairs
    ("cosine in epochs", "every 50"): set(),
    ("cosine in epochs", "three digits"): set(),  # stairs of the rounding
}


def lints(factor, look, **hyperparameters):
    step, thin = LOGGED[look]
    run = synth.healthy()
    lr = Series(tag="lr", step=step.astype(np.int64), value=thin(PEAK * factor), role=Role.LR)
    context = Context(replace(run, series={**run.series, "lr": lr}, hyperparameters=hyperparameters))
    found = set()
    for rule in LINTS:
        try:
            if context.call(rule.check) is not None:
                found.add(rule.code)
        except Unavailable:
            continue
    silenced = {code for rule in LINTS if rule.code in found for code in rule.silences}
    return found - silenced


@pytest.mark.parametrize("look", LOGGED)
@pytest.mark.parametrize("name", CLEAN)
def test_none_on_a_schedule_that_is_meant(name, look):
    stated = {"cosine to a floor": "cosine", "linear": "linear", "warm-up, cosine": "cosine"}.get(name, "other")
    assert lints(CLEAN[name], look, schedule=stated) == set()


@pytest.mark.parametrize("look", [look for look in LOGGED if look != "six decimals"])
@pytest.mark.parametrize("name", FAULTS)
def test_its_own_and_no_other(name, look):
    code, factor, hyperparameters = FAULTS[name]
    assert lints(factor, look, **hyperparameters) == LESS_IS_SEEN.get((name, look), {code})


def test_lints_leave_verdict_and_dose_alone():
    for code, factor, hyperparameters in FAULTS.values():
        run = synth.healthy()
        step = run.series["train_loss"].step
        value = PEAK * np.interp(step / step[-1], t, factor)
        lr = Series(tag="lr", step=step.copy(), value=value, role=Role.LR)
        run = replace(run, series={**run.series, "lr": lr}, hyperparameters=hyperparameters)
        plain = diagnose_run(run, [rule for rule in all_rules() if not rule.code.startswith("SCH")])
        said = diagnose_run(run)
        assert (said.verdict, said.plan.lr) == (plain.verdict, plain.plan.lr), code
        assert all(rule.verdict is None for rule in LINTS)
