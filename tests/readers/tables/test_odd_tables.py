"""Tables and JSON that are the course of a training, written as few others are; and those that are none."""

from __future__ import annotations

import json

import pytest

from lrdoctor.errors import NotALogError, ReadError

LOSS = [2.0, 1.5, 1.2, 1.0, 0.9, 0.85, 0.83]
HELD = [2.1, 1.6, 1.4, 1.3, 1.25, 1.3, 1.4]


def test_names_in_two_lines(read, write):
    rule = "|" + "=" * 80 + "|\n"
    text = "Training on single CPU.\n" + rule
    text += "|  Epoch  |  Iteration  |  Time Elapsed  |  Mini-batch  |  Validation  |  Base Learning  |\n"
    text += "|         |             |   (hh:mm:ss)   |     Loss     |     Loss     |      Rate       |\n" + rule
    for i, (loss, held) in enumerate(zip(LOSS, HELD, strict=True)):
        text += f"| {1 + i // 2:7d} | {50 * i + 50:11d} | 00:00:{i:02d} | {loss:12.4f} | {held:12.4f} | 0.0100 |\n"
    (run,) = read(write(text + rule + "Training finished: Max epochs completed.\n", "training.log"))
    assert run.series["Mini-batch Loss"].value.tolist() == LOSS
    assert run.series["Validation Loss"].value.tolist() == HELD
    assert run.series["Base Learning Rate"].step.tolist() == list(range(50, 400, 50))


def test_a_row_of_delimiters_alone(read, write):
    rows = [f"{i}.0,{loss},0.5" for i, loss in enumerate(LOSS)]
    (run,) = read(write("\n".join(["epoch,loss,accuracy", ",,", *rows]) + "\n", "training_history.csv"))
    assert run.series["loss"].value.tolist() == LOSS


def test_a_tab_that_ends_each_line_is_no_column(read, write):
    (run,) = read(write("".join(f" {loss:.4e}\t\n" for loss in LOSS), "loss_log.txt"))
    assert run.series["loss_log"].value.tolist() == LOSS


def test_a_metric_in_each_row_of_metrics_csv(read, write):
    rows = [
        f'"{run}","{run}0","{name}","{10 * i}","1761884192934","{value}"'
        for run in ("fox", "owl")
        for name, values in (("loss", LOSS), ("val_loss", HELD))
        for i, value in enumerate(values)
    ]
    runs = read(write("\n".join(['"Run","Run ID","metric","step","timestamp","value"', *rows]), "metrics.csv"))
    assert [run.id for run in runs] == ["fox", "owl"]
    for run in runs:
        assert run.series["loss"].value.tolist() == LOSS
        assert run.series["val_loss"].value.tolist() == HELD


@pytest.mark.parametrize("name", ["train_losses.json", "losses.txt", "loss_log"])
def test_a_list_of_numbers(name, read, write):
    (run,) = read(write(str([*LOSS, float("nan")]), name))
    (series,) = run.series.values()
    assert series.value[:-1].tolist() == LOSS
    assert series.value[-1] != series.value[-1]


@pytest.mark.parametrize(
    ("text", "error"),
    [("[1.0, 2.0, [3.0]]", NotALogError), ("[1.0]", NotALogError), ("[1.0, 2.0, 3.", ReadError)],
)
def test_other_lists(text, error, read, write):
    with pytest.raises(error):
        read(write(text, "losses.json"), named=True)


def test_lists_of_one_directory_are_one_run(read, write):
    (run,) = read(write(json.dumps(LOSS), "train_loss.json"), write(json.dumps(HELD), "val_loss.json"))
    assert set(run.series) == {"train_loss", "val_loss"}


@pytest.mark.parametrize("key", ["{}", "epoch_{}"])
def test_an_object_for_each_epoch(key, read, write):
    content = {key.format(i): {"loss": a, "val_loss": b} for i, (a, b) in enumerate(zip(LOSS, HELD, strict=True))}
    (run,) = read(write(json.dumps(content), "history.json"))
    assert run.series["val_loss"].value.tolist() == HELD
    assert run.series["val_loss"].step.tolist() == list(range(7))


def test_lines_that_tell_their_type(read, write):
    lines = []
    for i, (loss, held) in enumerate(zip(LOSS, HELD, strict=True)):
        lines.append({"type": "train", "step": 10 * i, "metrics": {"loss": loss}})
        lines.append({"type": "eval", "step": 10 * i, "metrics": {"loss": held}})
    (run,) = read(write("\n".join(map(json.dumps, lines)), "train_log.jsonl"))
    assert run.series["train/metrics/loss"].value.tolist() == LOSS
    assert run.series["val/metrics/loss"].value.tolist() == HELD


def test_a_line_for_each_step_is_no_line_for_each_epoch(read, write):
    lines = [{"epoch": i // 4, "step": i, "train_loss": loss} for i, loss in enumerate(LOSS)]
    (run,) = read(write("\n".join(map(json.dumps, lines)), "metrics.jsonl"))
    assert (run.format, run.series["train_loss"].unit) == ("jsonl", "step")


def test_several_clients_in_each_round(read, write):
    rows = [f"{i},{client},{loss + client}" for i, loss in enumerate(LOSS) for client in (0, 1)]
    runs = read(write("\n".join(["round,client_id,loss", *rows]) + "\n"))
    assert [run.series["loss"].value.tolist() for run in runs] == [LOSS, [loss + 1 for loss in LOSS]]


def test_a_row_for_each_fold(read, write):
    rows = [f"{i},{0.98 + i / 1000}" for i in range(1, 6)]
    with pytest.raises(NotALogError, match="one row for each 'Fold'"):
        read(write("\n".join(["Fold,Accuracy", *rows]) + "\n", "metrics.csv"), named=True)
