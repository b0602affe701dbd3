"""What the dose is estimated from: scale-free, finite, of a fixed length."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lrdoctor import synth
from lrdoctor.engine import Context
from lrdoctor.prescribing.features import MISSING, NAMES, features
from lrdoctor.records import Run

RUNS = {
    "healthy": synth.healthy, "spikes": synth.spikes, "two_cycle": synth.two_cycle, "overfit": synth.overfit,
    "blow_up": synth.blow_up, "early": synth.early_blow_up, "slow": synth.slow, "heavy": synth.heavy_tailed,
}  # fmt: skip


def described(run):
    row = features(Context(run))
    assert row.shape == (len(NAMES),)
    assert np.isfinite(row).all()
    return dict(zip(NAMES, row.tolist(), strict=True))


def changed(run, change):
    """The run with `change` made to every series."""
    return replace(run, series={tag: change(series) for tag, series in run.series.items()})


def test_names_are_unique():
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("make", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("unit", [1e-6, 4096.0])
def test_the_unit_of_the_loss_does_not_matter(make, unit):
    def scaled(series):
        return replace(series, value=series.value * unit) if "loss" in series.tag else series

    plain = described(make())
    assert described(changed(make(), scaled)) == pytest.approx(plain, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("make", RUNS.values(), ids=RUNS)
def test_only_the_length_depends_on_what_the_steps_are(make):
    plain = described(make())
    longer = described(changed(make(), lambda series: replace(series, step=series.step * 100)))
    differ = {name for name in NAMES if longer[name] != pytest.approx(plain[name], abs=0.02)}
    in_steps = {"half way at, log10 steps", "tenth gained at, log10 steps", "broke down at, log10 steps"}
    assert differ <= {"log10 steps", *in_steps}
    assert longer["log10 steps"] == pytest.approx(plain["log10 steps"] + 2, abs=0.01)


def test_what_is_known_of_the_setup():
    stated = {"lr": 0.01, "optimizer": "sgd", "momentum": 0.9, "batch_size": 100}
    row = described(synth.make_run(np.linspace(2, 1, 50), hyperparameters=stated))
    assert row["log10 rate"] == -2
    assert row["log10 rate over usual"] == 0
    assert (row["plain sgd"], row["momentum"], row["adam-like"]) == (0, 1, 0)
    assert row["log10 batch size"] == 2
    nothing = described(synth.make_run(np.linspace(2, 1, 50)))
    for name in ("log10 rate", "log10 rate over usual", "log10 batch size", "validation log fall"):
        assert nothing[name] == MISSING


def test_epochs_are_no_steps():
    run = changed(synth.healthy(), lambda series: replace(series, unit="epoch"))
    assert described(run)["log10 steps"] == MISSING


def test_a_run_without_a_loss_is_described_as_far_as_it_is_known():
    row = described(Run(id="x", source="x", format="x", series={}, hyperparameters={"lr": 0.1}))
    assert row["log10 rate"] == -1
    assert row["late rate"] == MISSING


def test_a_break_down():
    assert described(synth.blow_up())["broke down"] == 1
    assert described(synth.blow_up())["broke down at, log10 steps"] == pytest.approx(np.log10(2001))
    assert described(synth.healthy(nan_at=(5,)))["broke down"] == 0
