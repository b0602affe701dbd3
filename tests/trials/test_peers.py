"""Other programs: what they are given, and how their words become a factor."""

from __future__ import annotations

import csv
import math
import sys
from types import ModuleType, SimpleNamespace

import pytest

from lrdoctor import synth
from lrdoctor.trials import peers
from lrdoctor.trials.views import LOOKS, make_run


def installed(monkeypatch, name, **contents):
    module = ModuleType(name)
    for key, value in contents.items():
        setattr(module, key, value)
    monkeypatch.setitem(sys.modules, name, module)


def test_the_log_is_a_table_with_empty_cells(grid, tmp_path):
    run = make_run(grid, 5, LOOKS["dense"])
    peers.write_log(run, tmp_path / "metrics.csv", loss="loss")
    with (tmp_path / "metrics.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [float(line["loss"]) for line in lines if line["loss"]] == pytest.approx(
        run.series["train_loss"].value.tolist()
    )
    assert [int(line["step"]) for line in lines if line["val_loss"]] == run.series["val_loss"].step.tolist()


def finding(*fixes):
    return SimpleNamespace(fixes=list(fixes))


@pytest.mark.parametrize(
    ("found", "factor"),
    [
        ([], 1.0),
        ([finding("Clip gradients"), finding("Lower the peak learning rate 2-10x")], 1 / math.sqrt(20)),
        ([finding("Try a 10x higher learning rate for a few hundred steps"), finding("lower the peak LR")], 10.0),
    ],
)
def test_runmedic(monkeypatch, found, factor):
    installed(monkeypatch, "runmedic.loaders", load=lambda path: [SimpleNamespace()])
    installed(monkeypatch, "runmedic.roles", detect=lambda run: {})
    installed(monkeypatch, "runmedic.checks", run_checks=lambda run, roles: found)
    installed(monkeypatch, "runmedic")
    assert peers.ask("runmedic", synth.healthy()) == pytest.approx(math.log10(factor))


def test_training_doctor_is_believed_where_it_is_surest(monkeypatch):
    def diagnosis(name, confidence):
        return SimpleNamespace(detector_name=name, confidence=confidence, severity=SimpleNamespace(value="warning"))

    said = [diagnosis("plateau", 0.9), diagnosis("lr_too_low", 0.4), diagnosis("lr_too_high", 0.3)]
    doctor = SimpleNamespace(load=lambda path: SimpleNamespace(check=lambda: said))
    installed(monkeypatch, "training_doctor", Doctor=lambda: doctor)
    assert peers.ask("training-doctor", synth.healthy()) == pytest.approx(math.log10(3))
    said.append(diagnosis("lr_too_high", 0.8))
    assert peers.ask("training-doctor", synth.healthy()) == pytest.approx(math.log10(0.3))


def test_sk_autod_refuses_what_is_not_finite(monkeypatch, grid):
    def diagnose(train, val):
        if not all(map(math.isfinite, train)):
            raise ValueError("finite values only")
        return SimpleNamespace(findings=[SimpleNamespace(recommendation="Reduce the learning rate or add warmup.")])

    installed(monkeypatch, "sk_autod", diagnose=diagnose)
    assert peers.ask("sk-autod", make_run(grid, 5)) == pytest.approx(-0.5)
    assert peers.ask("sk-autod", make_run(grid, grid.members - 1)) == 0.0
    assert peers.ask("sk-autod", make_run(grid, 5, LOOKS["train_only"])) == 0.0


@pytest.mark.parametrize("name", list(peers.PEERS))
def test_as_installed(name, grid):
    if name not in peers.versions():
        pytest.skip(f"{name} is not installed")
    assert math.isfinite(peers.ask(name, make_run(grid, 5)))
