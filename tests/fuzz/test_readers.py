"""Any bytes through every reader: what was found once, new damage each time, bombs, and paths that lead elsewhere."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lrdoctor
from lrdoctor.readers._base import LogFile
from lrdoctor.registry import discover

FOUND = sorted((Path(__file__).parents[1] / "fixtures" / "fuzz").iterdir())


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
def test_what_the_fuzzer_found(harness, watch, path):
    harness.examine(path.read_bytes(), watch)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_any_damage(harness, mutations, watch, seeds, data):
    seed, other = data.draw(st.sampled_from(seeds)), data.draw(st.sampled_from(seeds))
    kinds, tokens = st.sampled_from(mutations.KINDS), st.sampled_from(mutations.TOKENS)
    for _ in range(data.draw(st.integers(1, 3))):
        seed = mutations.mutated(seed, data.draw(kinds), data.draw(st.floats(0, 1)), data.draw(tokens), other)
    harness.examine(seed, watch)


def test_every_reader_has_a_seed_that_it_claims(harness, every_seed, tmp_path):
    """Or a fuzzer would never come to it."""
    readers, claimed = discover("lrdoctor.readers", "READER"), set()
    for number, seed in enumerate(every_seed):
        path, _ = harness.written(seed, tmp_path / str(number))
        claimed |= {name for name, reader in readers.items() if reader.claim(LogFile(path, named=True)) is not None}
    assert claimed == readers.keys()


def test_the_watch_hears(harness, tmp_path):
    """The harness itself: a file elsewhere, code that is run, a file that is written."""
    watch = harness.Watch(tmp_path.resolve())
    watch.on = True
    Path("/etc/hostname").exists()
    Path(__file__).read_bytes()
    eval("1 + 1")
    (tmp_path / "new").write_text("")
    watch.on = False
    heard = [line.partition(" ")[0] for line in watch.seen]
    assert heard[0] == "open"
    assert "exec" in heard
    assert "written:" in heard


def curve(points=50):
    return "".join(json.dumps({"_step": k, "train_loss": 1 / (k + 1)}) + "\n" for k in range(points))


@pytest.mark.parametrize("secret", ["../../../secret.yaml", "/etc/passwd", "file:///etc/passwd"])
def test_metadata_names_files_and_none_is_opened(harness, watch, secret):
    """What W&B and MLflow write of places is data, never a path to follow."""
    root = Path(watch.root)
    places = [name for name, _ in harness.PLACES]
    wandb = places.index("wandb/run-20240101_000000-a1b2c3d4/wandb-history.jsonl")
    told = {"program": secret, "codePath": secret, "args": ["--config", secret, "--lr", "0.1"], "root": secret}
    harness.examine(bytes([wandb]) + curve().encode() + harness.BESIDE + json.dumps(told).encode(), watch)
    mlflow = places.index("mlruns/1/0a1b/metrics/train_loss")
    lines = "".join(f"{k} {1 / (k + 1)} {k}\n" for k in range(50))
    meta = f"artifact_uri: {secret}\nsource_name: {secret}\nrun_name: {secret}\n"
    harness.examine(bytes([mlflow]) + lines.encode() + harness.BESIDE + meta.encode(), watch)
    assert root.is_dir()


def test_yaml_runs_nothing_and_does_not_swell(harness, watch):
    """Aliases of aliases stand for a thousand million words."""
    place = [name for name, _ in harness.PLACES].index("metrics.csv")
    table = "step,train_loss\n" + "".join(f"{k},{1 / (k + 1)}\n" for k in range(50))
    swelling = "a0: &a0 [x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 8)}]\n" for k in range(1, 12)
    )
    nested = "b0: &b0 {lr: 1, x: 2}\n" + "".join(
        f"b{k}: &b{k} {{{', '.join(f'k{j}: *b{k - 1}' for j in range(8))}}}\n" for k in range(1, 12)
    )
    endless = "lr: &c [*c]\n"
    code = "lr: !!python/object/apply:os.system ['touch /tmp/pwned']\n"
    for companion in (swelling, nested, endless, code):
        harness.examine(bytes([place]) + (table + harness.BESIDE.decode() + companion).encode(), watch)


@pytest.mark.slow
def test_a_zip_that_unpacks_to_gigabytes_is_refused(tmp_path):
    path = tmp_path / "ecf684a8217e4be2ae235539c1c4a9a6.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("messages.json", "w", force_zip64=True) as stream,
    ):
        for _ in range(300):
            stream.write(b" " * (1 << 20))
    (lost,) = lrdoctor.diagnose(path).diagnosis.unreadable
    assert "unpacks to more than" in lost.error


def test_packed_logs_are_not_unpacked(tmp_path):
    """No reader takes gzip: what cannot be read cannot explode."""
    import gzip

    for name in ("metrics.csv.gz", "train.log.gz", "history.jsonl.gz"):
        (tmp_path / name).write_bytes(gzip.compress(b"0" * (1 << 20)))
    assert not lrdoctor.diagnose(tmp_path).runs


def test_a_parquet_table_that_unpacks_to_gigabytes_is_refused(tmp_path):
    pa = pytest.importorskip("pyarrow", reason="parquet is read with pyarrow")
    import pyarrow.parquet as pq

    rows = 400_000
    column = pa.array([1.0] * rows)
    path = tmp_path / "0000.runhistory.parquet"
    pq.write_table(pa.table({"_step": pa.array(range(1)).take(pa.array([0] * rows)), **{
        f"loss{k}": column for k in range(200)
    }}), path, compression="zstd")  # fmt: skip
    assert path.stat().st_size < 1 << 20
    (lost,) = lrdoctor.diagnose(path).diagnosis.unreadable
    assert "unpacks to" in lost.error
