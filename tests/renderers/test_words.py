"""What a diagnosis comes to in words."""

from __future__ import annotations

import typing

import numpy as np
import pytest

from lrdoctor.records import Plan, RateAdvice, Role, Run, ScheduleAdvice, Series, Span, Verdict
from lrdoctor.records.plan import ScheduleKind
from lrdoctor.renderers import _words as words


def test_worst_first(diagnosis):
    order = [said.verdict for said in words.worst_first(diagnosis.runs)]
    assert order == ["diverged", "lr-too-high", "inconclusive", "healthy", "healthy", "healthy"]
    assert list(words.tally(diagnosis.runs)) == ["diverged", "lr-too-high", "inconclusive", "healthy"]


def test_names_with_numbers_are_in_the_order_of_the_numbers():
    names = ["run10", "run9", "lr_0.01", "lr_5e-4", "lr_0.003", "a", "run9b", "RUN1", "9", "run" + "9" * 400]
    assert sorted(names, key=words.natural) == [
        "9", "a", "lr_5e-4", "lr_0.003", "lr_0.01", "RUN1", "run9", "run9b", "run10", "run" + "9" * 400,
    ]  # fmt: skip


def test_every_verdict_has_a_place():
    assert set(words.WORST_FIRST) == set(Verdict)


@pytest.mark.parametrize("kind", typing.get_args(ScheduleKind))
def test_every_schedule_has_words(kind):
    said = words.schedule(ScheduleAdvice(kind=kind, warmup_fraction=0.05, final_fraction=0.01))
    assert "{" not in said
    assert ("5 %" in said) == (kind.startswith("warmup") or kind == "one_cycle")


@pytest.mark.parametrize(
    ("factor", "interval", "value", "said"),
    [
        (0.18, (0.08, 0.35), 0.018, "LR 0.1 × 0.18 (0.08 to 0.35) → 0.018"),
        (3.0, (1.5, 8.0), 3e-5, "LR 1e-5 × 3 (1.5 to 8) → 3e-5"),
        (3.0, (1.5, 8.0), None, "LR × 3 (1.5 to 8)"),
        (1.0, (0.5, 2.0), 0.1, "keep LR 0.1"),
        (1.0, (0.5, 2.0), None, "keep the LR"),
    ],
)
def test_dose(factor, interval, value, said):
    rate = RateAdvice(factor=factor, interval=interval, level=0.8, value=value)
    assert (
        words.dose(Plan(lr=rate, schedule=None, clip_norm=None, also=(), confidence=0.5, reason="")) == said
    )


def test_where_the_log_cannot_tell_no_rate_is_kept(diagnosis, oscillating):
    unsure = next(said for said in diagnosis.runs if said.verdict is Verdict.INCONCLUSIVE)
    assert words.advice(unsure) == "no advice on the LR"
    assert words.advice(oscillating) == words.dose(oscillating.plan)


def test_treatment(oscillating):
    assert words.treatment(oscillating) == [
        "warm up over the first 10 % (60 steps), then cosine to 0",
        "clip gradients at norm 1",
        "stop early at step 400 (OVF101)",
    ]
    assert words.treatment(oscillating, brief=True)[0] == "warm up over the first 10 %, then cosine to 0"
    short = Series(tag="loss", step=np.arange(5), value=np.ones(5))
    run = Run(id="r", source="r", format="csv", series={"loss": short})
    shape = ScheduleAdvice(kind="warmup_cosine", warmup_fraction=0.3, final_fraction=0.0)
    assert words.schedule(shape, run) == "warm up over the first 30 % (1 step), then cosine to 0"


def test_stretch_speaks_the_unit_of_the_curve():
    step = np.arange(5)
    series = Series(tag="acc", step=step, value=step * 1.0, unit="epoch")
    run = Run(id="r", source="r", format="csv", series={"acc": series})
    assert words.stretch(Span(first_step=1, last_step=3), run, "acc") == "epochs 1 to 3"
    assert words.stretch(Span(first_step=1200, last_step=1200), run) == "epoch 1,200"


def test_leading_curve_is_the_loss_that_the_finding_is_about(oscillating):
    step = np.arange(9)
    curves = {
        "norm": Series(tag="norm", step=step, value=step * 1.0, role=Role.GRAD_NORM),
        "val_loss": Series(tag="val_loss", step=step, value=step * 1.0, role=Role.VAL_LOSS),
        "train_loss": Series(tag="train_loss", step=step, value=step * 1.0, role=Role.TRAIN_LOSS),
    }
    from dataclasses import replace

    run = Run(id="r", source="r", format="csv", series=curves)
    said = replace(oscillating, run=run)
    assert words.leading_curve(said).tag == "train_loss"
    finding = said.findings[0]
    about_val = replace(finding, evidence=(replace(finding.evidence[0], tag="val_loss"),))
    assert words.leading_curve(replace(said, findings=(about_val,))).tag == "val_loss"
    about_norm = replace(finding, evidence=(replace(finding.evidence[0], tag="norm"),))
    assert words.leading_curve(replace(said, findings=(about_norm,))).tag == "train_loss"
    assert words.leading_curve(replace(said, run=Run(id="r", source="r", format="csv", series={}))) is None
