"""Every rule on its own examples, and the metadata that all rules must have."""

from __future__ import annotations

import inspect
import re

import pytest

from lrdoctor.engine import Context, all_rules, diagnose_run, signals
from lrdoctor.errors import Unavailable
from lrdoctor.records import Role, Verdict
from lrdoctor.renderers._page import settings
from lrdoctor.roles import assign_roles

RULES = all_rules()
EXAMPLES = [(rule, example) for rule in RULES for example in rule.examples]
SECTIONS = ("## What it does", "## Why is this bad?", "## Example", "## What to do", "## References")


@pytest.mark.parametrize(
    ("rule", "example"), EXAMPLES, ids=[f"{r.code}-{e.title.replace(' ', '-')}" for r, e in EXAMPLES]
)
def test_examples(rule, example):
    context = Context(assign_roles(example.make()))
    try:
        finding = context.call(rule.check)
    except Unavailable:
        finding = None
    assert (finding is not None) == example.fires
    if finding is not None:
        assert (finding.code, finding.name, finding.severity) == (rule.code, rule.name, rule.severity)
        assert finding.message.endswith(".")
        for piece in finding.evidence:
            holds = {
                ">": piece.value > piece.threshold,
                ">=": piece.value >= piece.threshold,
                "<": piece.value < piece.threshold,
                "<=": piece.value <= piece.threshold,
            }
            assert holds[piece.comparison], f"{piece.measure}: {piece.value} {piece.comparison} {piece.threshold}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_metadata(rule):
    assert re.fullmatch(r"[A-Z]{3}\d{3}", rule.code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
    assert rule.verdict is None or rule.verdict in Verdict
    assert rule.silences <= {other.code for other in RULES}
    assert rule.code not in rule.silences
    page = inspect.getdoc(type(rule))
    assert [page.index(section) for section in SECTIONS] == sorted(page.index(section) for section in SECTIONS)
    assert rule.settings._fields
    assert [name for name, _, meaning in settings(rule) if not meaning] == []
    assert {example.fires for example in rule.examples} == {True, False}


def test_codes_and_names_are_unique():
    assert len({rule.code for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)


def test_every_need_exists():
    known = {*signals(), *(role.value for role in Role), "run", "hyperparameters", "context"}
    for function in [*signals().values(), *(rule.check for rule in RULES)]:
        assert {name for name in inspect.signature(function).parameters if name != "self"} <= known


@pytest.mark.parametrize(
    ("rule", "example"),
    [pair for pair in EXAMPLES if pair[1].fires],
    ids=[f"{r.code}-{e.title.replace(' ', '-')}" for r, e in EXAMPLES if e.fires],
)
def test_a_cause_silences_its_consequences(rule, example):
    diagnosis = diagnose_run(assign_roles(example.make()))
    codes = {finding.code for finding in diagnosis.findings}
    by_code = {other.code: other for other in RULES}
    assert rule.code in codes or any(cause for finding, cause in diagnosis.masked if finding.code == rule.code)
    for code in codes:
        assert not by_code[code].silences & codes


def test_no_rule_fires_on_a_healthy_run():
    from lrdoctor import synth

    diagnosis = diagnose_run(assign_roles(synth.healthy()))
    assert diagnosis.verdict is Verdict.HEALTHY
    assert diagnosis.findings == ()
    assert diagnosis.plan.lr.factor == 1.0
