"""Megatron's log: what stands for a NaN, what was skipped, and whose files are claimed."""
# ruff: noqa: E501 - log lines are as long as they are

from __future__ import annotations

import numpy as np

from lrdoctor.readers._base import LogFile, Source, Strength
from lrdoctor.readers.megatron import READER
from lrdoctor.records import Role


def line(k, *, loss=True, skipped=0, nan=0):
    said = f" lm loss: {2 + 1 / k:.6E} |" if loss else ""
    return (
        f" iteration {k:8d}/     300 | consumed samples: {k * 256:12d} | elapsed time per iteration (ms): 255.5 | learning rate: 1.000E-04 |"
        f"{said} loss scale: 65536.0 | grad norm: 1.{k:03d} | number of skipped iterations: {skipped:3d} | number of nan iterations: {nan:3d} |\n"
    )  # fmt: skip


def read(tmp_path, text):
    path = tmp_path / "job-123.out"
    path.write_text("+ source start-prod\n" * 500 + text)
    file = LogFile(path)
    assert READER.claim(file).strength is Strength.SHAPE
    (run,) = READER.read(Source(path=path, files=(file,)))
    return run


def test_lines_that_count_nan_iterations_are_nan(tmp_path):
    text = "".join(line(k) for k in range(1, 20)) + "".join(line(k, loss=False, nan=1) for k in range(20, 25))
    run = read(tmp_path, text)
    loss = run.series["lm loss"]
    assert loss.role is Role.TRAIN_LOSS
    assert np.isnan(loss.value[-5:]).all()
    assert not np.isnan(loss.value[:-5]).any()
    assert any("5 lines count NaN iterations" in note for note in run.notes)


def test_skipped_iterations_have_no_loss(tmp_path):
    text = "".join(line(k, loss=False, skipped=1) for k in range(1, 5)) + "".join(
        line(k) for k in range(5, 20)
    )
    loss = read(tmp_path, text).series["lm loss"]
    assert loss.step[0] == 5
    assert not np.isnan(loss.value).any()


def test_validation_has_a_step_of_its_own(tmp_path):
    text = "".join(
        line(k)
        + f" validation loss at iteration {k} | lm loss value: {3 + 1 / k:.6E} | lm loss PPL: 2.0E+01 | \n"
        for k in range(1, 20)
    )
    series = read(tmp_path, text).series["validation/lm loss value"]
    assert series.role is Role.VAL_LOSS
    assert series.step.tolist() == list(range(1, 20))


def test_other_text_is_not_claimed(tmp_path):
    path = tmp_path / "job.out"
    path.write_text("iteration 3 loss 0.5\n" * 50)
    assert READER.claim(LogFile(path)) is None
