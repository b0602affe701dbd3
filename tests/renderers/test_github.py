"""Annotations: how many, in which order, and that nothing in a log becomes a command."""

from __future__ import annotations

from dataclasses import replace

from lrdoctor.records import Diagnosis
from lrdoctor.renderers._base import Options
from lrdoctor.renderers.github import RENDERER


def lines(diagnosis):
    return "".join(RENDERER.render(diagnosis, Options())).split("\n")[:-1]


def test_a_line_per_run_that_has_something_worst_first(diagnosis):
    first, second, third = lines(diagnosis)
    assert first.startswith("::error file=sweep/lr_1/metrics.csv,title=diverged%3A sweep/lr_1::LR × 0.03")
    assert "%0ANAN101 nonfinite-loss: train_loss is NaN from step 180 on." in first
    assert second.startswith("::warning file=sweep/lr_0.1/metrics.csv,title=lr-too-high%3A sweep/lr_0.1::LR 0.1 × 0.18")
    assert "10 %25" in second
    assert third == "::warning file=broken.csv,title=lrdoctor cannot read this::the file is empty"


def test_at_most_ten(diagnosis):
    many = Diagnosis(runs=diagnosis.runs * 20)
    said = lines(many)
    assert len(said) == 11
    assert all(line.startswith("::error ") for line in said[:10])
    assert said[10] == "lrdoctor: 30 more without an annotation"


def test_files_are_named_as_the_repository_does(diagnosis, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = diagnosis.runs[-1]
    inside = replace(run, run=replace(run.run, source=str(tmp_path / "logs" / "a,b:c.csv")))
    (line,) = lines(Diagnosis(runs=(inside,)))
    assert line.startswith("::error file=logs/a%2Cb%3Ac.csv,")


def test_names_cannot_end_a_command(hostile):
    bad = replace(hostile.runs[0], run=replace(hostile.runs[0].run, id="x\n::set-output name=a::b", source="\r\n::x::"))
    for said in (lines(hostile), lines(Diagnosis(runs=(bad,)))):
        assert all(line.startswith(("::error file=", "::warning file=", "::notice file=")) for line in said)
        assert not any("\r" in line or "\x1b" in line for line in said)
