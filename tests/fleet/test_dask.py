"""A real scheduler and two workers on loopback, one of which is killed in the middle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

import lrdoctor
from lrdoctor.cli import main
from lrdoctor.errors import UsageError

pytest.importorskip("distributed", reason="needs distributed, of the extra lrdoctor[dask]")
pytestmark = pytest.mark.slow


@pytest.fixture
def cluster(tmp_path):
    """The scheduler's address, and its workers' processes."""
    home = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([home, os.environ.get("PYTHONPATH", "")])}
    file = tmp_path / "scheduler.json"
    places = ["--scheduler-file", str(file), "--no-dashboard"]

    def start(what, *options):
        return subprocess.Popen(
            [sys.executable, "-m", "dask", what, *places, *options], env=environment, cwd=tmp_path,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    processes = [start("scheduler", "--host", "127.0.0.1", "--port", "0")]
    try:
        patience = time.monotonic() + 60
        while not file.exists() or not file.read_text():
            assert time.monotonic() < patience
            assert processes[0].poll() is None
            time.sleep(0.1)
        workers = [start("worker", "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1") for _ in range(2)]
        processes += workers
        yield json.loads(file.read_text())["address"], workers
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.fixture
def many(tmp_path, write_run):
    for number in range(160):
        write_run(tmp_path / "many" / f"run_{number:03d}" / "metrics.csv", number, rows=300)
    return tmp_path / "many"


def test_a_worker_that_is_killed_in_the_middle_costs_nothing(cluster, many):
    from distributed import Client

    address, workers = cluster
    alone = {said.run.id: repr(said) for said in lrdoctor.diagnose(many)}
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
        found = []
        for said in lrdoctor.api.diagnose_each(many, executor=client.get_executor(pure=False)):
            found.append(said)
            if len(found) == 10:
                workers[0].kill()
    assert Counter(said.run.id for said in found) == Counter(alone.keys()), "nothing lost, nothing twice"
    assert {said.run.id: repr(said) for said in found} == alone
    assert [said.run.id for said in found] == list(alone)


def test_a_cluster_from_the_shell(cluster, many, capsys):
    address, _ = cluster
    assert main(["diagnose", str(many), "--dask", address, "--format", "json"]) == 0
    shared = capsys.readouterr().out
    assert main(["diagnose", str(many), "--format", "json"]) == 0
    assert capsys.readouterr().out == shared


def test_nobody_answers(monkeypatch):
    from lrdoctor.fleet import dask

    monkeypatch.setattr(dask, "_PATIENCE", 0.5)
    with pytest.raises(UsageError, match="no Dask scheduler answers"), dask.dask_executor("tcp://127.0.0.1:9"):
        pass
