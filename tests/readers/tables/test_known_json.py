"""JSON formats with a writer of their own."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.records import Role


def roles(run):
    return {tag: series.role for tag, series in run.series.items() if series.role is not None}


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


def test_checkpoints_of_one_training_are_one_run(read, fixtures):
    home = fixtures / "transformers"
    paths = sorted(home.rglob("trainer_state.json"))
    (run,) = read(*paths)
    history = json.loads((home / "trainer_state.json").read_text())["log_history"]
    for tag in ("loss", "eval_a_loss", "eval_b_loss", "learning_rate", "grad_norm"):
        expected = [(entry["step"], entry[tag]) for entry in history if tag in entry]
        series = run.series[tag]
        np.testing.assert_array_equal(np.stack([series.step, series.value], axis=1), expected)
    assert {
        "loss": Role.TRAIN_LOSS,
        "eval_a_loss": Role.VAL_LOSS,
        "eval_b_loss": Role.VAL_LOSS,
        "learning_rate": Role.LR,
        "grad_norm": Role.GRAD_NORM,
    }.items() <= roles(run).items()
    assert "train_loss" not in run.series  # the average in the last row is no point
    assert run.hyperparameters == {"batch_size": 16, "epochs": 2, "max_steps": 30}
    assert run.notes == ("3 more checkpoints hold the beginning of this log: read once",)


def test_checkpoints_claim_their_training_as_a_group(claim_of, fixtures):
    home = fixtures / "transformers"
    groups = {claim_of(path)[1].group for path in home.rglob("trainer_state.json")}
    assert groups == {home}


def test_two_trainings_in_one_directory_stay_two(read, write):
    paths = []
    for number in (1, 2):
        history = [{"step": s, "loss": number / s, "epoch": 0.1 * s} for s in range(1, 5)]
        paths.append(write(json.dumps({"log_history": history}), f"checkpoint-{number}/trainer_state.json"))
    assert len(read(*paths)) == 2


def test_a_damaged_checkpoint_does_not_cost_the_others(read, write):
    history = [{"step": s, "loss": 1 / s} for s in range(1, 5)]
    good = write(json.dumps({"log_history": history}), "checkpoint-1/trainer_state.json")
    bad = write('{"log_history": [{"st', "checkpoint-2/trainer_state.json")
    (run,) = read(good, bad)
    assert "checkpoint-2" in run.notes[0]


def test_bare_nan_in_a_trainer_state(read, write):
    first, second = (
        '{"step": 1, "loss": 2.0, "grad_norm": NaN}',
        '{"step": 2, "loss": Infinity, "grad_norm": 1}',
    )
    text = f'{{"log_history": [{first}, {second}]}}'
    (run,) = read(write(text, "trainer_state.json"))
    np.testing.assert_array_equal(run.series["grad_norm"].value, [np.nan, 1])
    np.testing.assert_array_equal(run.series["loss"].value, [2, np.inf])


@pytest.mark.parametrize(
    ("text", "error", "reason"),
    [
        ('{"log_history": []}', NotALogError, "empty"),
        ("{}", NotALogError, "no log_history"),
        ("", NotALogError, "empty"),
        ('{"log_history": [{"step": 1, "lo', ReadError, "cut off"),
        ("[" * 200_000, ReadError, "JSON"),
        ('{"log_history": [1, "a"]}', NotALogError, "empty"),
    ],
)
def test_trainer_states_without_a_log(read, write, text, error, reason):
    with pytest.raises(error, match=reason):
        read(write(text, "trainer_state.json"))


def test_llamafactory(read, write):
    text = lines(
        *(
            {
                "current_steps": 10 * i,
                "total_steps": 40,
                "loss": 3 - 0.5 * i,
                "lr": 1e-4,
                "epoch": 0.1 * i,
                "elapsed_time": "0:00:24",
            }
            for i in range(1, 5)
        ),
        {"current_steps": 40, "total_steps": 40, "eval_loss": 2.0, "epoch": 0.4},
    )
    (run,) = read(write(text, "trainer_log.jsonl"))
    assert run.format == "llamafactory"
    assert {"loss": Role.TRAIN_LOSS, "eval_loss": Role.VAL_LOSS, "lr": Role.LR}.items() <= roles(run).items()
    np.testing.assert_array_equal(run.series["loss"].step, [10, 20, 30, 40])
    assert run.hyperparameters["max_steps"] == 40


def test_mmengine(read, fixtures):
    home = fixtures / "mmengine" / "vis_data"
    (run,) = read(*home.glob("*.json"))
    assert {"loss": Role.TRAIN_LOSS, "lr": Role.LR, "accuracy/top1": Role.VAL_METRIC}.items() <= roles(
        run
    ).items()
    np.testing.assert_array_equal(run.series["loss"].step, range(1, 13))
    # A validation line's step is the epoch: it stands where training had come to.
    np.testing.assert_array_equal(run.series["accuracy/top1"].step, [4, 8, 12])
    assert run.notes == ("20240101_000000.json is a copy of scalars.json: read once",)


def test_mmengine_configuration_is_read_and_not_run(read, write, tmp_path):
    trap = tmp_path / "ran"
    config = f"""
import os; os.system('touch {trap}')
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=0.004, weight_decay=0.05))
train_cfg = dict(by_epoch=True, max_epochs=300)
train_dataloader = dict(batch_size=32)
"""
    write(config, "vis_data/config.py")
    text = lines(*({"lr": 0.004, "loss": 2 / i, "epoch": 1, "iter": i, "step": i} for i in range(1, 5)))
    (run,) = read(write(text, "vis_data/scalars.json"))
    known = {"lr": 0.004, "optimizer": "adamw", "batch_size": 32, "epochs": 300, "weight_decay": 0.05}
    assert known.items() <= run.hyperparameters.items()
    assert not trap.exists()


def test_mmcv(read, write):
    head = {
        "env_info": "...",
        "config": "optimizer = dict(type='SGD', lr=0.02, momentum=0.9)\ntotal_epochs = 12",
        "seed": 0,
    }
    body = []
    for epoch in (1, 2):
        body += [
            {"mode": "train", "epoch": epoch, "iter": i, "lr": 0.02, "loss": 1 / (epoch * i)}
            for i in (50, 100, 150)
        ]
        body += [
            {"mode": "val", "epoch": epoch, "iter": 30, "lr": 0.02, "bbox_mAP": 0.1 * epoch, "loss": 0.5}
        ]
    (run,) = read(write(lines(head, *body), "20240101_000000.log.json"))
    np.testing.assert_array_equal(run.series["loss"].step, [50, 100, 150, 200, 250, 300])
    np.testing.assert_array_equal(run.series["bbox_mAP"].step, [150, 300])
    assert run.series["val/loss"].role is Role.VAL_LOSS
    assert {
        "lr": 0.02,
        "optimizer": "sgd",
        "momentum": 0.9,
        "epochs": 12,
    }.items() <= run.hyperparameters.items()


def test_logs_of_a_resumed_training_are_one_run(read, write):
    def session(epochs):
        return lines(
            {"env_info": "x"},
            *(
                {"mode": "train", "epoch": e, "iter": i, "lr": 0.02, "loss": 1 / (e * i)}
                for e in epochs
                for i in (50, 100)
            ),
        )

    first = write(session([1, 2, 3]), "20240101_000000.log.json")
    second = write(session([3, 4]), "20240102_000000.log.json")
    (run,) = read(first, second)
    np.testing.assert_array_equal(run.series["loss"].step, [50, 100, 150, 200, 250, 300, 350, 400])
    third = write(session([1, 2]), "20240103_000000.log.json")
    assert [len(run.series["loss"]) for run in read(first, second, third)] == [8, 4]


def test_detectron2(read, write):
    text = lines(
        *(
            {
                "iteration": 20 * i + 19,
                "total_loss": 2 - 0.1 * i,
                "loss_cls": 1.0,
                "lr": 0.02,
                "data_time": 0.1,
            }
            for i in range(5)
        ),
        {"iteration": 99, "bbox/AP": 30.5},
    )
    (run,) = read(write(text, "metrics.json"))
    assert {
        "total_loss": Role.TRAIN_LOSS,
        "loss_cls": Role.TRAIN_LOSS_PART,
        "lr": Role.LR,
        "bbox/AP": Role.VAL_METRIC,
    }.items() <= roles(run).items()
    np.testing.assert_array_equal(run.series["total_loss"].step, [19, 39, 59, 79, 99])


def test_detr_with_two_sessions(read, write):
    entry = {
        "train_lr": 1e-4,
        "train_loss_ce": 1.0,
        "test_loss": 3.0,
        "test_coco_eval_bbox": [0.4, 0.6],
        "n_parameters": 41,
    }
    text = lines(*({**entry, "train_loss": 9 - e, "epoch": e} for e in [0, 1, 2, 0, 1]))
    first, second = read(write(text, "log.txt"))
    assert first.series["train_loss"].value.tolist() == [9, 8, 7]
    assert len(second.series["train_loss"]) == 2
    assert {
        "train_loss": Role.TRAIN_LOSS,
        "test_loss": Role.VAL_LOSS,
        "train_lr": Role.LR,
        "train_loss_ce": Role.TRAIN_LOSS_PART,
        "test_coco_eval_bbox": Role.VAL_METRIC,
    }.items() <= roles(first).items()
    assert first.hyperparameters == {"n_parameters": 41}


def test_chainer(read, fixtures):
    path = fixtures / "chainer" / "log"
    (run,) = read(path)
    assert run.format == "chainer-log"
    expected = [entry["main/loss"] for entry in json.loads(path.read_text())]
    np.testing.assert_array_equal(run.series["main/loss"].value, expected)
    assert roles(run)["validation/main/loss"] is Role.VAL_LOSS


def test_keras_history(read, fixtures, write):
    path = fixtures / "keras" / "history.json"
    (run,) = read(path)
    history = json.loads(path.read_text())
    assert {tag: series.value.tolist() for tag, series in run.series.items()} == history
    assert {"loss": Role.TRAIN_LOSS, "val_loss": Role.VAL_LOSS}.items() <= roles(run).items()
    by_number = {tag: dict(enumerate(values)) for tag, values in history.items()}
    (again,) = read(write(json.dumps(by_number), "history.json"))
    assert {tag: series.value.tolist() for tag, series in again.series.items()} == history


def test_tensorboardx(read, fixtures):
    (run,) = read(fixtures / "tensorboardx" / "all_scalars.json")
    assert set(run.series) == {"train", "val"}
    np.testing.assert_array_equal(run.series["train"].step, range(0, 100, 10))
    np.testing.assert_array_equal(run.series["train"].value, 1 / np.arange(1, 11))


def test_boosting(read, fixtures):
    for name, train, valid in [
        ("xgboost_evals_result.json", "train/rmse", "eval/rmse"),
        ("lightgbm_evals_result.json", "training/l2", "valid_1/l2"),
    ]:
        path = fixtures / "boosting" / name
        (run,) = read(path)
        assert roles(run) == {train: Role.TRAIN_LOSS, valid: Role.VAL_LOSS}
        data, metric = train.split("/")
        np.testing.assert_array_equal(run.series[train].value, json.loads(path.read_text())[data][metric])


def test_ray(read, write):
    write('{"lr": 0.001, "train_batch_size": 4000, "model": {"fcnet_hiddens": [64]}}', "params.json")
    text = lines(
        *(
            {
                "episode_reward_mean": 10.0 * i,
                "training_iteration": i,
                "time_total_s": i,
                "info": {"learner": {"loss": 1 / i}},
                "config": {"lr": 0.001, "env": "x"},
                "done": False,
            }
            for i in range(1, 4)
        )
    )
    result = write(text, "result.json")
    progress = write("training_iteration,time_total_s,loss\n1,1,2\n2,2,1\n", "progress.csv")
    (run,) = read(result, progress)
    assert run.format == "ray-result"
    assert roles(run)["episode_reward_mean"] is Role.REWARD
    np.testing.assert_allclose(run.series["info/learner/loss"].value, [1, 1 / 2, 1 / 3])
    assert {"lr": 0.001, "batch_size": 4000}.items() <= run.hyperparameters.items()
    assert not any(tag.startswith("config") for tag in run.series)
    (run,) = read(progress)
    assert run.series["loss"].value.tolist() == [2, 1]


def test_a_history_beside_its_configuration(read, write):
    content = {
        "history": {"train_loss": [3, 2], "lr": [0.1, 0.05]},
        "best_epoch": 2,
        "config": {"BATCH_SIZE": 128, "EPOCHS": 2},
    }
    (run,) = read(write(json.dumps(content), "training_history.json"))
    assert run.series["train_loss"].value.tolist() == [3, 2]
    assert {"batch_size": 128, "epochs": 2}.items() <= run.hyperparameters.items()


def test_epochs_and_losses(read, write):
    (run,) = read(
        write(
            '{"epochs": [1, 2, 3], "losses": [3, 2, 1], "val_mrr": [0.1, 0.2, 0.3]}', "training_history.json"
        )
    )
    assert run.series["losses"].step.tolist() == [1, 2, 3]


def test_swapped_arguments_are_exchanged(read, write):
    rows = [[1.7e9 + i, 5.5 - i * (-1) ** i, float(i)] for i in range(6)]
    (run,) = read(write(json.dumps({"logs/loss": rows}), "all_scalars.json"))
    assert run.series["loss"].step.tolist() == list(range(6))
    assert "wrong order" in run.notes[0]


def test_a_pointer_in_place_of_a_log_is_said(read, write):
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 2529\n"
    for name in ("metrics.jsonl", "trainer_state.json", "log.csv"):
        with pytest.raises(NotALogError, match="git lfs pull"):
            read(write(pointer, name))
