"""What a user holds after a diagnosis."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure as Canvas

from lrdoctor.errors import UsageError
from lrdoctor.records import Diagnosis, Role, Run, RunDiagnosis, Series, Verdict
from lrdoctor.report import Report, SweepReport


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


def test_the_end_of_an_id_will_do_where_only_one_run_has_it(report):
    assert report["lr_0.1"].run.id == "sweep/lr_0.1"
    twice = Report(Diagnosis(runs=(*report.runs, replace(report[3], run=replace(report[3].run, id="b/lr_0.1")))))
    with pytest.raises(KeyError, match="did you mean"):
        twice["lr_0.1"]
    with pytest.raises(KeyError):
        report["_0.1"]


def test_the_directory_that_holds_a_run_will_do_where_it_holds_no_other(report):
    alone = replace(report[3], run=replace(report[3].run, id="exp3/lightning_logs/version_0"))
    more = Report(Diagnosis(runs=(*report.runs, alone)))
    for name in ("exp3", "version_0", "lightning_logs", "exp3/lightning_logs"):
        assert more[name].run.id == alone.run.id
    for name in ("sweep", "exp", ""):
        with pytest.raises(KeyError):
            more[name]


def test_unknown_run_names_the_closest(report):
    with pytest.raises(KeyError, match=r"did you mean 'sweep/lr_0\.1'"):
        report["sweep/lr_0.2"]
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


def test_a_run_draws_into_given_axes_without_pyplot(report, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    axes = Canvas().add_subplot()
    assert report["sweep/lr_0.1"].plot(axes) is axes
    assert "sweep/lr_0.1" in axes.get_title(loc="left")
    assert len(axes.figure.axes) == 2
    assert Report(Diagnosis(runs=report.runs[:1])).plot(ax := Canvas().add_subplot()) is ax
    assert "sweep/lr_0.001" in ax.get_title(loc="left")


def test_several_runs_are_drawn_over_one_another(report):
    axes = report.plot(Canvas().add_subplot())
    assert axes.get_title(loc="left").startswith("6 runs")
    assert len(axes.figure.axes) == 1
    with pytest.raises(UsageError, match="nothing to draw"):
        Report(Diagnosis(runs=())).plot()


def test_without_axes_pyplot_gets_a_new_figure(report):
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    before = plt.figure()
    axes = report[0].plot()
    assert axes.figure is not before
    assert plt.fignum_exists(axes.figure.number)
    plt.close("all")


def test_a_run_s_points_as_a_frame(report):
    frame = report["sweep/lr_0.1"].to_frame()
    series = report["sweep/lr_0.1"].run.series["train_loss"]
    assert frame["value"].tolist() == series.value.tolist()
    assert frame["step"].tolist() == series.step.tolist()
    assert set(frame["tag"]) == {"train_loss"}
    assert set(frame["role"]) == {"train_loss"}
    assert frame["wall_time"].isna().all()
    empty = replace(report[0].run, series={})
    assert list(empty.to_frame().columns) == list(frame.columns)
    assert len(empty.to_frame()) == 0


def test_a_single_run_shows_its_figure_in_a_notebook(report):
    shown = report["sweep/lr_0.1"]._repr_mimebundle_()
    assert shown["text/html"].count('role="img"') == 2  # in the table, and in full
    assert "advised 0.018" in shown["text/html"]
    assert "OSC101" in shown["text/plain"]
    assert report._repr_html_().count("advised 0.018") == 0


def test_a_sweep_as_a_frame_a_figure_and_in_a_notebook():
    import lrdoctor as lrd

    runs = [
        Run(id=f"lr{rate}", source="x", format="x", hyperparameters={"lr": rate},
            series={"loss": Series(tag="loss", step=np.arange(50), value=end + 2 / np.arange(1, 51),
                                   role=Role.TRAIN_LOSS)})
        for rate, end in ((0.01, 0.9), (0.1, 0.4), (1.0, 1.5))
    ]  # fmt: skip
    found = lrd.sweep(runs)
    frame = found.to_frame()
    assert frame["id"].tolist() == ["lr0.1", "lr0.01", "lr1.0"]
    assert frame["lr"].tolist() == [0.1, 0.01, 1.0]
    assert frame["level"].is_monotonic_increasing
    axes = found.plot(Canvas().add_subplot())
    assert axes.get_xscale() == "log"
    assert "<svg" in found._repr_html_()
    with pytest.raises(UsageError, match="nothing to draw"):
        SweepReport(()).plot()
    assert len(SweepReport(()).to_frame()) == 0
