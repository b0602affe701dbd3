"""Code to copy: there where there is something to change, and of the plan."""

from __future__ import annotations

from dataclasses import replace

from lrdoctor.renderers._html.snippet import snippets


def planned(said, **changes):
    return replace(said, plan=replace(said.plan, **changes))


def test_the_plan_for_each_framework(oscillating):
    found = snippets(oscillating)
    assert list(found)[:2] == ["PyTorch", "Transformers"]
    for text in found.values():
        compile(text, "snippet", "exec")
        assert "0.018" in text


def test_nothing_to_change(oscillating):
    keep = replace(oscillating.plan.lr, factor=1.0, interval=(0.5, 2.0))
    assert snippets(planned(oscillating, lr=keep, schedule=None)) == {}
    assert snippets(planned(oscillating, lr=keep)) != {}


def test_no_code_for_a_rate_that_nobody_knows(oscillating):
    assert snippets(planned(oscillating, lr=replace(oscillating.plan.lr, value=None))) == {}
