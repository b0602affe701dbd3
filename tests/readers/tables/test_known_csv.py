"""Delimited formats with a writer of their own: claims, roles, steps, hyperparameters."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.records import Role


def roles(run):
    return {tag: series.role for tag, series in run.series.items() if series.role is not None}


def column(path, name, delimiter=","):
    """The numbers of a column as the csv module sees them, without the holes."""
    with path.open(newline="") as stream:
        return [float(row[name]) for row in csv.DictReader(stream, delimiter=delimiter) if row[name]]


def test_lightning(read, fixtures):
    path = fixtures / "lightning" / "metrics.csv"
    (run,) = read(path)
    assert run.format == "lightning-csv"
    assert {"lr": 0.05, "batch_size": 32, "optimizer": "adam"}.items() <= run.hyperparameters.items()
    assert run.series["lr-Adam"].role is Role.LR
    for tag in ("train_loss_step", "train_loss_epoch", "val_loss"):
        np.testing.assert_array_equal(run.series[tag].value, column(path, tag))
    assert len(run.series["val_loss"]) == 4
    assert run.series["val_loss"].unit == "step"


@pytest.mark.parametrize("tag", ["lr-AdamW/pg2", "lr-SGD-1", "lr-Lion-1/pg1"])
def test_lightning_rates_of_groups(read, write, tag):
    (run,) = read(
        write(f"step,epoch,{tag},{tag}-momentum,loss\n0,0,0.1,0.9,2\n1,0,0.1,0.9,1\n", "metrics.csv")
    )
    assert run.series[tag].role is Role.LR
    assert run.series[f"{tag}-momentum"].role is Role.OTHER


def test_a_metrics_file_of_somebody_else(claim_of, write):
    reader, _ = claim_of(write("model,accuracy\na,1\n", "metrics.csv"))
    assert reader.name == "csv"


def test_keras_with_an_appended_session(read, fixtures):
    runs = read(fixtures / "keras" / "training.log")
    assert [run.id for run in runs] == ["1", "2"]
    for run in runs:
        assert run.format == "keras-csvlogger"
        assert roles(run) == {
            "loss": Role.TRAIN_LOSS,
            "val_loss": Role.VAL_LOSS,
            "learning_rate": Role.LR,
        }
        np.testing.assert_array_equal(run.series["loss"].step, range(6))
        assert run.series["loss"].unit == "epoch"


def test_keras_with_another_separator_infinity_and_invented_columns(read, fixtures):
    (run,) = read(fixtures / "keras" / "nan.csv")
    assert run.format == "keras-csvlogger"
    assert np.isinf(run.series["loss"].value).any()
    assert "val_loss" not in run.series  # NA throughout: there was no validation


@pytest.mark.parametrize(
    "header", ["epoch,val_loss,loss", "epoch,batch,loss", "epochs,loss", "epoch,accuracy"]
)
def test_what_keras_does_not_write(claim_of, write, header):
    found = claim_of(write(header + "\n1,2,3\n2,3,4\n"))
    assert found[0].name == "csv"


V8 = (
    "   epoch, train/box_loss, train/cls_loss, metrics/mAP50(B), val/box_loss, val/cls_loss, lr/pg0, lr/pg1\n"
    "       1,            1.5,            2.5,              0.1,          1.6,          2.6, 0.0033, 0.0033\n"
    "       2,            1.2,            2.0,              0.3,          1.5,          nan, 0.0066, 0.0066\n"
    "       3,            1.1,            1.5,              0.4,          1.4,          2.1, 0.0045, 0.0045\n"
)


def test_ultralytics(read, write):
    write("optimizer: auto\nlr0: 0.01\nbatch: 16\nepochs: 3\ncos_lr: false\n", "args.yaml")
    (run,) = read(write(V8, "results.csv"))
    assert run.format == "ultralytics-csv"
    assert roles(run) == {
        "train/box_loss": Role.TRAIN_LOSS_PART,
        "train/cls_loss": Role.TRAIN_LOSS_PART,
        "val/box_loss": Role.VAL_LOSS_PART,
        "val/cls_loss": Role.VAL_LOSS_PART,
        "metrics/mAP50(B)": Role.VAL_METRIC,
        "lr/pg0": Role.LR,
        "lr/pg1": Role.LR,
    }
    np.testing.assert_array_equal(run.series["val/cls_loss"].value, [2.6, np.nan, 2.1])
    # With optimizer=auto the rate is the trainer's, not lr0.
    assert run.hyperparameters["lr"] == 0.0066
    assert "optimizer" not in run.hyperparameters
    assert run.hyperparameters["schedule"] == "linear"


def test_yolov5(read, write):
    write("lr0: 0.02\nmomentum: 0.9\n", "hyp.yaml")
    write("adam: false\nlinear_lr: false\nepochs: 3\nbatch_size: -1\nhyp: data/hyp.yaml\n", "opt.yaml")
    header = V8.partition("\n")[0].replace("lr/pg0", "x/lr0").replace("lr/pg1", "x/lr1")
    (run,) = read(write(header + "\n" + V8.partition("\n")[2], "results.csv"))
    known = {"lr": 0.02, "momentum": 0.9, "optimizer": "sgd", "schedule": "cosine", "epochs": 3}
    assert known.items() <= run.hyperparameters.items()
    assert "batch_size" not in run.hyperparameters
    assert run.series["x/lr0"].role is Role.LR


def test_yolo_classification(read, write):
    text = "epoch,train/loss,metrics/accuracy_top1,val/loss,lr/pg0\n1,2,0.1,2.1,0.1\n2,1,0.2,1.5,0.1\n"
    (run,) = read(write(text, "results.csv"))
    assert roles(run)["train/loss"] is Role.TRAIN_LOSS
    assert roles(run)["val/loss"] is Role.VAL_LOSS


def test_yolo_text_results(read, write):
    numbers = "0.06   0.01   0.1   158   640   0.5   0.6   0.4   0.2   0.08   0.05"
    lines = [f"{e}/2     8.5G   0.0{9 - e}   {numbers}   0.0{7 - e}" for e in range(3)]
    (run,) = read(write("\n".join(lines) + "\n", "results.txt"))
    np.testing.assert_allclose(run.series["train/box_loss"].value, [0.09, 0.08, 0.07])
    np.testing.assert_allclose(run.series["val/cls_loss"].value, [0.07, 0.06, 0.05])


def test_timm(read, write):
    write("lr: 0.1\nopt: adamw\nsched: cosine\nbatch_size: 128\n", "args.yaml")
    (run,) = read(
        write("epoch,train_loss,eval_loss,eval_top1,lr\n0,2,2.1,50,0.1\n1,1,1.2,60,0.05\n", "summary.csv")
    )
    assert roles(run) == {
        "train_loss": Role.TRAIN_LOSS,
        "eval_loss": Role.VAL_LOSS,
        "eval_top1": Role.VAL_METRIC,
        "lr": Role.LR,
    }
    assert run.hyperparameters == {"lr": 0.1, "optimizer": "adamw", "schedule": "cosine", "batch_size": 128}


def test_timm_without_a_rate_in_its_arguments(read, write):
    write("lr: null\nlr_base: 0.5\n", "args.yaml")
    (run,) = read(write("epoch,train_loss,eval_loss\n0,2,2.1\n1,1,1.2\n", "summary.csv"))
    assert "lr" not in run.hyperparameters


def test_fastai(read, write):
    text = "epoch,train_loss,valid_loss,accuracy,time\n0,2,2.1,0.5,00:12\n1,1,1.2,0.6,00:13\n"
    (run,) = read(write(text, "history.csv"))
    assert run.format == "fastai-csv"
    assert roles(run) == {"train_loss": Role.TRAIN_LOSS, "valid_loss": Role.VAL_LOSS}
    assert "time" not in run.series


FLAIR = "EPOCH\tTIMESTAMP\tBAD_EPOCHS\tLEARNING_RATE\tTRAIN_LOSS\tDEV_LOSS\tDEV_F1\n"


def test_flair(read, write):
    rows = "1\t12:00:00\t0\t0.1000\t2.0\t2.5\t0.1\n2\t12:01:00\t0\t0.0500\t1.0\t_\t0.2\n"
    (run,) = read(write(FLAIR + rows, "loss.tsv"))
    assert {
        "TRAIN_LOSS": Role.TRAIN_LOSS,
        "DEV_LOSS": Role.VAL_LOSS,
        "LEARNING_RATE": Role.LR,
    }.items() <= roles(run).items()
    assert len(run.series["DEV_LOSS"]) == 1


def test_a_rate_that_flair_prints_as_zero_says_nothing(read, write):
    rows = "1\t12:00:00\t0\t0.0000\t2.0\t2.5\t0.1\n2\t12:01:00\t0\t0.0000\t1.0\t2\t0.2\n"
    (run,) = read(write(FLAIR + rows, "loss.tsv"))
    assert "LEARNING_RATE" not in run.series
    assert "four decimals" in run.notes[-1]


def test_stable_baselines(read, fixtures):
    path = fixtures / "sb3" / "progress.csv"
    (run,) = read(path)
    assert roles(run) == {"rollout/ep_rew_mean": Role.REWARD, "train/learning_rate": Role.LR}
    np.testing.assert_array_equal(
        run.series["rollout/ep_rew_mean"].step, column(path, "time/total_timesteps")
    )
    np.testing.assert_array_equal(run.series["train/loss"].value, column(path, "train/loss"))


def test_stable_baselines_json(read, fixtures):
    (csv_run,) = read(fixtures / "sb3" / "progress.csv")
    (json_run,) = read(fixtures / "sb3" / "progress.json")
    np.testing.assert_array_equal(json_run.series["train/loss"].value, csv_run.series["train/loss"].value)
    np.testing.assert_array_equal(json_run.series["train/loss"].step, csv_run.series["train/loss"].step)


def test_spinning_up(read, write):
    write('{"seed": 3, "pi_lr": 0.0003}', "config.json")
    text = "Epoch\tAverageEpRet\tTotalEnvInteracts\tLossPi\n1\t10\t4000\t0.1\n2\t20\t8000\t0.2\n"
    (run,) = read(write(text, "progress.txt"))
    assert run.series["AverageEpRet"].role is Role.REWARD
    np.testing.assert_array_equal(run.series["LossPi"].step, [4000, 8000])
    assert run.hyperparameters["seed"] == 3


def test_monitors_of_one_training_are_one_run(read, fixtures):
    paths = [fixtures / "sb3" / f"{n}.monitor.csv" for n in range(2)]
    (run,) = read(*paths)
    assert run.series["r"].role is Role.REWARD
    assert len(run.series["r"]) == 8
    assert np.all(np.diff(run.series["r"].wall_time) >= 0)
    assert run.series["r"].step[-1] == run.series["l"].value.sum()


def test_deepspeed(read, write):
    loss = write("step,train_loss\n16,3\n32,2\nstep,train_loss\n48,1.5\n", "job/Train_Samples_train_loss.csv")
    rate = write("step,lr\n16,0.1\n32,0.1\n48,0.05\n", "job/Train_Samples_lr.csv")
    (run,) = read(loss, rate)
    assert roles(run) == {"Train/Samples/train_loss": Role.TRAIN_LOSS, "Train/Samples/lr": Role.LR}
    assert run.series["Train/Samples/train_loss"].unit == "sample"
    np.testing.assert_array_equal(run.series["Train/Samples/train_loss"].value, [3, 2, 1.5])
    assert run.source.endswith("job")


def test_catboost(read, fixtures):
    home = fixtures / "catboost_info"
    (run,) = read(home / "learn_error.tsv", home / "test_error.tsv", home / "time_left.tsv")
    assert roles(run) == {
        "learn/RMSE": Role.TRAIN_LOSS,
        "test/RMSE": Role.VAL_LOSS,
        "learn/R2": Role.TRAIN_METRIC,
        "test/R2": Role.VAL_METRIC,
    }
    np.testing.assert_array_equal(
        run.series["test/RMSE"].value, column(home / "test_error.tsv", "RMSE", "\t")
    )


def test_what_lies_beside_catboost_is_left_alone(claim_of, fixtures):
    home = fixtures / "catboost_info"
    reader, claim = claim_of(home / "time_left.tsv")
    assert (reader.name, claim.group) == ("catboost-tsv", home)


def test_dvclive(read, write):
    home = "dvclive/plots/metrics"
    loss = write(
        "step\ttimestamp\tloss\n0\t1700000000000\t3\n1\t1700000001000\t2\n", f"{home}/train/loss.tsv"
    )
    acc = write("step\tacc\n0\t0.1\n1\t0.2\n", f"{home}/acc.tsv")
    write("lr: 0.1\n", "dvclive/params.yaml")
    (run,) = read(loss, acc)
    assert set(run.series) == {"train/loss", "acc"}
    assert run.hyperparameters["lr"] == 0.1
    np.testing.assert_array_equal(run.series["train/loss"].wall_time, [1.7e9, 1.7e9 + 1])


TRIPLES = [(1.7e9, 0, 3.0), (1.7e9 + 1, 10, 2.0), (1.7e9 + 2, 20, float("nan"))]


def test_tensorboard_downloads(read, write):
    body = "Wall time,Step,Value\n" + "".join(f"{w},{s},{v}\n" for w, s, v in TRIPLES)
    paths = [write(body, f"run-{run}-tag-epoch_loss.csv") for run in ("exp_train", "exp_validation")]
    other = write(str([list(row) for row in TRIPLES]).replace("nan", '"NaN"'), "run-exp_train-tag-lr.json")
    (run,) = read(*paths, other)
    assert set(run.series) == {"train/epoch_loss", "validation/epoch_loss", "train/lr"}
    np.testing.assert_array_equal(run.series["train/lr"].value, [3, 2, np.nan])


def test_tensorboard_downloads_of_several_runs(read, write):
    body = "Wall time,Step,Value\n" + "".join(f"{w},{s},{v}\n" for w, s, v in TRIPLES)
    runs = read(*[write(body, f"run-{run}-tag-loss.csv") for run in ("a", "b")])
    assert [run.id for run in runs] == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("metrics.csv", "epoch,step,train_loss"),
        ("x.log", "epoch,accuracy,loss"),
        ("summary.csv", "epoch,train_loss,eval_loss"),
        ("history.csv", "epoch,train_loss,valid_loss"),
        ("loss.tsv", FLAIR.strip()),
        ("progress.csv", "step,loss"),
        ("0.monitor.csv", '#{"t_start": 1}\nr,l,t'),
        ("a_error.tsv", "iter\tRMSE"),
        ("Train_Samples_lr.csv", "step,lr"),
    ],
)
def test_a_header_without_rows_is_said_to_be_one(read, write, name, header):
    with pytest.raises((NotALogError, ReadError)) as refusal:
        read(write(header + "\n", name))
    assert "rows" in refusal.value.reason or "no " in refusal.value.reason
