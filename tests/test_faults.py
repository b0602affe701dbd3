"""What goes wrong around the logs: files that change while they are read, disks that are full, an impatient user."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import lrdoctor
import lrdoctor.api
from lrdoctor.cli import main
from lrdoctor.cli._base import Exit

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = {
    "csv": "healthy-cosine/log.csv",
    "events": "healthy-large-noise/events.out.tfevents.1700000000.host.1.0",
    "jsonl": "dead-after-blow-up/history.jsonl",
    "text": "healthy-console-log/train.log",
    "json": "healthy-language-model/checkpoint-400/trainer_state.json",
    "wandb": "divergence-without-nan/wandb/offline-run-20240105_101500-m4x0q7ze/run-m4x0q7ze.wandb",
    "npy": None,
}  # fmt: skip


def rows(speed=60, points=200):
    return "step,train_loss\n" + "".join(f"{i},{0.1 + 2.0 * math.exp(-i / speed)}\n" for i in range(points))


def sample(kind, folder):
    """A log of a kind, copied into a folder."""
    if kind == "npy":
        path = folder / "losses.npy"
        np.save(path, np.exp(-np.arange(400) / 80))
        return path
    path = folder / SAMPLES[kind].rpartition("/")[2]
    shutil.copy(ROOT / "sample_logs" / SAMPLES[kind], path)
    return path


def shrunk(path):
    os.truncate(path, path.stat().st_size // 3)


def grown(path):
    body = path.read_bytes()
    with path.open("ab") as stream:
        stream.write(body[: len(body) // 2])


def emptied(path):
    os.truncate(path, 0)


def vanished(path):
    path.unlink()


def replaced(path):
    path.unlink()
    path.mkdir()


class Meddler:
    """Does something to a file just before it is opened for the nth time."""

    def __init__(self):
        self.path, self.change, self.left = None, None, 0
        sys.addaudithook(self.heard)

    def heard(self, event, args):
        if event != "open" or self.path is None or args[0] != str(self.path):
            return
        self.left -= 1
        if self.left == 0:
            path, self.path = self.path, None  # what the change itself opens does not count
            self.change(path)


@pytest.fixture(scope="module")
def meddler():
    """An audit hook stays for ever, so there is one."""
    return Meddler()


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("change", [shrunk, grown, emptied, vanished, replaced])
@pytest.mark.parametrize("opening", [1, 2, 3])
def test_a_log_that_changes_while_it_is_read(tmp_path, meddler, kind, change, opening):
    sample(kind, tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "metrics.csv").write_text(rows())
    path = sample(kind, tmp_path)
    meddler.path, meddler.change, meddler.left = path, change, opening
    report = lrdoctor.diagnose(tmp_path)
    meddler.path = None
    assert "other" in {run.run.id for run in report.runs}
    assert not [lost.error for lost in report.diagnosis.unreadable if "bug" in lost.error]


@pytest.fixture
def logs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in range(4):
        (tmp_path / "logs" / f"run{number}").mkdir(parents=True)
        (tmp_path / "logs" / f"run{number}" / "metrics.csv").write_text(rows(40 + number))
    return tmp_path / "logs"


WRITING = [
    (["diagnose", "logs", "--format", "html=out"], "out"),
    (["diagnose", "logs", "--format", "json=out"], "out"),
    (["plot", "logs", "-o", "out.svg"], "out.svg"),
    (["plot", "logs", "-o", "out.png"], "out.png"),
]


@pytest.mark.parametrize(("argv", "name"), WRITING)
def test_a_full_disk_leaves_the_old_report(logs, tmp_path, monkeypatch, capsys, argv, name):
    (tmp_path / name).write_text("old")
    opened = os.fdopen

    class Full:
        def __init__(self, stream):
            self.stream = stream

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.stream.close()

        def write(self, content):
            self.stream.write(content[:10])
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("lrdoctor.cli._files.os.fdopen", lambda *a, **k: Full(opened(*a, **k)))
    assert main(argv) == Exit.USAGE
    assert "No space left on device" in capsys.readouterr().err
    assert (tmp_path / name).read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["logs", name])


def test_a_full_disk_leaves_the_old_table(logs, tmp_path, capsys):
    """A limit on the size of files stands for the disk, since it is Arrow that writes."""
    pytest.importorskip("pyarrow", reason="tables are Parquet")
    resource = pytest.importorskip("resource", reason="limits are Unix's")
    (tmp_path / "out").write_text("old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        status = main(["diagnose", "logs", "--format", "parquet=out"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert status == Exit.USAGE
    assert "cannot write out: " in capsys.readouterr().err
    assert (tmp_path / "out").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logs", "out"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is Linux's")
@pytest.mark.parametrize("argv", [["diagnose", "logs"], ["runs", "logs"], ["watch", "--once", "logs"], ["rules"]])
def test_a_full_disk_behind_standard_output(logs, argv):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "lrdoctor", *argv], stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    assert done.returncode == Exit.USAGE
    assert done.stderr == "lrdoctor: cannot write the result: No space left on device\n"


def test_no_permission(logs, monkeypatch, capsys):
    """Refused by the system, which refuses nothing to root: so the system is played."""
    opened = Path.open

    def refuse(path, *args, **kwargs):
        if path.parent.name == "run1":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refuse)
    assert main(["diagnose", "logs", "--format", "json"]) == Exit.OK
    told = json.loads(capsys.readouterr().out)
    assert [run["id"] for run in told["runs"]] == ["run0", "run2", "run3"]
    assert told["unreadable"] == [
        {"source": "logs/run1/metrics.csv", "error": "cannot be opened: Permission denied"}
    ]  # fmt: skip


def test_a_directory_that_may_not_be_listed(logs, monkeypatch, capsys):
    listed = os.scandir

    def refuse(path="."):
        if str(path).endswith("run2"):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert main(["diagnose", "logs", "-q"]) == Exit.OK
    assert "logs/run2: cannot be listed: Permission denied" in capsys.readouterr().err


def test_very_many_files_that_are_no_logs(logs, capsys):
    for number in range(3000):
        (logs / f"{number}.dat").touch()
        (logs / f"{number}.csv").touch()
    report = lrdoctor.diagnose(logs)
    assert len(report.runs) == 4
    assert len(report.diagnosis.unreadable) == 3000
    assert main(["diagnose", "logs", "-q"]) == Exit.OK


def test_links_that_make_a_loop(logs):
    (logs / "itself").symlink_to(logs / "itself")
    (logs / "up").symlink_to(logs.parent, target_is_directory=True)
    (logs / "run0" / "across").symlink_to(logs / "run1", target_is_directory=True)
    (logs / "run1" / "across").symlink_to(logs / "run0", target_is_directory=True)
    (logs / "gone.csv").symlink_to(logs / "nowhere")
    report = lrdoctor.diagnose(logs)
    assert len(report.runs) == 4
    assert {run.run.id for run in report.runs} <= {"run0", "run1", "run2", "run3", "run0/across"}


def test_what_is_no_file_is_never_opened(logs):
    """Reading a pipe without a writer would wait for ever."""
    os.mkfifo(logs / "metrics.csv")
    os.mkfifo(logs / "run0" / "hparams.yaml")
    assert len(lrdoctor.diagnose(logs).runs) == 4


@pytest.mark.parametrize("name", [b"run-\xff\xfe", b"caf\xe9", "läuft".encode()])
def test_a_name_that_is_not_utf_8(logs, capsys, name):
    try:
        Path("logs/run0").rename(Path("logs") / os.fsdecode(name))
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    for wish in ("text", "json", "jsonl", "html", "markdown", "github", "junit", "csv"):
        assert main(["diagnose", "logs", "--format", f"{wish}=report"]) == Exit.OK
        Path("report").read_bytes().decode("utf-8")
    for argv in (["runs", "logs"], ["sweep", "logs"], ["watch", "--once", "logs"], ["plot", "logs", "-o", "a.svg"]):
        assert main(argv) == Exit.OK
    assert "Traceback" not in capsys.readouterr().err


COMMANDS = [
    ["diagnose", "logs"], ["diagnose", "logs", "--format", "json=out.json"], ["sweep", "logs"], ["runs", "logs"],
    ["plan", "logs"], ["plot", "logs", "-o", "out.svg"], ["watch", "--once", "logs"],
    ["compare", "logs/run0", "logs/run1"], ["range-test", "logs"],
]  # fmt: skip


@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("moment", [1, 2, 5, 9])
def test_control_c_while_files_are_read(logs, monkeypatch, capsys, argv, moment):
    left, opened = [moment], Path.open

    def interrupted(path, *args, **kwargs):
        if path.suffix == ".csv":
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
        return opened(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", interrupted)
    status = main(argv)
    assert status in ((Exit.OK, Exit.INTERRUPTED) if argv[0] == "watch" or left[0] > 0 else (Exit.INTERRUPTED,))
    assert "Traceback" not in capsys.readouterr().err
    assert not [path for path in Path().iterdir() if path.name.endswith(".part")]


@pytest.mark.parametrize("argv", [["diagnose", "logs", "--format", "html=out"], ["plot", "logs", "-o", "out.png"]])
def test_control_c_while_a_report_is_written(logs, monkeypatch, argv):
    def interrupted(*_):
        raise KeyboardInterrupt

    Path(argv[-1].removeprefix("html=")).write_text("old")
    monkeypatch.setattr(Path, "replace", interrupted)
    assert main(argv) == Exit.INTERRUPTED
    assert Path(argv[-1].removeprefix("html=")).read_text() == "old"
    assert len(list(Path().iterdir())) == 2


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("argv", [["watch", "logs", "--interval", "0.1"], ["watch", "logs", "--format", "table"]])
def test_a_real_control_c_ends_watching(logs, argv):
    with subprocess.Popen(
        [sys.executable, "-m", "lrdoctor", *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as running:  # fmt: skip
        assert running.stdout is not None
        if "table" in argv:
            time.sleep(0.5)  # wherever it is by then: importing, reading or waiting
        else:
            running.stdout.readline()
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
    early = -signal.SIGINT  # where Python itself had not begun to listen
    assert running.returncode in (Exit.OK, Exit.INTERRUPTED, early)
    assert "Traceback" not in err
