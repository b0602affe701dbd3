"""`lrdoctor sweep` from files to answer."""

from __future__ import annotations

import json

import numpy as np
import pytest

import lrdoctor
from lrdoctor.cli import main
from lrdoctor.cli._base import Exit


@pytest.fixture
def runs(tmp_path):
    """Four runs of one training at rates from far too low to blown up, and one with another batch size."""
    rng = np.random.default_rng(0)
    step = np.arange(0, 600, 5)
    for lr, speed, batch in (
        (1e-5, 1e-4, 32),
        (1e-4, 1e-3, 32),
        (1e-3, 1e-2, 32),
        (1.0, None, 32),
        (1e-3, 1e-2, 256),
    ):
        if speed is None:
            loss = np.where(step < 40, 2.3 * np.exp(step / 8.0), np.nan)
        else:
            loss = (0.2 + 2.1 * np.exp(-speed * step)) * np.exp(0.02 * rng.standard_normal(step.size))
        run = tmp_path / f"lr_{lr:g}_batch_{batch}"
        run.mkdir()
        rows = [f"{s},{v},{lr}" for s, v in zip(step, loss, strict=True)]
        (run / "metrics.csv").write_text("\n".join(["step,train_loss,lr", *rows]) + "\n")
        (run / "hparams.yaml").write_text(f"lr: {lr}\noptimizer: adam\nbatch_size: {batch}\n")
    return tmp_path


def test_json(runs, capsys):
    assert main(["sweep", str(runs), "--format", "json"]) == Exit.OK
    answer = json.loads(capsys.readouterr().out)
    assert answer["unreadable"] == []
    sweep, single = sorted(answer["groups"], key=lambda group: -len(group["runs"]))
    assert len(sweep["runs"]) == 4
    assert sweep["differs_in"] == ["lr"]
    assert sweep["best"] == {"id": "lr_0.001_batch_32", "lr": 0.001}
    assert sweep["at_edge"] is None
    assert sweep["exceeds_noise"] is True
    assert sweep["runs"][-1] == "lr_1_batch_32"
    for rate in sweep["next"]:
        assert 1e-4 < rate["lr"] < 1.0
    assert single["apart_from"][0]["differs_in"] == ["batch_size"]


def test_text_and_api_say_the_same(runs, capsys):
    assert main(["sweep", str(runs)]) == Exit.OK
    out = capsys.readouterr().out
    assert "4 runs, differing in lr" in out
    assert "do not carry its rate over" in out
    report = lrdoctor.sweep(runs)
    assert repr(report) == out.rstrip("\n")
    assert len(report) == 2


def test_one_run_gets_the_plan_of_its_diagnosis(runs):
    path = runs / "lr_1e-05_batch_32"
    (group,) = lrdoctor.sweep(path)
    plan = lrdoctor.diagnose(path)[0].plan
    if group.next:
        assert group.next[0].lr == pytest.approx(plan.lr.value, rel=0.01)
    else:
        assert plan.lr.factor == pytest.approx(1.0, rel=0.06)


def test_nothing_there(tmp_path, capsys):
    assert main(["sweep", str(tmp_path)]) == Exit.NO_RUN
    assert main(["sweep", str(tmp_path / "none")]) == Exit.USAGE
    assert "no such file or directory" in capsys.readouterr().err
