"""From event files to runs: what belongs together, what had to be mended, what is refused."""
# Over 400 lines: one format, read through one entrance: its cases share the writers of events above them.

from __future__ import annotations

import contextlib
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensorboard.compat.proto import event_pb2
from tensorboard.plugins.hparams import plugin_data_pb2

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.gather import Bookmarks, gather
from lrdoctor.readers._base import LogFile, Source, Strength
from lrdoctor.readers.tensorboard import READER
from lrdoctor.records import Role, Unreadable

STAMP = 1_700_000_000


def name(begin, serial=0):
    return f"events.out.tfevents.{begin}.host.1.{serial}"


@pytest.fixture
def log(tb, tmp_path):
    """Write one event file: ``log("run/train", loss=[...])``, or with explicit steps and more events."""

    def writer(folder, *, begin=STAMP, steps=None, events=(), wall=None, **curves):
        path = tmp_path / folder / name(begin)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = [tb.version(wall=begin), *events]
        longest = max((len(values) for values in curves.values()), default=0)
        for index in range(longest):
            for tag, values in curves.items():
                if index < len(values):
                    step = index if steps is None else steps[index]
                    content.append(tb.scalar(tag, step, values[index], (wall or begin) + index))
        path.write_bytes(tb.to_bytes(content))
        return path

    return writer


def read(*paths, group=None):
    """Read files as one source."""
    home = group or paths[0].parent
    return list(READER.read(Source(path=home, files=tuple(LogFile(path) for path in sorted(paths)))))


def test_a_run_that_grows_is_read_on(tb, tmp_path):
    """Bytes come in any pieces, a second file with a resume, and what comes of it is what is there."""
    values = np.linspace(3, 1, 200).tolist()
    first = tb.to_bytes([tb.version(), *(tb.scalar("loss", n, v, 1.7e9 + n) for n, v in enumerate(values[:150]))])
    resumed = [tb.scalar("loss", n + 140, v, 1.8e9 + n) for n, v in enumerate(values[140:])]
    second = tb.to_bytes([tb.version(wall=1.8e9), *resumed])
    bookmarks = Bookmarks()
    for begin, content in ((STAMP, first), (STAMP + 1000, second)):
        for at in range(0, len(content), 777):
            with (tmp_path / name(begin)).open("ab") as out:
                out.write(content[at : at + 777])
            grown, fresh = (
                [(run.id, run.notes, run.series["loss"].step.tolist(), run.series["loss"].value.tolist())
                 for run in gather([tmp_path], bookmarks=kept) if not isinstance(run, Unreadable)]
                for kept in (bookmarks, None)
            )  # fmt: skip
            assert grown == fresh
    assert len(grown) == 1
    assert len(grown[0][2]) == 200


def walk(path):
    """Runs by id, and what could not be read, below a directory."""
    found = list(gather([path]))
    runs = {item.id: item for item in found if not isinstance(item, Unreadable)}
    return runs, [item for item in found if isinstance(item, Unreadable)]


def test_a_run_has_every_point_and_its_wall_time(tb, log):
    path = log("run", loss=[3.0, 2.5, float("nan"), 2.0], lr=[0.1] * 4, acc=[0.5])
    (run,) = read(path)
    assert run.id == ""
    assert run.source == str(path)
    assert run.format == "tensorboard"
    assert run.notes == ()
    expected = tb.by_tensorboard(path)
    assert list(run.series) == ["loss", "lr", "acc"]
    for tag, series in run.series.items():
        assert series.step.tolist() == [step for step, _, _ in expected[tag]]
        assert np.array_equal(series.value, [value for _, _, value in expected[tag]], equal_nan=True)
        assert series.wall_time.tolist() == [wall for _, wall, _ in expected[tag]]
        assert series.role is None


def test_runs_side_by_side_stay_apart(log, tmp_path):
    for folder in ("runs/exp1", "runs/exp2", "sweep/lr_0.1", "sweep/lr_0.01", "runs/exp1/more"):
        log(folder, loss=[len(folder), 1.0, 0.5])
    runs, bad = walk(tmp_path)
    assert sorted(runs) == ["runs/exp1", "runs/exp1/more", "runs/exp2", "sweep/lr_0.01", "sweep/lr_0.1"]
    assert not bad


def test_keras_splits_are_one_run(log, tmp_path):
    log("logs/fit/train", epoch_loss=[2.0, 1.0], epoch_accuracy=[0.4, 0.6], batch_loss=[2.5, 2.0, 1.5, 1.0])
    log("logs/fit/validation", begin=STAMP + 5, epoch_loss=[2.1, 1.2], evaluation_loss_vs_iterations=[2.1, 1])
    log("logs/other", loss=[1.0, 2.0])
    runs, _ = walk(tmp_path)
    assert sorted(runs) == ["logs/fit", "logs/other"]
    series = runs["logs/fit"].series
    assert sorted(series) == [
        "train/batch_loss", "train/epoch_accuracy", "train/epoch_loss", "validation/epoch_loss",
        "validation/evaluation_loss_vs_iterations",
    ]  # fmt: skip
    units = {tag: curve.unit for tag, curve in series.items()}
    assert units["train/epoch_loss"] == units["validation/epoch_loss"] == "epoch"
    assert units["train/batch_loss"] == "step"


@pytest.mark.parametrize(
    "folders",
    [
        ("train_inner", "train", "valid"),
        ("train", "test"),
        ("train", "eval_0"),
        ("", "eval"),
        ("train", "val"),
    ],
)
def test_splits_of_other_writers(log, tmp_path, folders):
    for serial, folder in enumerate(folders):
        log(f"model/{folder}", begin=STAMP + serial, loss=[3.0, 2.0, 1.0])
    runs, _ = walk(tmp_path)
    assert list(runs) == ["model"]
    assert sorted(runs["model"].series) == sorted(f"{folder}/loss".lstrip("/") for folder in folders)


def test_a_split_that_is_named_alone_keeps_its_name(log, tmp_path):
    log("run/train", epoch_loss=[2.0, 1.0])
    log("run/validation", epoch_loss=[2.0, 1.0])
    runs, _ = walk(tmp_path / "run" / "validation")
    assert list(runs) == ["validation"]
    assert list(runs["validation"].series) == ["validation/epoch_loss"]


def test_tags_that_name_their_split_already(log, tmp_path):
    log("a/train", **{"train/loss": [2.0, 1.0], "lr": [0.1, 0.1]})
    log("b/train", **{"train/loss": [2.0, 1.0], "loss": [3.0, 2.0]})
    runs, _ = walk(tmp_path)
    assert sorted(runs["a"].series) == ["train/loss", "train/lr"]
    assert sorted(runs["b"].series) == ["train/loss", "train/train/loss"]


def test_an_experiment_called_test_is_no_split(log, tmp_path):
    for folder in ("exp1", "exp2", "test"):
        log(f"runs/{folder}", loss=[len(folder), 1.0, 0.5])
    runs, _ = walk(tmp_path)
    assert sorted(runs) == ["runs/exp1", "runs/exp2", "runs/test"]
    assert list(runs["runs/test"].series) == ["loss"]


def test_what_torch_makes_of_add_scalars(log, tmp_path):
    log("run", lr=[0.1, 0.1])
    log("run/Loss_train", **{"Loss": [3.0, 2.0]})
    log("run/Loss_val", **{"Loss": [3.5, 2.5]})
    log("run/group_acc_a b", **{"group/acc": [0.1, 0.2]})
    runs, _ = walk(tmp_path)
    assert list(runs) == ["run"]
    assert sorted(runs["run"].series) == ["Loss/train", "Loss/val", "group/acc/a b", "lr"]


def test_what_tensorboardx_makes_of_add_scalars(log, tmp_path):
    log("run", lr=[0.1, 0.1])
    log("run/data/group/x", **{"data/group": [3.0, 2.0]})
    log("run/data/group/y", **{"data/group": [3.5, 2.5]})
    runs, _ = walk(tmp_path)
    assert list(runs) == ["run"]
    assert sorted(runs["run"].series) == ["data/group/x", "data/group/y", "lr"]


def hparams(**values):
    data = plugin_data_pb2.HParamsPluginData()
    for key, value in values.items():
        kind = "string_value" if isinstance(value, str) else "number_value"
        setattr(data.session_start_info.hparams[key], kind, value)
    event = event_pb2.Event(wall_time=STAMP)
    entry = event.summary.value.add(tag="_hparams_/session_start_info")
    entry.metadata.plugin_data.plugin_name = "hparams"
    entry.metadata.plugin_data.content = data.SerializeToString()
    return event


def test_hyperparameters_from_the_plugin_in_a_directory_of_its_own(log, tmp_path):
    log("run", loss=[3.0, 2.0])
    settings_record = hparams(lr=0.05, batch_size=64, optimizer="AdamW")
    log(f"run/{STAMP + 3}.25", begin=STAMP + 3, events=[settings_record], **{"hparam/accuracy": [0.9]})
    runs, _ = walk(tmp_path)
    assert list(runs) == ["run"]
    assert sorted(runs["run"].series) == ["hparam/accuracy", "loss"]
    assert runs["run"].hyperparameters["lr"] == 0.05
    assert runs["run"].hyperparameters["batch_size"] == 64
    assert runs["run"].hyperparameters["optimizer"] == "adamw"


def test_hyperparameters_from_companions_and_texts(tb, log, tmp_path):
    arguments = json.dumps({"learning_rate": 5e-5, "per_device_train_batch_size": 8, "optim": "adamw_torch"})
    log("hf", events=[tb.text("args/text_summary", 0, arguments)], **{"train/loss": [3.0, 2.0]})
    table = "|param|value|\n|-|-|\n|learning_rate|0.00025|\n|num_steps|128|\n|anneal_lr|True|"
    log("rl", events=[tb.text("hyperparameters/text_summary", 0, table)], loss=[3.0, 2.0])
    log("yolo", loss=[3.0, 2.0])
    (tmp_path / "yolo/hyp.yaml").write_text("lr0: 0.01\nmomentum: 0.937\n")
    (tmp_path / "yolo/opt.yaml").write_text("batch_size: 16\nepochs: 300\n")
    log("lit", loss=[3.0, 2.0])
    (tmp_path / "lit/hparams.yaml").write_text("learning_rate: 0.002\nnet: !!python/object:os.system {}\n")
    runs, _ = walk(tmp_path)
    assert runs["hf"].hyperparameters["lr"] == 5e-5
    assert runs["hf"].hyperparameters["batch_size"] == 8
    assert runs["rl"].hyperparameters["lr"] == 0.00025
    assert runs["yolo"].hyperparameters == {"lr": 0.01, "momentum": 0.937, "batch_size": 16, "epochs": 300}
    assert runs["lit"].hyperparameters["lr"] == 0.002


def test_a_training_that_was_started_again_is_another_run(log):
    one = log("run", loss=[3.0, 2.0, 1.0], val=[3.0])
    two = log("run", begin=STAMP + 1000, loss=[3.1, 2.1, 1.1, 0.9])
    first, second = read(one, two)
    assert (first.id, second.id) == ("1", "2")
    assert first.series["loss"].value.tolist() == [3.0, 2.0, 1.0]
    assert len(second.series["loss"]) == 4
    assert "val" not in second.series
    assert any("2 trainings" in note for note in first.notes)


def test_a_resume_supersedes_what_it_goes_back_behind(log):
    one = log("run", steps=range(0, 100, 10), loss=np.arange(10.0), only=np.arange(10.0))
    two = log("run", begin=STAMP + 1000, steps=range(70, 150, 10), loss=np.arange(70.0, 78.0))
    (run,) = read(one, two)
    assert run.series["loss"].step.tolist() == list(range(0, 150, 10))
    assert run.series["loss"].value.tolist() == [*range(7), *range(70, 78)]
    assert len(run.series["only"]) == 10
    assert any("resumed at step 70" in note and "3 earlier points" in note for note in run.notes)


def test_a_resume_in_fresh_steps_needs_no_note(log):
    one = log("run", loss=[3.0, 2.0, 1.0])
    two = log("run", begin=STAMP + 1000, steps=[3, 4], loss=[0.9, 0.8])
    (run,) = read(one, two)
    assert run.series["loss"].step.tolist() == [0, 1, 2, 3, 4]
    assert run.notes == ()


def test_a_session_start_says_where_training_resumes(tb, log):
    one = log("run", loss=np.arange(10.0), val=np.arange(10.0))
    two = log("run", begin=STAMP + 1000, events=[tb.session_start(5)], steps=[6, 7], loss=[60.0, 70.0])
    (run,) = read(one, two)
    assert run.series["loss"].step.tolist() == [0, 1, 2, 3, 4, 6, 7]
    assert run.series["val"].step.tolist() == [0, 1, 2, 3, 4]


def test_a_session_start_from_the_beginning_is_another_training(tb, log):
    one = log("run", loss=np.arange(10.0))
    two = log("run", begin=STAMP + 1000, events=[tb.session_start(0)], steps=range(1, 8), loss=np.arange(7.0))
    assert [len(run.series["loss"]) for run in read(one, two)] == [10, 7]


def test_a_session_start_of_another_writer_purges_nothing(tb, log):
    one = log("run", loss=np.arange(10.0))
    two = log("run", begin=STAMP + 1, events=[tb.session_start(0)], val_loss=np.arange(3.0))
    (run,) = read(one, two)
    assert (len(run.series["loss"]), len(run.series["val_loss"])) == (10, 3)


def test_several_writers_of_one_training(log):
    one = log("run", loss=[3.0, 2.0, 1.0])
    two = log("run", begin=STAMP + 1, val_loss=[3.5, 2.5])
    (run,) = read(one, two)
    assert sorted(run.series) == ["loss", "val_loss"]


def test_writers_of_the_same_curve_at_the_same_time_are_kept_apart(log):
    one = log("run", steps=[1, 2, 3, 4], loss=[3.0, 2.0, 1.0, 0.5])
    two = log("run", begin=STAMP + 1, steps=[2, 3, 4, 5], loss=[3.1, 2.1, 1.1, 0.6])
    assert [run.id for run in read(one, two)] == ["1", "2"]


def test_two_trainings_with_splits_find_their_partners(log, tmp_path):
    for begin, offset in ((STAMP, 0.0), (STAMP + 1000, 10.0)):
        log("run/train", begin=begin, epoch_loss=[3.0 + offset, 2.0 + offset])
        log("run/validation", begin=begin + 5, epoch_loss=[3.5 + offset, 2.5 + offset])
    runs, _ = walk(tmp_path)
    assert sorted(runs) == ["run#1", "run#2"]
    for key, offset in (("run#1", 0.0), ("run#2", 10.0)):
        assert runs[key].series["train/epoch_loss"].value.tolist() == [3.0 + offset, 2.0 + offset]
        assert runs[key].series["validation/epoch_loss"].value.tolist() == [3.5 + offset, 2.5 + offset]


def test_a_copy_of_a_file_is_left_out(log, tmp_path):
    one = log("run", loss=[3.0, 2.0, 1.0])
    copy = tmp_path / "run" / (one.name + " (1)")
    copy.write_bytes(one.read_bytes())
    (run,) = read(one, copy)
    assert len(run.series["loss"]) == 3
    assert any("same points again" in note for note in run.notes)


def test_a_file_in_which_training_starts_again(log):
    values = np.linspace(3, 1, 20).tolist()
    path = log("run", steps=[*range(20), *range(20)], loss=values * 2, val=values * 2)
    first, second = read(path)
    for run in (first, second):
        assert run.series["loss"].step.tolist() == list(range(20))
        assert run.series["val"].step.tolist() == list(range(20))


def test_a_file_in_which_training_resumes(log):
    path = log("run", steps=[*range(20), *range(15, 30)], loss=[*np.arange(20.0), *np.arange(15.0)])
    (run,) = read(path)
    assert run.series["loss"].step.tolist() == list(range(30))
    assert run.series["loss"].value.tolist() == [*range(15), *range(15)]
    assert any("resumed at step 15" in note for note in run.notes)


def test_steps_that_count_within_epochs_are_counted_on(log):
    loss = np.linspace(4, 1, 60).tolist()
    path = log("run", steps=[*range(15)] * 4, loss=loss)
    (run,) = read(path)
    assert run.series["loss"].step.tolist() == list(range(60))
    assert any("begins anew in each of 4 epochs" in note for note in run.notes)


def test_points_out_of_order_are_sorted(log):
    rng = np.random.default_rng(0)
    steps = np.arange(200)
    for at in rng.choice(np.arange(2, 198, 2), 15, replace=False):
        steps[at], steps[at + 1] = steps[at + 1], steps[at]
    path = log("run", steps=steps.tolist(), loss=steps.astype(float).tolist())
    (run,) = read(path)
    assert run.series["loss"].step.tolist() == list(range(200))
    assert run.series["loss"].value.tolist() == list(range(200))
    assert any("out of order" in note for note in run.notes)


def test_points_at_equal_steps_are_all_kept(log):
    path = log("run", steps=[0, 0, 1, 1, 2], loss=[5.0, 4.0, 3.0, 2.0, 1.0])
    (run,) = read(path)
    assert run.series["loss"].step.tolist() == [0, 0, 1, 1, 2]


def test_points_logged_without_a_step_are_numbered(tb, write):
    events = [tb.version()]
    for index in range(30):
        events.append(tb.scalar("loss", 0, 3 / (index + 1), STAMP + index))
        if index % 10 == 9:
            events.append(tb.scalar("val", 0, 1.0, STAMP + index + 0.5))
    (run,) = read(write(events))
    assert run.series["loss"].step.tolist() == list(range(30))
    assert run.series["val"].step.tolist() == [9, 19, 29]
    assert any("without a step" in note for note in run.notes)


def test_step_and_value_exchanged_when_logging(tb, write):
    scores = [90, 70, 75, 60, 61, 50, 30, 31, 20, 10]
    events = [tb.version(), *(tb.scalar("loss", score, index) for index, score in enumerate(scores))]
    (run,) = read(write(events))
    assert run.series["loss"].step.tolist() == list(range(10))
    assert run.series["loss"].value.tolist() == scores
    assert any("wrong order" in note for note in run.notes)


def test_a_counter_where_the_loss_should_be(tb, write):
    events = [tb.version()]
    for index in range(10):
        events += [tb.scalar("loss", 0, index), tb.scalar("acc", index, 0.1)]
    (run,) = read(write(events))
    assert run.series["loss"].role is Role.OTHER
    assert run.series["acc"].role is None
    assert any("probably exchanged" in note for note in run.notes)


def test_keras_before_its_sub_directories_counts_epochs(log):
    path = log("run", loss=[3.0, 2.0, 1.0], val_loss=[3.1, 2.1, 1.2], lr=[0.1, 0.1, 0.1])
    (run,) = read(path)
    assert {series.unit for series in run.series.values()} == {"epoch"}


@pytest.mark.parametrize(
    ("content", "error", "reason"),
    [
        (b"", NotALogError, "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", ReadError, "git lfs pull"),
        (b"\x1f\x8b\x08\x00" + bytes(50), ReadError, "gunzip"),
        (bytes(range(256)) * 40, ReadError, "not an event file"),
        (bytes(100_000), ReadError, "not an event file"),
    ],
)
def test_what_is_refused_and_why(write, content, error, reason):
    path = write(content)
    with pytest.raises(error, match=reason) as caught:
        read(path)
    assert type(caught.value) is error
    assert caught.value.source == str(path)


def test_files_without_a_curve_are_no_logs(tb, write, tmp_path):
    with pytest.raises(NotALogError, match="no scalar"):
        read(write([tb.version(), tb.image("pic", 1), tb.text("t", 0, "words")]))
    with pytest.raises(NotALogError, match="hp_metric"):
        read(write([tb.version(), tb.scalar("hp_metric", 0, -1.0), hparams(lr=0.1)]))
    (run,) = read(write([tb.version(), tb.scalar("hp_metric", 0, -1.0), tb.scalar("loss", 0, 1.0)]))
    assert list(run.series) == ["loss"]


def test_markers_are_passed_over_without_a_word(tb, log, tmp_path):
    log("run/train", epoch_loss=[1.0, 0.5])
    (tmp_path / "run/train" / (name(STAMP) + ".profile-empty")).write_bytes(tb.to_bytes([tb.version()]))
    (tmp_path / "run/train" / ("._" + name(STAMP))).write_bytes(b"\x00\x05\x16\x07" * 20)
    profile = tmp_path / "run/train/plugins/profile/2020_01_01"
    profile.mkdir(parents=True)
    (profile / "host.xplane.pb").write_bytes(b"x" * 100)
    runs, bad = walk(tmp_path)
    assert list(runs) == ["run"]
    assert not bad


def test_a_pointer_beside_a_file_is_noted(log, tmp_path):
    log("run", loss=[2.0, 1.0])
    (tmp_path / "run" / name(STAMP + 9)).write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    runs, _ = walk(tmp_path)
    assert any("git lfs pull" in note for note in runs["run"].notes)


def test_damage_and_cut_ends_are_noted(tb, log):
    path = log("run", loss=[3.0, 2.0, 1.0, 0.5])
    content = bytearray(path.read_bytes())
    content[-50] ^= 255
    path.write_bytes(bytes(content[:-3]))
    (run,) = read(path)
    assert len(run.series["loss"]) == 2
    assert any("1 damaged place" in note for note in run.notes)
    assert any("not a whole record" in note for note in run.notes)


def test_claims(tb, log, tmp_path):
    path = log("run/train", loss=[1.0])
    claim = READER.claim(LogFile(path))
    assert claim.strength is Strength.FORMAT
    assert claim.group == tmp_path / "run"
    renamed = tmp_path / "saved.log"
    renamed.write_bytes(path.read_bytes())
    assert READER.claim(LogFile(renamed)).strength is Strength.FORMAT
    other = tmp_path / "weights.bin"
    other.write_bytes(bytes(1000))
    assert READER.claim(LogFile(other)) is None
    (run,) = read(renamed)
    assert list(run.series) == ["loss"]


@pytest.mark.slow
def test_what_torch_itself_writes(tb, tmp_path):
    writer = pytest.importorskip("torch.utils.tensorboard").SummaryWriter(tmp_path / "run")
    for step in range(150):
        writer.add_scalar("loss", 1 / (step + 1), step)
        writer.add_scalar("acc", step / 7, step, new_style=True)
        writer.add_scalar("tiny", step * 1e-60, step, new_style=True, double_precision=True)
        writer.add_scalars("Loss/all", {"train": step, "val": -step}, step)
    writer.add_histogram("weights", np.arange(50.0), 1)
    writer.add_text("note", "words")
    writer.add_hparams({"lr": 0.1, "optimizer": "Adam"}, {"hparam/acc": 1.0})
    writer.close()
    same_as_tensorboard(tb, tmp_path, {"loss", "acc", "tiny", "Loss/all/train", "Loss/all/val", "hparam/acc"})


@pytest.mark.slow
def test_what_tensorboardx_itself_writes(tb, tmp_path):
    writer = pytest.importorskip("tensorboardX").SummaryWriter(str(tmp_path / "run"))
    for step in range(150):
        writer.add_scalar("loss", 1 / (step + 1), step * 10**10, walltime=1e9 + step)
        writer.add_scalars("Loss/all", {"train": step, "val": -step}, step)
    writer.add_text("note", "words")
    writer.add_hparams({"lr": 0.1, "optimizer": "Adam"}, {"hparam/acc": 1.0})
    writer.close()
    same_as_tensorboard(tb, tmp_path, {"loss", "Loss/all/train", "Loss/all/val", "hparam/acc"})


def same_as_tensorboard(tb, tmp_path, tags):
    """One run with these tags, whose points are those that EventAccumulator finds in the files."""
    runs, bad = walk(tmp_path)
    assert not bad
    assert set(runs["run"].series) == tags
    assert runs["run"].hyperparameters["lr"] == 0.1
    expected = [point for path in tmp_path.rglob("*tfevents*") for points in tb.by_tensorboard(path).values()
                for point in points]  # fmt: skip
    found = [
        (step, wall, value)
        for series in runs["run"].series.values()
        for step, wall, value in zip(series.step.tolist(), series.wall_time, series.value, strict=True)
    ]
    assert sorted(found) == sorted(expected)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_makes_it_fail(tb, write, data):
    """Flips and cuts end in a run or in a reason, never in anything else."""
    events = [tb.version(), hparams(lr=0.1), tb.text("args", 0, "lr: 0.1")]
    for step in range(6):
        events += [tb.scalar("loss", step, step), tb.tensor("epoch_loss", step, 1.0), tb.histogram("w", step)]
    content = bytearray(tb.to_bytes(events))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = write(bytes(content[: data.draw(st.integers(0, len(content)))]))
    READER.claim(LogFile(path))
    with contextlib.suppress(ReadError):
        for run in read(path):
            assert all(np.all(np.diff(series.step) >= 0) for series in run.series.values())
