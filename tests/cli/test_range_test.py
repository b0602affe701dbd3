"""`lrdoctor range-test`, as typed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lrdoctor.cli import main


@pytest.fixture
def log(tmp_path):
    lr = np.geomspace(1e-6, 10, 100)
    x = np.log10(lr)
    loss = 2.3 - 1.5 / (1 + np.exp(-4 * (x + 2))) + np.exp(np.minimum(6 * (x + 0.2), 40))
    loss[lr > 3] = np.nan
    rows = "".join(f"{step},{a},{b}\n" for step, (a, b) in enumerate(zip(lr.tolist(), loss.tolist(), strict=True)))
    path = tmp_path / "finder" / "lr_find.csv"
    path.parent.mkdir()
    path.write_text("step,lr,train_loss\n" + rows)
    return path


def test_text(log, capsys):
    assert main(["range-test", str(log)]) == 0
    out = capsys.readouterr().out
    for words in ("flat", "descent", "minimum", "ascent", "explosion", "valley", "take"):
        assert words in out


def test_json_and_the_length(log, capsys):
    rates = []
    for steps in ("1000", "1e5"):
        assert main(["range-test", str(log.parent), "--format", "json", "--steps", steps]) == 0
        answer = json.loads(capsys.readouterr().out)
        assert answer["usable"]
        assert answer["id"]
        low, high = answer["recommended"]["interval"]
        assert low <= answer["recommended"]["lr"] <= high
        rates.append(answer["recommended"]["lr"])
    assert answer["steps"] == 100_000
    assert rates[0] > rates[1]


def test_a_training_is_no_range_test(tmp_path, capsys):
    path = tmp_path / "metrics.csv"
    path.write_text("step,lr,train_loss\n" + "".join(f"{i},0.1,{2 * 0.97**i}\n" for i in range(60)))
    assert main(["range-test", str(path), "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["usable"], answer["cause"], answer["recommended"]) == (False, "no-ramp", None)
    assert "lrdoctor diagnose" in answer["reason"]


def test_nothing_there(tmp_path, capsys):
    assert main(["range-test", str(tmp_path)]) == 3
    assert main(["range-test", str(tmp_path), "--format", "json"]) == 3
    assert json.loads(capsys.readouterr().out)["usable"] is False
    assert main(["range-test", str(tmp_path / "gone.csv")]) == 2
    assert "no such file" in capsys.readouterr().err


@pytest.mark.parametrize("steps", ["0", "-5", "many", "nan", "inf"])
def test_a_length_that_is_none(log, steps, capsys):
    assert main(["range-test", str(log), f"--steps={steps}"]) == 2
    assert "is no number of steps" in capsys.readouterr().err
