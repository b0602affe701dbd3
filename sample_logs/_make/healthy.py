"""Trainings that went well, among them some that do not look it."""

from functools import partial

from _make import frameworks, tasks
from _make.case import Case
from _make.logs import (
    LOSS,
    csv_log,
    cut_off,
    detect_v8,
    legacy,
    logged,
    printed,
    resumed,
)

HEALTHY = (
    Case(
        folder="healthy-minibatch-noise",
        format="tensorboard",
        run=logged(
            resumed, make_task=tasks.tumours, steps=1200, batch_size=8, log_every=2, validate_every=56
        ),
        settings={"lr": 0.05},
        others=({"lr": 0.15}, {"lr": 0.015}),
        measure="final_val",
        gain=0.03,
        verdict=("healthy",),
        direction="keep",
        why=(
            "SGD with batches of 8 at a constant LR: much noise, no trouble. Stopped and resumed, so the "
            "second file overlaps the first."
        ),
    ),
    Case(
        folder="healthy-cosine",
        format="csv",
        run=logged(
            partial(csv_log, name="log.csv", tags=LOSS),
            make_task=tasks.digits,
            steps=880,
            momentum=0.9,
            validate_every=44,
            log_every=2,
            schedule="warmup_cosine",
        ),
        settings={"lr": 0.3},
        others=({"lr": 0.9}, {"lr": 0.1}),
        measure="final_val",
        gain=0.03,
        verdict=("healthy",),
        direction="keep",
        why="Warm-up, then cosine: the flat end is the LR's own, not a plateau.",
    ),
    Case(
        folder="healthy-step-schedule",
        format="wandb-run",
        run=logged(
            legacy,
            make_task=tasks.denoising,
            steps=5000,
            batch_size=16,
            log_every=20,
            validate_every=250,
            schedule="step",
        ),
        settings={"lr": 2.0},
        others=({"lr": 6.0}, {"lr": 0.67}),
        measure="final_val",
        gain=0.03,
        verdict=("healthy",),
        direction="keep",
        why="Two step decays: the loss drops at each and rests between, as it should.",
    ),
    Case(
        folder="healthy-five-epochs",
        format="lightning-csv",
        run=partial(
            frameworks.lightning,
            make_task=tasks.digits,
            epochs=5,
            optimizer="adam",
            per_epoch=True,
            batch_size=8,
        ),
        settings={"lr": 0.01},
        others=({"lr": 0.03}, {"lr": 0.003}),
        measure="final_val",
        gain=0.03,
        verdict=("healthy", "inconclusive"),
        direction="keep",
        why="Adam for five epochs, five points in all, and well trained.",
    ),
    Case(
        folder="healthy-detector",
        format="ultralytics-csv",
        run=detect_v8,
        settings={"lr": 0.05},
        others=({"lr": 0.15}, {"lr": 0.015}),
        measure="final_val",
        gain=0.03,
        verdict=("healthy",),
        direction="keep",
        why="Box, class and focal loss fall together, mAP rises, the LR goes down linearly.",
    ),
    Case(
        folder="healthy-large-noise",
        format="tensorboard",
        run=logged(
            cut_off, make_task=tasks.denoising, steps=1500, optimizer="adam", batch_size=4, validate_every=50
        ),
        settings={"lr": 0.001},
        others=({"lr": 0.003}, {"lr": 0.0003}),
        measure="final_val",
        gain=0.03,
        verdict=("healthy",),
        direction="keep",
        why=(
            "A diffusion-like loss: each example has its own noise level, so single steps differ several-"
            "fold while the mean falls well."
        ),
    ),
    Case(
        folder="healthy-language-model",
        format="hf-trainer",
        run=partial(frameworks.hugging_face, steps=400),
        settings={"lr": 4e-3},
        others=({"lr": 1.2e-2}, {"lr": 1.3e-3}),
        measure="final_val",
        gain=0.03,
        verdict=("healthy",),
        direction="keep",
        why="A small GPT-2 with AdamW and linear decay; four checkpoints of the one run.",
    ),
    Case(
        folder="healthy-console-log",
        format="text-log",
        run=logged(
            printed,
            make_task=tasks.characters,
            steps=500,
            optimizer="adamw",
            log_every=5,
            validate_every=50,
            schedule="warmup_cosine",
        ),
        settings={"lr": 0.03},
        others=({"lr": 0.1}, {"lr": 0.01}),
        measure="final_val",
        gain=0.03,
        verdict=("healthy",),
        direction="keep",
        why="A character model with warm-up and cosine, as printed on the console.",
    ),
)
