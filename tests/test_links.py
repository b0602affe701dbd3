"""Links are followed to what was named, and nowhere else unless that is asked for."""

from __future__ import annotations

import json
import math

import pytest

import lrdoctor
from lrdoctor.cli import main
from lrdoctor.cli._base import Exit
from lrdoctor.live.following import Follower


def run_at(folder, speed=60):
    folder.mkdir(parents=True)
    lines = "".join(f"{i},{0.1 + 2.0 * math.exp(-i / speed)}\n" for i in range(200))
    (folder / "metrics.csv").write_text("step,train_loss\n" + lines)
    return folder


@pytest.fixture
def places(tmp_path, monkeypatch):
    """``logs/mine``, and ``elsewhere/theirs`` with a link to it in ``logs``."""
    monkeypatch.chdir(tmp_path)
    run_at(tmp_path / "logs" / "mine")
    run_at(tmp_path / "elsewhere" / "theirs", 40)
    (tmp_path / "logs" / "linked").symlink_to(tmp_path / "elsewhere")
    return tmp_path


def names(report):
    return [run.run.id for run in report.runs]


def test_a_link_that_leads_outside_is_passed_over_and_said(places):
    report = lrdoctor.diagnose("logs")
    assert names(report) == ["mine"]
    (lost,) = report.diagnosis.unreadable
    assert lost.source == "logs/linked"
    assert lost.error == (
        f"leads outside of what was named, to {places}/elsewhere; name that too, or add --follow-links"
    )


def test_it_is_followed_when_that_is_asked_for(places):
    report = lrdoctor.diagnose("logs", follow_links=True)
    assert names(report) == ["mine", "linked/theirs"]
    assert not report.diagnosis.unreadable
    assert len(lrdoctor.read("logs", follow_links=True)) == 2
    assert len(lrdoctor.read(["logs", lrdoctor.synth.healthy()], follow_links=True)) == 3


@pytest.mark.parametrize("argv", [
    ["diagnose", "logs"], ["runs", "logs"], ["sweep", "logs"], ["plan", "logs"], ["range-test", "logs"],
    ["compare", "logs/mine", "logs"], ["plot", "logs", "-o", "a.svg"], ["watch", "--once", "logs"],
    ["schedule", "logs"],
], ids=lambda argv: argv[0])  # fmt: skip
def test_every_command_that_walks(places, capsys, argv):
    for options, said in ([], True), (["--follow-links"], False):
        main([*argv, *options])
        assert ("leads outside" in "".join(capsys.readouterr())) is said


def test_what_is_named_is_followed_wherever_it_leads(places):
    assert names(lrdoctor.diagnose("logs/linked")) == ["theirs"]
    (places / "one.csv").symlink_to(places / "elsewhere" / "theirs" / "metrics.csv")
    assert len(lrdoctor.diagnose("one.csv")) == 1


def test_a_link_to_something_else_that_is_named_is_followed(places):
    report = lrdoctor.diagnose(["logs", "elsewhere"])
    assert not report.diagnosis.unreadable
    assert len(report) == 3


def test_links_within_are_followed(places):
    (places / "logs" / "linked").unlink()
    (places / "logs" / "again.csv").symlink_to("mine/metrics.csv")
    (places / "logs" / "latest").symlink_to("mine")
    report = lrdoctor.diagnose("logs")
    assert not report.diagnosis.unreadable
    assert len(report) >= 1


def test_very_many_links_are_one_line(places):
    for number in range(300):
        (places / "logs" / f"{number:03}.csv").symlink_to(places / "elsewhere" / "theirs" / "metrics.csv")
        (places / "logs" / f"{number:03}.png").symlink_to("/etc/hostname")  # never a log: not worth a word
    (lost,) = lrdoctor.diagnose("logs").diagnosis.unreadable
    assert lost.source == "logs/000.csv"
    assert "and so do 300 other links: logs/001.csv, logs/002.csv, logs/003.csv, ...; name" in lost.error


def test_only_links_outside(places, capsys):
    (places / "logs" / "mine" / "metrics.csv").unlink()
    assert main(["diagnose", "logs"]) == Exit.UNREADABLE
    assert "logs/linked: leads outside" in capsys.readouterr().err
    assert main(["diagnose", "logs", "--fail-on", "any", "--format", "json"]) == Exit.UNREADABLE
    assert json.loads(capsys.readouterr().out)["unreadable"][0]["source"] == "logs/linked"


def rate(report):
    return report.runs[0].run.hyperparameters.get("lr")


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_companions_too(places, workers):
    (places / "elsewhere" / "setup.yaml").write_text("lr: 0.25\n")
    (places / "logs" / "linked").unlink()
    beside = places / "logs" / "mine" / "hparams.yaml"
    beside.symlink_to(places / "elsewhere" / "setup.yaml")
    assert rate(lrdoctor.diagnose("logs", workers=workers)) is None
    assert rate(lrdoctor.diagnose("logs/mine/metrics.csv", workers=workers)) is None
    assert rate(lrdoctor.diagnose(["logs", "elsewhere"], workers=workers)) == 0.25
    assert rate(lrdoctor.diagnose("logs", workers=workers, follow_links=True)) == 0.25
    beside.unlink()
    (places / "logs" / "setup.yaml").write_text("lr: 0.5\n")
    beside.symlink_to("../setup.yaml")
    assert rate(lrdoctor.diagnose("logs", workers=workers)) == 0.5


def test_what_lies_beside_and_above_belongs_to_the_log(places):
    """Nothing is asked of paths without links, nor of links in what the user has written."""
    home = places / "out"
    checkpoint = home / "checkpoint-10"
    checkpoint.mkdir(parents=True)
    history = [{"step": k, "epoch": k / 10, "loss": 1 / (k + 1)} for k in range(30)]
    (checkpoint / "trainer_state.json").write_text(json.dumps({"log_history": history}))
    (home / "README.md").write_text(
        "# model\n\nThe following hyperparameters were used during training:\n- learning_rate: 0.125\n"
    )
    (places / "latest").symlink_to(home)
    for path in ("out/checkpoint-10", "latest/checkpoint-10", "latest/checkpoint-10/trainer_state.json"):
        assert rate(lrdoctor.diagnose(path)) == 0.125
    (home / "README.md").rename(places / "card.md")
    (home / "README.md").symlink_to(places / "card.md")
    assert rate(lrdoctor.diagnose("latest/checkpoint-10")) is None


def test_settings_of_mlflow(places):
    home = places / "mlruns" / "1" / "0a1b"
    (home / "metrics").mkdir(parents=True)
    (home / "meta.yaml").write_text("run_name: a\n")
    (home / "metrics" / "train_loss").write_text("".join(f"170000000{k} 0.{9 - k} {k}\n" for k in range(8)))
    (places / "secret").mkdir()
    (places / "secret" / "lr").write_text("0.5")
    (home / "params").symlink_to(places / "secret")
    assert rate(lrdoctor.diagnose("mlruns")) is None
    assert rate(lrdoctor.diagnose("mlruns", follow_links=True)) == 0.5


def test_a_log_of_wandb_beside_what_is_claimed(places):
    home = places / "wandb" / "run-20240101_000000-a1b2c3d4"
    (home / "files").mkdir(parents=True)
    (home / "files" / "wandb-metadata.json").write_text("{}")
    rows = [{"_step": k, "loss": 1 / (k + 1)} for k in range(50)]
    (places / "other.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (home / "wandb-history.jsonl").symlink_to(places / "other.jsonl")
    assert not lrdoctor.diagnose("wandb").runs
    assert len(lrdoctor.diagnose("wandb", follow_links=True)) == 1


def test_a_cache_does_not_lead_outside(places):
    assert len(lrdoctor.diagnose("logs", cache="cache", follow_links=True)) == 2
    for _ in range(2):
        assert names(lrdoctor.diagnose("logs", cache="cache")) == ["mine"]
        assert len(lrdoctor.diagnose("logs", cache="cache", follow_links=True)) == 2


def test_watching(places):
    follower = Follower(["logs"])
    assert len(list(follower.look())) == 2
    assert list(follower.runs) == ["mine"]
    assert not list(follower.look())
    follower = Follower(["logs"], follow_links=True)
    assert len(list(follower.look())) == 2
    assert len(follower.runs) == 2
