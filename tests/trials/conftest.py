"""A grid with a known outcome: loss exp(-rate * steps) plus a floor, blown up above a bound."""

from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.trials.grid import Grid


@pytest.fixture
def grid() -> Grid:
    lr = 10.0 ** np.arange(-5, 0.1, 0.25)
    step = np.concatenate([np.arange(300), np.arange(300, 600, 4), np.arange(600, 1000, 8)])
    eval_step = np.array([0, 92, 96, 100, 291, 304, 316, 500, 920, 960, 1000])
    window = np.arange(50, 1001, 50)

    def curve(at):
        values = 0.1 + 2.0 * np.exp(-np.outer(lr, at) * 3) + lr[:, None] * (at > 0)
        values[lr > 0.5] = np.where(at > 20, np.nan, 2.1 * 3.0 ** np.minimum(at, 20))
        return values.astype(np.float32)

    return Grid(
        name="toy__sgd",
        task="toy",
        family="toy",
        optimizer="momentum",
        schedule="constant",
        clip_norm=None,
        batch_size=32,
        steps=1000,
        steps_per_epoch=50,
        loss_kind="mse",
        seed=0,
        lr=lr,
        step=step,
        train_loss=curve(step),
        grad_step=step[::2],
        grad_norm=curve(step[::2]),
        window_step=window,
        window_loss=curve(window),
        eval_step=eval_step,
        full_train_loss=curve(eval_step),
        val_loss=curve(eval_step) + np.float32(0.05),
    )
