"""Folders that are not one training: several runs in one file, and what is no log at all."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from _make import loop, tasks, writers

if TYPE_CHECKING:
    from pathlib import Path


def sweep(folder: Path) -> dict[str, object]:
    """Four LRs of one training in one export of the web page."""
    rates = {
        0.001: (["lr-too-low"], "up"),
        0.01: (["lr-too-low", "healthy"], "up|keep"),  # ten times too low, but its curve alone looks well
        0.1: (["healthy"], "keep"),
        3.0: (["lr-too-high", "diverged", "stalled"], "down"),
    }
    runs, each, results = {}, {}, {}
    for lr, (verdict, direction) in rates.items():
        training = loop.train(
            partial(tasks.digits, hidden=(64,)), lr=lr, steps=880, log_every=4, momentum=0.9
        )
        name = f"mlp-lr{lr:g}"
        runs[name] = training.rows
        each[name] = {"verdict": verdict, "direction": direction}
        results[name] = round(training.final, 4)
    writers.wandb_export(
        folder / "wandb_export_2024-01-05T10_15_00.000+01_00.csv", runs, "train_loss", "train_loss"
    )
    why = "The same training at four LRs, one metric, side by side with its __MIN and __MAX columns."
    return {
        "format": "wandb-export",
        "runs": len(runs),
        "each": each,
        "why": why,
        "trained": {"measure": "final", "results": results},
    }


def bad_input(folder: Path) -> dict[str, object]:
    """What lies about in log directories without being a log."""
    (folder / "empty").mkdir()
    (folder / "empty" / "events.out.tfevents.1700000000.host.1.0").write_bytes(b"")
    (folder / "lfs").mkdir()
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "4d7a2146" * 8 + "\nsize 1048576\n"
    (folder / "lfs" / "events.out.tfevents.1700000000.host.1.0").write_text(pointer, encoding="utf-8")
    days = pd.date_range("2024-01-01", periods=60, freq="B")
    rates = [1.09 + 0.01 * math.sin(day / 7) + 0.004 * math.sin(day * 1.7) for day in range(60)]
    table = pd.DataFrame(
        {
            "Date": days.strftime("%Y-%m-%d"),
            "Open": rates,
            "High": [r + 0.004 for r in rates],
            "Low": [r - 0.003 for r in rates],
            "Close": [r + 0.001 for r in rates],
            "Volume": range(9000, 9600, 10),
        }
    )
    table.round(4).to_csv(folder / "history.csv", index=False)
    why = (
        "An empty event file, a git-LFS pointer in place of an event file, and a table of exchange "
        "rates named history.csv."
    )
    return {"runs": 0, "unreadable": 3, "why": why}
