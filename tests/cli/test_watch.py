"""`lrdoctor watch`, as a process that watches others write."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from lrdoctor.cli import main
from lrdoctor.cli.watch import moment
from lrdoctor.errors import UsageError
from lrdoctor.live.following import Follower

pty = pytest.importorskip("pty", reason="a terminal is needed to see what one shows")

WATCH = [sys.executable, "-m", "lrdoctor", "watch"]
HEAD = "step,train_loss,lr\n"


def rows(first, last):
    return "".join(f"{step},{2.0 / (1 + step) + 0.3!r},0.001\n" for step in range(first, last))


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "runs" / "exp" / "metrics.csv"
    path.parent.mkdir(parents=True)
    path.write_text(HEAD + rows(0, 100))
    return path


def event(process):
    return json.loads(process.stdout.readline())


def test_once_without_a_terminal_is_a_line_for_each_run(log, capsys):
    (log.parent.parent / "history.csv").write_text("date,open,close\nmonday,1.0,2.0\n")
    assert main(["watch", str(log.parent.parent), "--once"]) == 0
    events = {one["event"]: one for one in map(json.loads, capsys.readouterr().out.splitlines())}
    assert events["run"]["schema"] == "lrdoctor.watch/1"
    assert events["run"]["run"]["id"] == "exp"
    assert events["run"]["run"]["verdict"] == "healthy"
    assert events["run"]["new"] == {"points": 200, "first_step": 0, "last_step": 99, "rewritten": False}
    assert events["run"]["before"] is None
    assert "history.csv" in events["unreadable"]["source"]


def test_once_without_a_log(tmp_path, capsys):
    assert main(["watch", str(tmp_path), "--once"]) == 3
    assert main(["watch", str(tmp_path / "later"), "--once"]) == 4
    assert "no training log" in capsys.readouterr().err


@pytest.fixture
def broken(log):
    """Another run, which ends in NaN."""
    path = log.parent.parent / "broken" / "metrics.csv"
    path.parent.mkdir()
    path.write_text(HEAD + rows(0, 50) + "".join(f"{step},nan,0.001\n" for step in range(50, 100)))
    return path


def test_rules_are_chosen_as_for_diagnose(log, broken, capsys):
    def found(*options):
        assert main(["watch", str(log.parent.parent), "--once", *options]) == 0
        events = map(json.loads, capsys.readouterr().out.splitlines())
        return {one["run"]["id"]: [finding["code"] for finding in one["run"]["findings"]] for one in events}

    assert found() == {"broken": ["NAN101"], "exp": []}
    assert found("--select", "OSC,SPK")["broken"] == []
    assert found("--ignore", "NAN101")["broken"] != ["NAN101"]
    assert main(["watch", str(log), "--once", "--select", "NONE999"]) == 2


def test_fails_on_what_diagnose_fails_on(log, broken, capsys):
    tree = str(log.parent.parent)
    for options in (["--fail-on", "error"], ["--fail-on", "critical"], ["--fail-on", "error", "--ignore", "NAN101"]):
        assert main(["watch", tree, "--once", *options]) == main(["diagnose", tree, *options])
    assert main(["watch", tree, "--once", "--fail-on", "error"]) == 1
    assert main(["watch", str(log), "--once", "--fail-on", "error"]) == 0
    (log.parent / "empty.csv").write_text("")
    assert main(["watch", str(log.parent), "--once", "--fail-on", "critical"]) == 0
    assert main(["watch", str(log.parent), "--once", "--fail-on", "any"]) == 1


def test_a_pattern_is_looked_through_at_every_look(log, capsys):
    pattern = str(log.parent.parent.parent / "run*" / "e*")
    assert main(["watch", pattern, "--once"]) == 0
    assert json.loads(capsys.readouterr().out)["run"]["id"] == "exp"
    follower = Follower([pattern])
    assert [change.said.run.id for change in follower.look()] == ["exp"]
    for name in ("else", "other"):
        (log.parent.parent / name).mkdir()
        (log.parent.parent / name / "metrics.csv").write_text(HEAD + rows(0, 100))
    list(follower.look())
    assert sorted(name.rpartition("/")[2] for name in follower.runs) == ["else", "exp"]


def test_a_url_cannot_be_watched(capsys):
    assert main(["watch", "s3://user:secret@bucket/runs", "--once"]) == 2
    said = capsys.readouterr().err
    assert "diagnose reads URLs" in said
    assert "secret" not in said


def test_says_what_is_new_until_interrupted(log):
    command = [*WATCH, str(log.parent.parent), "--interval", "0.05"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert event(process)["new"]["points"] == 200
        with log.open("a") as out:
            out.write(rows(100, 150))
        grown = event(process)
        assert (grown["new"]["first_step"], grown["new"]["last_step"]) == (100, 149)
        log.unlink()
        assert event(process) == {"event": "gone", "schema": "lrdoctor.watch/1", "id": "exp"}
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
        assert process.returncode == 0
        assert rest == ""
    finally:
        process.kill()


def on_a_terminal(command, until, rows=24, columns=80):
    """What a command shows on a terminal, interrupted once some text has come."""
    master, slave = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "LINES": str(rows), "TERM": "xterm"}
    process = subprocess.Popen(command, stdout=slave, stderr=slave, stdin=slave, env=environment)
    os.close(slave)
    shown, end = b"", time.monotonic() + 60
    try:
        while until not in shown and time.monotonic() < end:
            shown += os.read(master, 1 << 16)
        process.send_signal(signal.SIGINT)
        while True:
            try:
                some = os.read(master, 1 << 16)
            except OSError:
                break
            if not some:
                break
            shown += some
        return process.wait(timeout=30), re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    finally:
        process.kill()
        os.close(master)


def test_a_terminal_shows_a_table_that_stays_after_an_interrupt(log):
    bad = log.parent.parent / "b\x1b[31mad" / "metrics.csv"
    bad.parent.mkdir()
    bad.write_text(HEAD + rows(0, 60) + "".join(f"{step},nan,0.1\n" for step in range(60, 99)))
    status, shown = on_a_terminal([*WATCH, str(log.parent.parent), "--interval", "30"], b"Ctrl-C ends")
    assert status == 0
    last = [line.rstrip() for line in shown.splitlines() if line.strip()][-4:]
    assert last[0].split() == ["verdict", "run", "at", "loss", "now", "LR", "sure"]
    assert re.match(r"✗ diverged +b\\x1b\[31mad +98 .* NaN +× 0\.\d+ → 0\.0", last[1])
    assert re.match(r"✓ healthy +exp +99 █▁\S+ +0.32 +keep +\d\d %$", last[2])
    assert last[3] == "2 runs: 1 diverged, 1 healthy"
    assert max(map(len, last)) <= 80


def printed(first, last, breaks=1000):
    losses = ((step, 2.0 / (1 + step) + 0.3 if step < breaks else float("nan")) for step in range(first, last))
    return "".join(f"step {step}/1000 | loss {loss:.4f} | lr 1.0e-03\n" for step, loss in losses).encode()


@pytest.fixture
def watched():
    """A process that reads what a training prints, all of its streams being pipes."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([*WATCH, "-", "--interval", "0.1"], **pipes) as process:
        yield process
        process.kill()


def test_the_output_of_a_training_passes_through_untouched(watched):
    output = printed(0, 300) + b"done \xff\x00\r50%\r"
    shown, said = watched.communicate(output, timeout=60)
    assert (shown, watched.returncode) == (output, 0)
    assert b"healthy" in said
    assert b"<stdin>" in said
    assert b"stdin.log" not in said  # the name of the temporary copy


def test_trouble_is_told_while_the_training_goes_on(watched):
    watched.stdin.write(printed(0, 150, breaks=100))
    watched.stdin.flush()
    said = watched.stderr.readline()
    assert said.startswith(b"lrdoctor: stdin, step 149: diverged, LR 0.001")
    assert b"NAN101" in said
    rest = printed(150, 200, breaks=100)
    shown, said = watched.communicate(rest, timeout=60)
    assert shown == printed(0, 200, breaks=100)
    assert b"200 points" in said


def test_the_last_words_of_an_interrupted_training_are_read(watched):
    watched.stdin.write(printed(0, 50))
    watched.stdin.flush()
    assert watched.stdout.read(len(printed(0, 50))) == printed(0, 50)
    watched.send_signal(signal.SIGINT)
    time.sleep(0.3)
    shown, said = watched.communicate(printed(50, 80), timeout=60)
    assert (shown, watched.returncode) == (printed(50, 80), 0)
    assert b"80 points" in said


@pytest.mark.parametrize(("level", "status"), [("error", 1), ("any", 1)])
def test_the_output_of_a_training_can_fail_a_script(level, status):
    command = [*WATCH, "-", "--fail-on", level]
    for breaks, expected in ((100, status), (1000, 0)):
        watch = subprocess.run(command, input=printed(0, 200, breaks), capture_output=True, timeout=60, check=False)
        assert (watch.stdout, watch.returncode) == (printed(0, 200, breaks), expected), watch.stderr


def test_output_that_is_no_log_passes_through_as_well():
    watch = subprocess.run([*WATCH, "-"], input=b"hello\r\n\x00\x01", capture_output=True, timeout=60, check=False)
    assert (watch.stdout, watch.returncode) == (b"hello\r\n\x00\x01", 3)
    assert b"no training log in what passed through" in watch.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-", "runs"], "stands alone"), (["-", "--once"], "stands alone"), (["x", "--interval", "0"], "above 0"),
        (["x", "--since", "yesterday"], "write a duration"), (["x", "--interval", "nan"], "above 0"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(arguments, words, capsys):
    assert main(["watch", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_moments():
    now = 1_800_000_000.0
    assert moment("90s", now) == now - 90
    assert moment("10m", now) == now - 600
    assert moment("1.5h", now) == now - 5400
    assert moment("2d", now) == now - 172_800
    assert moment("45", now) == now - 45
    assert moment("2026-05-01T12:00+00:00", now) == 1_777_636_800.0
    assert moment("2026-05-01T12:00", now) == time.mktime((2026, 5, 1, 12, 0, 0, 0, 0, -1))
    with pytest.raises(UsageError):
        moment("-5m", now)
