"""From files to reports, with nothing replaced."""

from __future__ import annotations

import json
import math
import os
import re
import sys

import msgspec
import pytest

import lrdoctor.api
import lrdoctor.examining
from lrdoctor.cli import main
from lrdoctor.renderers import _contract as contract


def table(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(",".join(map(str, row)) for row in rows) + "\n")


def healthy(points=200):
    wobble = [0.01 * math.sin(12.9898 * i) for i in range(points)]
    return [("step", "train_loss"), *((i, 0.1 + 2.0 * math.exp(-i / 60) + wobble[i]) for i in range(points))]


def blown():
    rows = healthy(100)
    return [*rows, *((100 + i, 2.0 * 3**i) for i in range(8)), *((108 + i, "nan") for i in range(30))]


@pytest.fixture
def logs(tmp_path, monkeypatch):
    """A healthy run, a broken one, a file that is none of ours, and two that cannot be read."""
    monkeypatch.chdir(tmp_path)
    table(tmp_path / "logs" / "good" / "metrics.csv", healthy())
    table(tmp_path / "logs" / "bad" / "metrics.csv", blown())
    (tmp_path / "logs" / "notes.md").write_text("# nothing to see\n")
    (tmp_path / "logs" / "empty").mkdir()
    (tmp_path / "logs" / "empty" / "metrics.csv").touch()
    return tmp_path / "logs"


def test_diagnose(logs, capsys):
    assert main(["diagnose", "logs", "--format", "json"]) == 0
    out, err = capsys.readouterr()
    report = msgspec.json.decode(out, type=contract.Report)
    assert {run.id: str(run.verdict) for run in report.runs} == {"good": "healthy", "bad": "diverged"}
    (bad,) = [run for run in report.runs if run.id == "bad"]
    assert bad.findings[0].code == "NAN101"
    assert bad.plan.lr.factor < 1
    assert [lost.source for lost in report.unreadable] == ["logs/empty/metrics.csv"]
    assert err == ""


def test_diagnose_twice_gives_the_same_bytes(logs, capsys):
    main(["diagnose", "logs", "--format", "json"])
    once = capsys.readouterr().out
    main(["diagnose", "logs", "--format", "json"])
    assert capsys.readouterr().out == once


def test_text(logs, capsys):
    assert main(["diagnose", "logs", "--fail-on", "critical"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("diverged")
    assert "1 healthy: good" in out
    assert err.startswith("lrdoctor: logs/empty/metrics.csv: ")


def test_select_ignore_and_configured_thresholds(logs, tmp_path, capsys):
    def codes(*argv):
        assert main(["diagnose", "logs/bad", "--format", "json", *argv]) == 0
        return {finding["code"] for finding in json.loads(capsys.readouterr().out)["runs"][0]["findings"]}

    assert "NAN101" in codes()
    assert "NAN101" not in codes("--ignore", "nan")
    assert codes("--select", "nonfinite-loss") == {"NAN101"}
    (tmp_path / "lrdoctor.toml").write_text("[rules.NAN101]\nmin_share = 2.0\n")
    assert "NAN101" not in codes()
    (tmp_path / "lrdoctor.toml").write_text('[roles]\nnobody = "train_loss"\n')  # serves other logs as well
    assert "NAN101" in codes()


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--select", "NAM101"], "select: no rule matches 'NAM101'; did you mean 'NAN101'"),
        (["--ignore", "nonfinite-los"], "did you mean 'nonfinite-loss'"),
        (["--role", "train_loss=train_los"], "unknown role 'train_los': did you mean 'train_loss'"),
        (["--role", "trainloss=train_loss"], "no curve matches 'trainloss'"),
    ],
)
def test_wrong_usage(logs, capsys, argv, words):
    assert main(["diagnose", str(logs), *argv]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert "Traceback" not in err


def test_nothing_to_read(logs, capsys):
    (logs / "none").mkdir()
    assert main(["diagnose", str(logs / "none")]) == 3
    assert main(["runs", str(logs / "none")]) == 3
    assert main(["diagnose", str(logs / "empty")]) == 4
    assert main(["runs", str(logs / "empty")]) == 4
    assert main(["diagnose", str(logs / "empty" / "metrics.csv"), "--role", "a=lr"]) == 4
    assert main(["diagnose", str(logs / "missing")]) == 2
    assert capsys.readouterr().out == ""


def test_a_defect_in_one_run_does_not_cost_the_others(logs, capsys, monkeypatch):
    proper = lrdoctor.examining.diagnose_run

    def diagnose_run(run, *args):
        if run.id == "bad":
            raise ZeroDivisionError("boom")
        return proper(run, *args)

    monkeypatch.setattr(lrdoctor.examining, "diagnose_run", diagnose_run)
    assert main(["diagnose", str(logs), "--format", "text", "--fail-on", "any"]) == 1
    out, err = capsys.readouterr()
    assert "good" in out
    assert "bad" in err
    assert "ZeroDivisionError: boom" in err
    assert "Traceback" not in err


def test_runs(logs, capsys):
    assert main(["runs", "logs"]) == 0
    out, err = capsys.readouterr()
    assert re.search(r"^good  \S+, logs/good/metrics.csv$", out, re.MULTILINE)
    assert "train_loss  train_loss  200 points, steps 0 to 199" in out
    assert "logs/empty/metrics.csv" in err
    assert main(["runs", "logs", "--format", "json", "--role", "train_*=val_loss"]) == 0
    listing = json.loads(capsys.readouterr().out)
    assert {run["id"] for run in listing["runs"]} == {"good", "bad"}
    assert listing["runs"][0]["series"][0]["role"] == "val_loss"
    assert [lost["source"] for lost in listing["unreadable"]] == ["logs/empty/metrics.csv"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file system that takes any bytes")
def test_hostile_directory_names(logs, capsys):
    name = b"<b>[red]\x1b[31m\n\xff"
    os.rename(os.fsencode(logs / "bad"), os.fsencode(logs) + b"/" + name)  # noqa: PTH104
    assert main(["diagnose", str(logs)]) == 0
    assert main(["runs", str(logs)]) == 0
    out = capsys.readouterr().out
    assert r"<b>[red]\x1b[31m\n\udcff" in out
    assert "\x1b" not in out
    assert main(["diagnose", str(logs), "--format", "json", "--format", "jsonl=out.jsonl"]) == 0
    json.loads(capsys.readouterr().out)


def test_python_and_shell_say_the_same(logs, capsys):
    main(["diagnose", "logs", "--format", "json"])
    assert lrdoctor.api.diagnose("logs").to_json() == capsys.readouterr().out
