"""Treatments are advised as the trials measured them."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from lrdoctor.prescribing import treatments
from lrdoctor.prescribing.treatments import Effect, best_decay, clipping
from lrdoctor.records import Verdict


def made(**changes):
    plain = {"runs": 50, "grids": 5, "better": 0.4, "worse": 0.0, "lowered": 0.2, "low": 0.0, "high": 0.4}
    return Effect(**plain | {"rescued": 0.3} | changes)


@pytest.fixture
def known(monkeypatch):
    table: dict[str, dict[str, Effect]] = {}
    monkeypatch.setattr(treatments, "_effects", lambda: table)
    return table


def test_the_shipped_table_belongs_to_the_grids():
    making = pytest.importorskip("lrdoctor.trials.making")
    data = tomllib.loads(files("lrdoctor.prescribing").joinpath(treatments.DATA).read_text(encoding="utf-8"))
    assert data["digest"] == making.table_digest(), "the table has changed since: python -m lrdoctor.trials treat"


def test_the_shipped_table_is_complete():
    assert treatments._effects()
    for by_name in treatments._effects().values():
        for effect in by_name.values():
            assert 0 <= effect.worse <= 1
            assert 0 <= effect.better <= 1
            assert effect.low <= effect.lowered <= effect.high
            assert effect.runs >= 10


def test_the_schedule_that_helps_most(known):
    known["needs-decay"] = {"cosine": made(better=0.3), "warmup_cosine": made(better=0.5), "step": made(better=0.1)}
    assert best_decay(Verdict.NEEDS_DECAY) == "warmup_cosine"


@pytest.mark.parametrize("change", [{"better": 0.1}, {"worse": 0.2}, {"lowered": -0.01}])
def test_a_schedule_that_does_not_help_is_not_advised(known, change):
    known["diverged"] = {"cosine": made(**change)}
    assert best_decay(Verdict.DIVERGED) is None


def test_clipping_must_have_mended_something_and_harmed_nothing(known):
    known["diverged"] = {"clip": made(better=0.0)}
    assert clipping(Verdict.DIVERGED) is not None
    known["diverged"] = {"clip": made(worse=0.1)}
    assert clipping(Verdict.DIVERGED) is None
    assert clipping(Verdict.UNSTABLE) is None
