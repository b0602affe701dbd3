"""What a user holds after a diagnosis."""

from __future__ import annotations

import json
import math

import pytest

from lrdoctor.records import Diagnosis, RunDiagnosis, Verdict
from lrdoctor.report import Report


@pytest.fixture
def report(diagnosis):
    return Report(diagnosis)


def test_runs_by_id_and_place(report, diagnosis):
    assert len(report) == 6
    assert [said.run for said in report] == [said.run for said in diagnosis.runs]
    assert [said.plan for said in report.runs] == [said.plan for said in diagnosis.runs]
    assert report["sweep/lr_1"].verdict is Verdict.DIVERGED
    assert report[0].run is diagnosis.runs[0].run
    assert isinstance(report[0], RunDiagnosis)
    assert report[-1].run.id == "sweep/lr_1"
    assert "short" in report
    assert "long" not in report
    assert [finding.code for finding in report.findings] == ["OSC101", "NAN101"]


def test_unknown_run_names_the_closest(report):
    with pytest.raises(KeyError, match=r"did you mean 'sweep/lr_0\.1'"):
        report["lr_0.1"]
    with pytest.raises(IndexError):
        report[99]


def test_an_empty_report_is_no_accident():
    assert Report(Diagnosis(runs=()))
    assert repr(Report(Diagnosis(runs=()))) == "0 runs"


def test_frame_has_one_row_per_run(report):
    frame = report.to_frame()
    assert frame["id"].tolist() == [said.run.id for said in report]
    row = frame.set_index("id").loc["sweep/lr_0.1"]
    assert (row["verdict"], row["factor"], row["low"], row["high"]) == ("lr-too-high", 0.18, 0.08, 0.35)
    assert row["lr"] == pytest.approx(0.1)
    assert (row["advised_lr"], row["schedule"], row["findings"]) == (0.018, "warmup_cosine", "OSC101")
    assert math.isnan(frame.set_index("id").loc["sweep/lr_1", "advised_lr"])
    assert frame["lr"].dtype == float
    assert Report(Diagnosis(runs=())).to_frame().columns.tolist() == frame.columns.tolist()


def test_json_is_the_contract(report):
    assert json.loads(report.to_json())["schema"] == "lrdoctor.report/1"


def test_repr_is_plain_text(report):
    text = repr(report)
    assert "\x1b" not in text
    assert "sweep/lr_0.1" in text
    assert "broken.csv" in text


def test_notebooks_get_text_and_html(report):
    bundle = report._repr_mimebundle_()
    assert bundle == {"text/plain": repr(report), "text/html": report._repr_html_()}
    assert set(report._repr_mimebundle_(include={"text/plain"})) == {"text/plain"}
    assert set(report._repr_mimebundle_(exclude={"text/plain"})) == {"text/html"}


def test_what_a_report_is_made_of_shows_itself_in_a_line(report):
    said = report["sweep/lr_0.1"]
    assert repr(said) == "RunDiagnosis('sweep/lr_0.1', lr-too-high, OSC101, LR x 0.18)"
    curve = "Series('train_loss', train_loss, 300 points, steps 0 to 598)"
    assert repr(said.run) == f"Run('sweep/lr_0.1', csv, [{curve}])"
