"""`lrdoctor plan` from nothing and from logs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import lrdoctor
from lrdoctor.cli import main
from lrdoctor.cli._base import Exit
from lrdoctor.errors import UsageError
from lrdoctor.renderers import _plan

SCHEMA = Path(__file__).parents[2] / "docs" / "schema" / "plan-1.json"


@pytest.fixture
def runs(tmp_path):
    """Three runs of one training, the highest rate the best."""
    rng = np.random.default_rng(0)
    step = np.arange(0, 600, 5)
    for lr in (1e-5, 1e-4, 1e-3):
        run = tmp_path / f"lr_{lr:g}"
        run.mkdir()
        loss = (0.2 + 2.1 * np.exp(-10 * lr * step)) * np.exp(0.02 * rng.standard_normal(step.size))
        rows = [f"{s},{v},{lr}" for s, v in zip(step, loss, strict=True)]
        (run / "metrics.csv").write_text("\n".join(["step,train_loss,lr", *rows]) + "\n")
        (run / "hparams.yaml").write_text(f"lr: {lr}\noptimizer: adam\nmax_steps: 600\n")
    return tmp_path


def test_from_the_optimizer(capsys):
    assert main(["plan", "--optimizer", "adamw", "--budget", "9000", "--format", "json"]) == Exit.OK
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "lrdoctor.plan/1"
    (plan,) = answer["groups"]
    assert [rate["lr"] for rate in plan["rates"]] == [1e-4, 3e-4, 1e-3, 3e-3, 1e-2]
    assert plan["halving"] == [
        {"runs": 5, "share": 0.111111, "length": 1000},
        {"runs": 2, "share": 0.333333, "length": 3000},
        {"runs": 1, "share": 1.0, "length": 9000},
    ]
    assert plan["trust"]["share"] == 1 / 16
    assert plan["runs"] == []


def test_from_logs_text_and_api_say_the_same(runs, capsys):
    assert main(["plan", str(runs)]) == Exit.OK
    out = capsys.readouterr().out
    assert out.startswith("3 runs, best lr_0.001: the best rate is the last one tried: go beyond it\n")
    assert "(600 steps)" in out
    assert "since longer runs want lower rates" in out
    report = lrdoctor.plan(runs)
    assert repr(report) == out.rstrip("\n")
    frame = report.to_frame()
    assert (frame["lr"] > 1.2e-3).all()
    assert frame["stage"].unique().tolist() == ["extend"]
    assert next(iter(report)) is report[0]
    assert len(report) == 1


def test_a_study_is_made_where_asked_and_nowhere_else(runs, tmp_path_factory, capsys):
    pytest.importorskip("optuna", reason="makes a real study").logging.set_verbosity(40)
    before = sorted(runs.rglob("*"))
    store = tmp_path_factory.mktemp("store") / "lr.db"
    assert main(["plan", str(runs), "--optuna", f"sqlite:///{store}"]) == Exit.OK
    assert "has 8 trials" in capsys.readouterr().err
    assert store.exists()
    assert sorted(runs.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to start from"),
        (["--optimizer", "wizard"], "'wizard' are not known"),
        (["--around", "0"], "above zero"),
        (["--runs", "0", "--around", "1"], "between 1 and"),
        (["none"], "no such file"),
    ],
)
def test_what_cannot_be_planned_is_said(arguments, message, capsys):
    assert main(["plan", *arguments]) == Exit.USAGE
    assert message in capsys.readouterr().err


def test_no_log(tmp_path, capsys):
    assert main(["plan", str(tmp_path)]) == Exit.NO_RUN
    assert "no training log found" in capsys.readouterr().err


def test_one_study_holds_one_group(runs):
    other = runs / "other"
    other.mkdir()
    (other / "metrics.csv").write_text((runs / "lr_0.0001" / "metrics.csv").read_text())
    (other / "hparams.yaml").write_text("lr: 0.0001\noptimizer: sgd\nmax_steps: 60000\n")
    report = lrdoctor.plan(runs)
    if sum(bool(one.rates) for one in report) > 1:
        with pytest.raises(UsageError, match="groups have rates"):
            report.to_optuna()


def test_the_schema_in_docs_is_fresh():
    assert SCHEMA.read_text(encoding="utf-8") == _plan.schema_text(), (
        "run: python -m lrdoctor.renderers._plan > docs/schema/plan-1.json"
    )


def test_the_schema_accepts_what_is_written(runs):
    jsonschema = pytest.importorskip("jsonschema")
    check = jsonschema.Draft202012Validator(_plan.schema()).validate
    for report in (lrdoctor.plan(runs, sample=3), lrdoctor.plan(around=0.1)):
        check(json.loads(report.to_json()))
