"""The report for people, against texts that were looked at."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from rich.cells import cell_len

from lrdoctor.records import Diagnosis, Verdict
from lrdoctor.renderers._base import Options
from lrdoctor.renderers._links import rule_page
from lrdoctor.renderers.text import RENDERER

GOLDEN = Path(__file__).parents[1] / "fixtures" / "renderers"
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def rendered(diagnosis, **options):
    return "".join(RENDERER.render(diagnosis, Options(**options)))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("plain", {}),
        ("plain-verbose", {"verbosity": 1}),
        ("plain-quiet", {"verbosity": -1}),
        ("terminal-80", {"width": 80}),
        ("terminal-200", {"width": 200}),
        ("terminal-80-color", {"width": 80, "color": True}),
    ],
)
@pytest.mark.parametrize("which", ["many", "one"])
def test_golden(name, options, which, diagnosis, oscillating):
    text = rendered(diagnosis if which == "many" else Diagnosis(runs=(oscillating,)), **options)
    path = GOLDEN / f"{which}-{name}.txt"
    if os.environ.get("LRDOCTOR_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("verbosity", [-1, 0, 1])
@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_row_is_wider_than_the_terminal(diagnosis, oscillating, hostile, width, verbosity):
    for case in (diagnosis, hostile, Diagnosis(runs=(oscillating,)), Diagnosis(runs=hostile.runs[:1])):
        for color in (False, True):
            text = rendered(case, width=width, color=color, verbosity=verbosity)
            assert max(cell_len(ANSI.sub("", row)) for row in text.splitlines()) <= width


def test_colour_is_all_that_colour_adds(diagnosis):
    colored = rendered(diagnosis, width=80, color=True)
    assert "\x1b[" in colored
    assert ANSI.sub("", colored) == rendered(diagnosis, width=80)


@pytest.mark.parametrize("options", [{}, {"verbosity": 1}, {"width": 80}, {"width": 80, "verbosity": 1}])
def test_hostile_names_stay_text(hostile, options):
    for case in (hostile, Diagnosis(runs=hostile.runs[:1])):
        text = rendered(case, **options)
        text.encode()
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", text)
        joined = "".join(text.split())
        assert r"[red]\x1b[31mboo\x07\nnew\u202eline\udcff" in joined


def test_plain_text_has_a_run_s_verdict_name_and_dose_in_one_row(diagnosis):
    rows = rendered(diagnosis).splitlines()
    (row,) = [row for row in rows if "sweep/lr_0.1 " in row]
    assert row.startswith("lr-too-high")
    assert "LR 0.1 × 0.18 (0.08 to 0.35) → 0.018" in row


def test_healthy_runs_are_folded_but_never_lost(diagnosis):
    healthy = diagnosis.runs[0]
    runs = tuple(replace(healthy, run=replace(healthy.run, id=f"run{i:03}")) for i in range(100))
    many = Diagnosis(runs=(*runs, *diagnosis.runs))
    plain = rendered(many)
    assert all(f"run{i:03}" in plain for i in range(100))
    terminal = rendered(many, width=80)
    assert "103 healthy" in terminal
    assert "and 91 more" in terminal
    assert len(terminal.splitlines()) < 30


def test_unreadable_files_are_left_to_the_caller_on_request(diagnosis):
    assert "broken.csv" in rendered(diagnosis)
    assert "broken.csv" not in rendered(diagnosis, unreadable=False)
    assert "1 file could not be read" in rendered(diagnosis, unreadable=False)


def test_every_verdict_can_be_shown(oscillating):
    for verdict in Verdict:
        one = replace(oscillating, verdict=verdict)
        assert verdict in rendered(Diagnosis(runs=(one,)))
        assert verdict in rendered(Diagnosis(runs=(one, one)), width=80)


def test_a_run_without_curves(oscillating):
    bare = replace(oscillating, run=replace(oscillating.run, series={}))
    assert "lr-too-high" in rendered(Diagnosis(runs=(bare,)), width=80)
    assert "lr-too-high" in rendered(Diagnosis(runs=(bare, bare)))


def test_codes_lead_to_their_pages_where_links_are_followed(oscillating):
    said = Diagnosis(runs=(oscillating,))
    linked = rendered(said, width=80, color=True, links=True)
    (page,) = re.findall(r"\x1b\]8;id=[^;]*;(file:[^\x1b]*)\x1b", linked)
    assert page.endswith("/OSC101.md")
    assert Path(unquote(urlsplit(page).path)).is_file()
    assert "\x1b]8" not in rendered(said, width=80, color=True)
    assert "\x1b]8" not in rendered(said, links=True)


@pytest.mark.parametrize("code", ["../../README", "XYZ999", "", "a b", "\u0661"])
def test_codes_of_other_packages_lead_nowhere(code):
    assert rule_page(code) is None


@pytest.mark.parametrize("width", range(40, 100, 3))
def test_a_percentage_is_not_torn_apart(diagnosis, width):
    text = rendered(diagnosis, width=width, verbosity=1)
    assert re.search(r"\d\n *%", text) is None
    assert "97 % sure" in " ".join(text.split())


def test_columns_line_up_on_a_wide_terminal(diagnosis):
    rows = rendered(diagnosis, width=200).splitlines()
    starts = {row.index(word) for row in rows for word in ("LR ", "keep ") if row[:1] in "✗●" and word in row}
    assert len(starts) == 1


def test_the_reason_of_a_dose_is_told_on_request(diagnosis):
    assert "Each step overshoots" not in rendered(diagnosis, width=80)
    assert "Each step overshoots" in rendered(diagnosis, width=80, verbosity=1)
    assert "Each step overshoots" in rendered(Diagnosis(runs=diagnosis.runs[3:4]), width=80)
