"""fairseq's log: numbers as text, in bits."""
# ruff: noqa: E501 - log lines are as long as they are

from __future__ import annotations

from lrdoctor.readers._base import LogFile, Source, Strength
from lrdoctor.readers.fairseq import READER
from lrdoctor.records import Role


def test_json_lines(tmp_path):
    text = ""
    for epoch in (1, 2, 3):
        for k in range(1, 6):
            n = (epoch - 1) * 1000 + k * 200
            text += (
                f'[2022-04-08 18:40:57,965][train_inner][INFO] - {{"epoch": {epoch}, "update": {epoch - 1 + k / 5:.3f}, '
                f'"loss": "{9 / n:.4f}", "ppl": "9.1", "num_updates": "{n}", "lr": "3e-06", "gnorm": "1.2"}}\n'
            )
        text += (
            f'[2022-04-08 18:50:57,965][valid][INFO] - {{"epoch": {epoch}, "valid_loss": "{8 / n:.4f}", '
            f'"valid_num_updates": "{n}"}}\n'
        )
    path = tmp_path / "hydra_train.log"
    path.write_text(text)
    file = LogFile(path)
    assert READER.claim(file).strength is Strength.SHAPE
    (run,) = READER.read(Source(path=path, files=(file,)))
    assert run.format == "fairseq"
    assert run.series["train_inner/loss"].step.tolist() == list(range(200, 3001, 200))
    assert run.series["train_inner/loss"].role is Role.TRAIN_LOSS
    assert run.series["valid_loss"].step.tolist() == [1000, 2000, 3000]
    assert run.series["valid_loss"].role is Role.VAL_LOSS
    assert any("bits" in note for note in run.notes)


def test_other_text_is_not_claimed(tmp_path):
    path = tmp_path / "train.log"
    path.write_text("epoch 1 loss 0.5\n" * 50)
    assert READER.claim(LogFile(path)) is None
