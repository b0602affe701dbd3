"""Doses of the textbook."""

from __future__ import annotations

import pytest

from lrdoctor.engine import all_rules
from lrdoctor.prescribing.textbook import _BY_CODE, KEEP, UNKNOWN, textbook_dose
from lrdoctor.records import Evidence, Finding, Severity, Span
from lrdoctor.signals.schedule import Cut, Schedule

ADAM, SGD = {"optimizer": "adam"}, {"optimizer": "sgd"}


def finding(code, unit="", first_step=0):
    evidence = Evidence(measure="m", value=0.0, comparison="<", threshold=1.0, unit=unit, tag="loss",
                        span=Span(first_step=first_step, last_step=first_step + 9))  # fmt: skip
    return Finding(code=code, name="n", severity=Severity.ERROR, confidence=0.9, message="m.", evidence=(evidence,))


def dose(code, stated=None, rate=None, schedule=None, **changes):
    return textbook_dose(finding(code, **changes), stated or {}, schedule, rate)


@pytest.mark.parametrize("given", [*_BY_CODE.values(), KEEP, UNKNOWN], ids=lambda d: d.reason)
def test_every_dose_lies_in_its_interval(given):
    assert 0 < given.low <= given.factor <= given.high


def test_codes_are_those_of_rules():
    assert _BY_CODE.keys() <= {rule.code for rule in all_rules()}


def test_a_cut_that_helped_is_the_dose():
    schedule = Schedule(
        kind="step", peak=20.0, first=20.0, last=5.0, warmup_steps=0, warmup_fraction=0.0, final_fraction=0.25,
        decayed_since=0.0, decayed_step=0, cuts=(Cut(80, 0.25),), period=0.0, residual=0.0, logged=True, unit="step",
        last_step=200,
    )  # fmt: skip
    given = dose("LRC101", schedule=schedule)
    assert given.factor == 0.25
    assert given.low < 0.25 < given.high < 1


def test_a_flat_loss_is_held_against_what_is_usual():
    assert dose("FLT101", ADAM, 1e-8).factor == pytest.approx(1e5)
    assert dose("FLT101", ADAM, 5.0).factor == pytest.approx(2e-4)
    usual = dose("FLT101", ADAM, 1e-3)
    assert usual.low < 1 < usual.high
    assert "another cause" in usual.reason
    unknown = dose("FLT101", {}, 1e-3)
    assert unknown.low < 1 < unknown.factor


def test_broken_from_the_start():
    assert dose("NAN102", SGD, 1e4).factor == pytest.approx(1e-5)
    assert dose("NAN102", {}, 1e4).factor == pytest.approx(1e-4)
    assert dose("NAN102", unit="updates").factor == 1.0
    assert dose("NAN102", first_step=50).factor < 1
    assert "inputs" in dose("NAN102", unit="updates").reason


def test_rates_in_reasons_can_be_read():
    assert "1e-8 is far below" in dose("FLT101", ADAM, 1e-8).reason
    assert "10,000 is far above" in dose("NAN102", SGD, 1e4).reason
