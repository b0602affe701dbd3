"""Remarks on the set-up: what the settings of a log may hold, and what healthy runs are not told."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from lrdoctor import synth
from lrdoctor.engine import diagnose_run
from lrdoctor.records import Role, Severity, Verdict
from lrdoctor.roles import assign_roles
from lrdoctor.rules._setups import configured, gradient_norms, groups, loss_scales, with_series

CODES = ("PLS", "WDK", "CLP", "AMP", "GRP", "LRD")
ODD = (None, 0, -1, True, False, "auto", "", 1e308, -1e308, 5e-324, math.inf, math.nan, 10**400)
SETTINGS = (
    "lr",
    "optimizer",
    "momentum",
    "dampening",
    "weight_decay",
    "clip_norm",
    "pretrained",
    "lora_r",
    "batch_size",
)


def said(run):
    return diagnose_run(assign_roles(run))


def codes(run):
    return {finding.code for finding in said(run).findings if finding.code.startswith(CODES)}


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("optimizer", ["sgd", "adamw", None])
def test_no_setting_makes_a_rule_fail(name, optimizer):
    for value in ODD:
        run = gradient_norms(1.0, 3.0)
        known = {**run.hyperparameters, "lr": 0.1, "momentum": 0.9, "weight_decay": 0.1, "optimizer": optimizer}
        found = said(replace(run, hyperparameters={**known, name: value}))
        assert not [skip for skip in found.skips if "bug" in skip.reason], value
        for finding in found.findings:
            assert "NaN" not in finding.message
            assert " inf" not in finding.message


@pytest.mark.parametrize("rate", [1e-5, 3e-5, 1e-4, 1e-3, 5e-3, 1e-2])
@pytest.mark.parametrize("optimizer", ["adam", "adamw", "rmsprop"])
def test_rates_in_common_use_are_not_remarked_on(rate, optimizer):
    assert codes(configured(optimizer=optimizer, lr=rate, weight_decay=0.1)) == set()


@pytest.mark.parametrize(
    "recipe", [(0.1, 0.9, 5e-4, 128), (0.02, 0.9, 1e-4, 16), (0.01, 0.99, 3e-5, 2), (3.2, 0.9, 1e-4, 8192)]
)
def test_recipes_of_sgd_in_common_use_are_not_remarked_on(recipe):
    rate, momentum, decay, batch = recipe  # ResNets, detectors, segmentation (nnU-Net), large batches
    known = {"optimizer": "sgd", "lr": rate, "momentum": momentum, "weight_decay": decay, "batch_size": batch}
    assert codes(configured(**known)) == set()


@pytest.mark.parametrize("rate", [2e-6, 2e-5, 2e-4, 1e-3])
def test_fine_tuning_in_common_use_is_not_remarked_on(rate):
    assert codes(configured(optimizer="adamw", lr=rate, pretrained=True, lora_r=16)) == set()


def test_a_rate_at_the_limit_is_not_beyond_it():
    assert codes(configured(optimizer="sgd", lr=0.3, momentum=0.9)) == set()


def test_a_range_test_is_not_implausible():
    run = replace(synth.range_test(), hyperparameters={"optimizer": "adam", "momentum": 0.9})
    assert codes(run) == set()


def test_remarks_leave_the_verdict_alone():
    for run in (
        configured(optimizer="adam", lr=1.0),
        configured(optimizer="sgd", lr=0.1, momentum=0.999),
        gradient_norms(1.0, 3.0),
        gradient_norms(9.0, 0.1),
        groups({"lr/group_0": 0.0, "lr/group_1": 1e-3, "lr/group_2": 1e-4}),
    ):
        found = said(run)
        mine = [finding for finding in found.findings if finding.code.startswith(CODES)]
        assert mine
        assert {finding.severity for finding in mine} == {Severity.INFO}
        others = [finding for finding in found.findings if finding not in mine]
        assert (found.verdict is Verdict.HEALTHY) == (not others)


def test_a_collapsed_loss_scale_is_unstable_and_never_asks_for_a_higher_rate():
    found = said(loss_scales([16, 16, 16, 10, 4, 0, 0]))
    assert found.verdict is Verdict.UNSTABLE
    assert found.plan.lr.factor <= 1.0
    assert [finding.code for finding in found.findings if finding.code.startswith("AMP")] == ["AMP101"]


def test_a_static_loss_scale_is_none_of_our_business():
    for octaves in ([0], [10], [16, 15, 16, 15, 16, 15], [32, 24, 16, 16, 17, 16, 17, 16, 17, 16]):
        assert codes(loss_scales(octaves)) == set()


def test_groups_that_warm_up_differently_are_one_rate():
    run = synth.healthy()
    rise = np.minimum(np.arange(300) / 20, 1) * 0.01
    fall = np.maximum(0.1 - np.arange(300) / 20 * 0.09, 0.01)
    assert codes(with_series(run, **{"lr": (Role.LR, rise), "lr1": (Role.LR, rise), "lr2": (Role.LR, fall)})) == set()


def test_a_log_that_begins_after_the_peak_does_not_contradict_its_configuration():
    late = np.linspace(1e-3, 1e-5, 300)
    run = replace(configured(), hyperparameters={"lr": 1e-2})
    resumed = {tag: replace(curve, step=curve.step + 3000) for tag, curve in run.series.items()}
    assert codes(replace(with_series(run, lr=(Role.LR, late)), hyperparameters={"lr": 1e-2})) == {"LRD101"}
    assert codes(replace(with_series(replace(run, series=resumed), lr=(Role.LR, late)))) == set()


def test_a_warm_up_that_is_cut_off_does_not_contradict_its_configuration():
    rising = with_series(configured(), lr=(Role.LR, np.linspace(1e-6, 1e-4, 300)))
    assert codes(replace(rising, hyperparameters={"lr": 1e-3})) == set()
