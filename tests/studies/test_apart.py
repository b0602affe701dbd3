"""Logs that are not of the same thing at all."""

from __future__ import annotations

from lrdoctor.studies.grouping import differences
from lrdoctor.studies.sweep import study


def test_runs_without_a_loss_are_not_lumped_together(facts):
    runs = [facts(0.1, 0.5, run_id=f"r{n}", train_tag="", unit="step") for n in range(3)]
    groups = study(runs)
    assert len(groups) == 3
    assert all(group.apart == () for group in groups)


def test_curves_that_differ_are_named(facts):
    by_step, by_epoch = facts(0.1, 0.5), facts(0.01, 0.4, unit="epoch")
    (found,) = (one for one in differences(by_step, by_epoch) if one.kind == "curves")
    assert (found.here, found.there) == ("loss per step", "loss per epoch")
