"""Shapes, numbers and the reading of single lines, each against an obvious twin or a table of cases."""
# ruff: noqa: E501 - log lines are as long as they are

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdoctor.readers._text.grammar import read_line
from lrdoctor.readers._text.numbers import Taking, floats
from lrdoctor.readers._text.shapes import NUMBER, NUMBER_IN_TEXT, shapes

PIECES = st.sampled_from(
    ["loss", " ", "  ", "=", ": ", "0.5", "12", "-3", "1e-5", "2.1E+00", "nan", "inf", ",", "[", "]", "(", ")", "|",
     "/", "loss_q1", "Acc@1", "epoch", "\t", "----", "12:30:59", "1,234", "%", "\u2588\u2588", "\u635f\u5931", ".", "..."]
)  # fmt: skip
LINES = st.lists(PIECES, max_size=14).map("".join)


def shape_naively(line: str) -> bytes:
    """One digit for each number that is not part of a word; one character for each run of padding."""
    line = re.sub(r"[\u2000-\u2fff]+", "\x80", line)
    line = re.sub(r"(?<![A-Za-z_@\d])\d+", "0", line)
    line = re.sub(r"([ =\-*#>\x80])\1+", r"\1", line)
    return b"".join(b"\x80" if letter == "\x80" else letter.encode() for letter in line)


@given(st.lists(LINES, max_size=8))
def test_shapes_are_those_of_the_naive_twin(lines):
    data = "".join(f"{line}\n" for line in lines).encode()
    assert shapes(data) == [shape_naively(line) for line in lines]


@given(LINES)
def test_numbers_are_the_same_in_bytes_and_text(line):
    found = [match.group().encode() for match in NUMBER_IN_TEXT.finditer(line)]
    assert found == NUMBER.findall(line.encode())


@given(LINES, st.integers(0, 9), st.integers(1, 4))
def test_lines_of_one_shape_have_the_same_numbers_in_the_same_places(line, digit, times):
    other = re.sub(r"(?<![A-Za-z_@\d.])\d+", str(digit) * times, line)
    if shapes(f"{line}\n".encode()) == shapes(f"{other}\n".encode()):
        assert len(NUMBER.findall(line.encode())) == len(NUMBER.findall(other.encode()))


def test_numbers_of_many_lines_at_once():
    raw = [f"step {i} | loss {i / 7:.4f}, lr {1 / (i + 1):.2e}, acc {i}/200".encode() for i in range(50)]
    line = read_line(raw[0])
    values = Taking.learn(raw[0], line).take(raw)
    expected = [[i, round(i / 7, 4), float(f"{1 / (i + 1):.2e}"), i / 200] for i in range(50)]
    np.testing.assert_array_equal(values, expected)


def test_a_line_of_another_shape_is_noticed():
    raw = b"step 1 loss 0.5"
    assert Taking.learn(raw, read_line(raw)).take([raw, b"step 1 loss 0.5 and 7"]) is None


@pytest.mark.parametrize(
    ("tokens", "values"),
    [
        (["1,234", "12,345,678"], [1234, 12345678]),
        (["0,25", "1,5"], [0.25, 1.5]),
        (["nan", "-inf", "1e-4"], [np.nan, -np.inf, 1e-4]),
        (["60,120,1600"], [np.nan]),
    ],
)
def test_commas_separate_thousands_or_decimals(tokens, values):
    np.testing.assert_array_equal(floats([token.encode() for token in tokens]), values)


def named(text):
    line = read_line(text.encode())
    assert line is not None, text
    return {field.tag: text_of(text, field.token) for field in line.fields}


def text_of(text, token):
    return list(NUMBER_IN_TEXT.finditer(text))[token].group()


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("step 100 | loss 2.31 | lr 1e-3", {"step": "100", "loss": "2.31", "lr": "1e-3"}),
        ("{'loss': 0.5, 'learning_rate': 1e-4, 'epoch': 0.1}", {"loss": "0.5", "learning_rate": "1e-4", "epoch": "0.1"}),
        ("Epoch 1: Train Loss=0.07, Val Loss=0.08", {"Epoch": "1", "Train Loss": "0.07", "Val Loss": "0.08"}),
        ("train Loss: 0.65 Acc: 0.6", {"train Loss": "0.65", "train/Acc": "0.6"}),
        ("Epoch: [3][100/5000] Loss 4.28 (4.10)", {"Epoch": "3", "batch": "5000", "Loss": "4.28", "Loss (avg)": "4.10"}),
        ("Test set: Average loss: 0.05, Accuracy: 98/100 (98%)", {"test/Average loss": "0.05", "test/Accuracy": "98"}),
        ("loss: tensor(2.30, device='cuda:0', grad_fn=<NllLossBackward>)", {"loss": "2.30"}),
        ("Cost after epoch 100: 0.69", {"epoch": "100", "Cost": "0.69"}),
        ("[1,  2000] loss: 2.187", {"epoch": "1", "batch": "2000", "loss": "2.187"}),
        ("coco/AP: 0.51  coco/AP .5: 0.71", {"coco/AP": "0.51", "coco/AP .5": "0.71"}),
        ("valid | loss 0.5 | lr 0.1", {"valid/loss": "0.5", "lr": "0.1"}),
        ("| loss_q1   | 7.3      |", {"loss_q1": "7.3"}),
        ("Step 12k loss 0.5", {"Step": "12", "loss": "0.5"}),
    ],
)  # fmt: skip
def test_fields_of_a_line(text, fields):
    assert named(text) == fields


@pytest.mark.parametrize(
    "text",
    [
        "    lr = 0.01 if step < 100 else 0.001",
        'print(f"step:{step}/{n} val_loss:{val_loss:.4f}")',
        "loss = F.cross_entropy(logits, targets, ignore_index=-1)",
        "for step in range(1000):",
        "  (norm): LayerNorm((768,), eps=1e-05, elementwise_affine=True)",
        "Epoch 12: val_loss improved from 0.5 to 0.4, saving model",
        "Validation loss decreased (0.52 --> 0.50).  Saving model ...",
        "2024-10-24 21:02:11 torch 2.6.0 on cuda 12.4 at 10.0.0.1:8080",
        " Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.374",
    ],
)
def test_lines_that_hold_no_data(text):
    line = read_line(text.encode())
    assert line is None or not line.fields


def test_nan_iterations_are_no_nan():
    assert named("loss scale: 1.0 | number of nan iterations:   0 |")["number of nan iterations"] == "0"


def test_a_scale_behind_a_number_multiplies():
    raw = b"step 12k loss 0.5"
    assert Taking.learn(raw, read_line(raw)).take([raw]).tolist() == [[12000, 0.5]]


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("Epoch 3 train loss/acc: 0.5/0.9 val loss/acc: 0.6/0.8",
         {"Epoch": "3", "train loss": "0.5", "train acc": "0.9", "val loss": "0.6", "val acc": "0.8"}),
        ("\t Val. Loss: 0.328 |  Val. Acc: 88.64%", {"Val. Loss": "0.328", "Val. Acc": "88.64"}),
        ("v_num: jba0 train/loss_step: 0.181 val/loss: 0.2", {"train/loss_step": "0.181", "val/loss": "0.2"}),
        ("[Iter 3] [Losses: xy 0.1, wh 0.2] [lr 0.01]", {"Iter": "3", "Losses/xy": "0.1", "Losses/wh": "0.2", "lr": "0.01"}),
        ("Epoch #1: train_loss=0.5", {"Epoch": "1", "train_loss": "0.5"}),
        ("7:\tlearn: 0.5\ttest: 0.6\tbest: 0.6 (7)\ttotal: 50ms\tremaining: 5s", {"iteration": "7", "learn": "0.5", "test": "0.6"}),
    ],
)  # fmt: skip
def test_fields_of_odd_lines(text, fields):
    assert named(text) == fields
