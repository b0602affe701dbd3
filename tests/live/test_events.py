"""The lines that programs read."""

import json
from pathlib import Path

import msgspec
import pytest

from lrdoctor import synth
from lrdoctor.engine import diagnose_run
from lrdoctor.live import events
from lrdoctor.live.following import Change, Gone
from lrdoctor.records import Unreadable, Verdict

SCHEMA = Path(__file__).parents[2] / "docs" / "schema" / "watch-1.json"


def change():
    return Change(
        said=diagnose_run(synth.blow_up()), before=Verdict.HEALTHY, points=7, first_step=10, last_step=40,
        rewritten=False, at=1_777_636_800.25,
    )  # fmt: skip


def test_a_run_that_grew():
    said = json.loads(events.to_json(change()))
    assert list(said)[:2] == ["event", "schema"]
    assert (said["event"], said["schema"]) == ("run", "lrdoctor.watch/1")
    assert said["written"] == "2026-05-01T12:00:00Z"
    assert said["before"] == "healthy"
    assert said["new"] == {"points": 7, "first_step": 10, "last_step": 40, "rewritten": False}
    assert said["run"]["verdict"] == "diverged"


@pytest.mark.parametrize("item", [change(), Gone("a\udcff\x1b"), Unreadable(source="x\n\udcff", error="empty")])
def test_every_line_is_one_line_and_keeps_the_contract(item):
    line = events.to_json(item)
    assert line.endswith("\n")
    assert line.count("\n") == 1
    msgspec.json.decode(line, type=events.RunEvent | events.GoneEvent | events.UnreadableEvent)


def test_the_schema_in_docs_is_fresh():
    assert SCHEMA.read_text(encoding="utf-8") == events.schema_text(), (
        "run: python -m lrdoctor.live.events > docs/schema/watch-1.json"
    )
