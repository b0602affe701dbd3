"""What rules say: in the unit of the log, with numbers that can be read."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from lrdoctor import synth
from lrdoctor.engine import Context, all_rules, diagnose_run
from lrdoctor.records import Role, Run
from lrdoctor.roles import assign_roles

FIRING = [(rule, example) for rule in all_rules() for example in rule.examples if example.fires]


def said(rule, run, unit):
    series = {tag: replace(curve, unit=unit) for tag, curve in run.series.items()}
    return Context(assign_roles(replace(run, series=series))).call(rule.check)


@pytest.mark.parametrize(("rule", "example"), FIRING, ids=[rule.code for rule, _ in FIRING])
@pytest.mark.parametrize("unit", ["step", "epoch", "token"])
def test_numbers_and_units_can_be_read(rule, example, unit):
    finding = said(rule, example.make(), unit)
    if finding is None:  # what the fitted response says depends on the unit
        assert rule.code.startswith("RTE")
        return
    text = finding.message
    assert text.endswith(".")
    assert not text.endswith("..")
    assert not re.search(r"\d%|e[+]|e-0|inf\b|nan\b|  ", text), text
    places = set(re.findall(r"\b(step|epoch|token)s? \d", text)) | set(re.findall(r"\d (step|epoch|token)s?\b", text))
    assert places <= {unit} | ({"step"} if rule.code == "PTS101" else set()), text
    assert not re.search(r"\b[1-9]\d{4,}\b", text), "thousands are set apart"


def test_names_from_logs_are_said_as_they_are():
    tag = "loss\x1b[31m <b>"
    run = synth.two_cycle()
    curve = replace(run.series["train_loss"], tag=tag, role=Role.TRAIN_LOSS)
    diagnosis = diagnose_run(Run(id="x", source="x", format="x", series={tag: curve}))
    assert diagnosis.findings[0].message.startswith(tag)


def test_the_first_epoch_follows_updates_and_the_first_step_does_not():
    run = synth.healthy(nan_at=tuple(range(300)))
    rule = next(rule for rule in all_rules() if rule.code == "NAN102")
    by_step, by_epoch = said(rule, run, "step"), said(rule, run, "epoch")
    assert "no update had been made" in by_step.message
    assert "no update had been made" not in by_epoch.message
    assert [piece.unit for piece in by_step.evidence] == ["points", "updates"]


def test_a_swing_without_progress_is_not_measured_by_it():
    import numpy as np

    loss = 1 + 0.2 * (-1.0) ** np.arange(200)
    loss[0] = 0.8  # begins at its lowest
    finding = said(next(rule for rule in all_rules() if rule.code == "OSC101"), synth.make_run(loss), "step")
    assert "inf" not in finding.message
    assert "no progress" in finding.message
