"""Run directories of W&B: real files of four versions, and whatever else lies in such a directory."""

from __future__ import annotations

import json
import math
import random
import shutil

import numpy as np
import pytest

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.readers._base import LogFile, Source
from lrdoctor.readers.wandb_dir import READER

VERSIONS = ("0.12.21", "0.16.6", "0.19.11", "0.31.0")


@pytest.mark.parametrize("version", VERSIONS)
def test_real_files_hold_what_was_logged(version, tools, run_dir):
    directory = run_dir((tools.fixtures / f"{version}.wandb").read_bytes())
    (run,) = tools.read_all(READER, directory)

    loss = run.series["train/loss"]
    expected = np.array([2.0 / (step + 1) for step in range(12)])
    expected[7:10] = [math.nan, math.inf, -math.inf]
    np.testing.assert_array_equal(loss.step, np.arange(12))
    np.testing.assert_array_equal(loss.value, expected)
    np.testing.assert_array_equal(run.series["val/loss"].step, [0, 4, 8])
    np.testing.assert_array_equal(run.series["nested.deep.b"].value, np.arange(12))
    np.testing.assert_array_equal(run.series["lr"].value, [0.003 * (1 - step / 12) for step in range(12)])
    assert run.series["first half"].step.tolist() == run.series["second half"].step.tolist() == [12]
    assert not {"note", "flag", "_step", "_runtime", "weights"} & set(run.series)
    assert not [tag for tag in run.series if tag.startswith("weights")]
    assert loss.wall_time is not None
    assert run.hyperparameters["lr"] == 0.003
    assert run.hyperparameters["optimizer"] == "adamw"
    assert run.hyperparameters["batch_size"] == 16
    assert run.id == ""
    assert any("small run" in note for note in run.notes)


@pytest.mark.parametrize("version", VERSIONS)
def test_equals_the_reference_reader(version, tools, run_dir):
    datastore = pytest.importorskip("wandb.sdk.internal.datastore")  # wandb up to 0.19.11
    from wandb.proto import wandb_internal_pb2

    path = tools.fixtures / f"{version}.wandb"
    store = datastore.DataStore()
    store.open_for_scan(str(path))
    reference = {}
    while (data := store.scan_data()) is not None:
        record = wandb_internal_pb2.Record()
        record.ParseFromString(data)
        row = {
            each.key or ".".join(each.nested_key): json.loads(each.value_json) for each in record.history.item
        }
        for key, value in row.items():
            if isinstance(value, float | int) and not isinstance(value, bool):
                reference.setdefault(key, []).append((row["_step"], value))
    (run,) = tools.read_all(READER, run_dir(path.read_bytes()))
    for tag, series in run.series.items():
        if tag in reference:
            np.testing.assert_array_equal(np.column_stack([series.step, series.value]), reference[tag])
    assert set(reference) - set(run.series) <= {"_step", "_timestamp", "_runtime"}


@pytest.mark.parametrize("version", VERSIONS)
def test_any_truncation_is_read_or_refused(version, tools, run_dir):
    content = (tools.fixtures / f"{version}.wandb").read_bytes()
    points = []
    for size in [*range(0, len(content), 100), len(content)]:
        directory = run_dir(content[:size])
        try:
            (run,) = READER.read(Source(path=directory, files=(LogFile(directory / "run-abc.wandb"),)))
            points.append(len(run.series["train/loss"]))
        except ReadError:
            points.append(0)
    assert points == sorted(points)
    assert points[-1] == 12


@pytest.mark.parametrize("version", VERSIONS)
def test_flipped_bytes_cost_a_record_and_never_more_than_a_readerror(version, tools, run_dir):
    content = (tools.fixtures / f"{version}.wandb").read_bytes()
    chance = random.Random(version)
    whole = {2.0 / (step + 1) for step in range(12)} | {math.inf, -math.inf}
    for _ in range(150):
        damaged = bytearray(content)
        for _ in range(chance.choice((1, 1, 3, 40))):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        directory = run_dir(bytes(damaged))
        try:
            runs = list(READER.read(Source(path=directory, files=(LogFile(directory / "run-abc.wandb"),))))
        except ReadError:
            continue
        for run in runs:
            if "train/loss" in run.series:
                values = run.series["train/loss"].value
                assert (
                    set(values[~np.isnan(values)].tolist()) <= whole
                )  # a wrong checksum lets nothing through


def test_one_flipped_byte_loses_one_record_and_says_so(tools, run_dir):
    content = bytearray((tools.fixtures / "0.31.0.wandb").read_bytes())
    content[content.index(b"train/loss", 3000) + 3] ^= 0x10
    (run,) = tools.read_all(READER, run_dir(bytes(content)))
    assert len(run.series["train/loss"]) >= 11
    assert any("checksum" in note for note in run.notes)


def test_the_directory_is_one_source(tools, run_dir):
    directory = run_dir(
        tools.frame(tools.simple()), **{"output.log": "step 3 loss 2.0\n", "config.yaml": "a: 1\n"}
    )
    (directory / "logs").mkdir()
    (directory / "logs" / "debug.log").write_text("step 1 loss 1\n")
    (source,) = tools.source_of(READER, directory.parent)
    assert source.path == directory
    assert {file.name for file in source.files} == {"run-abc.wandb", "output.log", "config.yaml", "debug.log"}
    assert len(list(READER.read(source))) == 1


def test_console_output_is_left_to_others_where_there_is_no_log_of_the_run(run_dir):
    directory = run_dir(None, **{"output.log": "step 3 loss 2.0\n"})
    assert READER.claim(LogFile(directory / "files" / "output.log")) is None


def test_a_run_directory_of_any_name(tools, tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "run-x1.wandb").write_bytes(tools.frame(tools.simple()))
    (tmp_path / "files" / "output.log").write_text("loss 1\n")
    (source,) = tools.source_of(READER, tmp_path)
    assert source.path == tmp_path
    assert [len(run.series["loss"]) for run in READER.read(source)] == [12]


def test_no_history_is_said_in_words(tools, run_dir):
    records = [*tools.simple(0), tools.field(1, 2) + tools.field(18, tools.field(1, 1))]
    directory = run_dir(tools.frame(records), **{"output.log": "Traceback\n"})
    (source,) = tools.source_of(READER, directory)
    with pytest.raises(NotALogError, match=r"no history was logged.*exit code 1.*output\.log"):
        list(READER.read(source))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "git lfs pull"),
        (b"PK\x03\x04 something else", "does not begin like"),
        (b":W&B\xe1\xbe\x00", "no history"),
        (b":W&B\xe1\xbe\x00" + bytes(range(256)) * 300, "damaged"),
    ],
)
def test_what_is_no_log_is_refused_with_the_reason(content, words, tools, run_dir):
    directory = run_dir(content)
    (source,) = tools.source_of(READER, directory)
    with pytest.raises(ReadError, match=words):
        list(READER.read(source))


def test_configuration_from_yaml_and_command_line(tools, run_dir):
    records = tools.simple()[1:]
    yaml = "wandb_version: 1\n_wandb:\n  value: {t: 1}\nlearning_rate:\n  desc: null\n  value: 0.5\n"
    metadata = json.dumps({"args": ["--batch-size", "64", "--weight_decay=0.1", "momentum=0.9", "--fast"]})
    directory = run_dir(tools.frame(records), **{"config.yaml": yaml, "wandb-metadata.json": metadata})
    (run,) = tools.read_all(READER, directory)
    assert run.hyperparameters["lr"] == 0.5
    assert run.hyperparameters["weight_decay"] == 0.1
    assert run.hyperparameters["momentum"] == 0.9
    assert run.hyperparameters["batch_size"] == 64


def test_a_resumed_run_is_one_training(tools, tmp_path, run_dir):
    first, second = tools.simple(12), tools.simple(20)
    del second[1:9]  # goes on at step 8: four steps are done again
    run_dir(tools.frame(first), "run-20240101_000000-abc")
    run_dir(tools.frame(second), "run-20240102_000000-abc")
    run_dir(tools.frame(tools.simple(5)), "run-20240103_000000-xyz")
    runs = tools.read_all(READER, tmp_path)
    assert sorted(len(run.series["loss"]) for run in runs) == [5, 20]
    resumed = max(runs, key=lambda run: len(run.series["loss"]))
    np.testing.assert_array_equal(resumed.series["loss"].step, np.arange(20))
    assert any("resumed" in note for note in resumed.notes)


def test_the_trainers_own_step_leads(tools, run_dir):
    records = []
    for call in range(20):  # train and validation are logged in calls of their own
        step = (call // 2 + 1) * 50
        name = "train/loss" if call % 2 else "val/loss"
        row = [("_step", call), ("trainer/global_step", step), (name, 1.0 / step)]
        records.append(tools.history(call + 1, [tools.item(*pair) for pair in row], call))
    (run,) = tools.read_all(READER, run_dir(tools.frame(records)))
    np.testing.assert_array_equal(run.series["train/loss"].step, run.series["val/loss"].step)
    np.testing.assert_array_equal(run.series["train/loss"].step, np.arange(50, 501, 50))
    assert set(run.series) == {"train/loss", "val/loss"}


def test_a_step_that_starts_again_in_each_epoch_does_not_cut_the_run(tools, run_dir):
    records = []
    for call in range(40):
        row = [("_step", call), ("step", call % 10), ("loss", 1.0 / (call + 1))]
        records.append(tools.history(call + 1, [tools.item(*pair) for pair in row], call))
    (run,) = tools.read_all(READER, run_dir(tools.frame(records)))
    np.testing.assert_array_equal(run.series["loss"].step, np.arange(40))


def test_a_metric_that_ends_early_is_not_nan(tools, run_dir):
    records = []
    for call in range(20):
        row = [("_step", call), ("epoch", call // 4), ("test/acc" if call > 15 else "loss", 1.0 / (call + 1))]
        records.append(tools.history(call + 1, [tools.item(*pair) for pair in row], call))
    (run,) = tools.read_all(READER, run_dir(tools.frame(records)))
    assert len(run.series["loss"]) == 16
    assert np.isfinite(run.series["loss"].value).all()


@pytest.mark.parametrize("place", ["", "files"])
def test_legacy_json_lines(place, tools, tmp_path):
    directory = tmp_path / "wandb" / "run-20190101_000000-old1"
    (directory / place).mkdir(parents=True, exist_ok=True)
    common = {"gradients": {"_type": "histogram", "values": [1]}, "acc": {"top1": 0.5}, "_runtime": 1.5}
    lines = [json.dumps({"loss": 1.0 / (step + 1), "_step": step, **common}) for step in range(6)]
    lines[3] = lines[3].replace("0.25", "NaN")
    (directory / place / "wandb-history.jsonl").write_text("\n".join(lines) + '\n{"loss": 0.1, "_st')
    (directory / "config.yaml").write_text("lr:\n  desc: null\n  value: 0.1\n")
    (directory / "wandb-events.jsonl").write_text('{"system.cpu": 3.0, "_runtime": 1}\n')
    (source,) = tools.source_of(READER, tmp_path)
    (run,) = READER.read(source)
    np.testing.assert_array_equal(run.series["loss"].value, [1, 0.5, 1 / 3, math.nan, 0.2, 1 / 6])
    assert set(run.series) == {"loss", "acc.top1"}
    assert run.hyperparameters["lr"] == 0.1
    assert any("cut off" in note for note in run.notes)


def test_the_binary_log_leads_over_json_lines(tools, run_dir):
    directory = run_dir(tools.frame(tools.simple()), **{"wandb-history.jsonl": '{"loss": 9, "_step": 0}\n'})
    (run,) = tools.read_all(READER, directory)
    assert len(run.series["loss"]) == 12


def test_a_damaged_binary_log_gives_way_to_json_lines(tools, run_dir):
    directory = run_dir(
        b"garbage", **{"wandb-history.jsonl": '{"loss": 9, "_step": 0}\n{"loss": 8, "_step": 1}\n'}
    )
    (run,) = tools.read_all(READER, directory)
    assert len(run.series["loss"]) == 2


def test_nothing_is_written_beside_the_log(tools, run_dir):
    directory = run_dir(tools.frame(tools.simple()))
    before = sorted(directory.rglob("*"))
    tools.read_all(READER, directory)
    assert sorted(directory.rglob("*")) == before


def test_two_unlike_runs_of_one_id_stay_apart(tools, tmp_path, run_dir):
    run_dir(tools.frame(tools.simple(12)), "run-20240101_000000-abc")
    run_dir(tools.frame(tools.simple(30)), "run-20240102_000000-abc")  # started again from step 0
    runs = tools.read_all(READER, tmp_path)
    assert [len(run.series["loss"]) for run in runs] == [12, 30]
    assert [run.id for run in runs] == ["1", "2"]
    shutil.rmtree(tmp_path / "wandb")
