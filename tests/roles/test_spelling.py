"""The same name, however it is written, is the same name; and no name is found inside another word."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdoctor.roles.reading import read_tag
from lrdoctor.roles.vocabulary import vocabulary
from lrdoctor.roles.words import components, spell

if TYPE_CHECKING:
    from collections.abc import Callable

SPLITS = {
    "train": ["train", "training"],
    "val": ["val", "valid", "validation", "eval", "evaluation", "dev", "held out"],
    "test": ["test", "testing"],
}
CURVES = {
    "loss": ["loss", "losses", "cost"],
    "error": ["cross entropy", "mean squared error", "perplexity", "word error rate", "top 1 error"],
    "metric": ["accuracy", "f1", "mean iou", "average precision", "dice coef"],
    "grad_norm": ["grad norm", "gradient norm"],
    "objective": ["log likelihood", "elbo"],
}
INSIDE = ["_", "-", " ", "__", ""]
BETWEEN = [*INSIDE[:-1], "/", ".", " / "]


def camel(words: list[str]) -> str:
    return words[0] + "".join(word.capitalize() for word in words[1:])


WRITINGS = [
    lambda words, join: join.join(words),
    lambda words, join: join.join(words).upper(),
    lambda words, join: join.join(word.capitalize() for word in words),
    lambda words, _: camel(words),
    lambda words, _: "".join(word.capitalize() for word in words),
]


WRITTEN = st.tuples(st.sampled_from(WRITINGS), st.sampled_from(INSIDE[:-1]))


@given(
    split=st.sampled_from([(s, w) for s, words in SPLITS.items() for w in words]),
    curve=st.sampled_from([(k, w) for k, words in CURVES.items() for w in words]),
    writings=st.tuples(WRITTEN, WRITTEN),
    between=st.sampled_from(BETWEEN),
    swap=st.booleans(),
)
def test_case_and_separators_do_not_matter(
    split: tuple[str, str],
    curve: tuple[str, str],
    writings: tuple[tuple[Callable[[list[str], str], str], str], ...],
    between: str,
    swap: bool,
) -> None:
    parts = [
        write(name.split(), inside)
        for name, (write, inside) in zip([split[1], curve[1]], writings, strict=True)
    ]
    tag = between.join(reversed(parts) if swap else parts)
    reading = read_tag(tag)
    assert (reading.kind, reading.split, reading.exact) == (curve[0], split[0], True), tag


@given(
    st.sampled_from(["loss", "acc", "accuracy", "error", "perplexity"]),
    st.sampled_from(["train", "val", "test", "valid", "eval"]),
)
def test_words_run_together(curve: str, split: str) -> None:
    assert read_tag(split + curve) == read_tag(f"{split}_{curve}")


@pytest.mark.parametrize(
    "word",
    ["color", "lossless", "glossy", "accent", "erratic", "valley", "testament", "evaluated_by", "trainable",
    "blr",
     "clr", "gender", "mapper", "flora", "invalid", "protest", "latest", "device", "medieval", "retrieval",
     "terror", "mirror", "acceleration", "accumulation", "reproduction", "normal_form", "floss", "gradual",
     "mscore"],
)  # fmt: skip
def test_nothing_is_found_inside_a_word(word: str) -> None:
    reading = read_tag(word)
    assert (reading.kind, reading.split) == ("unknown", "")


@given(st.text(max_size=40))
def test_any_text_can_be_read(tag: str) -> None:
    reading = read_tag(tag)
    assert reading == read_tag(tag)
    assert reading.kind


@given(st.text(alphabet=string.ascii_letters + string.digits, min_size=1, max_size=30))
def test_spelling_keeps_every_letter_of_unknown_words(raw: str) -> None:
    words = spell(raw)
    if not set(words) & {word for spelled in vocabulary().spelling.values() for word in spelled}:
        assert "".join(words) == raw.lower()


@pytest.mark.parametrize(
    ("tag", "cut"),
    [
        ("data/MNIST_test_lr/training_loss", (("data",), ("mnist", "test", "lr"), ("training", "loss"))),
        ("train.loss", (("train",), ("loss",))),
        ("metrics/mAP_0.5:0.95", (("metrics",), ("map", "0", "5", "0", "95"))),
        ("metrics/mAP50-95(B)", (("metrics",), ("map", "50", "95", "b"))),
        ("x/lr0", (("x",), ("lr", "0"))),
        ("lr-AdamW/pg1", (("lr", "adamw"), ("pg", "1"))),
        ("loss_q0", (("loss", "q0"),)),
        ("L1Loss", (("l1", "loss"),)),
        ("RMSELoss", (("rmse", "loss"),)),
        ("AverageEpRet", (("average", "ep", "ret"),)),
        ("1 - ssim", (("neg", "ssim"),)),
        ("-elbo", (("neg", "elbo"),)),
        ("训练损失", (("train", "loss"),)),
        ("windows\\loss", (("windows",), ("loss",))),
        ("///", ()),
        ("", ()),
        ("%", ()),
    ],
)
def test_cutting(tag: str, cut: tuple[tuple[str, ...], ...]) -> None:
    assert components(tag) == cut
