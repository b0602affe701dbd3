"""Thinning: nothing is lost up to the capacity; beyond it memory is bounded and the answers stay."""

import math

import numpy as np
import pytest

from lrdoctor import Monitor, synth
from lrdoctor.engine import diagnose_run
from lrdoctor.live._rows import CAPACITY, STRETCH, Rows

N = 3 * CAPACITY + 777


def filled(columns):
    rows = Rows(tuple(columns))
    for number, values in enumerate(zip(*(column.tolist() for column in columns.values()), strict=True)):
        rows.append(number, number, list(values))
    return rows


def test_all_rows_up_to_the_capacity():
    values = np.random.default_rng(0).standard_normal(CAPACITY)
    step, call, kept = filled({"loss": values}).table()
    assert np.array_equal(step, np.arange(CAPACITY))
    assert np.array_equal(call, step)
    assert np.array_equal(kept[:, 0], values)


@pytest.mark.slow
def test_beyond_it_even_stretches_the_newest_and_what_stands_out():
    rng = np.random.default_rng(0)
    loss, rate = 0.02 * rng.standard_normal(N), np.full(N, 0.1)
    odd = [7 * STRETCH + 5, 70_007 // STRETCH * STRETCH + 70, 130_000]  # in stretches that are dropped, or not
    loss[odd] = 4.0
    loss[150_001] = math.nan
    rate[90_001:] = 0.01
    rows = filled({"loss": loss, "lr": rate})
    step, _, values = rows.table()
    assert np.all(np.diff(step) > 0)
    assert np.array_equal(values, np.stack([loss, rate], axis=1)[step], equal_nan=True)
    assert set(odd) | {150_000, 150_001, 150_002, 90_000, 90_001} <= set(step.tolist())
    assert np.array_equal(step[-4096:], np.arange(N - 4096, N))
    assert N / 4 < step.size < N / 4 + 6000
    neighbours = np.mean(np.diff(step) == 1)
    assert neighbours > 0.97
    assert rows.nbytes < 8 * 5 * 1.5 * CAPACITY + 1000


def curves():
    """Long runs of many kinds: loss, rate."""
    rng = np.random.default_rng(0)
    t, noise = np.linspace(0, 1, N), rng.standard_normal(N)
    fall, constant = 0.25 + 2.05 / (1 + 30 * t) ** 0.7, np.full(N, 1e-3)
    spikes = fall + 0.02 * noise
    for at in (0.2, 0.43, 0.7):
        first = int(at * N)
        spikes[first : first + 40] += 3 * np.exp(-np.arange(40) / 8)
    yield "descent", fall + 0.05 * noise, 1e-3 * (1 + np.cos(np.pi * t)) / 2
    yield "two-cycle", 0.6 + 0.9 / (1 + 20 * t) + 0.3 * (-1.0) ** np.arange(N) + 0.02 * noise, constant
    yield "seven-cycle", 0.6 + 0.9 / (1 + 20 * t) + 0.3 * np.sin(2 * np.pi * np.arange(N) / 7) + 0.02 * noise, constant
    yield "spikes", spikes, constant
    yield "divergence", np.where(t < 0.6, fall, fall[int(0.6 * N)] * np.exp(8 * (t - 0.6))) + 0.02 * noise, constant
    yield "nan", np.where(t < 0.8, fall + 0.02 * noise, np.nan), constant
    yield "plateau", 0.5 + 0.4 * np.exp(-25 * t) + 0.03 * noise, constant
    yield "too slow", 2.3 - 0.5 * t + 0.02 * noise, constant
    yield "rare nan", np.where(rng.random(N) < 0.002, np.nan, fall + 0.02 * noise), constant
    yield "heavy tail", fall * np.exp(0.7 * noise), constant


@pytest.mark.slow
@pytest.mark.parametrize(("name", "loss", "rate"), list(curves()), ids=lambda x: x if isinstance(x, str) else "")
def test_a_long_run_gets_the_same_verdict_and_nearly_the_same_dose(name, loss, rate):
    stated = {"optimizer": "adam", "batch_size": 32}
    whole = diagnose_run(synth.make_run(loss, lr=rate, stride=1, hyperparameters=stated))
    monitor = Monitor(stated)
    for step, (value, lr) in enumerate(zip(loss.tolist(), rate.tolist(), strict=True)):
        monitor.log(step, train_loss=value, lr=lr)
    said = monitor.check()
    assert len(said.run.series["train_loss"]) < 1.2 * CAPACITY
    assert said.verdict == whole.verdict
    assert {finding.code for finding in said.findings} == {finding.code for finding in whole.findings}
    most = 4.0 if name == "heavy tail" else 1.5  # where the noise outshouts the course, its thinned level is rougher
    assert 1 / most < said.plan.lr.factor / whole.plan.lr.factor < most
    low, high = whole.plan.lr.interval
    assert low <= said.plan.lr.factor <= high
    assert said.plan.confidence == pytest.approx(whole.plan.confidence, abs=0.1)
