"""The contract with other programs."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from lrdoctor.records import Diagnosis, Role, Verdict
from lrdoctor.renderers import _contract as contract
from lrdoctor.renderers import _json_schema as json_schema
from lrdoctor.renderers._base import Options
from lrdoctor.renderers.json import RENDERER, scalar
from lrdoctor.renderers.jsonl import RENDERER as LINES

SCHEMA = Path(__file__).parents[2] / "docs" / "schema" / "report-1.json"


def document(diagnosis):
    def never(text):
        raise AssertionError(f"{text} is not JSON")

    return json.loads("".join(RENDERER.render(diagnosis, Options())), parse_constant=never)


def test_exactly_the_keys_of_version_1(diagnosis):
    report = document(diagnosis)
    assert list(report) == ["schema", "tool", "runs", "unreadable", "summary"]
    assert report["schema"] == "lrdoctor.report/1"
    assert report["tool"] == {"name": "lrdoctor", "version": "1.2.3"}
    assert report["unreadable"] == [{"source": "broken.csv", "error": "the file is empty"}]
    assert report["summary"] == {
        "runs": 6, "healthy": 3,
        "by_verdict": {"diverged": 1, "lr-too-high": 1, "inconclusive": 1, "healthy": 3},
    }  # fmt: skip


def test_a_run_of_version_1(oscillating):
    (run,) = document(Diagnosis(runs=(oscillating,)))["runs"]
    span = {"first_step": 120, "last_step": 598}
    assert run == {
        "id": "sweep/lr_0.1", "source": "sweep/lr_0.1/metrics.csv", "format": "csv", "verdict": "lr-too-high",
        "hyperparameters": {"lr": 0.1, "optimizer": "adam", "batch_size": 32, "schedule": "constant"},
        "series": [
            {"tag": "train_loss", "role": "train_loss", "points": 300, "first_step": 0, "last_step": 598}
        ],
        "findings": [{
            "code": "OSC101", "name": "sustained-oscillation", "severity": "warning", "confidence": 0.93,
            "message": "train_loss goes up and down by 0.6 around a level that no longer falls.",
            "span": span,
            "evidence": [{"measure": "share of alternating steps", "value": 0.41, "comparison": ">",
                          "threshold": 0.15, "unit": "", "tag": "train_loss", "span": span}],
        }],
        "plan": {
            "lr": {"factor": 0.18, "interval": [0.08, 0.35], "level": 0.8, "value": 0.018},
            "schedule": {"kind": "warmup_cosine", "warmup_fraction": 0.1, "final_fraction": 0.0, "gain": None},
            "clip_norm": 1.0, "also": [{"action": "early_stop", "at_step": 400, "why": "OVF101"}],
            "confidence": 0.81, "reason": "Each step overshoots the minimum; a smaller peak settles.",
        },
        "skips": [{"code": "LRS101", "reason": "no learning-rate series"}],
        "notes": [],
    }  # fmt: skip
    assert list(run) == ["id", "source", "format", "verdict", "hyperparameters", "series", "findings", "plan",
                         "skips", "notes"]  # fmt: skip


def test_numbers_that_are_none_are_words(diagnosis, hostile):
    broken = document(diagnosis)["runs"][-1]
    assert broken["findings"][0]["evidence"][0]["value"] == "NaN"
    assert broken["plan"]["lr"]["value"] is None
    run = document(hostile)["runs"][0]
    assert run["findings"][0]["evidence"][0]["value"] == "Infinity"
    assert run["hyperparameters"]["lr"] == "NaN"


def test_what_was_rendered_decodes_into_the_contract(diagnosis, hostile):
    for case in (diagnosis, hostile, Diagnosis(runs=())):
        text = "".join(RENDERER.render(case, Options()))
        decoded = msgspec.json.decode(text, type=contract.Report)
        assert json.loads(msgspec.json.encode(decoded)) == json.loads(text)


def test_the_schema_accepts_what_was_rendered(diagnosis, hostile):
    jsonschema = pytest.importorskip("jsonschema")
    for case in (diagnosis, hostile, Diagnosis(runs=())):
        jsonschema.Draft202012Validator(json_schema.schema()).validate(document(case))


def test_the_schema_in_docs_is_fresh():
    assert SCHEMA.read_text(encoding="utf-8") == json_schema.text(), (
        "run: python -m lrdoctor.renderers._json_schema > docs/schema/report-1.json"
    )


def test_the_schema_lists_every_verdict_and_role():
    definitions = json_schema.schema()["$defs"]
    assert set(definitions["Verdict"]["enum"]) == set(Verdict)
    assert set(definitions["Role"]["enum"]) == set(Role)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, True),
        (3, 3),
        (10**30, str(10**30)),
        (0.5, 0.5),
        (float("-inf"), "-Infinity"),
        (None, None),
        ((1, 2), "(1, 2)"),
    ],
)
def test_scalar(value, shown):
    assert scalar(value) == shown
    assert type(scalar(value)) is type(shown)


def test_the_same_diagnosis_gives_the_same_bytes(diagnosis):
    assert list(RENDERER.render(diagnosis, Options())) == list(RENDERER.render(diagnosis, Options()))


def test_json_lines_hold_the_same_run_objects(diagnosis, hostile):
    for case in (diagnosis, hostile):
        lines = "".join(LINES.render(case, Options())).splitlines()
        assert [json.loads(line) for line in lines] == document(case)["runs"]
    assert list(LINES.render(Diagnosis(runs=()), Options())) == []
