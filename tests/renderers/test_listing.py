"""What was read."""

from __future__ import annotations

import json

from lrdoctor.records import Unreadable
from lrdoctor.renderers._base import Options
from lrdoctor.renderers._lines import paint
from lrdoctor.renderers._listing import to_json, to_lines


def shown(run, width=None):
    return "".join(paint(to_lines(run, wrapped=width is not None), Options(width=width)))


def test_text(oscillating):
    assert shown(oscillating.run) == (
        "sweep/lr_0.1  csv, sweep/lr_0.1/metrics.csv\n"
        "  lr 0.1, optimizer adam, batch_size 32, schedule constant\n"
        "  train_loss  train_loss  300 points, steps 0 to 598, 1.7 to 0.1; named train_loss\n"
        "\n"
    )


def test_json(oscillating):
    listing = json.loads(to_json([oscillating.run], [Unreadable(source="a", error="b")], "9"))
    assert listing["schema"] == "lrdoctor.runs/1"
    assert listing["unreadable"] == [{"source": "a", "error": "b"}]
    assert listing["runs"][0]["series"] == [
        {
            "tag": "train_loss", "role": "train_loss", "points": 300, "first_step": 0, "last_step": 598,
            "reason": "named train_loss", "unit": "step", "first_value": 1.7,
            "last_value": listing["runs"][0]["series"][0]["last_value"],
        }
    ]  # fmt: skip


def test_hostile_names_stay_text(hostile):
    run = hostile.runs[0].run
    for width in (None, 80):
        text = shown(run, width)
        text.encode()
        assert "\x1b" not in text
        assert "\u202e" not in text
    json.loads(to_json([run], hostile.unreadable, "9"))
