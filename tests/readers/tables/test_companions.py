"""What lies beside a log."""

from __future__ import annotations

import json

import pytest

from lrdoctor.readers._companions import read_companions, read_model_card

CARD = """---
library_name: transformers
---
# model

- not: this

### Training hyperparameters

The following hyperparameters were used during training:
- learning_rate: 2e-05
- train_batch_size: 8
- gradient_accumulation_steps: 4
- total_train_batch_size: 32
- optimizer: Use adamw_torch with betas=(0.9,0.999) and epsilon=1e-08
- lr_scheduler_type: linear
- lr_scheduler_warmup_steps: 100
- num_epochs: 3

### Training results

- learning_rate: 9
"""


def test_a_model_card(tmp_path):
    (tmp_path / "README.md").write_text(CARD)
    expected = {"lr": 2e-5, "batch_size": 32, "optimizer": "adamw", "schedule": "linear", "epochs": 3}
    assert expected.items() <= read_model_card(tmp_path).items()


def test_a_readme_of_a_project_is_no_model_card(tmp_path):
    (tmp_path / "README.md").write_text("# project\n- learning_rate: 3\n")
    assert read_model_card(tmp_path) == {}
    assert read_model_card(tmp_path / "none") == {}


def test_a_model_card_beside_a_trainer_state(read, write):
    write(CARD, "out/README.md")
    history = [{"step": s, "loss": 1 / s} for s in range(1, 5)]
    state = json.dumps({"log_history": history, "train_batch_size": 8, "max_steps": 4})
    (run,) = read(write(state, "out/checkpoint-4/trainer_state.json"))
    assert {"lr": 2e-5, "batch_size": 32, "max_steps": 4}.items() <= run.hyperparameters.items()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("hparams.yaml", "lr: 0.1\nbatch_size: 32\n"),
        ("config.json", '{"train": {"lr": 0.1}, "data": {"batch_size": 32}}'),
        ("args.txt", "Namespace(lr=0.1, batch_size=32, model='resnet', resume=None)"),
        ("train_opt.txt", "----- Options -----\n      batch_size: 32     [default: 1]\n      lr: 0.1\n"),
        (".hydra/config.yaml", "optim: {lr: 0.1}\nbatch_size: 32\n"),
    ],
)
def test_configurations_under_their_usual_names(read, write, name, content):
    write(content, name)
    for log in ("step,loss\n1,2\n2,1\n3,1\n", "epoch,loss\n1,2\n2,1\n3,1\n"):
        (run,) = read(write(log, "log.csv"))
        assert {"lr": 0.1, "batch_size": 32}.items() <= run.hyperparameters.items()


def test_a_configuration_beside_several_logs_belongs_to_none(write):
    write("lr: 0.1\n", "hparams.yaml")
    write("step,loss\n1,2\n", "b.csv")
    assert read_companions(write("step,loss\n1,2\n", "a.csv")) == {}
