"""Several curves or several runs in one column, put side by side."""

from __future__ import annotations

import numpy as np

from lrdoctor.records import Role


def long(*columns):
    return "\n".join(",".join(map(str, row)) for row in columns) + "\n"


def test_training_and_validation_rows(read, write):
    lines = [("epoch", "phase", "loss", "lr")]
    for epoch in range(4):
        lines += [(epoch, "train", 1 / (epoch + 1), 0.1), (epoch, "val", 2 / (epoch + 1), 0.1)]
    (run,) = read(write(long(*lines)))
    np.testing.assert_allclose(run.series["train/loss"].value, [1, 1 / 2, 1 / 3, 1 / 4])
    np.testing.assert_allclose(run.series["val/loss"].value, [2, 1, 2 / 3, 1 / 2])
    np.testing.assert_array_equal(run.series["val/loss"].step, range(4))
    assert "lr" in run.series


def test_words_that_are_no_phases_are_left_alone(read, write):
    lines = [("epoch", "mode", "loss"), *((i, "fast" if i % 2 else "slow", 1 / (i + 1)) for i in range(6))]
    (run,) = read(write(long(*lines)))
    assert list(run.series) == ["loss"]


def test_a_metric_and_a_value_on_each_row(read, write):
    lines = [("step", "metric", "value")]
    for step in range(0, 50, 10):
        lines += [(step, "train_loss", step + 1), (step, "lr", 0.1)]
    lines += [(40, "val_loss", 7)]
    (run,) = read(write(long(*lines)))
    np.testing.assert_array_equal(run.series["train_loss"].value, [1, 11, 21, 31, 41])
    np.testing.assert_array_equal(run.series["val_loss"].step, [40])


def test_metrics_one_after_another(read, write):
    lines = [("step", "tag", "value")]
    lines += [(step, tag, 1 / (step + 1)) for tag in ("loss", "val_loss") for step in range(5)]
    (run,) = read(write(long(*lines)))
    np.testing.assert_array_equal(run.series["val_loss"].step, range(5))
    assert len(run.series["loss"]) == 5


def test_a_metric_that_is_logged_again_at_the_same_step(read, write):
    lines = [("step", "tag", "value"), (0, "loss", 3), (0, "loss", 2), (1, "loss", 1), (1, "val_loss", 4)]
    (run,) = read(write(long(*lines)))
    np.testing.assert_array_equal(run.series["loss"].value, [2, 1])


def test_several_runs_below_one_another(read, write):
    lines = [("run", "step", "loss"), *((name, i, i + n) for n, name in enumerate("abc") for i in range(5))]
    runs = read(write(long(*lines)))
    assert [run.id for run in runs] == ["a", "b", "c"]
    np.testing.assert_array_equal(runs[2].series["loss"].value, [2, 3, 4, 5, 6])


def test_folds_by_number(read, write):
    lines = [("fold", "epoch", "loss"), *((fold, i, i + fold) for fold in range(3) for i in range(4))]
    runs = read(write(long(*lines)))
    assert [run.id for run in runs] == ["fold 0", "fold 1", "fold 2"]


def test_interleaved_runs(read, write):
    lines = [("seed", "step", "loss"), *((seed, i, i + seed) for i in range(6) for seed in (1, 2))]
    runs = read(write(long(*lines)))
    assert [run.series["loss"].value.tolist() for run in runs] == [[1, 2, 3, 4, 5, 6], [2, 3, 4, 5, 6, 7]]


def test_phases_in_json(read, write):
    lines = [
        f'{{"epoch": {e}, "split": "{split}", "loss": {e + 1}}}'
        for e in range(3)
        for split in ("train", "valid")
    ]
    (run,) = read(write("\n".join(lines), "log.jsonl"))
    assert set(run.series) >= {"train/loss", "val/loss"}


def test_one_model_after_another(read, write):
    lines = [
        ("epoch", "loss", "attention"),
        *((i, 1 / (i + 1), name) for name in ("full", "linear") for i in range(5)),
    ]
    runs = read(write(long(*lines)))
    assert [run.id for run in runs] == ["full", "linear"]


def test_a_log_history_as_a_frame(read, write):
    text = (
        "loss,learning_rate,epoch,step,eval_loss,train_runtime,train_loss\n"
        "2.0,0.1,0.1,10,,,\n,,0.1,10,2.5,,\n1.0,0.05,0.2,20,,,\n,,0.2,20,,99.0,1.5\n"
    )
    (run,) = read(write(text))
    assert set(run.series) == {"loss", "learning_rate", "epoch", "eval_loss"}
    assert run.series["eval_loss"].role is Role.VAL_LOSS
