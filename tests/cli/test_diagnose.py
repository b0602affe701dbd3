"""`lrdoctor diagnose`: what goes where, and with which exit status."""

from __future__ import annotations

import json
import os
import stat

import pytest

import lrdoctor.api
from lrdoctor.cli import main
from lrdoctor.cli._base import Exit
from lrdoctor.errors import ReadError
from lrdoctor.records import Diagnosis, Severity, Unreadable


@pytest.fixture
def asked(monkeypatch, diagnosis, tmp_path):
    """Answers every question with a diagnosis built by hand: what was asked, and the answer to give."""
    calls, answer = [], [diagnosis]

    def diagnose_each(source, **options):
        calls.append((source, options))
        yield from [*answer[0].runs, *answer[0].unreadable]

    monkeypatch.setattr(lrdoctor.api, "diagnose_each", diagnose_each)
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "runs").mkdir()
    return calls, answer


def run(*argv):
    return main(["diagnose", *argv])


def test_text_on_stdout_and_the_rest_on_stderr(asked, capsys):
    assert run("runs") == Exit.OK
    out, err = capsys.readouterr()
    assert "lr-too-high" in out
    assert "broken.csv" not in out
    assert err == "lrdoctor: broken.csv: the file is empty\n"
    assert "\x1b" not in out


def test_what_is_asked_for_arrives(asked):
    run("runs", "--select", "osc,NAN", "--select", "SPK", "--ignore", "OSC101", "--role", "a=b=train_loss")
    (source, options) = asked[0][0]
    assert source == ["runs"]
    assert options["select"] == ("osc", "NAN", "SPK")
    assert options["ignore"] == ("OSC101",)
    assert options["roles"] == {"a=b": "train_loss"}
    assert (options["workers"], options["executor"], options["cache"]) == (1, None, None)


def test_configuration_from_the_nearest_file(asked, tmp_path, capsys):
    (tmp_path / "lrdoctor.toml").write_text('select = ["NAN"]\nignore = ["OSC"]\nfail-on = "info"\n')
    assert run("runs", "--ignore", "SPK") == Exit.FAILED
    options = asked[0][0][1]
    assert (options["config"].select, options["config"].ignore) == (("NAN",), ("OSC",))
    assert (options["select"], options["ignore"]) == ((), ("SPK",))
    (tmp_path / "other.toml").write_text("selekt = []")
    capsys.readouterr()
    assert run("runs", "--config", "other.toml") == Exit.USAGE
    assert "unknown key 'selekt'; did you mean 'select'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["none"], "no such file or directory: none"),
        (["runs", "x" * 5000], "no such file or directory"),
        (["runs", "--format", "jsn"], "unknown format 'jsn'; did you mean 'json'"),
        (["runs", "--format", "json", "--format", "jsonl"], "json and jsonl cannot share standard output"),
        (["runs", "--format", "json=missing/out.json"], "its directory does not exist"),
        (["runs", "--format", "json=runs"], "is a directory"),
        (["runs", "--role", "loss"], "write it as TAG=ROLE"),
        (["runs", "--config", "none.toml"], "none.toml: No such file"),
        (["runs", "--fail-on", "fatal"], "invalid choice: 'fatal'"),
        (["runs", "-v", "-q"], "not allowed with"),
        ([], "PATH"),
    ],
)
def test_wrong_usage(asked, capsys, argv, words):
    assert run(*argv) == Exit.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert "Traceback" not in err
    assert asked[0] == []


def test_json_on_stdout_is_all_there_is(asked, capsys):
    assert run("runs", "--format", "json") == Exit.OK
    out, err = capsys.readouterr()
    assert json.loads(out)["unreadable"] == [{"source": "broken.csv", "error": "the file is empty"}]
    assert err == ""


def test_several_formats_at_once(asked, capsys, tmp_path):
    assert (
        run("runs", "--format", "json=out.json", "--format", "jsonl=out.jsonl", "--format", "text=out.txt")
        == 0
    )
    assert "lr-too-high" in capsys.readouterr().out  # text is still shown
    assert len(json.loads((tmp_path / "out.json").read_text())["runs"]) == 6
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 6
    assert "broken.csv: the file is empty" in (tmp_path / "out.txt").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.json", "out.jsonl", "out.txt", "runs"]


def test_a_file_is_replaced_whole(asked, tmp_path, monkeypatch, capsys):
    target = tmp_path / "out.json"
    target.write_text("old")
    target.chmod(0o640)
    (tmp_path / "link.json").symlink_to(target)
    assert run("runs", "--format", "json=link.json", "-q") == 0
    assert json.loads(target.read_text())["schema"] == "lrdoctor.report/1"
    assert (tmp_path / "link.json").is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    target.write_text("old")
    monkeypatch.setattr(os, "fdopen", full)
    assert run("runs", "--format", "json=out.json") == Exit.USAGE
    assert target.read_text() == "old"
    assert "cannot write out.json: No space left on device" in capsys.readouterr().err
    assert not list(tmp_path.glob(".out.json*"))


@pytest.mark.parametrize(
    ("level", "status"),
    [("info", 1), ("warning", 1), ("error", 1), ("critical", 1), ("any", 1), (None, 0)],
)
def test_fail_on_with_a_critical_finding(asked, level, status):
    assert run("runs", *(["--fail-on", level] if level else [])) == status


@pytest.mark.parametrize(("level", "status"), [("info", 1), ("warning", 1), ("error", 0), ("critical", 0)])
def test_fail_on_with_a_warning_only(asked, oscillating, level, status):
    assert oscillating.findings[0].severity is Severity.WARNING
    asked[1][0] = Diagnosis(runs=(oscillating,))
    assert run("runs", "--fail-on", level) == status


def test_fail_on_any_counts_unreadable_files(asked, diagnosis):
    healthy = diagnosis.runs[:1]
    asked[1][0] = Diagnosis(runs=healthy)
    assert run("runs", "--fail-on", "any") == Exit.OK
    asked[1][0] = Diagnosis(runs=healthy, unreadable=diagnosis.unreadable)
    assert run("runs", "--fail-on", "info") == Exit.OK
    assert run("runs", "--fail-on", "any") == Exit.FAILED


def test_no_run_and_nothing_readable(asked, capsys):
    asked[1][0] = Diagnosis(runs=())
    assert run("runs", "--fail-on", "any") == Exit.NO_RUN
    assert "no training log found" in capsys.readouterr().err
    asked[1][0] = Diagnosis(runs=(), unreadable=(Unreadable(source="a.csv", error="the file is empty"),))
    assert run("runs") == Exit.UNREADABLE
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[0] == "lrdoctor: a.csv: the file is empty"
    assert run("runs", "--format", "json") == Exit.UNREADABLE
    assert json.loads(capsys.readouterr().out)["runs"] == []


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (ReadError("a.csv", "the file is empty"), 4, "a.csv: the file is empty"),
        (RuntimeError("boom\x1b[31m"), 70, r"internal error: RuntimeError: boom\x1b[31m"),
        (BrokenPipeError(), 141, ""),
    ],
)
@pytest.mark.usefixtures("asked")
def test_whatever_happens_there_is_no_traceback(monkeypatch, capsys, error, status, words):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(lrdoctor.api, "diagnose_each", fail)
    monkeypatch.setattr("lrdoctor.cli._main._discard_output", lambda: None)
    assert run("runs") == status
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert "Traceback" not in err


def test_the_traceback_is_there_for_who_asks(asked, monkeypatch):
    monkeypatch.setattr(lrdoctor.api, "diagnose_each", lambda *_, **__: 1 / 0)
    monkeypatch.setenv("LRDOCTOR_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        run("runs")


def test_patterns_that_the_shell_left_alone(asked, tmp_path):
    (tmp_path / "runs" / "a.csv").touch()
    (tmp_path / "runs" / "[b].csv").touch()
    run("runs/*.csv", "runs/[b].csv")
    assert asked[0][0][0] == ["runs/[b].csv", "runs/a.csv", "runs/[b].csv"]


def test_hostile_names_on_stderr(asked, hostile, capsys):
    asked[1][0] = hostile
    assert run("runs") == 0
    err = capsys.readouterr().err
    assert r"[red]\x1b[31mboo" in err
    assert "\x1b" not in err
    assert len(err.splitlines()) == 1
