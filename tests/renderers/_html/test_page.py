"""The report page as text: complete, of itself, and nothing in it from a log but text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

import lrdoctor as lrd
from lrdoctor import synth
from lrdoctor.cli import main
from lrdoctor.engine import all_rules, diagnose_run
from lrdoctor.records import Diagnosis, Verdict
from lrdoctor.renderers._html import page, view
from lrdoctor.report import Report

_VOID = {"meta", "input", "br"}


class Page(HTMLParser):
    """Elements, attributes, texts by element; fails where elements are not balanced."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.texts = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data))

    def of(self, tag, **attributes):
        return [a for t, a in self.elements if t == tag and all(a.get(n) == v for n, v in attributes.items())]

    def words(self):
        return " ".join(data for tag, data in self.texts if tag not in ("script", "style"))


@pytest.fixture
def several():
    """Runs that were really diagnosed."""
    runs = [synth.healthy(), synth.two_cycle(), synth.blow_up(), synth.spikes(), synth.timid(), synth.tuned()]
    runs = [replace(run, id=f"runs/{number}") for number, run in enumerate(runs)]
    return Diagnosis(runs=tuple(diagnose_run(run, all_rules()) for run in runs), version="1.2.3")


def test_everything_that_was_said_is_on_the_page(several):
    text = page.document(several)
    shown = Page(text)
    assert len(shown.of("tr", **{"data-verdict": "lr-too-high"})) == sum(
        said.verdict is Verdict.LR_TOO_HIGH for said in several.runs
    )
    words = shown.words()
    for said in several.runs:
        assert said.run.id in words
        assert said.plan.reason in words
        for finding in said.findings:
            assert finding.message in words
            for piece in finding.evidence:
                assert piece.measure in words
    sweeps = shown.of("section", **{"class": "sweep"})
    assert sweeps
    assert len(shown.of("figure")) == len(several.runs) + len(sweeps)
    assert [len(shown.of("section", id=f"run-{n}")) for n in range(1, 7)] == [1] * 6


def test_the_report_is_inside(several):
    found = re.search(r'<script type="application/json" id="lrdoctor-report">(.*?)</script>', page.document(several))
    assert json.loads(found[1]) == json.loads(Report(several).to_json())


def test_it_needs_nothing_else(several):
    text = page.document(several)
    shown = Page(text)
    attributes = [pair for _, attrs in shown.elements for pair in attrs.items()]
    addresses = [value for name, value in attributes if name in ("src", "href", "action")]
    assert all(address.startswith("#") for address in addresses)
    targets = {attrs.get("id") for _, attrs in shown.elements}
    assert {address[1:] for address in addresses} <= targets
    styles = "".join(data for tag, data in shown.texts if tag == "style")
    assert "url(" not in styles
    assert "@import" not in styles


def test_the_policy_lets_these_scripts_run_and_no_others(several):
    text = page.document(several)
    (policy,) = (a["content"] for a in Page(text).of("meta", **{"http-equiv": "Content-Security-Policy"}))
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    allowed = set(re.findall(r"'sha256-[^']*'", policy))
    blocks = re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", text, re.DOTALL)
    hashed = {f"'sha256-{base64.b64encode(hashlib.sha256(b.encode()).digest()).decode()}'" for b in blocks}
    assert hashed == allowed
    assert not [a for _, attrs in Page(text).elements for a in attrs if a == "style" or a.startswith("on")]


def test_nothing_from_a_log_is_markup(hostile):
    text = page.document(hostile)
    shown = Page(text)
    assert not shown.of("img")
    assert len(re.findall("<script", text)) == len(shown.of("script"))
    assert "<img" not in text.replace("&lt;img", "")
    assert not any(ord(char) < 32 and char != "\n" for char in text)
    assert "<img src=x onerror=alert(1)>[red]\\x1b[31mboo\\x07\\nnew" in shown.words()


def test_a_name_that_ends_a_script_ends_nothing(several):
    bad = "</script><script>alert(1)</script><!--"
    runs = [replace(said, run=replace(said.run, id=bad)) for said in several.runs]
    plain, text = page.document(several), page.document(Diagnosis(runs=tuple(runs)))
    assert text.count("<script") == plain.count("<script")
    found = re.search(r'id="lrdoctor-report">(.*?)</script>', text)
    assert json.loads(found[1])["runs"][0]["id"] == bad


def test_nothing_read(capsys, tmp_path):
    assert "No training log was found." in page.document(Diagnosis(runs=()))
    assert main(["diagnose", str(tmp_path), "--format", "html"]) == 3
    assert "No training log was found." in capsys.readouterr().out


def test_into_a_file_and_nothing_beside_it(tmp_path, several, monkeypatch):
    logs, out = tmp_path / "logs", tmp_path / "out"
    logs.mkdir()
    out.mkdir()
    (logs / "metrics.csv").write_text("step,loss\n" + "".join(f"{i},{1 / (1 + i)}\n" for i in range(50)))
    assert main(["diagnose", str(logs), "--format", f"html={out / 'report.html'}", "-q"]) == 0
    assert [path.name for path in out.iterdir()] == ["report.html"]
    assert [path.name for path in logs.iterdir()] == ["metrics.csv"]
    assert (out / "report.html").read_text().startswith("<!doctype html>")


def test_a_run_that_cannot_be_drawn_costs_no_other(several, monkeypatch):
    from lrdoctor import figures

    def broken(said, **options):
        if said.run.id == "runs/1":
            raise ZeroDivisionError
        return drawn(said, **options)

    drawn = figures.run_figure
    monkeypatch.setattr(figures, "run_figure", broken)
    with pytest.warns(RuntimeWarning, match="runs/1"):
        text = page.document(several)
    assert text.count("A defect kept this run from being drawn") == 1
    assert len(Page(text).of("section", **{"class": "run"})) == len(several.runs)


def test_evidence_by_epochs_is_shown_among_the_steps():
    steps = synth.make_run(np.exp(-np.linspace(0, 5, 600)), stride=1)
    epochs = synth.overfit().series["val_loss"]
    epochs = replace(epochs, step=np.arange(epochs.step.size, dtype=np.int64), unit="epoch")
    said = diagnose_run(replace(steps, series={**steps.series, "val_loss": epochs}), all_rules())
    assert [finding.code for finding in said.findings] == ["OVF101"]
    (shown,) = view.view(Diagnosis(runs=(said,))).runs
    first, last = shown.place(said.findings[0].evidence[0])
    assert 100 < first < last
    assert last == pytest.approx(599)


def test_an_interrupted_report_says_so(several):
    assert "interrupted" not in page.document(several)
    assert "interrupted" in Page(page.document(replace(several, complete=False))).words()


def test_the_same_page_every_time(several):
    assert page.document(several) == page.document(several)


def test_more_runs_get_fewer_points_each(several):
    def points(copies):
        said = several.runs[3]
        many = [replace(said, run=replace(synth.make_run(noise), id=str(n))) for n in range(copies)]
        return len(view.view(Diagnosis(runs=tuple(many))).runs[0].figure.panels[0].lines[0].x)

    noise = np.random.default_rng(1).uniform(1, 2, 3000)
    assert points(1) > 3 * points(300) > 300


def test_of_very_many_runs_the_worst_are_shown_in_full(several, monkeypatch):
    monkeypatch.setattr(view, "_SECTIONS", 2)
    shown = Page(page.document(several))
    assert len(shown.of("section", **{"class": "run"})) == 2
    assert len([a for a in shown.of("tr") if "data-run" in a]) == len(several.runs)
    assert "2 runs that need it most are shown in full" in shown.words()
    targets = {attrs.get("id") for _, attrs in shown.elements}
    assert {a["href"][1:] for a in shown.of("a")} <= targets


@pytest.mark.slow
def test_two_hundred_runs_stay_below_ten_megabytes():
    rng = np.random.default_rng(2)
    runs = []
    for number in range(200):
        loss = 1 / (1 + np.linspace(0, 30, 2000)) + 0.1 * rng.standard_normal(2000)
        val = loss[::10] + 0.1
        runs.append(replace(synth.make_run(loss, val=val, lr=rng.uniform(0.01, 0.02, 2000)), id=f"runs/{number}"))
    text = lrd.diagnose(runs).to_html()
    assert len(text.encode()) < 10_000_000
