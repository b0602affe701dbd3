"""Schedules made by the real libraries, as logs show them, are recognised with their parameters."""

from __future__ import annotations

import os

import numpy as np
import pytest

from lrdoctor.records import Series
from lrdoctor.signals.schedule import schedule

N, PEAK = 2000, 3e-4
WARM = {"warmup": 100}

pytestmark = pytest.mark.slow


def stepped(make, metric=None, rate=PEAK):
    """Rates of a PyTorch scheduler, as in force at each step."""
    import torch

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate, momentum=0.9)
    scheduler, rates = make(optimizer), []
    for step in range(N):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step(*([] if metric is None else [metric(step)]))
    return np.array(rates, dtype=np.float64)


def vectorised(function):
    """Rates of a schedule that JAX can trace."""
    import jax

    return np.asarray(jax.jit(jax.vmap(function))(np.arange(N)), dtype=np.float64)


def pytorch():
    pytest.importorskip("torch", reason="needs PyTorch")
    from torch.optim import lr_scheduler as s

    stalls = np.interp(np.arange(N), [0, 500, 900, 1200], [1.0, 0.3, 0.3, 0.1])
    return {
        "constant": (s.ConstantLR, {"factor": 1.0}, "constant", {}),
        "step": (s.StepLR, {"step_size": 600, "gamma": 0.1}, "step", {"factor": 0.1, "interval": 600}),
        "step, often": (s.StepLR, {"step_size": 200, "gamma": 0.5}, "step", {"factor": 0.5, "interval": 200}),
        "multistep": (s.MultiStepLR, {"milestones": [1000, 1500]}, "step", {"factor": 0.1}),
        "exponential": (s.ExponentialLR, {"gamma": 0.999}, "exponential", {"factor": 0.999}),
        "cosine": (s.CosineAnnealingLR, {"T_max": N, "eta_min": 1e-6}, "cosine", {"floor": 1e-6}),
        "restarts": (s.CosineAnnealingWarmRestarts, {"T_0": 500}, "restarts", {"period": 500}),
        "longer and longer": (s.CosineAnnealingWarmRestarts, {"T_0": 250, "T_mult": 2}, "restarts", {"growth": 2}),
        "one cycle": (s.OneCycleLR, {"max_lr": PEAK, "total_steps": N + 1}, "one_cycle", {"warmup": 600}),
        "one cycle, linear": (
            s.OneCycleLR, {"max_lr": PEAK, "total_steps": N + 1, "anneal_strategy": "linear"}, "one_cycle",
            {"warmup": 600}),
        "one cycle, three phases": (
            s.OneCycleLR, {"max_lr": PEAK, "total_steps": N + 1, "three_phase": True}, "one_cycle", {"warmup": 600}),
        "triangles": (
            s.CyclicLR, {"base_lr": PEAK / 10, "max_lr": PEAK, "step_size_up": 250}, "cyclical",
            {"period": 500, "floor": PEAK / 10}),
        "shrinking triangles": (
            s.CyclicLR, {"base_lr": PEAK / 10, "max_lr": PEAK, "step_size_up": 250, "mode": "triangular2"}, "cyclical",
            {"period": 500}),
        "polynomial": (s.PolynomialLR, {"total_iters": N, "power": 2.0}, "polynomial", {"power": 2}),
        "nearly linear": (s.PolynomialLR, {"total_iters": N, "power": 0.9}, "polynomial", {"power": 0.9}),
        "linear": (s.LinearLR, {"start_factor": 1.0, "end_factor": 0.1, "total_iters": N}, "linear", {}),
        "warm-up": (s.LinearLR, {"start_factor": 0.01, "total_iters": 100}, "warmup_constant", WARM),
        "sequential": (
            lambda o: s.SequentialLR(o, [s.LinearLR(o, 0.01, 1.0, 100), s.CosineAnnealingLR(o, N - 100)], [100]),
            {}, "warmup_cosine", WARM),
        "chained": (
            lambda o: s.ChainedScheduler([s.LinearLR(o, 0.01, 1.0, 100), s.StepLR(o, 700)]),
            {}, "warmup_step", {"factor": 0.1, "interval": 700}),
        "plateau": (
            s.ReduceLROnPlateau, {"factor": 0.5, "patience": 200, "metric": lambda i: stalls[i]},
            "plateau_triggered", {"factor": 0.5}),
        "inverse square root": (
            s.LambdaLR, {"lr_lambda": lambda t: min((t + 1) / 100, (100 / (t + 1)) ** 0.5)}, "warmup_inverse_sqrt",
            WARM),
    }  # fmt: skip


def transformers():
    pytest.importorskip("transformers", reason="needs transformers")
    from transformers import optimization as o

    warm, end = {"num_warmup_steps": 100}, {"num_training_steps": N}
    return {
        "linear": (o.get_linear_schedule_with_warmup, {**warm, **end}, "warmup_linear", WARM),
        "linear, cold": (o.get_linear_schedule_with_warmup, {"num_warmup_steps": 0, **end}, "linear", {}),
        "cosine": (o.get_cosine_schedule_with_warmup, {**warm, **end}, "warmup_cosine", WARM),
        "cosine to a floor": (
            o.get_cosine_with_min_lr_schedule_with_warmup, {**warm, **end, "min_lr_rate": 0.1}, "warmup_cosine",
            {**WARM, "floor": 0.1 * PEAK}),
        "restarts": (
            o.get_cosine_with_hard_restarts_schedule_with_warmup, {**warm, **end, "num_cycles": 3}, "restarts",
            {**WARM, "period": 1900 / 3}),
        "polynomial": (
            o.get_polynomial_decay_schedule_with_warmup, {**warm, **end, "power": 2.0}, "warmup_polynomial",
            {**WARM, "power": 2}),
        "polynomial, straight": (
            o.get_polynomial_decay_schedule_with_warmup, {**warm, **end}, "warmup_linear", WARM),
        "constant": (o.get_constant_schedule, {}, "constant", {}),
        "constant, warm": (o.get_constant_schedule_with_warmup, warm, "warmup_constant", WARM),
        "inverse square root": (o.get_inverse_sqrt_schedule, warm, "warmup_inverse_sqrt", WARM),
        "warm-up, stable, decay": (
            o.get_wsd_schedule, {**warm, **end, "num_decay_steps": 400}, "warmup_cooldown", {**WARM, "hold": 1500}),
        "linear cool-down": (
            o.get_wsd_schedule, {**warm, **end, "num_decay_steps": 400, "decay_type": "linear"}, "warmup_cooldown",
            {**WARM, "hold": 1500}),
        "1 - sqrt": (
            o.get_wsd_schedule, {**warm, **end, "num_decay_steps": 400, "decay_type": "1-sqrt"}, "warmup_cooldown",
            WARM),
    }  # fmt: skip


def keras():
    os.environ.setdefault("KERAS_BACKEND", "jax")
    pytest.importorskip("jax", reason="Keras schedules are traced by JAX")
    k = pytest.importorskip("keras", reason="needs Keras").optimizers.schedules
    return {
        "cosine": (k.CosineDecay(PEAK, N, alpha=0.1), None, "cosine", {"floor": 0.1 * PEAK}),
        "warm cosine": (k.CosineDecay(0.0, N - 100, warmup_target=PEAK, warmup_steps=100), None, "warmup_cosine", WARM),
        "restarts": (k.CosineDecayRestarts(PEAK, 250), None, "restarts", {"growth": 2}),
        "restarts that shrink": (k.CosineDecayRestarts(PEAK, 500, 1.0, 0.7), None, "restarts", {"factor": 0.7}),
        "exponential": (k.ExponentialDecay(PEAK, 500, 0.5), None, "exponential", {"factor": 0.5 ** (1 / 500)}),
        "staircase": (
            k.ExponentialDecay(PEAK, 500, 0.5, staircase=True), None, "step", {"factor": 0.5, "interval": 500}),
        "piecewise": (
            k.PiecewiseConstantDecay([800, 1400], [PEAK, PEAK / 10, PEAK / 100]), None, "step", {"factor": 0.1}),
        "polynomial": (k.PolynomialDecay(PEAK, N, 1e-5, power=2.0), None, "polynomial", {"power": 2}),
        "linear": (k.PolynomialDecay(PEAK, N, 1e-5), None, "linear", {}),
        "inverse time": (k.InverseTimeDecay(PEAK, 500, 1.0), None, "inverse_time", {}),
        "inverse time, fast": (k.InverseTimeDecay(PEAK, 100, 0.5), None, "inverse_time", {}),
    }  # fmt: skip


def optax():
    o = pytest.importorskip("optax", reason="needs Optax")
    return {
        "cosine": (o.cosine_decay_schedule(PEAK, N, 0.1), None, "cosine", {"floor": 0.1 * PEAK}),
        "warm cosine": (o.warmup_cosine_decay_schedule(0.0, PEAK, 100, N, 1e-6), None, "warmup_cosine", WARM),
        "warm exponential": (
            o.warmup_exponential_decay_schedule(0.0, PEAK, 100, 500, 0.5), None, "warmup_exponential", WARM),
        "warm constant": (o.warmup_constant_schedule(0.0, PEAK, 100), None, "warmup_constant", WARM),
        "piecewise": (o.piecewise_constant_schedule(PEAK, {800: 0.1, 1400: 0.1}), None, "step", {"factor": 0.1}),
        "polynomial": (o.polynomial_schedule(PEAK, 0.0, 2, N), None, "polynomial", {"power": 2}),
        "linear": (o.linear_schedule(PEAK, 0.0, N), None, "linear", {}),
        "one cycle": (o.cosine_onecycle_schedule(N, PEAK), None, "one_cycle", {"warmup": 600}),
        "one cycle, linear": (o.linear_onecycle_schedule(N, PEAK), None, "one_cycle", {"warmup": 600}),
        "restarts": (
            o.sgdr_schedule([{"init_value": PEAK / 10, "peak_value": PEAK, "warmup_steps": 20, "decay_steps": 500,
                              "end_value": 0.0} for _ in range(4)]), None, "restarts", {"period": 500}),
    }  # fmt: skip


def digits(rate, count):
    return np.array([float(f"{value:.{count}g}") for value in rate])


STEP = np.arange(N)
LOGGED = {
    "every step": (1, lambda rate: (STEP, rate)),
    "every 10": (10, lambda rate: (STEP[::10], rate[::10])),
    "every 50": (50, lambda rate: (STEP[::50], rate[::50])),
    "after every 50": (50, lambda rate: (STEP[49::50], rate[49::50])),
    "per epoch": (50, lambda rate: (np.arange(40), rate[49::50])),
    "float32": (1, lambda rate: (STEP, rate.astype(np.float32).astype(np.float64))),
    "three digits": (10, lambda rate: (STEP[9::10], digits(rate[9::10], 3))),
    "two digits": (50, lambda rate: (STEP[::50], digits(rate[::50], 2))),
    "six decimals": (10, lambda rate: (STEP[::10], np.round(rate[::10], 6))),
}


@pytest.mark.parametrize("library", [pytorch, transformers, keras, optax], ids=lambda library: library.__name__)
def test_what_the_library_makes_is_recognised(library):
    for name, (make, arguments, kind, wanted) in library().items():
        if arguments is None:
            rate = vectorised(make)
        else:
            metric = arguments.pop("metric", None)
            rate = stepped(lambda o, make=make, arguments=arguments: make(o, **arguments), metric)
        for look, (stride, log) in LOGGED.items():
            step, shown = log(rate)
            found = schedule(Series(tag="lr", step=step.astype(np.int64), value=shown), {})
            assert found.kind == kind, (name, look)
            assert found.peak == shown.max()
            check(found, wanted, stride, epochs=look == "per epoch", where=(name, look))


def check(found, wanted, stride, *, epochs, where):
    """Lengths are known to one logging interval and 1 % of the run; what is a rate, to a few per cent."""
    known = found.parameters
    for name, value in wanted.items():
        if name in ("warmup", "period", "interval", "hold"):
            got = {"warmup": known.rise_steps, "period": found.period, "interval": known.interval,
                   "hold": known.hold_steps}[name]  # fmt: skip
            assert got * (50 if epochs else 1) == pytest.approx(value, abs=1.02 * stride + 0.01 * N), (*where, name)
        else:
            if name == "factor" and found.kind == "exponential" and epochs:
                value = value**50
            tolerance = 0.03 * PEAK if name == "floor" else 0.06 * value
            assert getattr(known, name) == pytest.approx(value, abs=tolerance), (*where, name)
