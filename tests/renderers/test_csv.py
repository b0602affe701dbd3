"""The report as CSV, read back."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from lrdoctor.records import Diagnosis
from lrdoctor.renderers._base import Options
from lrdoctor.renderers.csv import RENDERER


def rows(diagnosis):
    return list(csv.DictReader(io.StringIO("".join(RENDERER.render(diagnosis, Options())))))


def test_a_row_per_run_worst_first_then_what_cannot_be_read(diagnosis):
    found = rows(diagnosis)
    assert [row["id"] for row in found[:2]] == ["sweep/lr_1", "sweep/lr_0.1"]
    assert len(found) == 7
    second = found[1]
    assert [float(second[name]) for name in ("lr", "factor", "low", "high", "advised_lr", "clip_norm")] == [
        pytest.approx(0.1), 0.18, 0.08, 0.35, 0.018, 1.0,
    ]  # fmt: skip
    assert (second["schedule"], second["warmup_fraction"]) == ("warmup_cosine", "0.1")
    assert (second["findings"], second["also"]) == ("OSC101", "stop early at step 400 (OVF101)")
    assert found[0]["lr"] == found[0]["schedule"] == ""
    assert (found[-1]["source"], found[-1]["verdict"]) == ("broken.csv", "unreadable")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "  =1", "＝1", '=HYPERLINK("x","y")'])
def test_a_name_is_no_formula(diagnosis, name):
    said = diagnosis.runs[0]
    (row,) = rows(Diagnosis(runs=(replace(said, run=replace(said.run, id=name)),)))
    assert row["id"] == f"'{name}"


def test_one_row_is_one_line(hostile):
    text = "".join(RENDERER.render(hostile, Options()))
    assert len(text.splitlines()) == 1 + 4
    assert rows(hostile)[0]["id"].startswith("<img src=x")
