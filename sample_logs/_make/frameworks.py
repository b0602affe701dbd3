"""Trainings whose logs Lightning, Keras, Hugging Face's Trainer or the wandb package write."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import shutil
import tempfile
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from _make import tasks, writers
from _make.loop import SCHEDULES, Training, finite, mean_loss

if TYPE_CHECKING:
    from collections.abc import Callable


os.environ |= {
    "KERAS_BACKEND": "torch",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "WANDB_MODE": "offline",
    "WANDB_SILENT": "true",
    "WANDB_ERROR_REPORTING": "false",
}


def lightning(
    folder: Path,
    *,
    make_task: Callable[[], tasks.Task],
    lr: float,
    epochs: int,
    optimizer: str = "sgd",
    schedule: str = "constant",
    batch_size: int = 32,
    per_epoch: bool = False,
) -> Training:
    """Train in Lightning with its CSVLogger and LearningRateMonitor: `metrics.csv` and `hparams.yaml`."""
    import lightning as lit
    from lightning.pytorch.callbacks import LearningRateMonitor
    from lightning.pytorch.loggers import CSVLogger
    from torch.utils.data import DataLoader, TensorDataset

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")
    torch.manual_seed(0)
    task = make_task()
    total = epochs * -(-len(task.x) // batch_size)
    arguments = {"lr": lr, "optimizer": optimizer, "batch_size": batch_size, "schedule": schedule}
    outcome = Training()

    class Module(lit.LightningModule):
        def __init__(self, **arguments: object) -> None:
            super().__init__()
            self.save_hyperparameters(arguments)
            self.model = task.model

        def training_step(self, batch: list[torch.Tensor], _index: int) -> torch.Tensor:
            loss = task.loss(self.model(batch[0]), batch[1])
            self.log("train_loss", loss, on_step=not per_epoch, on_epoch=per_epoch)
            return loss

        def validation_step(self, batch: list[torch.Tensor], _index: int) -> None:
            output = self.model(batch[0])
            self.log("val_loss", task.loss(output, batch[1]))
            if task.classes:
                self.log("val_acc", (output.argmax(1) == batch[1]).float().mean())

        def configure_optimizers(self) -> Any:
            kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer]
            stepper = kind(self.parameters(), lr=lr)
            factor = torch.optim.lr_scheduler.LambdaLR(
                stepper, lambda step: SCHEDULES[schedule](min(step / total, 1.0))
            )
            return {"optimizer": stepper, "lr_scheduler": {"scheduler": factor, "interval": "step"}}

    loader = partial(DataLoader, batch_size=batch_size)
    trainer = lit.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=CSVLogger(folder, name="lightning_logs", version=0),
        log_every_n_steps=2,
        callbacks=[LearningRateMonitor("epoch" if per_epoch else "step")],
        num_sanity_val_steps=0,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
    )
    training_part = loader(TensorDataset(task.x, task.y), shuffle=True)
    trainer.fit(Module(**arguments), training_part, loader(TensorDataset(task.x_val, task.y_val)))
    outcome.final = finite(mean_loss(task, task.x, task.y))
    outcome.final_val = finite(mean_loss(task, task.x_val, task.y_val))
    return outcome


def keras(
    folder: Path,
    *,
    lr: float,
    epochs: int,
    optimizer: str,
    hidden: int,
    train_size: int = 1437,
    label_noise: float = 0.0,
    batch_size: int = 32,
    momentum: float = 0.0,
    to_tensorboard: bool = False,
) -> Training:
    """Train in Keras with its CSVLogger or its TensorBoard callback (`train/` and `validation/`)."""
    import keras as lib

    lib.utils.set_random_seed(0)
    task = tasks.digits(train_size=train_size, label_noise=label_noise)
    x, y, x_val, y_val = (part.numpy() for part in (task.x, task.y, task.x_val, task.y_val))
    model = lib.Sequential([lib.layers.Dense(hidden, "relu"), lib.layers.Dense(10)])
    kinds = {"sgd": partial(lib.optimizers.SGD, momentum=momentum), "adam": lib.optimizers.Adam}
    loss = lib.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(kinds[optimizer](lr), loss, metrics=["accuracy"])
    if to_tensorboard:
        callback = lib.callbacks.TensorBoard(str(folder), update_freq=4, write_graph=False)
    else:
        callback = lib.callbacks.CSVLogger(str(folder / "training.csv"))
    history = model.fit(
        x,
        y,
        batch_size,
        epochs,
        validation_data=(x_val, y_val),
        validation_batch_size=len(x_val),
        callbacks=[callback],
        verbose=0,
    ).history
    if to_tensorboard:
        for path in sorted(folder.rglob("events.*")):
            writers.neutral_event_file(path, suffix=".v2")
    final = model.evaluate(x, y, len(x), verbose=0)[0]
    return Training(
        final=finite(final), final_val=finite(history["val_loss"][-1]), best_val=min(history["val_loss"])
    )


def hugging_face(
    folder: Path,
    *,
    lr: float,
    steps: int,
    optimizer: str = "adamw_torch",
    max_grad_norm: float = 1.0,
    warmup_steps: int = 0,
    schedule: str = "linear",
    save_steps: int = 100,
) -> Training:
    """Train a small GPT-2 with Hugging Face's Trainer; keep the `trainer_state.json` of its checkpoints."""
    import transformers

    transformers.set_seed(0)
    task = tasks.characters()
    layout = transformers.GPT2Config(
        vocab_size=100,
        n_positions=32,
        n_embd=32,
        n_layer=2,
        n_head=4,
        bos_token_id=0,
        eos_token_id=0,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
    )
    parts = [[{"input_ids": window, "labels": window} for window in part] for part in (task.x, task.x_val)]
    with tempfile.TemporaryDirectory() as scratch, contextlib.redirect_stdout(io.StringIO()):
        arguments = transformers.TrainingArguments(
            output_dir=scratch,
            max_steps=steps,
            learning_rate=lr,
            lr_scheduler_type=schedule,
            warmup_steps=warmup_steps,
            optim=optimizer,
            max_grad_norm=max_grad_norm,
            per_device_train_batch_size=16,
            per_device_eval_batch_size=64,
            logging_steps=4,
            eval_strategy="steps",
            eval_steps=50,
            save_steps=save_steps,
            use_cpu=True,
            report_to=[],
            disable_tqdm=True,
            seed=0,
            dataloader_pin_memory=False,
        )
        trainer = transformers.Trainer(
            transformers.GPT2LMHeadModel(layout), arguments, train_dataset=parts[0], eval_dataset=parts[1]
        )
        trainer.train()
        for state in sorted(Path(scratch).glob("checkpoint-*/trainer_state.json")):
            target = folder / state.parent.name
            target.mkdir(parents=True)
            shutil.copy(state, target)
    losses = [row["eval_loss"] for row in trainer.state.log_history if "eval_loss" in row]
    return Training(final_val=finite(losses[-1]), best_val=float(np.nanmin([*losses, np.inf])))


def wandb_offline(
    folder: Path, training: Training, tags: writers.Tags, config: dict[str, object], *, run_id: str, name: str
) -> None:
    """Log rows by wandb in offline mode; keep its binary file, drop what describes the machine."""
    import wandb

    with tempfile.TemporaryDirectory() as scratch:
        settings = wandb.Settings(
            mode="offline",
            console="off",
            x_disable_meta=True,
            x_disable_stats=True,
            x_disable_machine_info=True,
            host="host",
            username="user",
            email="",
            program="train.py",
            disable_git=True,
            disable_code=True,
            save_code=False,
            silent=True,
        )
        run = wandb.init(
            project="digits", id=run_id, name=name, config=config, settings=settings, dir=scratch
        )
        for row in training.rows:
            run.log(
                {tags[column]: value for column, value in row.items() if column in tags},
                step=int(row["step"]),
            )
        run.finish()
        (binary,) = Path(scratch).rglob("*.wandb")
        target = folder / "wandb" / f"offline-run-20240105_101500-{run_id}"
        target.mkdir(parents=True)
        shutil.copy(binary, target)
