"""Work in other processes: the same answers, whatever becomes of a worker."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from importlib.util import find_spec
from multiprocessing import active_children, get_context

import pytest

import lrdoctor
from lrdoctor.errors import ConfigError, UsageError

pytestmark = pytest.mark.slow


def test_workers_say_what_one_process_says(tree):
    alone = lrdoctor.diagnose(tree)
    shared = lrdoctor.diagnose(tree, workers=2)
    assert shared.to_json() == alone.to_json()
    assert len(shared) == 12
    assert [lost.source for lost in shared.diagnosis.unreadable] == [str(tree / "flat" / "empty.csv")]


def test_a_directory_for_temporary_files_with_a_long_path(tree, tmp_path, monkeypatch):
    scratch = tmp_path / ("long" * 30)  # no socket fits in there
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    assert lrdoctor.diagnose(tree, workers=2).to_json() == lrdoctor.diagnose(tree).to_json()


def test_any_executor_will_do(tree):
    said = lrdoctor.diagnose(tree).to_json()
    with ThreadPoolExecutor(3) as threads:
        assert lrdoctor.diagnose(tree, executor=threads).to_json() == said
        assert threads.submit(int, "7").result() == 7, "a borrowed executor is not closed"
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        assert lrdoctor.diagnose(tree, executor=processes).to_json() == said


def test_settings_and_roles_reach_the_workers(tree):
    options = {"select": ["NAN"], "roles": {"train_loss": "val_loss"}}
    assert lrdoctor.diagnose(tree, workers=2, **options).to_json() == lrdoctor.diagnose(tree, **options).to_json()
    with pytest.raises(ConfigError, match="no curve matches 'nothing'"):
        lrdoctor.diagnose(tree, workers=2, roles={"nothing": "lr"})


def test_an_executor_that_breaks_down_is_not_ours_to_mend(tree):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        with pytest.raises(Exception, match="terminated abruptly"):
            processes.submit(os._exit, 1).result()
        with pytest.raises(UsageError, match="the executor has broken down"):
            lrdoctor.diagnose(tree, executor=processes)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_a_worker_that_somebody_kills_costs_nothing(tmp_path, write_run):
    for number in range(80):
        write_run(tmp_path / f"run_{number:02d}" / "metrics.csv", number)
    alone = [repr(said) for said in lrdoctor.diagnose(tmp_path)]
    found = []
    for said in lrdoctor.diagnose_each(tmp_path, workers=2):
        found.append(repr(said))
        if len(found) == 1:
            os.kill(active_children()[0].pid, signal.SIGKILL)
    assert found == alone


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="needs POSIX signals")
def test_a_log_that_kills_or_hangs_a_worker_costs_only_itself(tree, shell):
    before = json.loads(lrdoctor.diagnose(tree).to_json())
    for name in ("group0/run_2/x.kill", "group0/run_4/x.hang", "flat/x.deaf", "group1/run_1/x.kill"):
        (tree / name).write_text("")
    process = shell("diagnose", tree, "--workers", 2, "--timeout", 2, "--format", "json")
    out, err = process.communicate(timeout=120)
    report = json.loads(out)
    lost = {entry["source"].removeprefix(f"{tree}/"): entry["error"] for entry in report["unreadable"]}
    assert process.returncode == 0, err
    assert report["runs"] == before["runs"]
    assert "ended the worker process" in lost["group0/run_2/x.kill"]
    assert "ended the worker process" in lost["group1/run_1/x.kill"]
    assert lost["group0/run_4/x.hang"] == lost["flat/x.deaf"] == "took longer than 2 s and was given up"
    assert lost["flat/empty.csv"] == "the file is empty"
    assert len(lost) == 5


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_known_when_somebody_interrupts_is_told(tree, shell, tmp_path, workers):
    whole = {run["id"]: run for run in json.loads(lrdoctor.diagnose(tree).to_json())["runs"]}
    (tree / "z_last").mkdir()
    (tree / "z_last" / "x.hang").write_text("")
    table = tmp_path / "part.parquet"
    formats = ["--format", "json"]
    if find_spec("pyarrow"):
        formats += ["--format", f"parquet={table}"]
    process = shell("diagnose", tree, *formats, "--workers", workers)
    patience = time.monotonic() + 60
    while not (tree / "z_last" / "begun").exists():
        assert time.monotonic() < patience
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the workers hear it, too
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "interrupted after" in err
    assert "Traceback" not in err
    report = json.loads(out)
    assert report["complete"] is False
    assert all(run == whole[run["id"]] for run in report["runs"])
    assert workers > 1 or len(report["runs"]) == len(whole)
    if find_spec("pyarrow"):
        from lrdoctor.fleet.summary import overview

        found = overview(table)
        assert (found.runs, found.complete) == (len(report["runs"]), False)
    assert not list(tmp_path.glob(".*"))


def test_a_complete_report_says_nothing_of_it(tree):
    assert "complete" not in json.loads(lrdoctor.diagnose(tree).to_json())
