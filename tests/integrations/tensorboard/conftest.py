"""Event files as TensorBoard's own writer makes them."""

from __future__ import annotations

import numpy as np
import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter


def write(folder, losses, *, tag="train/loss", first=0):
    """A run of one curve and its rate."""
    writer = EventFileWriter(str(folder))
    for step, loss in enumerate(losses, first):
        values = [Summary.Value(tag=tag, simple_value=loss), Summary.Value(tag="lr", simple_value=0.5)]
        writer.add_event(Event(step=step, wall_time=1.7e9 + step, summary=Summary(value=values)))
    writer.close()


@pytest.fixture
def logdir(tmp_path):
    """Two runs: one swings, one is fine."""
    steps = np.arange(300)
    write(tmp_path / "logs" / "swinging", 0.6 + 0.9 / (1 + 0.07 * steps) + 0.3 * (-1.0) ** steps)
    write(tmp_path / "logs" / "fine", 0.25 + 2.05 / (1 + 0.1 * steps) ** 0.7)
    return tmp_path / "logs"


@pytest.fixture
def append(logdir):
    """Writes another run, or more of one, into the directory."""
    return lambda name, losses, **options: write(logdir / name, losses, **options)
