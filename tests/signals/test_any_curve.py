"""What holds for every signal on every curve: no warning, no dependence on units, little on density."""

from __future__ import annotations

import math
import warnings
from dataclasses import fields, is_dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lrdoctor.engine import signals
from lrdoctor.errors import Unavailable

OF_CURVES = ("curve", "residuals", "noise", "descent", "excursions", "oscillation", "generalization", "breakdown")
# Fields in the unit of the judged scale: they shift or grow with the loss. All others are free of it.
IN_Z = {
    "noise": {"sigma", "early_sigma"},
    "descent": {"start", "best", "end", "progress", "slope", "slope_low", "slope_high", "significance"},
    "oscillation": {"amplitude"},
    "excursions": {"height"},
    "generalization": {"best", "end", "rise", "sigma"},
    "breakdown": set(),
}
STEPS = {"best_step", "first_step", "last_step", "peak_step"}

anything = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.0, 1.0, -1.0, 5e-324, -5e-324, 1e-310, 1e300, -1e300, 1.7e308, math.nan, math.inf]),
    st.floats(-5, 5, width=16),
)
wild = st.sampled_from([1, 2, 3, 4, 5, 6, 7, 11, 12, 20, 39, 40, 41, 90]).flatmap(
    lambda n: arrays(np.float64, n, elements=anything)
)
steps = st.sampled_from(["plain", "equal", "repeated", "sparse", "below zero"])


def placed(n, kind, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "plain": np.arange(n), "equal": np.full(n, 7), "repeated": np.sort(rng.integers(0, max(n // 2, 1), n)),
        "sparse": np.sort(rng.integers(0, 2**60, n)), "below zero": np.arange(n) * 10 - 400,
    }[kind]  # fmt: skip


def everything(context):
    """All signals of a run; None where there is none. Any warning is an error."""
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in (*OF_CURVES, "schedule", "lr_response"):
            try:
                found[name] = context.get(name)
            except Unavailable:
                found[name] = None
    return found


def test_every_signal_is_listed_here():
    assert {*OF_CURVES, "schedule", "lr_response"} <= signals().keys()


plain = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@settings(plain, max_examples=120)
@given(wild, wild, wild, wild, wild, steps, steps)
def test_no_signal_fails_or_warns(asked, loss, val, lr, grad, metric, one, other):
    context = asked(
        loss=(placed(loss.size, one), loss), val=(placed(val.size, other), val), lr=(placed(lr.size, other), lr),
        grad=(placed(grad.size, one), grad), metric=(placed(metric.size, other), metric),
    )  # fmt: skip
    for signal in everything(context).values():
        for record in signal if isinstance(signal, tuple) else [signal]:
            for name, number in fields_of(record).items():
                if isinstance(number, float):
                    assert type(number) is float, name  # a numpy number would warn where it is divided


def fields_of(record):
    return {f.name: getattr(record, f.name) for f in fields(record)} if is_dataclass(record) else {}


def one_of_many(seed):
    """A loss that a run could have, of any length, sign and character."""
    rng = np.random.default_rng(seed)
    n = int(rng.choice([6, 15, 39, 60, 150, 333, 2000]))
    t = np.linspace(0, 1, n)
    loss = 0.3 + 2 / (1 + rng.choice([1, 10, 100]) * t) + rng.choice([0.003, 0.05]) * rng.standard_normal(n)
    if rng.random() < 0.4:
        at = rng.integers(0, n)
        loss[at : at + 5] += rng.choice([3, 50])
    if rng.random() < 0.3:
        loss += 0.3 * (-1.0) ** np.arange(n)
    if rng.random() < 0.3:
        loss -= 1.5  # may be negative
    if rng.random() < 0.2:
        loss[-n // 4 :] = np.nan
    return loss


def compared(one, other, *, ignored=frozenset(), rel=1e-6):
    for name, free in IN_Z.items():
        first, second = one[name], other[name]
        assert (first is None) == (second is None), name
        pairs = zip(first, second, strict=True) if name == "excursions" else [(first, second)]
        for a, b in pairs:
            for field, value in fields_of(a).items():
                if field in free | ignored:
                    continue
                expected = pytest.approx(value, rel=rel, abs=1e-9, nan_ok=True) if isinstance(value, float) else value
                assert fields_of(b)[field] == expected, (name, field)


@settings(plain, max_examples=60)
@given(st.integers(0, 10_000), st.sampled_from([2.0**-40, 1e-30, 1e-3, 1 / 3, 7.0, 2.0**30, 1e40]))
def test_the_unit_of_the_loss_does_not_matter(asked, seed, unit):
    loss, val = one_of_many(seed), one_of_many(seed + 1)
    one, other = (everything(asked(loss=c * loss, val=c * val)) for c in (1.0, unit))
    assert one["curve"].scale == other["curve"].scale
    compared(one, other)
    shift = math.log(unit) if one["curve"].scale == "log" else 0.0
    factor = 1.0 if one["curve"].scale == "log" else unit
    assert other["descent"].start == pytest.approx(one["descent"].start * factor + shift)
    assert other["descent"].progress == pytest.approx(one["descent"].progress * factor, rel=1e-6, abs=1e-9 * factor)
    assert other["noise"].sigma == pytest.approx(one["noise"].sigma * factor, rel=1e-6)


@settings(plain, max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from([1, 10, 5000]), st.sampled_from([0, 1, -300, 10**12]))
def test_what_steps_count_and_where_they_begin_does_not_matter(asked, seed, stride, first):
    loss, val = one_of_many(seed), one_of_many(seed + 1)
    at = [np.arange(v.size) for v in (loss, val)]
    one = everything(asked(loss=(at[0], loss), val=(at[1], val)))
    other = everything(asked(loss=(at[0] * stride + first, loss), val=(at[1] * stride + first, val)))
    compared(one, other, ignored=STEPS | {"abrupt"}, rel=1e-4)


@settings(plain, max_examples=40)
@given(st.integers(0, 10_000))
def test_points_that_are_not_finite_are_as_if_they_were_not_there(asked, seed):
    loss = one_of_many(seed)
    rng = np.random.default_rng(seed)
    loss[rng.random(loss.size) < 0.1] = rng.choice([np.nan, np.inf, -np.inf])
    finite = np.isfinite(loss)
    assume(finite.any())
    one = everything(asked(loss=loss))
    other = everything(asked(loss=(np.flatnonzero(finite), loss[finite])))
    for name in ("noise", "descent", "excursions", "oscillation"):
        assert one[name] == other[name] or all(
            a == pytest.approx(b, nan_ok=True)
            for a, b in zip(fields_of(one[name]).values(), fields_of(other[name]).values(), strict=True)
        )


@pytest.mark.parametrize("n", [400, 2000, 20_000])
@pytest.mark.parametrize("seed", range(4))
def test_thinning_a_log_twofold_changes_little(asked, descending, n, seed):
    loss = descending(n, 0.02, seed)
    at = np.arange(n)
    one, other = (everything(asked(loss=(at[::k], loss[::k]))) for k in (1, 2))
    a, b = one["descent"], other["descent"]
    for field, most in (("reduction", 0.02), ("late_gain", 0.03), ("late_rate", 0.1), ("give_back", 0.03)):
        assert getattr(b, field) == pytest.approx(getattr(a, field), abs=most), field
    assert b.start == pytest.approx(a.start, abs=0.12)
    assert other["noise"].sigma == pytest.approx(one["noise"].sigma, rel=0.25)
    assert len(one["excursions"]) + len(other["excursions"]) <= 1  # one false alarm in a hundred at 1,000 points
    assert other["oscillation"].alternation == pytest.approx(one["oscillation"].alternation, abs=0.25)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 41])
@pytest.mark.parametrize("value", [0.0, 0.7, -2.0, 5e-324, 1.7e308])
def test_a_constant_curve_shows_nothing(asked, n, value):
    found = everything(asked(loss=np.full(n, value), val=np.full(n, value)))
    assert found["excursions"] == ()
    assert found["oscillation"] is None
    assert found["breakdown"] is None
    assert found["noise"].sigma == 0
    assert found["descent"].progress == 0
