"""From a text to its runs: axes, sessions, encodings, roles, hyperparameters, what is noted."""
# ruff: noqa: E501, C408 - log lines are as long as they are

from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.readers._text.settings import find_settings
from lrdoctor.readers._text.stream import blocks
from lrdoctor.records import Role


def epochs(first, last, name="loss", lift=0.0):
    return "".join(f"Epoch {e}: {name}={1 / (e + 1) + lift:.4f}\n" for e in range(first, last))


def test_a_restart_makes_another_run_and_a_resume_does_not(read_printed):
    one, two = read_printed(epochs(0, 10) + "Traceback\n" + epochs(0, 8, lift=1))
    assert [len(run.series["loss"]) for run in (one, two)] == [10, 8]
    assert (one.id, two.id) == ("1", "2")
    (resumed,) = read_printed(epochs(0, 10) + epochs(7, 15, lift=1))
    series = resumed.series["loss"]
    assert series.step.tolist() == list(range(15))
    assert series.value[7] > 1
    assert any("resumed at 7" in note for note in resumed.notes)


def test_announced_trainings_without_steps_are_runs_of_their_own(read_printed):
    text = ""
    for name in ("0th SGD start!", "0th Adam start!", "1th SGD start!"):
        text += (
            name
            + "\n"
            + "".join(f"test: ({1 / (k + 1)}, 0.{k + 10})\ntrain: ({2 / (k + 1)}, 0.{k + 20})\n" for k in range(20))
        )
    runs = read_printed(text)
    assert len(runs) == 3
    assert all(len(series) == 20 for run in runs for series in run.series.values())
    assert runs[1].series["test[0]"].role is Role.VAL_LOSS
    assert runs[1].series["train[0]"].role is Role.TRAIN_LOSS
    assert runs[1].series["train[1]"].role is Role.TRAIN_METRIC
    assert any("0th Adam start" in note for note in runs[1].notes)


def test_saving_every_hundred_lines_is_no_announcement(read_printed):
    (run,) = read_printed("".join(f"loss: {1 / (k + 1):.4f}\n" + "saving...\n" * (k % 10 == 9) for k in range(40)))
    assert len(run.series["loss"]) == 40


def test_words_that_are_the_same_in_training_and_validation_are_noted(read_printed):
    text = "".join(f"epoch {e} loss {1 / e:.4f}\nepoch {e} loss {2 / e:.4f}\n" for e in range(1, 12))
    (run,) = read_printed(text)
    assert run.series["loss"].value[0] == 1.0
    assert run.series["loss [2]"].value[0] == 2.0
    assert any("nothing tells which is which" in note for note in run.notes)


def test_the_same_line_of_every_process_is_no_second_curve(read_printed):
    text = "".join(f"[rank{r}]: step {k} loss {1 / (k + 1):.4f}\n" for k in range(20) for r in range(2))
    (run,) = read_printed(text)
    assert list(run.series) == ["loss"]
    assert len(run.series["loss"]) == 20


def test_an_evaluation_in_progress_counts_once(read_printed):
    text = ""
    for e in range(3):
        text += "".join(f"Epoch: [{e}][{b}/40] Loss {1 / (e * 40 + b + 1):.4f} (0.5)\n" for b in range(0, 40, 10))
        text += "".join(f"Test: [{b}/30] Loss 9.0 ({e + b / 100:.2f})\n" for b in range(0, 30, 10))
    (run,) = read_printed(text)
    assert run.series["test/Loss"].value.tolist() == [0.2, 1.2, 2.2]
    assert run.series["test/Loss"].step.tolist() == [30, 70, 110]
    assert run.series["Loss (avg)"].role is Role.AVERAGE


def test_a_summary_is_an_average(read_printed):
    text = "".join(f"{{'loss': {1 / k:.4f}, 'learning_rate': 0.1, 'epoch': {k / 10}}}\n" for k in range(1, 21))
    (run,) = read_printed(text + "{'train_runtime': 12.5, 'train_loss': 0.7, 'epoch': 2.0}\n")
    assert run.series["train_loss"].role is Role.AVERAGE
    assert len(run.series["loss"]) == 20


def test_steps_come_from_what_the_trainer_announces(read_printed):
    text = "  Num Epochs = 2\n  Total optimization steps = 400\n"
    text += "".join(f"{{'loss': {1 / k:.4f}, 'epoch': {k / 10}}}\n" for k in range(1, 21))
    (run,) = read_printed(text)
    assert run.series["loss"].step.tolist() == list(range(20, 401, 20))


def test_steps_with_three_digits_are_spread(read_printed):
    text = "".join(
        f"-----\n| loss | {1 / (k + 1):.4f} |\n| step | {float(f'{k * 10:.3g}'):.4g} |\n-----\n" for k in range(0, 1500)
    )
    (run,) = read_printed(text)
    step = run.series["loss"].step
    assert step.size == 1500
    assert np.abs(step - np.arange(1500) * 10).max() <= 100
    assert any("few digits" in note for note in run.notes)


def test_nan_and_infinity_are_kept(read_printed):
    values = ["2.5", "1.5", "nan", "inf", "-inf", "NaN", "0.5"]
    (run,) = read_printed("".join(f"step {k} loss {value}\n" for k, value in enumerate(values)))
    np.testing.assert_array_equal(run.series["loss"].value, [float(value) for value in values])


def test_a_value_that_is_not_printed_is_no_nan(read_printed):
    text = "".join(f"step {k} loss {k}.5 lr 0.1\n" if k < 10 else f"step {k} lr 0.1\n" for k in range(20))
    (run,) = read_printed(text)
    assert len(run.series["loss"]) == 10
    assert not np.isnan(run.series["loss"].value).any()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings(encoding, end, read_printed):
    text = "".join(f"\u00c9poque {k}: loss={1 / (k + 1):.4f}{end}" for k in range(12))
    (run,) = read_printed(text.encode(encoding))
    assert len(run.series["loss"]) == 12


def test_blocks_are_whole_lines_whatever_their_size(tmp_path, monkeypatch):
    text = "".join(f"step {k} loss {k / 7:.5f}{'' if k % 3 else chr(13)}\n" for k in range(500)).encode()
    path = tmp_path / "a.log"
    path.write_bytes(text)
    whole = b"".join(block.data for block in blocks(path))
    for size in (17, 64, 1000):
        monkeypatch.setattr("lrdoctor.readers._text.stream.BLOCK_BYTES", size)
        parts = list(blocks(path))
        assert b"".join(block.data for block in parts) == whole
        assert sum(block.overwritten.size for block in parts) == whole.count(b"\n")


def test_reading_goes_on_from_an_offset(tmp_path):
    path = tmp_path / "a.log"
    first = "".join(f"step {k} loss {k / 7:.5f}\n" for k in range(50))
    path.write_text(first)
    with path.open("a") as stream:
        stream.write("".join(f"step {k} loss {k / 7:.5f}\n" for k in range(50, 60)))
    (block,) = blocks(path, start=len(first))
    assert block.data.split(b"\n")[0].startswith(b"step 50 ")
    assert block.stop == path.stat().st_size


SETTINGS = {
    "Namespace(batch_size=20, lr=20, epochs=5, optimizer='SGD', momentum=0.9)": dict(
        lr=20, batch_size=20, epochs=5, optimizer="sgd", momentum=0.9
    ),
    "  lr .............................. 0.00015\n  weight_decay ............... 0.01": dict(lr=0.00015, weight_decay=0.01),
    "python train.py --lr 1e-3 --batch-size 64": dict(lr=1e-3, batch_size=64),
    "optimizer = dict(type='AdamW', lr=0.004, weight_decay=0.05)": dict(optimizer="adamw", lr=0.004, weight_decay=0.05),
    "{'learning_rate': 5e-05, 'num_train_epochs': 3, 'lr_scheduler_type': 'cosine'}": dict(
        lr=5e-5, epochs=3, schedule="cosine"
    ),
    "AdamW (\nParameter Group 0\n    amsgrad: False\n    lr: 0.0003\n    weight_decay: 0.1\n)": dict(
        optimizer="adamw", lr=0.0003, weight_decay=0.1
    ),
    "(bn): BatchNorm2d(64, eps=1e-05, momentum=0.1, affine=True)": {},
    "step 3 loss 0.5 lr: 0.1": {},
    "optimizer: None": {},
}  # fmt: skip


@pytest.mark.parametrize("text", SETTINGS)
def test_settings_above_the_curves(text):
    head = f"{text}\nstep 1 loss 0.5 lr 0.7\n".encode()
    assert find_settings(head, text.count("\n") + 1) == SETTINGS[text]


def test_settings_in_printed_source_do_not_count():
    source = "".join(f"def f{k}():\n    lr = 0.{k}\nimport os\n" for k in range(30))
    assert find_settings(source.encode(), 90) == {}
    assert find_settings((source + "Namespace(lr=0.5)\n").encode(), 91) == {"lr": 0.5}
