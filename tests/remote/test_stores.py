"""Logs elsewhere: in memory, and on a real S3-compatible server on loopback."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest

import lrdoctor
from lrdoctor.cli import main
from lrdoctor.errors import UsageError
from lrdoctor.remote import is_url, redacted

fsspec = pytest.importorskip("fsspec", reason="needs fsspec, of the extra lrdoctor[remote]")


def log(seed: int, rows: int = 60) -> bytes:
    rng = np.random.default_rng(seed)
    loss = 0.3 + 2.0 / (1 + np.arange(rows)) ** 0.7 + 0.05 * rng.standard_normal(rows)
    lines = [f"{step * 10},{value:.6g},{1e-3}" for step, value in enumerate(loss)]
    return "\n".join(["step,train_loss,lr", *lines]).encode() + b"\n"


FILES = {
    **{f"sweep/run_{seed}/metrics.csv": log(seed) for seed in range(4)},
    "sweep/run_0/hparams.yaml": b"optimizer: adamw\nbatch_size: 32\n",
    "sweep/run_1/checkpoint.pt": b"\x00" * 100_000,
    "sweep/long/metrics.csv": log(9, rows=20_000),
    "sweep/broken/metrics.csv": b"",
}


@pytest.fixture
def memory():
    files = fsspec.filesystem("memory")
    for name, content in FILES.items():
        files.pipe(f"/bucket/{name}", content)
    yield "memory://bucket"
    files.rm("/bucket", recursive=True)


@pytest.fixture(scope="module")
def server():
    """A bucket on a server that speaks S3."""
    pytest.importorskip("s3fs", reason="needs s3fs")
    moto = pytest.importorskip("moto.server", reason="needs moto[server]")
    running = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def bucket(server, monkeypatch):
    for name, value in {
        "AWS_ENDPOINT_URL": server, "AWS_ACCESS_KEY_ID": "someone", "AWS_SECRET_ACCESS_KEY": "very-secret-indeed",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    fsspec.filesystem("s3").clear_instance_cache()
    files = fsspec.filesystem("s3", endpoint_url=server)
    files.mkdir("logs")
    for name, content in FILES.items():
        files.pipe(f"logs/{name}", content)
    yield "s3://logs"
    files.rm("logs", recursive=True)


def same(elsewhere: lrdoctor.Report, here: lrdoctor.Report, url: str, path: Path) -> None:
    """The reports are equal but for where the logs are."""
    said = json.loads(elsewhere.to_json().replace(url, "ROOT"))
    assert said == json.loads(here.to_json().replace(str(path), "ROOT"))
    assert said["summary"]["runs"] == 5


def test_memory(memory, here):
    same(lrdoctor.diagnose(f"{memory}/sweep"), lrdoctor.diagnose(here / "sweep"), memory, here)
    assert [run.id for run in lrdoctor.read(f"{memory}/sweep/run_0")] == ["run_0"]
    (run,) = lrdoctor.read(f"{memory}/sweep/run_0/metrics.csv")
    assert run.source == f"{memory}/sweep/run_0/metrics.csv"
    assert (run.id, run.hyperparameters["optimizer"]) == ("metrics.csv", "adamw")


def test_patterns_and_several_places(memory, here):
    report = lrdoctor.diagnose([f"{memory}/sweep/run_*", str(here / "sweep" / "long")])
    assert [said.run.id.rpartition("/")[2] for said in report] == ["run_0", "run_1", "run_2", "run_3", "long"]
    with pytest.raises(UsageError, match="nothing matches"):
        lrdoctor.read(f"{memory}/nothing*")


def test_a_file_url_is_a_path(here):
    assert lrdoctor.diagnose(f"file://{here}/sweep").to_json() == lrdoctor.diagnose(here / "sweep").to_json()


@pytest.mark.slow
def test_workers_read_what_this_process_holds(memory, here):
    same(lrdoctor.diagnose(f"{memory}/sweep", workers=2), lrdoctor.diagnose(here / "sweep"), memory, here)


def test_only_beginnings_are_fetched_of_what_is_no_log(monkeypatch, memory):
    from lrdoctor import remote

    monkeypatch.setattr(remote, "_WHOLE", 20_000)
    files = fsspec.filesystem("memory")
    files.pipe("/bucket/sweep/run_1/data.bin", bytes(range(256)) * 4000)
    asked = []
    proper, whole = type(files).cat_ranges, type(files).get_file

    def cat_ranges(self, paths, starts, ends, **options):
        asked.extend(zip(paths, ends, strict=True))
        return proper(self, paths, starts, ends, **options)

    def get_file(self, path, *args, **options):
        asked.append((path, None))
        return whole(self, path, *args, **options)

    monkeypatch.setattr(type(files), "cat_ranges", cat_ranges)
    monkeypatch.setattr(type(files), "get_file", get_file)
    monkeypatch.setattr(type(files), "protocol", "elsewhere")  # memory is fetched whole otherwise
    lrdoctor.diagnose(f"{memory}/sweep")
    by_name = {path.removeprefix("/bucket/sweep/"): end for path, end in asked}
    assert by_name["run_1/data.bin"] == 16_384
    assert by_name["long/metrics.csv"] is None, "read whole in the end"
    assert "run_1/checkpoint.pt" not in by_name


@pytest.mark.slow
def test_s3(bucket, here, tmp_path):
    url = f"{bucket}/sweep"
    local = lrdoctor.diagnose(here / "sweep")
    same(lrdoctor.diagnose(url), local, bucket, here)
    same(lrdoctor.diagnose(url, workers=2), local, bucket, here)
    time.sleep(2.1)  # times are whole seconds there: what is newer may still change
    same(lrdoctor.diagnose(url, cache=tmp_path / "cache"), local, bucket, here)
    same(lrdoctor.diagnose(url, cache=tmp_path / "cache"), local, bucket, here)


@pytest.mark.slow
def test_s3_a_second_pass_opens_nothing(bucket, tmp_path, monkeypatch):
    time.sleep(2.1)
    first = lrdoctor.diagnose(bucket, cache=tmp_path / "cache").to_json()
    monkeypatch.setattr("lrdoctor.remote.Mirror.fetch_heads", lambda _, paths: paths and pytest.fail(f"opened {paths}"))
    assert lrdoctor.diagnose(bucket, cache=tmp_path / "cache").to_json() == first


@pytest.mark.slow
def test_s3_elsewhere_in_a_tree_of_its_own(bucket, here, monkeypatch):
    """As on another machine: the tree of placeholders is not there."""
    from lrdoctor import remote

    monkeypatch.setattr(remote, "_MARK", "another-mark")
    mark = remote._MARK
    proper = remote.Mirror.completed

    def completed(self, bundle):
        (self.top.parent / mark).unlink(missing_ok=True)
        return proper(self, bundle)

    monkeypatch.setattr(remote.Mirror, "completed", completed)
    same(lrdoctor.diagnose(f"{bucket}/sweep"), lrdoctor.diagnose(here / "sweep"), bucket, here)


@pytest.mark.slow
def test_s3_what_cannot_be_had(bucket, capsys):
    assert main(["diagnose", f"{bucket}/nothing"]) == 2
    assert main(["diagnose", "s3://no-such-bucket-here/x"]) == 2
    err = capsys.readouterr().err
    assert "no such file or directory: s3://logs/nothing" in err
    assert "very-secret-indeed" not in err


def test_a_file_that_cannot_be_fetched_costs_only_itself(memory, monkeypatch):
    from lrdoctor import remote

    monkeypatch.setattr(remote, "_WHOLE", 20_000)
    files = type(fsspec.filesystem("memory"))
    monkeypatch.setattr(files, "protocol", "elsewhere")

    def get_file(*_, **__):
        raise ConnectionError("the line is dead: https://user:pass1234@host/x?token=abcdefgh")

    monkeypatch.setattr(files, "get_file", get_file)
    report = lrdoctor.diagnose(f"{memory}/sweep")
    assert len(report) == 4
    lost = {one.source: one.error for one in report.diagnosis.unreadable}
    assert "the line is dead: https://***@host/x?token=***" in lost[f"{memory}/sweep/long/metrics.csv"]


@pytest.mark.parametrize("name", ["../../escaped.csv", "a//b.csv", "..", "x\\y.csv"])
def test_names_that_would_lead_out_of_the_tree_are_left_out(memory, name, tmp_path):
    files = fsspec.filesystem("memory")
    files.store[f"/bucket/sweep/{name}"] = type(files.store["/bucket/sweep/run_0/metrics.csv"])(
        files, f"/bucket/sweep/{name}", log(50)
    )
    try:
        assert len(lrdoctor.diagnose(f"{memory}/sweep")) == 5
    finally:
        del files.store[f"/bucket/sweep/{name}"]
    assert not list(tmp_path.rglob("escaped.csv"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ftp://me:secret@host/a", "ftp://***@host/a"),
        ("https://host/a.csv?token=abc&x=1 failed", "https://host/a.csv?token=***&x=*** failed"),
        ("s3://bucket/a@b:c/d", "s3://bucket/a@b:c/d"),
        ("hf://datasets/me/runs@main/a", "hf://datasets/me/runs@main/a"),
        ("signed with 0123456789abcdef", "signed with ***"),
    ],
)
def test_credentials_are_not_shown(text, shown, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "0123456789abcdef")
    assert redacted(text) == shown


def test_what_is_a_url(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert is_url("s3://bucket/a")
    assert is_url("zip://a.csv::s3://bucket/x.zip")
    assert not is_url("runs/a")
    assert not is_url(r"C:\runs")
    assert not is_url(Path("s3://bucket/a"))
    os.makedirs("s3:/bucket")  # noqa: PTH103 - that is how one gets one
    assert not is_url("s3://bucket")


def test_a_url_of_an_unknown_kind(capsys):
    assert main(["diagnose", "nonsense://me:password@host/x"]) == 2
    assert "password" not in capsys.readouterr().err
