"""What rate is to be expected, and whether a run fine-tunes."""

from __future__ import annotations

import pytest

from lrdoctor import synth
from lrdoctor.engine import Context
from lrdoctor.errors import Unavailable
from lrdoctor.prescribing.expected import effective_rate, tuning_of
from lrdoctor.records import Run
from lrdoctor.roles import assign_roles


def named(run_id="run", **hyperparameters):
    return Run(id=run_id, source="x", format="x", series={}, hyperparameters=hyperparameters)


def expected(**hyperparameters):
    return Context(assign_roles(synth.make_run([1.0, 0.9, 0.8], hyperparameters=hyperparameters))).get("expected")


@pytest.mark.parametrize(
    "known",
    [
        {"pretrained": True},
        {"model.pretrained": "true"},
        {"model_name_or_path": "bert-base-uncased"},
        {"lora_r": 8},
        {"peft_type": "LORA"},
        {"use_lora": True},
        {"finetuning_type": "full"},
        {"pretrained_model_name_or_path": "gpt2"},
    ],
)
def test_hyperparameters_that_say_fine_tuning(known):
    tuning, because = tuning_of(named(**known))
    assert tuning == "fine-tuning"
    assert next(iter(known)) in because


@pytest.mark.parametrize("known", [{"pretrained": False}, {"pretrained": "none"}, {"from_scratch": True}])
def test_hyperparameters_that_say_from_scratch(known):
    assert tuning_of(named(**known))[0] == "from scratch"


@pytest.mark.parametrize("known", [{}, {"pretrained": None}, {"lora_r": 0}, {"explorations": 4}, {"model": "gpt2"}])
def test_hyperparameters_that_do_not_say(known):
    assert tuning_of(named(**known)) == ("unknown", "")


@pytest.mark.parametrize(
    ("name", "tuning"),
    [
        ("runs/bert-finetune-1", "fine-tuning"), ("llama-sft", "fine-tuning"), ("exp/qlora_7b", "fine-tuning"),
        ("gpt2-pretrain", "from scratch"), ("resnet_from_scratch", "from scratch"), ("exp3", "unknown"),
        ("explore", "unknown"), ("gpt2-pretrained", "unknown"),
    ],
)  # fmt: skip
def test_names(name, tuning):
    assert tuning_of(named(name))[0] == tuning


def test_settings_beat_names():
    assert tuning_of(named("finetune", pretrained=False))[0] == "from scratch"


def test_fine_tuning_lowers_the_upper_end_and_training_from_scratch_raises_the_lower():
    free, fine = expected(lr=1e-3, optimizer="adamw"), expected(lr=1e-3, optimizer="adamw", pretrained=True)
    scratch = expected(lr=1e-3, optimizer="adamw", pretrained=False)
    assert (free.low, free.high) == pytest.approx((1e-7, 1e-2))
    assert (fine.low, fine.high) == pytest.approx((1e-7, 1e-3))
    assert (scratch.low, scratch.high) == pytest.approx((1e-5, 1e-2))


def test_effective_rate():
    sgd = {"optimizer": "sgd", "momentum": 0.9}
    assert effective_rate(0.1, sgd) == pytest.approx(1.0)
    assert effective_rate(0.1, {**sgd, "dampening": 0.9}) == pytest.approx(0.1)
    assert effective_rate(0.1, {"optimizer": "sgd"}) is None
    assert effective_rate(0.1, {**sgd, "momentum": 1.0}) is None
    assert effective_rate(0.1, {"optimizer": "adam", "momentum": 0.9}) is None
    assert expected(lr=0.1, **sgd).effective_high == pytest.approx(1.0)
    assert expected(lr=0.1, optimizer="sgd", momentum=0).effective_high == pytest.approx(1.0)


def test_what_is_unknown_is_said():
    with pytest.raises(Unavailable, match="optimizer is unknown"):
        expected(lr=0.1)
    with pytest.raises(Unavailable, match="neither logged nor configured"):
        expected(optimizer="adam")
