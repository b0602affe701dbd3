"""nnU-Net: both versions of its log, attempts in one directory, rates that hold for the next epoch."""
# ruff: noqa: E501 - log lines are as long as they are

from __future__ import annotations

import json

import pytest

from lrdoctor.errors import NotALogError
from lrdoctor.readers._base import LogFile, Source
from lrdoctor.readers.nnunet import READER
from lrdoctor.records import Role

HEAD = "Starting... \n2023-08-24 08:41:08.1: Using splits from existing split file: /x/splits_final.pkl \n"
STAMP = "2023-09-01 13:52:23.781775: "


def version_1(first, last):
    text = HEAD + STAMP + "lr: 0.01 \n"
    for e in range(first, last):
        text += f"{STAMP}\nepoch:  {e} \n{STAMP}train loss : {-e / 50:.4f} \n{STAMP}validation loss: {-e / 60:.4f} \n"
        text += f"{STAMP}Average global foreground Dice: [0.9, 0.8{e % 10}] \n{STAMP}lr: {0.01 - (e + 1) / 1e4:.6f} \n"
        text += f"{STAMP}This epoch took 997.934776 s\n \n"
    return text


def version_2(first, last):
    text = "#######\nPlease cite the following paper when using nnU-Net:\n"
    for e in range(first, last):
        text += f"{STAMP}Epoch {e} \n{STAMP}Current learning rate: {0.01 - e / 1e4:.5f} \n{STAMP}train_loss {-e / 50:.4f} \n"
        text += f"{STAMP}val_loss {-e / 60:.4f} \n{STAMP}Pseudo dice [np.float32(0.8), np.float32(0.7)] \n{STAMP}Epoch time: 9.5 s\n"
    return text


def read(folder):
    files = [LogFile(path) for path in sorted(folder.iterdir())]
    claims = [(file, READER.claim(file)) for file in files]
    mine = tuple(file for file, claim in claims if claim is not None)
    assert {claim.group for _, claim in claims if claim is not None} == {folder}
    return list(READER.read(Source(path=folder, files=mine)))


@pytest.mark.parametrize(
    ("write", "train", "valid"),
    [(version_1, "train loss", "validation loss"), (version_2, "train_loss", "val_loss")],
)
def test_curves(write, train, valid, tmp_path):
    (tmp_path / "training_log_2023_9_1_02_27_40.txt").write_text(write(0, 20))
    (run,) = read(tmp_path)
    assert run.series[train].step.tolist() == list(range(20))
    assert run.series[train].unit == "epoch"
    assert run.series[train].value[-1] == -0.38
    assert run.series[train].role is Role.TRAIN_LOSS
    assert run.series[valid].role is Role.VAL_LOSS
    assert run.series["lr"].value[:3].tolist() == [0.01, 0.0099, 0.0098]
    assert run.hyperparameters["lr"] == 0.01


def test_attempts_of_one_training_in_the_order_of_their_dates(tmp_path):
    (tmp_path / "training_log_2023_8_29_08_25_25.txt").write_text(HEAD)
    (tmp_path / "training_log_2023_9_2_02_46_13.txt").write_text(version_1(0, 30))
    (tmp_path / "training_log_2023_10_1_02_27_40.txt").write_text(version_1(25, 40))
    debug = {"initial_lr": "0.01", "batch_size": "2", "max_num_epochs": "1000",
             "optimizer": "SGD (\nParameter Group 0\n    lr: 0.01\n    momentum: 0.99\n    nesterov: True\n)"}  # fmt: skip
    (tmp_path / "debug.json").write_text(json.dumps(debug))
    (run,) = read(tmp_path)
    assert run.series["train loss"].step.tolist() == list(range(40))
    assert any("1 of 3 attempts" in note for note in run.notes)
    assert any("resumed at 25" in note for note in run.notes)
    assert {name: run.hyperparameters[name] for name in ("optimizer", "batch_size", "momentum", "epochs")} == {
        "optimizer": "sgd", "batch_size": 2, "momentum": 0.99, "epochs": 1000,
    }  # fmt: skip


def test_a_start_from_the_beginning_is_another_run(tmp_path):
    (tmp_path / "training_log_2023_9_1_02_27_40.txt").write_text(version_1(0, 30))
    (tmp_path / "training_log_2023_9_2_02_46_13.txt").write_text(version_1(0, 40))
    assert [len(run.series["train loss"]) for run in read(tmp_path)] == [30, 40]


def test_no_epoch(tmp_path):
    (tmp_path / "training_log_2023_8_29_08_25_25.txt").write_text(HEAD)
    with pytest.raises(NotALogError, match="no epoch"):
        read(tmp_path)
