"""Trainings that went wrong, each in its own way."""

from functools import partial

import torch

from _make import frameworks, tasks
from _make.case import Case
from _make.logs import (
    LOSS,
    broken_from_start,
    csv_log,
    detect_v5,
    history,
    logged,
    offline,
    spiky_events,
)

SICK = (
    Case(
        folder="nan-after-warmup",
        format="lightning-csv",
        run=partial(
            frameworks.lightning,
            make_task=partial(tasks.diabetes, (32, 32), torch.nn.ReLU),
            epochs=40,
            schedule="warmup",
        ),
        settings={"lr": 1.0},
        others=({"lr": 0.1}, {"lr": 0.03}, {"lr": 0.01}),
        verdict=("diverged", "lr-too-high"),
        direction="down",
        codes=("NAN101",),
        why=(
            "SGD is warmed up to an LR far too high: the loss falls at first, grows, and is NaN "
            "before the warm-up ends."
        ),
    ),
    Case(
        folder="nan-from-first-step",
        format="jsonl",
        run=broken_from_start,
        settings={"lr": 1e-3},
        others=({"fixed": True},),
        verdict=("diverged", "inconclusive"),
        direction="keep",
        codes=("NAN102",),
        why=(
            "The input is the logarithm of pixels, some of them zero: NaN before the first update, "
            "whatever the LR."
        ),
    ),
    Case(
        folder="divergence-without-nan",
        format="wandb-run",
        run=logged(offline, make_task=tasks.digits_by_row, steps=800, log_every=2, validate_every=50),
        settings={"lr": 1.0},
        others=({"lr": 0.3}, {"lr": 0.1}),
        verdict=("diverged", "lr-too-high"),
        direction="down",
        codes=("DIV101",),
        why=(
            "A recurrent network under plain SGD jumps from 2.3 to above 20 within some steps and stays "
            "near 17: finite, but lost."
        ),
    ),
    Case(
        folder="spikes-that-recover",
        format="tensorboard",
        run=logged(
            spiky_events,
            make_task=partial(tasks.digits, hidden=(64,) * 6),
            steps=1050,
            optimizer="adam",
            batch_size=128,
            validate_every=11,
            seed=1,
        ),
        settings={"lr": 0.02},
        others=({"lr": 0.006}, {"lr": 0.003}),
        verdict=("unstable", "lr-too-high"),
        direction="down",
        codes=("SPK101",),
        why=(
            "Adam on a network of seven layers: the loss leaps to many times its level and comes back, "
            "again and again."
        ),
    ),
    Case(
        folder="sustained-oscillation",
        format="csv",
        run=logged(
            partial(csv_log, name="training.csv", tags=LOSS),
            make_task=partial(tasks.tumours, columns=4, label_noise=0.1),
            steps=200,
            batch_size=None,
            validate_every=5,
        ),
        settings={"lr": 7.5},
        others=({"lr": 3.0}, {"lr": 1.0}),
        verdict=("lr-too-high", "unstable"),
        direction="down",
        codes=("OSC101",),
        why=(
            "Logistic regression by gradient descent on all data, LR above 2/L: the loss swings "
            "with a period of three steps, to the end."
        ),
    ),
    Case(
        folder="slow-descent",
        format="keras-csvlogger",
        run=partial(frameworks.keras, epochs=60, optimizer="sgd", hidden=64),
        settings={"lr": 0.001},
        others=({"lr": 0.03}, {"lr": 0.1}),
        verdict=("lr-too-low",),
        direction="up",
        codes=("SLW101",),
        why=(
            "SGD at a hundredth of a good LR: a steady descent that is still in full swing when the "
            "budget ends."
        ),
    ),
    Case(
        folder="flat-lr-far-too-low",
        format="csv",
        run=logged(
            partial(csv_log, name="verlauf.csv", tags={"epoch": "epoch", **LOSS}, decimal_comma=True),
            make_task=partial(tasks.digits, hidden=(64, 64)),
            steps=1320,
            log_every=44,
            validate_every=44,
            momentum=0.9,
        ),
        settings={"lr": 1e-6},
        others=({"lr": 1e-2}, {"lr": 1e-1}),
        verdict=("lr-too-low", "stalled"),
        direction="up",
        codes=("FLT101",),
        why=(
            "SGD with momentum at 1e-6: thirty epochs at the loss of guessing, 2.30 = ln 10, without a move."
        ),
    ),
    Case(
        folder="dead-after-blow-up",
        format="wandb-export",
        run=logged(
            partial(history, kind="jsonl"),
            make_task=partial(tasks.digits, hidden=(64,) * 4),
            steps=600,
            optimizer="adam",
            validate_every=44,
            log_every=2,
        ),
        settings={"lr": 0.3},
        others=({"lr": 0.01}, {"lr": 0.003}),
        verdict=("diverged", "stalled", "lr-too-high"),
        direction="down",
        why=(
            "Adam's first steps throw the loss to thousands; the ReLUs die, and it stays at 2.30 = ln 10:"
            " stuck, but not for want of LR."
        ),
    ),
    Case(
        folder="plateau-at-constant-lr",
        format="wandb-export",
        run=logged(
            partial(history, kind="csv"),
            make_task=tasks.lower_halves,
            steps=3000,
            batch_size=4,
            log_every=10,
            validate_every=100,
        ),
        settings={"lr": 0.2},
        others=({"schedule": "cosine"}, {"schedule": "step"}, {"lr": 0.05}),
        verdict=("needs-decay",),
        direction="keep|down",
        codes=("PLT101",),
        why=(
            "The LR is right for the start and too high for the end: the loss rests on its noise floor; "
            "with the same peak and a decay it falls on."
        ),
    ),
    Case(
        folder="decayed-too-early",
        format="wandb-export",
        run=logged(
            partial(history, kind="parquet"),
            make_task=tasks.digits,
            steps=1320,
            log_every=4,
            validate_every=44,
        ),
        settings={"lr": 0.1, "schedule": "step_too_early"},
        others=({"schedule": "constant"}, {"schedule": "cosine"}),
        verdict=("lr-too-low", "stalled"),
        direction="keep|up",
        codes=("PLT102",),
        why=(
            "Three step decays within the first 30 %: the descent was cut off in full swing and the loss "
            "stands at 0.7."
        ),
    ),
    Case(
        folder="hidden-nan",
        format="hf-trainer",
        run=partial(
            frameworks.hugging_face,
            steps=300,
            optimizer="sgd",
            max_grad_norm=1e9,
            warmup_steps=150,
            schedule="constant_with_warmup",
        ),
        settings={"lr": 15.0},
        others=({"lr": 1.5}, {"lr": 0.5}),
        measure="final_val",
        verdict=("diverged", "lr-too-high"),
        direction="down",
        codes=("NAN103",),
        why=(
            "The Trainer hides NaN losses: the log shows loss 0.0, with grad_norm NaN beside it, from the"
            " blow-up during warm-up on."
        ),
    ),
    Case(
        folder="overfitting-classifier",
        format="tensorboard",
        run=partial(
            frameworks.keras,
            epochs=60,
            optimizer="adam",
            hidden=256,
            train_size=150,
            label_noise=0.2,
            batch_size=16,
            to_tensorboard=True,
        ),
        settings={"lr": 3e-3},
        others=({"lr": 1e-3}, {"lr": 1e-2}),
        measure="best_val",
        gain=0.1,
        verdict=("overfitting",),
        direction="keep",
        codes=("OVF101",),
        why=(
            "150 images, a fifth of them mislabelled: the training loss goes to nothing, validation loss "
            "turns after a few epochs and climbs."
        ),
    ),
    Case(
        folder="overfitting-detector",
        format="ultralytics-csv",
        run=partial(detect_v5, train_size=300),
        settings={"lr": 0.01},
        others=({"lr": 0.003}, {"lr": 0.03}),
        measure="best_val",
        gain=0.05,
        verdict=("overfitting", "healthy"),
        direction="keep",
        codes=("OVF102",),
        why=(
            "A detector with 300 images and no augmentation: validation class loss rises from epoch 9 on,"
            " mAP gains until 30 and then rests."
        ),
    ),
    Case(
        folder="too-few-points",
        format="csv",
        run=logged(
            partial(
                csv_log,
                name="log.csv",
                tags={
                    "epoch": "epoch",
                    "train_loss": "train_loss",
                    "val_loss": "val_loss",
                    "val_accuracy": "val_accuracy",
                },
            ),
            make_task=tasks.digits,
            steps=88,
            log_every=44,
            validate_every=44,
        ),
        settings={"lr": 0.1},
        verdict=("inconclusive",),
        direction="keep",
        codes=("PTS101",),
        why="Two epochs: nothing can be said.",
    ),
)
