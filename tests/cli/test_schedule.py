"""`lrdoctor schedule` by name and from a log."""

from __future__ import annotations

import json

import numpy as np
import pytest

import lrdoctor
from lrdoctor.cli import main
from lrdoctor.cli._base import Exit

MADE = ["schedule", "warmup_cosine", "--peak", "3e-4", "--steps", "10000"]


@pytest.fixture
def log(tmp_path):
    rng = np.random.default_rng(0)
    loss = 0.5 + 0.4 * np.exp(-np.arange(400) / 16) + 0.03 * rng.standard_normal(400)
    rows = [f"{10 * step},{value},0.05" for step, value in enumerate(loss)]
    path = tmp_path / "metrics.csv"
    path.write_text("\n".join(["step,train_loss,lr", *rows]) + "\n")
    return path


def test_by_name(capsys):
    assert main(MADE) == Exit.OK
    out = capsys.readouterr().out
    assert out == repr(lrdoctor.schedule("warmup_cosine", peak=3e-4, steps=10_000)) + "\n"
    assert max(map(len, out.splitlines())) <= 80


def test_code(capsys):
    assert main([*MADE, "--warmup", "200", "--floor", "0.1", "--code", "pytorch"]) == Exit.OK
    made = lrdoctor.schedule("warmup_cosine", peak=3e-4, steps=10_000, warmup=200, floor=0.1)
    assert capsys.readouterr().out == made.code("pytorch")


def test_json(capsys):
    assert (
        main(["schedule", "step", "--peak", "1", "--steps", "50", "--cuts", "0.2,0.4", "--format", "json"]) == Exit.OK
    )
    answer = json.loads(capsys.readouterr().out)
    (entry,) = answer["schedules"]
    assert answer["schema"] == "lrdoctor.schedule/1"
    assert (entry["kind"], entry["run"], len(entry["points"])) == ("step", None, 50)
    assert [phase["first"] for phase in entry["phases"]] == [0, 10, 20]
    assert entry["points"][0] == [0, 1.0]


def test_from_a_log(log, capsys):
    said = lrdoctor.diagnose(log)[0]
    assert main(["schedule", str(log)]) == Exit.OK
    out = capsys.readouterr().out
    assert said.plan.reason in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80
    assert repr(lrdoctor.schedule(said)) in out
    assert main(["schedule", str(log), "--peak", "0.5", "--code", "optax"]) == Exit.OK
    assert "0.5" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["cosin", "--peak", "1", "--steps", "9"], "did you mean 'cosine'"),
        (["cosine"], "needs --peak and --steps as well"),
        (["cosine", "--peak", "1"], "needs --steps as well"),
        (["cosine", "--peak", "1", "--steps", "9", "--code", "caffe"], "no code for"),
        (["step", "--peak", "1", "--steps", "9", "--cuts", "a,b"], "--cuts a,b"),
    ],
)
def test_wrong_usage(arguments, words, capsys):
    assert main(["schedule", *arguments]) == Exit.USAGE
    assert words in capsys.readouterr().err


def test_nothing_there(tmp_path, capsys):
    assert main(["schedule", str(tmp_path)]) == Exit.NO_RUN
