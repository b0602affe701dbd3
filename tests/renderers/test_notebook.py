"""What a notebook shows."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

from lrdoctor.records import Diagnosis
from lrdoctor.renderers._notebook import html

VOID = {"br"}


class Page(HTMLParser):
    """Tags, attributes and text of a page; fails where tags are not balanced."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.words = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_one_row_per_run_worst_first(diagnosis):
    page = Page(html(diagnosis))
    assert page.tags.count("tr") == 1 + 6
    assert page.tags.count("svg") == 6
    text = " ".join(page.words)
    assert text.index("diverged") < text.index("lr-too-high") < text.index("healthy")
    assert "LR 0.1 × 0.18 (0.08 to 0.35) → 0.018" in text
    assert "broken.csv: the file is empty" in text


def test_many_healthy_runs_are_folded(diagnosis):
    healthy = diagnosis.runs[0]
    runs = tuple(replace(healthy, run=replace(healthy.run, id=f"run{i:03}")) for i in range(500))
    page = Page(html(Diagnosis(runs=(*runs, *diagnosis.runs))))
    assert page.tags.count("tr") == 1 + 2
    assert "(503)" in " ".join(page.words)


def test_hostile_names_stay_text(hostile):
    text = html(hostile)
    text.encode()
    page = Page(text)
    assert not {"img", "script", "a"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert any("<img src=x onerror=alert(1)>" in word for word in page.words)
    assert "\x1b" not in text


def test_readable_on_any_background(diagnosis):
    text = html(diagnosis)
    assert "background" not in text
    assert set(re.findall(r"(?<![\w-])color:([^;\"]+)", text)) <= {"#e5484d", "#30a46c", "#8b8d98", "#e07b00"}
    assert 'fill="black"' not in text


def test_nothing_to_show():
    assert "0 runs" in html(Diagnosis(runs=()))


def test_a_hostile_run_alone_stays_text_in_its_figure(hostile):
    text = html(Diagnosis(runs=hostile.runs[:1]))
    text.encode()
    page = Page(text)
    assert not {"img", "script", "style"} & set(page.tags)
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert "<img src=x onerror=alert(1)>" in " ".join(page.words)


def test_hostile_runs_of_a_sweep_stay_text():
    import numpy as np

    import lrdoctor as lrd
    from lrdoctor.records import Role, Run, Series

    bad = "<img src=x onerror=alert(1)>\x1b[31m"
    runs = [
        Run(id=f"{bad}{rate}", source=bad, format="x", hyperparameters={"lr": rate, bad: bad},
            series={bad: Series(tag=bad, step=np.arange(50), value=1 + rate / np.arange(1, 51), role=Role.TRAIN_LOSS)})
        for rate in (0.1, 0.3)
    ]  # fmt: skip
    page = Page(lrd.sweep(runs)._repr_html_())
    assert "img" not in page.tags
    assert not any(name.startswith("on") for name, _ in page.attributes)
