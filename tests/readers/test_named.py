"""Rates in names: what is one, what is none, and what goes before it."""

from __future__ import annotations

import pytest

from lrdoctor import read, synth
from lrdoctor.readers._named import with_rate_of_name
from lrdoctor.roles import assign_roles


def named(run_id, source="metrics.csv", **more):
    from dataclasses import replace

    run = assign_roles(synth.make_run([3.0, 2.0, 1.0], **more))
    return with_rate_of_name(replace(run, id=run_id, source=source))


@pytest.mark.parametrize(
    ("name", "rate"),
    [
        ("lr_0.1", 0.1),
        ("lr0.003", 0.003),
        ("sweep/bs32-lr=1e-3", 1e-3),
        ("adam_lr1e-4_wd0.1", 1e-4),
        ("LR-3e-05", 3e-5),
        ("learning_rate=0.02,seed=1", 0.02),
        ("lr=1/seed_2", 1.0),
        ("resnet_lr0p05_s1", 0.05),
        ("lr_0.1/lr_0.01", 0.01),
        ("lr_.5", 0.5),
    ],
)
def test_a_rate_in_the_name(name, rate):
    run = named(name)
    assert run.hyperparameters["lr"] == rate
    assert "is taken from the name" in run.notes[-1]


@pytest.mark.parametrize(
    "name", ["lr_1", "lr3", "clr_0.1", "lr", "lr_0.1_lr_0.2", "colr0.5", "lr=1000", "lr=0", "run-0.1", "lr_max"]
)
def test_no_rate_in_the_name(name):
    run = named(name)
    assert "lr" not in run.hyperparameters
    assert not run.notes


def test_what_the_log_says_goes_before():
    assert named("lr_0.1", lr=[0.2, 0.2, 0.2]).hyperparameters.get("lr") is None
    assert named("lr_0.1", hyperparameters={"lr": 0.3}).hyperparameters["lr"] == 0.3


def test_the_directory_of_a_log_speaks_for_it(tmp_path):
    for rate in ("0.1", "0.01"):
        folder = tmp_path / f"lr_{rate}"
        folder.mkdir()
        (folder / "metrics.csv").write_text("step,loss\n" + "".join(f"{i},{1 / (i + 1)}\n" for i in range(9)))
    assert sorted(run.hyperparameters["lr"] for run in read(tmp_path)) == [0.01, 0.1]
    (alone,) = read(tmp_path / "lr_0.1" / "metrics.csv")
    assert alone.hyperparameters["lr"] == 0.1
