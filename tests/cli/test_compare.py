"""`lrdoctor compare` from files to answer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import lrdoctor
from lrdoctor.cli import main
from lrdoctor.cli._base import Exit
from lrdoctor.renderers import _compare

SCHEMA = Path(__file__).parents[2] / "docs" / "schema" / "compare-1.json"


@pytest.fixture
def write(tmp_path):
    def make(name, end, lr, seed=0, **hyperparameters):
        run = tmp_path / name
        run.mkdir(parents=True)
        step = np.arange(0, 3000, 10)
        noise = 0.01 * np.random.default_rng(seed).standard_normal(step.size)
        loss = end + (2 - end) * np.exp(-step / 300) + noise
        rows = [f"{s},{v},{lr}" for s, v in zip(step, loss, strict=True)]
        (run / "metrics.csv").write_text("\n".join(["step,train_loss,lr", *rows]) + "\n")
        (run / "hparams.yaml").write_text("\n".join(f"{k}: {v}" for k, v in {"lr": lr, **hyperparameters}.items()))
        return run

    return make


def test_json(write, capsys):
    before = write("before", 0.8, 1e-3, optimizer="sgd", batch_size=32)
    after = write("after", 0.4, 1e-3, optimizer="sgd", batch_size=256)
    assert main(["compare", str(before), str(after), "--format", "json"]) == Exit.OK
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "lrdoctor.compare/1"
    (one,) = answer["pairs"]
    assert (one["before"]["id"], one["after"]["id"]) == ("before", "after")
    assert one["outcomes"][0]["state"] == "improved"
    assert one["conclusion"].startswith("better")
    assert one["batch"] == {
        "before": 32.0, "after": 256.0, "rule": "linear", "asked": 8.0, "given": 1.0, "state": "too-low"
    }  # fmt: skip
    assert one["tune_again"] is True
    assert one["rate"]["factor"] == 1.0
    assert one["unknown"] == ["model", "data"]
    assert answer["unmatched"] == []


def test_text_and_api_say_the_same(write, capsys):
    before = write("before", 0.8, 1e-3, optimizer="adam", batch_size=32)
    after = write("after", 0.4, 3e-3, optimizer="adam", batch_size=256)
    assert main(["compare", str(before), str(after)]) == Exit.OK
    out = capsys.readouterr().out
    assert out.startswith("before (LR 0.001) → after (LR 0.003)  ")
    assert "\n  in short it ended better, " in out
    assert "better beyond the noise, by 33 % of what the run before had gained" in out
    assert "square-root scaling asks for 2.8 times the rate, and it was multiplied by 3" in out
    assert "tune the rate again: it was chosen for another setting of batch_size" in out
    report = lrdoctor.compare(before, after)
    assert repr(report) == out.rstrip("\n")
    assert next(iter(report)) is report[0]
    assert len(report) == 1


def test_runs_of_the_same_name_are_compared(write, tmp_path, capsys):
    for name, end in (("old/a", 0.8), ("old/b", 0.6), ("new/a", 0.4), ("new/c", 0.3)):
        write(name, end, 1e-3)
    assert main(["compare", str(tmp_path / "old"), str(tmp_path / "new")]) == Exit.OK
    out = capsys.readouterr().out
    assert out.startswith("a before (LR 0.001) → after (LR 0.001)")
    assert "2 runs not compared: b, c" in out


def test_one_side_is_empty(write, tmp_path, capsys):
    run = write("run", 0.5, 1e-3)
    (tmp_path / "empty").mkdir()
    assert main(["compare", str(run), str(tmp_path / "empty")]) == Exit.NO_RUN
    assert "empty" in capsys.readouterr().err
    assert main(["compare", str(run), str(tmp_path / "none")]) == Exit.USAGE


def test_names_cannot_break_out(write):
    before, after = write("a", 0.5, 1e-3, model="a"), write("b", 0.5, 1e-3, model='"b\\e[31m\\u202e"')
    text = repr(lrdoctor.compare(before, after))
    assert "model" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_the_schema_in_docs_is_fresh():
    assert SCHEMA.read_text(encoding="utf-8") == _compare.schema_text(), (
        "run: python -m lrdoctor.renderers._compare > docs/schema/compare-1.json"
    )


def test_the_schema_accepts_what_is_written(write):
    jsonschema = pytest.importorskip("jsonschema")
    before, after = write("a", 0.5, 1e-3), write("b", 0.5, 1e-3, batch_size=3)
    jsonschema.Draft202012Validator(_compare.schema()).validate(json.loads(lrdoctor.compare(before, after).to_json()))
