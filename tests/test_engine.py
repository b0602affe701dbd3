"""Injection by name, optional needs, skips with reasons, masking, and defects that stay where they are."""

from __future__ import annotations

import inspect
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdoctor import synth
from lrdoctor.engine import Context, _mask, all_rules, diagnose_run, needs, signals
from lrdoctor.errors import Unavailable
from lrdoctor.records import Evidence, Finding, Role, Run, Series, Severity, Span, Verdict
from lrdoctor.roles import assign_roles

RUN = assign_roles(synth.healthy())


def made(code="XYZ101", severity=Severity.WARNING, confidence=0.9):
    evidence = Evidence(measure="m", value=1.0, comparison=">", threshold=0.0, unit="", tag="train_loss",
                        span=Span(first_step=0, last_step=1))  # fmt: skip
    return Finding(code=code, name=code.lower(), severity=severity, confidence=confidence, message="It is so.",
                   evidence=(evidence,))  # fmt: skip


class Stub:
    """A rule with a check of one's own."""

    verdict = Verdict.LR_TOO_HIGH
    severity = Severity.WARNING

    def __init__(self, check, code="XYZ101", silences=(), **changes):
        self.check, self.code, self.name, self.silences = check, code, code.lower(), frozenset(silences)
        for name, value in changes.items():
            setattr(self, name, value)


def test_needs_are_the_parameters():
    def check(curve, val_loss: Series | None, schedule: object | None = None, self=None):
        pass

    assert needs(check) == (("curve", False), ("val_loss", True), ("schedule", True))
    assert needs(all_rules()[0].check) == needs(type(all_rules()[0])().check)


def test_roles_signals_run_and_hyperparameters_are_given_by_name():
    run = replace(RUN, hyperparameters={"lr": 0.1})
    asked = {}

    def check(train_loss, lr, curve, descent, run, hyperparameters, grad_norm: Series | None):
        asked.update(locals())

    diagnose_run(run, [Stub(check)])
    assert asked["train_loss"] is run.series["train_loss"]
    assert asked["lr"] is run.series["lr"]
    assert asked["curve"].tag == "train_loss"
    assert asked["descent"].progress > 1
    assert asked["run"] is run
    assert asked["hyperparameters"] == {"lr": 0.1}
    assert asked["grad_norm"] is None


def test_a_missing_need_is_a_skip_with_a_reason():
    diagnosis = diagnose_run(RUN, [Stub(lambda grad_norm: made(), "A"), Stub(lambda breakdown: made(), "B")])
    assert {(skip.code, skip.reason) for skip in diagnosis.skips} == {
        ("A", "no gradient norm"),
        ("B", "every logged loss is finite"),
    }
    assert diagnosis.findings == ()


@pytest.mark.parametrize("role", Role)
def test_every_role_that_is_not_there_says_so_in_words(role):
    empty = Run(id="x", source="x", format="x", series={})
    with pytest.raises(Unavailable, match=r"^no [a-z -]+$"):
        Context(empty).get(role.value)


def test_answers_are_computed_once(monkeypatch):
    calls = []
    counted = {"slow": lambda curve: calls.append("slow") or len(curve), "never": lambda slow: _unavailable(calls)}
    known = signals()
    monkeypatch.setattr("lrdoctor.engine.signals", lambda: {**known, **counted})
    context = Context(RUN)
    assert [context.get("slow"), context.find("slow")] == [300, 300]
    for _ in range(2):
        assert context.find("never") is None
        with pytest.raises(Unavailable, match="not here"):
            context.get("never")
    assert calls == ["slow", "never"]


def _unavailable(calls):
    calls.append("never")
    raise Unavailable("not here")


def test_no_signal_needs_itself():
    graph = {name: [need for need, _ in needs(function)] for name, function in signals().items()}
    leaves = {*(role.value for role in Role), "run", "hyperparameters", "context"}
    done = set(leaves)
    while left := graph.keys() - done:
        ready = {name for name in left if set(graph[name]) <= done}
        assert ready, f"a circle, or a need that nothing gives, among {sorted(left)}"
        done |= ready


def test_a_signal_that_fails_costs_only_the_rules_that_ask_for_it(monkeypatch):
    known = signals()

    def descent(curve):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("lrdoctor.engine.signals", lambda: {**known, "descent": descent})
    diagnosis = diagnose_run(RUN, [Stub(lambda descent: made(), "A"), Stub(lambda curve: made("B"), "B")])
    assert [finding.code for finding in diagnosis.findings] == ["B"]
    assert diagnosis.skips[0].reason == "descent failed (ZeroDivisionError: oh); this is a bug, please report it"


def test_a_rule_that_fails_costs_only_itself():
    def check(curve):
        raise ValueError("broken")

    diagnosis = diagnose_run(RUN, [Stub(check, "A"), Stub(lambda curve: made("B"), "B")])
    assert [finding.code for finding in diagnosis.findings] == ["B"]
    (skip,) = diagnosis.skips
    assert (skip.code, "this is a bug" in skip.reason) == ("A", True)


def codes(*rules):
    diagnosis = diagnose_run(RUN, list(rules))
    return [f.code for f in diagnosis.findings], [(f.code, cause) for f, cause in diagnosis.masked]


def rule(code, silences=(), severity=Severity.WARNING, confidence=0.9):
    return Stub(lambda curve: made(code, severity, confidence), code, silences)


def test_a_cause_silences_its_consequences():
    assert codes(rule("A", ["B"]), rule("B"), rule("C")) == (["A", "C"], [("B", "A")])
    assert codes(rule("A", ["B"]), rule("C")) == (["A", "C"], [])
    silent = Stub(lambda curve: None, "A", ["B"])
    assert codes(silent, rule("B")) == (["B"], [])


def test_the_cause_that_is_named_is_one_that_is_shown():
    assert codes(rule("C"), rule("B", ["C"]), rule("A", ["B"])) == (["A"], [("C", "A"), ("B", "A")])


def test_findings_that_silence_one_another_do_not_all_vanish():
    assert codes(rule("A", ["B"]), rule("B", ["A"], Severity.ERROR)) == (["B"], [("A", "B")])
    assert codes(rule("A", ["B"]), rule("B", ["C"]), rule("C", ["A"])) == (["A"], [("B", "A"), ("C", "A")])
    assert codes(rule("A", ["A"])) == (["A"], [])


@given(st.lists(st.sampled_from(all_rules()), unique=True, min_size=1))
def test_whatever_is_found_something_is_shown_and_it_explains_the_rest(rules):
    found = [made(rule.code, rule.severity) for rule in rules]
    kept, masked = _mask(found, rules)
    shown = {finding.code for finding in kept}
    assert shown
    assert {cause for _, cause in masked} <= shown
    assert sorted([f.code for f in kept] + [f.code for f, _ in masked]) == sorted(f.code for f in found)
    by_code = {rule.code: rule for rule in rules}
    assert all(any(f.code in by_code[other].silences for other in by_code) for f, _ in masked)


def test_no_two_rules_silence_each_other():
    silences = {rule.code: rule.silences for rule in all_rules()}
    assert [(a, b) for a in silences for b in silences[a] if a in silences[b]] == []


def test_findings_lead_by_severity_then_confidence_then_code():
    rules = [rule("C"), rule("B"), rule("A", confidence=0.5), rule("D", severity=Severity.CRITICAL, confidence=0.1)]
    assert codes(*rules)[0] == ["D", "B", "C", "A"]


def test_the_verdict_is_that_of_the_leading_finding_that_has_one():
    def verdict(*rules):
        return diagnose_run(RUN, list(rules)).verdict

    assert verdict() is Verdict.HEALTHY
    remark = Stub(lambda curve: made("A", Severity.INFO), "A", verdict=None)
    assert verdict(remark) is Verdict.HEALTHY
    unstable = Stub(lambda curve: made("B", Severity.INFO, 0.1), "B", verdict=Verdict.UNSTABLE)
    assert verdict(remark, unstable) is Verdict.UNSTABLE
    assert verdict(unstable, rule("C")) is Verdict.LR_TOO_HIGH


def test_what_the_log_shows_of_the_rate_is_added_to_what_was_stated():
    plain = diagnose_run(RUN, [])
    assert plain.run.hyperparameters == {"lr": 1e-3, "schedule": "constant"}
    stated = diagnose_run(replace(RUN, hyperparameters={"lr": 0.5, "schedule": None, "seed": None}), [])
    assert stated.run.hyperparameters == {"lr": 0.5, "schedule": "constant", "seed": None}
    bare = synth.make_run(np.linspace(2, 1, 20))
    assert diagnose_run(bare, []).run is bare


def test_rules_come_in_the_order_of_their_codes():
    listed = [rule.code for rule in all_rules()]
    assert listed == sorted(listed)
    assert len(listed) >= 20


def test_rules_only_ask_for_what_can_be_given():
    given = {*signals(), *(role.value for role in Role), "run", "hyperparameters"}
    for rule in all_rules():
        assert set(inspect.signature(rule.check).parameters) <= given
