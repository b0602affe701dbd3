"""`lrdoctor rules` and `lrdoctor explain`."""

from __future__ import annotations

import pytest

from lrdoctor.cli import main
from lrdoctor.records import Verdict
from lrdoctor.registry import discover


def test_rules_has_a_row_for_each(capsys):
    assert main(["rules"]) == 0
    rows = capsys.readouterr().out.splitlines()
    rules = sorted(discover("lrdoctor.rules", "RULE").values(), key=lambda rule: rule.code)
    assert len(rows) == len(rules)
    for row, rule in zip(rows, rules, strict=True):
        assert row.split()[:3] == [rule.code, rule.name, str(rule.severity)]
        assert row.endswith(".")


def test_rules_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["rules", "--color", "always"]) == 0
    out = capsys.readouterr().out
    assert "\x1b[" in out
    assert "sustained-oscillation" in out


def test_explain_by_code_prefix_and_name(capsys):
    assert main(["explain", "osc101", "nonfinite-loss"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("# OSC101 sustained-oscillation\n")
    assert "\n# NAN101 nonfinite-loss\n" in out
    assert "## What it does" in out
    assert main(["explain", "NAN"]) == 0
    assert capsys.readouterr().out.count("\n## Why is this bad?") >= 2


def test_explain_on_a_terminal_is_laid_out(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["explain", "OSC101", "--color", "always"]) == 0
    out = capsys.readouterr().out
    assert "## " not in out
    assert "\x1b[" in out


@pytest.mark.parametrize("verdict", Verdict)
def test_explain_what_a_verdict_means(capsys, verdict):
    assert main(["explain", verdict]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"# {verdict}\n")
    for rule in discover("lrdoctor.rules", "RULE").values():
        assert (f"- {rule.code} {rule.name}: " in out) == (rule.verdict == verdict)


@pytest.mark.parametrize(
    ("wrong", "words"), [("OSC10l", "did you mean 'OSC101'"), ("zzzzzz", "`lrdoctor rules` lists them")]
)
def test_explain_what_is_not_there(capsys, wrong, words):
    assert main(["explain", "OSC101", wrong]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
