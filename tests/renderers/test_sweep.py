"""What a sweep looks like to programs and to people."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from lrdoctor.records import Unreadable
from lrdoctor.renderers import _sweep
from lrdoctor.renderers._base import Options
from lrdoctor.renderers._lines import paint
from lrdoctor.studies.sweep import Apart, Group, Next, Standing

SCHEMA = Path(__file__).parents[2] / "docs" / "schema" / "sweep-1.json"


class _Facts:
    """As much of a run as is shown."""

    def __init__(self, run_id, lr):
        self.id, self.lr = run_id, lr


def standing(run_id, lr, level, state="finished"):
    return Standing(facts=_Facts(run_id, lr), level=level, noise=0.01, state=state)


def group(run_id="lr_0.01", **changes):
    best = standing(run_id, 0.01, 0.4)
    fields = {
        "runs": (best, standing("lr_1", 1.0, math.nan, "blew-up")), "differs_in": ("lr", "weight_decay"),
        "ranked_by": "val_loss", "best": best, "good_band": (0.01, 0.01), "at_edge": "low", "clear": None,
        "noise": math.nan, "repeats": 0, "next": (Next(lr=0.003, interval=(0.001, 0.008), why="below", chance=0.4),),
        "settled": False, "reason": "why", "apart": (Apart(group=1, differs_in=("batch_size",), why="batches"),),
    }  # fmt: skip
    return Group(**{**fields, **changes})


def test_the_contract():
    lost = [Unreadable(source="a.csv", error="empty")]
    answer = json.loads(_sweep.to_json([group()], lost, "1.2.3"))
    assert answer["schema"] == "lrdoctor.sweep/1"
    (one,) = answer["groups"]
    assert one["runs"] == ["lr_0.01", "lr_1"]
    assert one["differs_in"] == ["lr", "weight_decay"]
    assert one["best"] == {"id": "lr_0.01", "lr": 0.01}
    assert one["good_band"] == [0.01, 0.01]
    assert (one["at_edge"], one["settled"]) == ("low", False)
    assert one["next"] == [{"lr": 0.003, "interval": [0.001, 0.008], "why": "below", "chance": 0.4}]
    assert one["ranking"][1] == {"id": "lr_1", "lr": 1.0, "level": None, "state": "blew-up"}
    assert answer["unreadable"] == [{"source": "a.csv", "error": "empty"}]


def test_the_schema_in_docs_is_fresh():
    assert SCHEMA.read_text(encoding="utf-8") == _sweep.schema_text(), (
        "run: python -m lrdoctor.renderers._sweep > docs/schema/sweep-1.json"
    )


def test_the_schema_accepts_what_is_written():
    jsonschema = pytest.importorskip("jsonschema")
    for case in (group(), group(best=None, good_band=None, at_edge=None, next=())):
        jsonschema.Draft202012Validator(_sweep.schema()).validate(json.loads(_sweep.to_json([case], [], "1")))


def test_the_text_says_what_is_best_and_what_is_next():
    text = "".join(paint(_sweep.to_lines([group()]), Options()))
    assert "they differ in more than the LR (weight_decay)" in text
    assert "the lowest LR tried, so the best may lie beyond it" in text
    assert "next     LR 0.003 (0.001 to 0.008): below" in text
    assert "not compared with group 2: batches" in text
    assert "blew up" in text


@pytest.mark.parametrize("advised", [(), (Next(lr=0.05, interval=(0.02, 0.1), why="between", chance=0.4),)])
def test_no_better_rate_is_promised_where_none_is_advised(advised):
    text = "".join(paint(_sweep.to_lines([group(next=advised, settled=not advised)]), Options()))
    assert "the lowest LR tried\n" in text


def test_names_cannot_break_out():
    text = "".join(
        paint(_sweep.to_lines([group(run_id="a\x1b[31m\nb\u202e")]), Options(width=60, color=False))
    )
    assert "\x1b[31m" not in text
    assert "\u202e" not in text
    json.loads(_sweep.to_json([group(run_id="x\udcff")], [], "1"))
