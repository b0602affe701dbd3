"""What a range test looks like to programs and to people."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lrdoctor.answers import RangeTestReport
from lrdoctor.records import Span, Unreadable
from lrdoctor.renderers import _range_test
from lrdoctor.renderers._base import Options
from lrdoctor.renderers._lines import paint
from lrdoctor.studies.range_test import RampRegion, RangeTestResult

SCHEMA = Path(__file__).parents[2] / "docs" / "schema" / "range-test-1.json"
BAD = RangeTestResult(id="bad", cause="too-short", reason="Too short: only 3 rates have a finite loss.")


def result(**changes):
    fields = {
        "id": "lr_find", "source": "lr_find.csv",
        "lr": np.array([1e-3, 1e-2, 0.1]), "loss": np.array([2.0, 1.0, np.nan]),
        "smoothed": np.array([2.0, 1.0, np.nan]), "start": 2.0, "lowest": 1.0, "recommended": 2.15e-3,
        "interval": (5e-4, 0.01),
        "suggestions": {"steepest": 3e-3, "valley": 2e-3, "slide": None, "minimum_over_10": 1e-3},
        "regions": (RampRegion(kind="descent", lr=(1e-3, 1e-2), span=Span(first_step=0, last_step=10)),
                    RampRegion(kind="explosion", lr=(0.1, 0.1), span=Span(first_step=20, last_step=20))),
        "notes": ("mended",),
    }  # fmt: skip
    return RangeTestResult(**{**fields, **changes})


def text(*tests, width=None):
    return "".join(paint(_range_test.to_lines(tests), Options(width=width)))


def test_the_contract():
    report = RangeTestReport([BAD, result()], (Unreadable(source="a.csv", error="empty"),), "1.2.3")
    answer = json.loads(report.to_json())
    assert next(iter(answer)) == "schema"
    assert answer["schema"] == "lrdoctor.range-test/1"
    assert (answer["usable"], answer["reason"]) == (True, None)
    assert answer["recommended"] == {"lr": 2.15e-3, "interval": [5e-4, 0.01], "level": 0.8}
    assert answer["suggestions"]["steepest"] == 3e-3
    assert answer["suggestions"]["slide"] is None
    assert {"steepest", "valley", "slide", "minimum_over_10"} <= answer["suggestions"].keys()
    assert answer["regions"][0] == {"kind": "descent", "lr": [1e-3, 1e-2], "span": {"first_step": 0, "last_step": 10}}
    (other,) = answer["others"]
    assert (other["id"], other["usable"], other["cause"], other["recommended"]) == ("bad", False, "too-short", None)
    assert answer["unreadable"] == [{"source": "a.csv", "error": "empty"}]
    assert answer["tool"]["version"] == "1.2.3"


def test_no_log_at_all():
    report = RangeTestReport([])
    assert (report.usable, report.recommended, report.interval) == (False, None, None)
    assert "No training log" in report.reason
    assert json.loads(report.to_json())["usable"] is False
    assert "No training log" in repr(report)
    assert RangeTestReport([], (Unreadable(source="a.csv", error="is empty"),)).reason == "a.csv: is empty."


def test_the_schema_in_docs_is_fresh():
    assert SCHEMA.read_text(encoding="utf-8") == _range_test.schema_text(), (
        "run: python -m lrdoctor.renderers._range_test > docs/schema/range-test-1.json"
    )


@pytest.mark.parametrize("tests", [[result()], [BAD], [result(), BAD], []])
def test_the_schema_accepts_what_is_written(tests):
    jsonschema = pytest.importorskip("jsonschema")
    answer = json.loads(RangeTestReport(tests).to_json())
    jsonschema.Draft202012Validator(_range_test.schema()).validate(answer)


def test_the_text():
    said = text(result())
    assert "descent    LR 0.001 to 0.01: the loss falls" in said
    assert "explosion  LR 0.1: the loss has blown up" in said
    assert "valley (fastai)             0.002" in said
    assert "slide" not in said
    assert "take       LR 0.0022 (5e-4 to 0.01 holds the best rate in 80 % of the cases)" in said
    assert "about 10,000 steps" in said
    assert "for a training of 25,000 steps" in text(result(steps=25_000))
    assert "mended" in said
    assert "unusable   Too short" in text(BAD)


def test_nothing_from_a_log_is_trusted():
    hostile = result(id="\x1b[31mx<script>\u202e", notes=("a\nb\x1b]0;t\x07",))
    for width in (None, 60):
        assert "\x1b" not in text(hostile, width=width)
        assert "\u202e" not in text(hostile, width=width)
    assert "<script>" not in RangeTestReport([hostile])._repr_html_()
    assert json.loads(RangeTestReport([result(id="\udcff")]).to_json())["id"]


def test_a_narrow_terminal():
    assert max(map(len, text(result(reason=None), width=50).splitlines())) <= 50


def test_what_a_user_holds():
    report = RangeTestReport([BAD, result()])
    assert [test.id for test in report] == ["lr_find", "bad"]
    assert len(report) == 2
    assert report.result is report.tests[0]
    assert report.recommended == 2.15e-3
    assert report.interval == (5e-4, 0.01)
    assert report.suggestions["valley"] == 2e-3
    assert report.regions[0].kind == "descent"
    assert RangeTestReport([BAD]).reason.startswith("Too short")
