"""Every schedule in common use, from the formulas of its library, as logs show it: dense, sparse, per epoch,
rounded."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lrdoctor.errors import Unavailable
from lrdoctor.records import Series
from lrdoctor.signals._shapes import _misfits
from lrdoctor.signals.schedule import schedule

STEPS, PER_EPOCH, PEAK = 2000, 50, 3e-4
EPOCHS = STEPS // PER_EPOCH
WARM = 200
t = np.arange(STEPS)
epoch = t // PER_EPOCH


def cosine(u):
    """From 1 at u = 0 to 0 at u = 1."""
    return (1 + np.cos(np.pi * np.clip(u, 0, 1))) / 2


def warmed(decay):
    """Hugging Face's warm-up: step / warm-up steps."""
    return np.where(t < WARM, t / WARM, decay)


def one_cycle(share=0.3, initial=25.0, final=1e4, anneal=cosine):
    """torch.optim.lr_scheduler.OneCycleLR, of two phases."""
    start, end, top = 1 / initial, 1 / initial / final, share * STEPS - 1
    up, down = 1 - anneal(t / top), anneal((t - top) / (STEPS - 1 - top))
    return np.where(t <= top, start + (1 - start) * up, end + (1 - end) * down)


def milestones(*at, gamma=0.1):
    """MultiStepLR, or what ReduceLROnPlateau came to."""
    return gamma ** np.searchsorted(np.array(at), epoch, side="right")


def warm_restarts(first, growth=1, floor=0.0):
    """CosineAnnealingWarmRestarts."""
    at, length, out = 0, first, []
    while len(out) < STEPS:
        out.append(floor + (1 - floor) * (1 + math.cos(math.pi * at / length)) / 2)
        at += 1
        if at >= length:
            at, length = 0, length * growth
    return np.array(out)


def cyclical(half, base=0.1, decay=1.0):
    """CyclicLR: triangular, or exp_range with a decay."""
    cycle = np.floor(1 + t / (2 * half))
    x = np.abs(t / half - 2 * cycle + 1)
    return base + (1 - base) * np.maximum(0, 1 - x) * decay**t


left = (t - WARM) / (STEPS - WARM)
RATES = {
    "constant": [np.ones(STEPS)],
    "warmup": [t / STEPS, (t + 1) / STEPS, 1e-3 + t / STEPS],
    "warmup_constant": [np.minimum(t / WARM, 1), np.minimum(1 / 3 + 2 / 3 * t / 500, 1)],  # HF; LinearLR
    "linear": [1 - t / STEPS, 1 - 0.9 * t / STEPS, 1 - epoch / EPOCHS],
    "warmup_linear": [warmed((STEPS - t) / (STEPS - WARM))],
    "cosine": [cosine(t / STEPS), 0.05 + 0.95 * cosine(t / STEPS), cosine(t / 2 / STEPS), cosine(epoch / EPOCHS)],
    "warmup_cosine": [warmed(cosine(left)), warmed(0.1 + 0.9 * cosine(left)),
                      np.where(epoch < 2, (epoch + 1) / 3, cosine((epoch - 2) / (EPOCHS - 2)))],
    "exponential": [0.9 ** (t / PER_EPOCH), 0.999**t, 0.95**epoch, 0.9**epoch],
    "polynomial": [(1 - t / STEPS) ** 0.9, (1 - t / STEPS) ** 2, (1 - t / STEPS) ** 3],
    "warmup_inverse_sqrt": [warmed(np.sqrt(WARM / np.maximum(t, 1))),
                            np.minimum((t + 1.0) ** -0.5, (t + 1) * WARM**-1.5) * WARM**0.5],  # HF; Noam
    "step": [0.1 ** (epoch // 13), 0.5 ** (epoch // 5), milestones(25), milestones(15, 30, gamma=0.2)],
    "warmup_step": [warmed(milestones(20, 30))],
    "plateau_triggered": [milestones(11, 14, 25, 28, gamma=0.5), milestones(9, 22, 26)],
    "cooldown": [np.where(t < 1600, 1, 1 - (t - 1600) / 400), np.where(t < 1600, 1, cosine((t - 1600) / 400))],
    "warmup_cooldown": [warmed(np.where(t < 1600, 1, 1 - (t - 1600) / 400)),
                        warmed(np.where(t < 1600, 1, 1 - np.sqrt(np.maximum(t - 1600, 0) / 400)))],
    "one_cycle": [one_cycle(), one_cycle(0.25, 10), one_cycle(anneal=lambda u: 1 - np.clip(u, 0, 1))],
    "restarts": [warm_restarts(500), warm_restarts(285, 2), warm_restarts(500, floor=0.1),
                 warmed((1 + np.cos(np.pi * (3 * np.clip(left, 0, 0.999999) % 1))) / 2)],
    "cyclical": [cyclical(250), cyclical(250, decay=0.9994), cyclical(100, 0.01)],
    "range_test": [1e-7 * 1e8 ** (t / (STEPS - 1))],
}  # fmt: skip
LOGGED = {
    "dense": lambda rate: (t, rate),
    "every 50": lambda rate: (t[::50], rate[::50]),
    "per epoch": lambda rate: (np.arange(EPOCHS), rate[PER_EPOCH - 1 :: PER_EPOCH]),
    "three digits": lambda rate: (t, np.array([float(f"{r:.3g}") for r in rate])),
    "three digits every 50": lambda rate: (t[::50], np.array([float(f"{r:.3g}") for r in rate[::50]])),
}
CASES = [(kind, i, log) for kind, rates in RATES.items() for i in range(len(rates)) for log in LOGGED]
# What cannot be told from what the log shows: by the peak, the end or both being between two logged points.
AMBIGUOUS = {("one_cycle", 1, "per epoch"): "warmup_cosine"}


def recognised(step, rate, **hyperparameters):
    series = Series(tag="lr", step=np.array(step, dtype=np.int64), value=np.array(rate, dtype=np.float64))
    return schedule(series, hyperparameters)


@pytest.mark.parametrize(("kind", "number", "log"), CASES, ids=["-".join(map(str, case)) for case in CASES])
def test_kind_and_parameters(kind, number, log):
    factor = RATES[kind][number]
    step, rate = LOGGED[log](PEAK * factor)
    found = recognised(step, rate)
    assert found.kind == AMBIGUOUS.get((kind, number, log), kind)
    assert found.logged
    assert found.peak == rate.max()
    assert (found.first, found.last) == (rate[0], rate[-1])
    assert found.final_fraction == pytest.approx(rate[-1] / rate.max())
    assert found.last_step == step[-1]
    assert found.residual < 0.03
    top = int(np.argmax(rate >= 0.995 * rate.max()))
    warm = (step[top] - step[0]) / (step[-1] - step[0]) if rate[0] < 0.9 * rate.max() else 0.0
    assert found.warmup_fraction == pytest.approx(warm)
    assert found.warmup_steps == pytest.approx(warm * (step[-1] - step[0]))


@pytest.mark.parametrize("log", LOGGED)
@pytest.mark.parametrize(
    ("factor", "cuts"),
    [
        (milestones(15, 30, gamma=0.2), [(15, 0.2), (30, 0.2)]),
        (0.5 ** (epoch // 5), [(5 * i, 0.5) for i in range(1, 8)]),
        (milestones(11, 14, 25, 28, gamma=0.5), [(11, 0.5), (14, 0.5), (25, 0.5), (28, 0.5)]),
        (warmed(milestones(20, 30)), [(20, 0.1), (30, 0.1)]),
        (cosine(epoch / EPOCHS), []),
        (1 - epoch / EPOCHS, []),
        (warmed(cosine(left)), []),
    ],
)
def test_cuts(factor, cuts, log):
    found = recognised(*LOGGED[log](PEAK * factor)).cuts
    per_epoch = 1 if log == "per epoch" else PER_EPOCH
    assert [cut.step for cut in found] == [at * per_epoch for at, _ in cuts]
    assert [cut.factor for cut in found] == pytest.approx([factor for _, factor in cuts], rel=0.01)


def test_a_smooth_decay_has_no_cuts_however_coarsely_it_is_printed():
    for factor in (cosine(t / STEPS), warmed(cosine(left)), (1 - t / STEPS) ** 2, 0.999**t):
        assert recognised(t[::10], np.round(PEAK * factor[::10], 6)).cuts == ()


@pytest.mark.parametrize(("rates", "period"), [(warm_restarts(500), 500), (cyclical(250), 500), (cyclical(100), 200)])
@pytest.mark.parametrize("log", LOGGED)
def test_period(rates, period, log):
    step, rate = LOGGED[log](rates)
    expected = period / PER_EPOCH if log == "per epoch" else period
    assert recognised(step, rate).period == pytest.approx(expected, rel=0.05)


def test_a_long_log_of_many_cycles():
    at = np.arange(200_000)
    found = recognised(at, np.abs((at % 64) / 32 - 1) + 0.1)
    assert (found.kind, found.period) == ("cyclical", 64)


def test_since_when_the_rate_is_gone():
    found = recognised(t, np.where(t < 500, 1.0, 0.005))
    assert found.decayed_step == 500
    assert found.decayed_since == pytest.approx(0.75, abs=1e-3)
    assert recognised(t, np.ones(STEPS)).decayed_since == 0
    back = recognised(t, np.where((t >= 500) & (t < 1999), 0.005, 1.0))
    assert back.decayed_since == 0


@pytest.mark.parametrize("values", [[], [np.nan], [0.0, 0.0], [-1.0, -2.0], [np.inf]])
def test_rates_that_are_none(values):
    with pytest.raises(Unavailable):
        recognised(np.arange(len(values)), values)


def test_the_configuration_stands_in_for_a_log():
    found = schedule(None, {"schedule": "cosine", "lr": 0.1})
    assert (found.kind, found.peak, found.logged, found.cuts) == ("cosine", 0.1, False, ())
    assert math.isnan(schedule(None, {"schedule": "cosine"}).peak)
    with pytest.raises(Unavailable):
        schedule(None, {"lr": 0.1})


@settings(deadline=None)
@given(
    arrays(np.float64, st.integers(1, 60), elements=st.one_of(
        st.floats(0, 1), st.floats(allow_nan=True), st.sampled_from([0.0, 0.1, 1.0, 5e-324, 1e300]))),
    st.booleans(),
)  # fmt: skip
def test_any_rates(rate, equal_steps):
    step = np.zeros(rate.size, np.int64) if equal_steps else np.arange(rate.size)
    try:
        found = recognised(step, rate)
    except Unavailable:
        assert not (np.isfinite(rate) & (rate > 0)).any()
        return
    assert found.kind.removeprefix("warmup_") in {kind.removeprefix("warmup_") for kind in RATES} | {"other"}
    assert 0 <= found.warmup_fraction <= 1
    assert 0 <= found.final_fraction <= 1
    assert 0 <= found.decayed_since <= 1
    assert all(cut.factor < 0.75 for cut in found.cuts)


@pytest.mark.parametrize("n", [3, 50])
def test_misfit_is_that_of_least_squares(n):
    rng = np.random.default_rng(n)
    rest, shapes = rng.random(n), rng.random((4, n))
    for shape, found in zip(shapes, _misfits(rest, shapes), strict=True):
        design = np.stack([np.ones(n), shape], axis=1)
        fitted = design @ np.linalg.lstsq(design, rest, rcond=None)[0]
        assert found == pytest.approx(np.sqrt(np.mean((rest - fitted) ** 2)), abs=1e-12)


@pytest.mark.slow
def test_formulas_are_those_of_pytorch():
    torch = pytest.importorskip("torch")
    from torch.optim import lr_scheduler as schedulers

    def logged(make):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0, momentum=0.9)
        scheduler, out = make(optimizer), []
        for _ in range(STEPS):
            out.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        return np.array(out)

    for ours, make in (
        (one_cycle(), lambda o: schedulers.OneCycleLR(o, 1.0, total_steps=STEPS + 1)),
        (warm_restarts(285, 2), lambda o: schedulers.CosineAnnealingWarmRestarts(o, 285, 2)),
        (cyclical(250), lambda o: schedulers.CyclicLR(o, 0.1, 1.0, step_size_up=250)),
        (cosine(t / STEPS), lambda o: schedulers.CosineAnnealingLR(o, STEPS)),
        ((1 - t / STEPS) ** 2, lambda o: schedulers.PolynomialLR(o, STEPS, 2)),
        (0.999**t, lambda o: schedulers.ExponentialLR(o, 0.999)),
        (np.minimum(1 / 3 + 2 / 3 * t / 500, 1), lambda o: schedulers.LinearLR(o, 1 / 3, 1.0, 500)),
    ):
        assert logged(make) == pytest.approx(ours, abs=3e-3)


def kind_of(rates, **hyperparameters):
    return recognised(np.arange(len(rates)), rates, **hyperparameters).kind


def test_a_ramp_by_steps_is_a_range_test():
    """Each rate held for a while, the last one no longer than the others."""
    rates = np.repeat(np.geomspace(1e-5, 10, 36), 10)
    assert kind_of(rates) == "range_test"
    assert kind_of(np.append(rates, np.full(60, 10.0))) == "warmup_constant"


@pytest.mark.parametrize("power", [1, 2, 4])
def test_a_warm_up_by_a_power_of_the_step_is_no_range_test(power):
    assert kind_of(0.1 * (np.arange(1, 501) / 500) ** power) == "warmup"
    assert kind_of(0.1 * 10 ** (4 * np.arange(500) / 500 - 4)) == "range_test"


def test_a_linear_ramp_is_a_range_test_only_where_it_cannot_be_a_warm_up():
    rates = np.linspace(0.002, 0.02, 100)
    assert kind_of(rates) == "warmup"
    assert kind_of(rates, schedule="range_test") == "range_test"
    assert kind_of(rates[::-1], schedule="range_test") == "linear"
    assert kind_of(500 * rates) == "range_test"  # nobody warms up to 10
