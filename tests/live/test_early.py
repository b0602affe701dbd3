"""How sure early verdicts are."""

import pytest

from lrdoctor import synth
from lrdoctor.engine import diagnose_run
from lrdoctor.live._early import chance_to_stand, planned, tempered
from lrdoctor.records import Verdict


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_chances_that_end_in_certainty(verdict):
    chances = [chance_to_stand(verdict, part) for part in (0.0, 0.03, 0.1, 0.3, 0.6, 0.9, 0.99, 1.0)]
    assert all(0.0 < chance <= 1.0 for chance in chances)
    assert chances[0] == chances[1]
    assert chances[-1] == 1.0
    assert chances[-2] > 0.95


def test_between_two_parts_the_chance_lies_between_theirs():
    low, middle, high = (chance_to_stand(Verdict.LR_TOO_LOW, part) for part in (0.2, 0.275, 0.35))
    assert middle == pytest.approx((low + high) / 2)


def test_what_blows_up_early_stands_and_spikes_do_not():
    assert chance_to_stand(Verdict.DIVERGED, 0.1) > 0.8
    assert chance_to_stand(Verdict.UNSTABLE, 0.1) < 0.5


def test_the_planned_length_is_that_in_the_unit_of_the_run():
    known = {"max_steps": 1000, "epochs": 10.0}
    assert planned(known, "step") == 1000
    assert planned(known, "epoch") == 10
    assert planned(known, "token") is None
    assert planned({"max_steps": -1, "epochs": "many"}, "step") is None
    assert planned({"epochs": "many"}, "epoch") is None


def test_only_the_confidence_of_the_plan_and_a_note_differ():
    said = diagnose_run(synth.slow())
    early = tempered(said, 10 * 2991)
    assert early.plan.confidence == round(said.plan.confidence * chance_to_stand(said.verdict, 0.1), 3)
    assert (early.verdict, early.findings, early.plan.lr) == (said.verdict, said.findings, said.plan.lr)
    assert len(early.run.notes) == len(said.run.notes) + 1
    assert tempered(said, None) is said
    assert tempered(said, 100) is said
