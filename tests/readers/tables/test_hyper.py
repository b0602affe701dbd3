"""Configurations of any make on the names that runs use."""

from __future__ import annotations

import argparse
import enum
from pathlib import Path

import numpy as np
import pytest

from lrdoctor.readers._beside import plain_assignments, read_companion_json, read_companion_python, read_companion_yaml
from lrdoctor.readers._hyper import find_hyperparameters, optimizer_name, schedule_name


def canonical(found):
    names = (
        "lr",
        "optimizer",
        "batch_size",
        "momentum",
        "weight_decay",
        "schedule",
        "clip_norm",
        "epochs",
        "max_steps",
        "warmup_steps",
    )
    return {name: found[name] for name in names if name in found}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        pytest.param(
            {
                "learning_rate": "1e-4",
                "per_device_train_batch_size": 8,
                "gradient_accumulation_steps": 4,
                "max_steps": -1,
                "num_train_epochs": 3.0,
                "optim": "adamw_torch_fused",
                "max_grad_norm": 1.0,
                "lr_scheduler_type": "SchedulerType.COSINE",
                "warmup_steps": 100,
                "weight_decay": 0.0,
            },
            {
                "lr": 1e-4,
                "batch_size": 32,
                "epochs": 3.0,
                "optimizer": "adamw",
                "clip_norm": 1.0,
                "schedule": "cosine",
                "warmup_steps": 100,
                "weight_decay": 0.0,
            },
            id="training-arguments",
        ),
        pytest.param(
            {
                "wandb_version": 1,
                "_wandb": {"desc": None, "value": {"lr": 9}},
                "lr": {"desc": None, "value": 0.003},
                "opt": {"desc": None, "value": {"name": "SGD", "momentum": 0.9}},
            },
            {"lr": 0.003, "optimizer": "sgd", "momentum": 0.9},
            id="wandb-wrapping",
        ),
        pytest.param(
            {
                "optimizer": {"type": "AdamW", "params": {"lr": 3e-4, "betas": [0.9, 0.99]}},
                "gradient_clipping": 1.0,
                "scheduler": {
                    "type": "WarmupDecayLR",
                    "params": {"warmup_num_steps": 50, "total_num_steps": 9},
                },
                "train_micro_batch_size_per_gpu": 4,
                "gradient_accumulation_steps": 2,
                "world_size": 8,
            },
            {
                "lr": 3e-4,
                "optimizer": "adamw",
                "clip_norm": 1.0,
                "schedule": "linear",
                "warmup_steps": 50,
                "batch_size": 64,
            },
            id="deepspeed",
        ),
        pytest.param(
            {
                "name": "adam",
                "optimizer": {"class_name": "Adam", "config": {"learning_rate": np.float32(0.5)}},
            },
            {"lr": 0.5, "optimizer": "adam"},
            id="keras",
        ),
        pytest.param(
            vars(argparse.Namespace(lr=20, clip=0.25, epochs=12, bptt=35, batch_size=20)),
            {"lr": 20, "clip_norm": 0.25, "epochs": 12, "batch_size": 20},
            id="argparse",
        ),
        pytest.param(
            {"discriminator": {"lr": 1.0}, "generator": {"lr": 2.0}, "optim": {"lr": 3.0}},
            {"lr": 2.0},
            id="the-trainer's-own-before-others",
        ),
        pytest.param(
            {"lr_g": 0.1, "lr_decay": 0.5, "min_lr": 1e-6, "clip": 0, "batch_size": -1}, {}, id="nothing"
        ),
        pytest.param({"lr": [0.1]}, {"lr": 0.1}, id="list-of-one"),
        pytest.param({"lr": [0.1, 0.2]}, {}, id="list-of-several"),
        pytest.param({"lr": True, "epochs": "ten"}, {}, id="no-numbers"),
        pytest.param({"lr": float("nan"), "learning_rate": 0.1}, {"lr": 0.1}, id="nan-is-no-rate"),
        pytest.param(
            {"cos_lr": True, "optimizer": "auto"}, {"schedule": "cosine", "optimizer": "auto"}, id="yolo"
        ),
    ],
)
def test_names(config, expected):
    assert canonical(find_hyperparameters(config)) == expected


def test_other_scalars_keep_their_dotted_names():
    class Colour(enum.Enum):
        RED = "red"

    found = find_hyperparameters(
        {"model": {"dropout": 0.1, "layers": [1, 2]}, "colour": Colour.RED, "none": None}
    )
    assert found == {"model.dropout": 0.1, "colour": "red", "none": None}


@pytest.mark.parametrize(
    ("written", "short"),
    [
        ("torch.optim.adamw.AdamW", "adamw"),
        ("OptimizerNames.ADAMW_TORCH", "adamw"),
        ("FusedAdam", "adam"),
        ("DeepSpeedCPUAdam", "adam"),
        ("paged_adamw_8bit", "adamw"),
        ("SGD", "sgd"),
        ("momentum", "momentum"),
        ("MomentumOptimizer", "momentum"),
        ("tf.train.GradientDescentOptimizer", "sgd"),
        ("SGD-Nesterov", "nesterov"),
        ("AdamW (\nParameter Group 0\n    lr: 0.1)", "adamw"),
        ("RMSprop", "rmsprop"),
        ("Lion", "lion"),
        ("torch.optim.SGD(lr=0.1)", "sgd"),
        ("MyOwnThing", "myownthing"),
    ],
)
def test_optimizers(written, short):
    assert optimizer_name(written) == short


@pytest.mark.parametrize(
    ("written", "short"),
    [
        ("CosineAnnealingLR", "cosine"),
        ("SchedulerType.LINEAR", "linear"),
        ("OneCycleLR", "one_cycle"),
        ("constant_with_warmup", "warmup_constant"),
        ("MultiStepLR", "step"),
        ("ReduceLROnPlateau", "plateau"),
        ("CosineAnnealingWarmRestarts", "cyclical"),
        ("ExponentialLR", "exponential"),
        ("WarmupLR", "warmup_constant"),
        ("inverse_sqrt", "inverse_sqrt"),
        ("torch.optim.lr_scheduler.StepLR", "step"),
        ("constant", "constant"),
    ],
)
def test_schedules(written, short):
    assert schedule_name(written) == short


def test_python_tags_are_read_as_data_and_nothing_is_run(tmp_path):
    trap = tmp_path / "ran"
    path = tmp_path / "hparams.yaml"
    path.write_text(
        "args: !!python/object:argparse.Namespace\n"
        "  lr: 1e-4\n"
        "  opt: !!python/name:torch.optim.Adam ''\n"
        f"  evil: !!python/object/apply:os.system ['touch {trap}']\n"
        "lr_scheduler_type: !!python/object/apply:transformers.SchedulerType\n- cosine\n"
        "own: !Mine {batch_size: 8}\n"
    )
    found = find_hyperparameters(read_companion_yaml(path))
    assert canonical(found) == {"lr": 1e-4, "optimizer": "adam", "schedule": "cosine", "batch_size": 8}
    assert not trap.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"- 1\n- 2\n",
        b"a: [",
        b"a: &a {b: *a}",
        b"[" * 60_000,
        b"[" * 16_000,  # minutes, for a scanner whose time grows with the square of the depth
        b"a: ]]]]" + b"[" * 9_000,
        b"\xff\xfe\x00",
        b"? " * 50_000,
        b"a: " + b"{" * 20_000,
        b"lr: 1\n" * 200_000,
        b"x: !!timestamp nonsense\n",
        b"a: !!int xyz",
        b"- " * 30_000,
    ],
)
def test_damaged_yaml_is_an_empty_dictionary(tmp_path, content):
    path = tmp_path / "args.yaml"
    path.write_bytes(content)
    assert find_hyperparameters(read_companion_yaml(path)) == {}


def test_yaml_that_refers_to_itself_ends():
    loop = {"lr": 0.1}
    loop["self"] = loop
    assert find_hyperparameters(loop)["lr"] == 0.1
    bomb = {"lr": 0.1}
    for _ in range(8):
        bomb = {str(i): bomb for i in range(20)}
    assert len(find_hyperparameters(bomb)) <= 400


def test_a_missing_companion_is_empty(tmp_path):
    assert read_companion_yaml(Path(tmp_path / "none.yaml")) == {}
    assert read_companion_json(Path(tmp_path / "none.json")) == {}
    assert read_companion_python(tmp_path) == {}


def test_python_configuration_is_parsed_not_run():
    code = """
import os
os.system('false')
optimizer = dict(type='SGD', lr=-0.02, x=[1], y=os.getcwd())
lr = 0.5
n = {'a': 1}
"""
    optimizer = {"type": "SGD", "lr": -0.02, "x": None, "y": None}
    assert plain_assignments(code) == {"optimizer": optimizer, "lr": 0.5, "n": {"a": 1}}
    assert plain_assignments("def broken(") == {}
    assert plain_assignments("x = " + "(" * 5000) == {}
