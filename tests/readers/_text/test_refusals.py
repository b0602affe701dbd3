"""What is no course of a training is refused, with the reason, or not claimed at all."""

from __future__ import annotations

import random
import time

import pytest

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.readers._base import LogFile, Source
from lrdoctor.readers.text_generic import READER

TEXTS = {
    "settings": "lr: 0.001\nepochs: 100\nbatch_size: 32\nweight_decay: 0.0005\nloss_weight: 1.0\ntest_ratio: 0.2\n" * 4,
    "results": "\n".join(f"lr={lr} bs={bs} acc=0.{bs}" for lr in (0.1, 0.01, 0.001) for bs in (32, 64, 96)),
    "a run a line": "\n".join(
        f'{{"lr": {lr}, "dropout": 0.2, "epochs": 1, "nlayers": {n}, "bptt": 35, "epoch_num": 1, "val_loss": {lr + n}}}'
        for lr in (0.5, 1, 2) for n in (1, 2, 3, 4)
    ),
    "report": (
        "              precision    recall  f1-score   support\n"
        + "".join(f"           {k}       0.91      0.85      0.88       100\n" for k in range(8))
        + "    accuracy                           0.89       300\n"
    ),
    "build": "".join(f"Step {k}/10 : RUN pip install torch==1.{k}.0\n ---> 1234567890ab\n" for k in range(1, 11)),
    "ping": "".join(f"64 bytes from 8.8.8.8: icmp_seq={k} ttl=117 time=12.{k} ms\n" for k in range(20)),
    "coco": " Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.374\n" * 12,
    "one epoch said once": "Epoch 1/1\nloss: 0.5 - val_loss: 0.4\n",
    "paths": "".join(f"/data/train/epoch_{k}/loss_{k}.png 12{k}kB\n" for k in range(30)),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_refused(name, tmp_path):
    path = tmp_path / "train.log"
    path.write_text(TEXTS[name])
    file = LogFile(path, named=True)
    if READER.claim(file) is None:
        return
    with pytest.raises(NotALogError) as caught:
        list(READER.read(Source(path=path, files=(file,))))
    assert caught.value.source == str(path)
    assert len(caught.value.reason) > 40


def test_results_are_called_results(tmp_path):
    path = tmp_path / "results.log"
    path.write_text(TEXTS["a run a line"])
    with pytest.raises(NotALogError, match="one training"):
        list(READER.read(Source(path=path, files=(LogFile(path),))))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("requirements.txt", "torch==2.1.0\nnumpy==1.26.4\n" * 30),
        ("debug.log", "step 1 loss 0.5\n" * 30),
        ("model.py", "loss = 0.5\nlr = 0.1\nepoch = 3\nstep = 4\nacc = 5\n" * 5),
        ("train.log", "\x00\x01\x02\x03" * 3000),
        ("empty.log", ""),
    ],
)
def test_not_claimed(name, content, tmp_path):
    path = tmp_path / name
    path.write_text(content)
    assert READER.claim(LogFile(path)) is None


def test_a_refusal_is_heard_where_the_name_promises_a_log(tmp_path):
    for name, quiet in (
        ("notes.txt", True),
        ("README.md", True),
        ("train_loss.txt", False),
        ("slurm-123.out", False),
    ):
        path = tmp_path / name
        path.write_text("step 1 loss 0.5\n" * 10)
        assert READER.claim(LogFile(path)).quiet is quiet


def test_what_was_printed_beside_a_wandb_run_is_left_to_its_reader(tmp_path):
    (tmp_path / "files").mkdir()
    path = tmp_path / "files" / "output.log"
    path.write_text("step 1 loss 0.5\n" * 10)
    assert READER.claim(LogFile(path)) is not None
    (tmp_path / "run-abc.wandb").write_bytes(b":W&B")
    assert READER.claim(LogFile(path)) is None
    assert READER.claim(LogFile(path, named=True)) is not None


def test_the_log_may_begin_behind_a_long_preface(tmp_path, read_printed):
    preface = "".join(f"    some configuration text without meaning, number {k}\n" for k in range(9000))
    text = preface + "".join(f"step {k} loss {k / 7:.3f}\n" for k in range(400)) + "bye\n" * 9000
    (run,) = read_printed(text, name="job.out")
    assert len(run.series["loss"]) == 400


def test_damage_never_ends_in_anything_but_a_refusal(tmp_path):
    rng = random.Random(5)
    base = "".join(
        f"2024-01-01 10:00:{k % 60:02d},123 INFO epoch {k // 10} [{k % 10}/10] loss: {k / 7:.4f} (0.5) lr 1e-3\n"
        f"\r 10%|#  | {k}/300 [00:01<00:02, 5it/s]\rvalid | loss {k / 9:.3f}\n| loss | {k} |\n-----\n"
        for k in range(120)
    ).encode()
    path = tmp_path / "train.log"
    for turn in range(60):
        data = bytearray(base)
        if turn % 3 == 0:
            del data[rng.randrange(len(data)) :]
        for _ in range(rng.randrange(80)):
            if data:
                data[rng.randrange(len(data))] = rng.randrange(256)
        if turn % 3 == 1:
            at = rng.randrange(len(data))
            data[at:at] = rng.choice([b"nan", b"9" * 400, b"1e999", b"\xff\xfe", b"[" * 300, b"epoch 5 "]) * 3
        path.write_bytes(bytes(data))
        try:
            for run in READER.read(Source(path=path, files=(LogFile(path),))):
                assert all(len(series) for series in run.series.values())
        except ReadError:
            pass


@pytest.mark.parametrize(
    "line",
    [
        "1" * 18000,
        " " * 18000,
        "a." * 9000,
        "a_" * 9000,
        "1," * 9000,
        "(" * 18000,
        "1%| " * 4500,
        "-" * 18000,
    ],
)
def test_long_lines_cost_their_length(line, read_printed):
    text = "".join(f"step {k} loss {k / 7:.3f}\n" for k in range(30))
    start = time.process_time()
    (run,) = read_printed(text + f"loss {line} 1\n" * 30)
    assert time.process_time() - start < 2
    assert len(run.series["loss"]) == 30
