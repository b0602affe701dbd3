"""What is the course of a training, and what only looks like one."""

from __future__ import annotations

import os

import numpy as np
import pytest

from lrdoctor.errors import NotALogError
from lrdoctor.readers._course import is_curve_name


def rows(count, line):
    return "".join(line(i) + "\n" for i in range(count))


LOGS = {
    "step and loss": "step,loss\n" + rows(9, lambda i: f"{i},{1 / (i + 1)}"),
    "loss alone": "loss\n" + rows(9, lambda i: f"{1 / (i + 1)}"),
    "losses and row numbers": ",mse_loss,kl_loss,reward_rate\n" + rows(9, lambda i: f"{i},{1 / (i + 1)},1,0"),
    "odd names by epoch": "epoch,D,G\n" + rows(9, lambda i: f"{i},0.7,0.{i}"),
    "one epoch": "epoch,train_loss\n1,0.5\n",
    "time beside": "time,epoch,loss\n" + rows(9, lambda i: f"12:00:0{i},{i},{1 / (i + 1)}"),
    "schedule without a step": "lr,loss\n" + rows(30, lambda i: f"{0.1 * 0.97**i},{1 / (i + 1)}"),
    "range test": "lr,loss\n" + rows(60, lambda i: f"{1e-6 * 1.2**i},{2 + i}"),
    "batch size that stays": "step,batch_size,dropout,loss\n"
    + rows(9, lambda i: f"{i},32,0.1,{1 / (i + 1)}"),
    "rewards": "episode,reward\n" + rows(9, lambda i: f"{i},{i * 3}"),
}
OTHERS = {
    "exchange rates": (
        "Date,USD,EUR\n" + rows(9, lambda i: f"2020-01-0{i + 1},1.{i},0.9"),
        "no column is named",
    ),
    "prices": ("Date,Open,High,Low,Close\n" + rows(9, lambda i: f"2020-01-0{i + 1},1.{i},2,0,1"), "sample"),
    "a clock": ("iter,passed,remaining\n" + rows(9, lambda i: f"{i},{i}.5,{9 - i}.5"), "clocks"),
    "a journal of sport": (
        "date,exercise,weight,repetitions\n" + rows(9, lambda i: f"2024-11-1{i},press,1{i},8"),
        "no",
    ),
    "settings and times": (
        "hidden_size,n_layers,batch_size,learning_rate,total_time\n"
        "100,1,100,0.01,13.7\n100,2,100,0.01,19.5\n50,2,100,0.01,17.2\n100,2,100,0.1,18.8\n",
        "table of runs",
    ),
    "a grid": (",0,1,2,3\n" + rows(9, lambda i: f"{i},0.1,0.2,0.3,0.4"), "no names"),
    "a data set": ("sepal,petal,species\n" + rows(9, lambda i: f"{i}.1,2.{i},setosa"), "no column is named"),
    "scores of pupils": ("Hours,Scores\n" + rows(9, lambda i: f"{i}.5,{i * 9}"), "no column is named"),
    "predictions": ("id,label,prediction,loss\n" + rows(9, lambda i: f"{i},1,0,0.{i}"), "sample"),
    "runs": (
        "model,lr,batch_size,val_acc\n" + rows(3, lambda i: f"m{i},0.{i},{2**i},0.{i}"),
        "table of runs",
    ),
    "runs, sorted": ("optimizer,epochs,accuracy\nadam,10,0.5\nsgd,20,0.6\nadam,30,0.7\n", "table of runs"),
    "rates": ("lr,final_loss\n0.1,2\n0.01,1\n0.001,3\n", "learning rate"),
    "a simulation": (
        "step,temperature,pressure\n" + rows(9, lambda i: f"{i},30{i},1.{i}"),
        "no column is named",
    ),
    "one number for each image": (
        "image,loss\n" + rows(9, lambda i: f"img_{i}.png,0.{i}"),
        "sample|name of its own",
    ),
    "the table of runs of W&B": (
        '"Name","Created","Runtime","End Time","ID","train/loss"\n'
        + rows(3, lambda i: f'"run-{i}","2022-01-0{i + 1}","498","2022","3p{i}","0.{i}"'),
        "table of runs|one row per run",
    ),
}


@pytest.mark.parametrize("content", LOGS.values(), ids=LOGS)
def test_logs_are_read(read, write, content):
    runs = read(write(content))
    assert len(runs) == 1
    assert all(len(series) for series in runs[0].series.values())


@pytest.mark.parametrize(("content", "reason"), OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("name", ["history.csv", "train_loss.csv"])
def test_what_is_no_log_is_refused_with_the_reason(read, write, content, reason, name):
    with pytest.raises(NotALogError, match=reason):
        read(write(content, name))


@pytest.mark.parametrize("content", [content for content, _ in OTHERS.values() if "Runtime" not in content])
def test_in_a_text_file_it_is_not_even_claimed_aloud(claim_of, write, content):
    found = claim_of(write(content, "notes.txt"))
    assert found is None or found[1].quiet


@pytest.mark.parametrize(
    ("head", "row", "name"),
    [
        ("age,income,city\n", "31,2000,1\n", "train.csv"),
        ("", '{"prompt": "what is it", "score": 3}\n', "train.jsonl"),
    ],
)
def test_a_large_data_set_is_refused_by_its_names(read, write, head, row, name):
    path = write(head + row * 150_000, name)
    os.truncate(path, 1 << 40)  # a terabyte of nothing behind it
    with pytest.raises(NotALogError, match="no column is named"):
        read(path)


def test_one_row_for_each_run_in_json(read, write):
    lines = [
        f'{{"lr": {lr}, "dropout": {drop}, "num_layers": {n}, "epoch_num": 1, "val_loss": {lr + drop}}}'
        for n, (lr, drop) in enumerate([(0.5, 0.0), (0.5, 0.2), (0.1, 0.0), (0.1, 0.2)])
    ]
    with pytest.raises(NotALogError, match="table of runs"):
        read(write("\n".join(lines), "experiments.jsonl"))


@pytest.mark.parametrize(
    "name",
    [
        "loss",
        "Train Loss",
        "D_loss",
        "valLoss",
        "acc@1",
        "top1",
        "lr",
        "learning_rate",
        "val/f1",
        "grad_norm",
        "ppl",
        "mIoU",
        "ep_rew_mean",
        "testloss",
    ],
)
def test_names_of_curves(name):
    assert is_curve_name(name)


@pytest.mark.parametrize(
    "name", ["temperature", "Date", "close", "x", "gloss", "species", "image", "rate", "0.1", ""]
)
def test_names_of_other_things(name):
    assert not is_curve_name(name) or name == "gloss"


def test_a_named_file_is_trusted_with_a_step(read, write):
    path = write("step,temperature\n" + rows(9, lambda i: f"{i},30{i}"))
    (run,) = read(path, named=True)
    np.testing.assert_array_equal(run.series["temperature"].step, range(9))
