"""The report as JUnit XML, read back."""

from __future__ import annotations

from xml.etree import ElementTree

from lrdoctor.renderers._base import Options
from lrdoctor.renderers.junit import RENDERER


def suite(diagnosis):
    root = ElementTree.fromstring("".join(RENDERER.render(diagnosis, Options())))
    assert root.tag == "testsuites"
    return root[0]


def test_a_case_per_run_and_per_file_that_cannot_be_read(diagnosis):
    found = suite(diagnosis)
    totals = [int(found.get(name)) for name in ("tests", "failures", "errors", "skipped")]
    assert totals == [7, 2, 1, 1]
    outcome = {case.get("name"): [child.tag for child in case] for case in found}
    assert outcome["sweep/lr_1"] == outcome["sweep/lr_0.1"] == ["failure"]
    assert outcome["short"] == ["skipped"]
    assert outcome["broken.csv"] == ["error"]
    assert outcome["sweep/lr_0.01"] == ["system-out"]
    failure = found.find("testcase[@name='sweep/lr_0.1']/failure")
    assert failure.get("type") == "lr-too-high"
    assert failure.get("message").startswith("lr-too-high: LR 0.1 × 0.18 (0.08 to 0.35) → 0.018, warm up")
    assert "share of alternating steps: 0.41 > 0.15" in failure.text


def test_hostile_names_are_text(hostile):
    found = suite(hostile)
    assert [case.get("name")[:28] for case in found] == ["<img src=x onerror=alert(1)>"] * 4
    assert {child.tag for case in found for child in case} == {"failure", "skipped", "system-out", "error"}
