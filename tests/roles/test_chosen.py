"""The one curve to diagnose, where a run has several."""

from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.records import Role, Run, Series
from lrdoctor.roles import assign_roles, primary, primary_reason


def curve(tag: str, points: int = 100, every: int = 1, value: np.ndarray | None = None) -> Series:
    value = 0.1 + 2 * np.exp(-np.linspace(0, 4, points)) if value is None else np.asarray(value, float)
    return Series(tag=tag, step=np.arange(value.size, dtype=np.int64) * every, value=value)


def run_of(*series: Series) -> Run:
    return assign_roles(Run(id="", source="log", format="test", series={one.tag: one for one in series}))


def chosen(role: Role, *series: Series) -> str | None:
    found = primary(run_of(*series), role)
    return None if found is None else found.tag


def loss(*series: Series) -> str | None:
    return chosen(Role.TRAIN_LOSS, *series)


def test_step_or_epoch() -> None:
    assert loss(curve("train_loss_step", 300), curve("train_loss_epoch", 100)) == "train_loss_step"
    assert loss(curve("train_loss_step", 290), curve("train_loss_epoch", 100)) == "train_loss_epoch"
    assert loss(curve("train_loss_step", 8), curve("train_loss_epoch", 7)) == "train_loss_step"
    assert loss(curve("train_loss_step", 5), curve("train_loss_epoch", 7)) == "train_loss_epoch"
    assert loss(curve("train_loss", 1000), curve("train_loss_epoch", 10)) == "train_loss"


def test_a_sparse_curve_is_not_preferred_for_its_name() -> None:
    assert loss(curve("loss", 500), curve("train_loss", 5)) == "loss"
    assert loss(curve("loss", 500), curve("total_loss", 5)) == "loss"
    assert loss(curve("loss", 500), curve("total_loss", 400)) == "total_loss"


def test_smoothed_only_where_nothing_else_is_full() -> None:
    assert loss(curve("smooth_loss", 100), curve("loss", 100)) == "loss"
    assert loss(curve("smooth_loss", 100), curve("ema_loss", 50)) == "smooth_loss"


def test_the_fuller_of_equals_then_the_first() -> None:
    sets = [curve("eval_b_loss", 10), curve("eval_a_loss", 12), curve("eval_c_loss", 12)]
    assert chosen(Role.VAL_LOSS, curve("loss"), *sets) == "eval_a_loss"


def test_the_sum_of_terms() -> None:
    a, b = curve("train/box_loss"), curve("train/cls_loss", value=np.r_[np.nan, np.arange(99.0)])
    run = run_of(a, b)
    total = primary(run, Role.TRAIN_LOSS)
    assert total is not None
    assert total.tag == "sum of train/box_loss, train/cls_loss"
    assert total.role is Role.TRAIN_LOSS
    np.testing.assert_array_equal(total.value, a.value + b.value)
    np.testing.assert_array_equal(total.step, a.step)
    assert total.tag not in run.series
    assert "sum" in primary_reason(run, Role.TRAIN_LOSS)


def test_terms_at_different_steps_are_not_added() -> None:
    run = run_of(curve("box_loss"), curve("cls_loss", every=2))
    assert primary(run, Role.TRAIN_LOSS) is None
    assert "not at the same steps" in primary_reason(run, Role.TRAIN_LOSS)


def test_terms_of_one_density_only() -> None:
    terms = [
        curve(f"{name}_loss_{kind}", n)
        for name in ("box", "cls")
        for kind, n in (("step", 500), ("epoch", 20))
    ]
    assert loss(*terms) == "sum of box_loss_step, cls_loss_step"


def test_unscaled_twins_are_not_added() -> None:
    tags = ["loss_ce", "loss_bbox", "loss_ce_unscaled", "loss_bbox_unscaled"]
    assert loss(*map(curve, tags)) == "sum of loss_ce, loss_bbox"


def test_an_overflowing_sum_warns_of_nothing() -> None:
    huge = np.full(100, 1.5e308)
    total = primary(run_of(curve("a_loss", value=huge), curve("b_loss", value=huge)), Role.TRAIN_LOSS)
    assert total is not None
    assert np.isinf(total.value).all()


def test_what_is_maximised_is_turned_round() -> None:
    elbo = curve("train_elbo", value=np.linspace(-100, 50, 40))
    run = run_of(elbo)
    minus = primary(run, Role.TRAIN_LOSS)
    assert minus is not None
    assert (minus.tag, minus.role) == ("minus train_elbo", Role.TRAIN_LOSS)
    np.testing.assert_array_equal(minus.value, -elbo.value)
    assert chosen(Role.TRAIN_LOSS, elbo, curve("train_loss")) == "train_loss"
    assert chosen(Role.VAL_LOSS, curve("loss"), curve("val_elbo", value=np.linspace(-100, 50, 40))) is None


def test_validation_comes_before_test() -> None:
    both = [curve("test_loss", 100), curve("val_loss", 50), curve("train_loss", 100)]
    assert chosen(Role.VAL_LOSS, *both) == "val_loss"


class TestRates:
    warm = np.r_[np.linspace(0.1, 1, 10), np.linspace(1, 0, 90)] * 0.01

    def lr(self, *series: Series) -> str | None:
        return chosen(Role.LR, *series)

    def test_the_largest_peak(self) -> None:
        groups = [curve("lr-Adam/pg1", value=self.warm / 10), curve("lr-Adam/pg2", value=self.warm)]
        assert self.lr(*groups) == "lr-Adam/pg2"
        assert "lr-Adam/pg1" in primary_reason(run_of(*groups), Role.LR)

    def test_one_rate_logged_more_often(self) -> None:
        rare, often = curve("train_lr", every=5, value=self.warm[::5]), curve("lr", value=self.warm * 0.9)
        assert self.lr(rare, often) == "lr"

    def test_three_groups_with_rates_of_their_own(self) -> None:
        groups = [curve(f"lr/pg{i}", value=self.warm * factor) for i, factor in enumerate((1, 3, 2))]
        assert self.lr(*groups) == "lr/pg1"
        groups = [curve(f"lr/pg{i}", value=self.warm * factor) for i, factor in enumerate((1, 10, 1))]
        assert self.lr(*groups) == "lr/pg1"

    @pytest.mark.parametrize("points", [2, 3, 100])
    def test_biases_that_warm_up_from_above(self, points: int) -> None:
        above = np.maximum(self.warm, np.linspace(0.1, 0.1 - 0.009 * 99, 100))
        groups = [
            curve("x/lr0", value=self.warm),
            curve("x/lr1", value=self.warm),
            curve("x/lr2", value=above),
        ]
        cut = [Series(tag=s.tag, step=s.step[:points], value=s.value[:points]) for s in groups]
        assert self.lr(*cut) == "x/lr0"

    def test_the_rate_in_force_before_the_configured_one(self) -> None:
        assert self.lr(curve("base_lr", value=np.full(100, 0.1)), curve("lr", value=self.warm)) == "lr"
        assert self.lr(curve("base_lr", value=np.full(100, 0.1))) == "base_lr"

    def test_values_that_are_not_finite(self) -> None:
        bad = np.full(100, np.nan)
        assert self.lr(*(curve(f"lr/pg{i}", value=bad) for i in range(3))) == "lr/pg0"
        assert self.lr(curve("lr/pg0", value=bad), curve("lr/pg1", value=self.warm)) == "lr/pg1"


def test_every_role_has_an_answer() -> None:
    run = run_of(curve("loss"), curve("val_loss"), curve("lr"), curve("zorglub"))
    for role in Role:
        assert primary_reason(run, role)
        found = primary(run, role)
        assert found is None or found.role is role


def test_metrics_by_how_usual_they_are() -> None:
    metrics = [
        curve(tag, value=np.linspace(0, 1, 50)) for tag in ("val_recall", "val_f1", "val_acc", "val_acc_top5")
    ]
    assert chosen(Role.VAL_METRIC, curve("loss"), *metrics) == "val_acc"


def test_an_empty_curve_is_never_chosen() -> None:
    empty = Series(tag="train_loss", step=np.zeros(0, np.int64), value=np.zeros(0))
    assert loss(empty) is None
    assert loss(empty, curve("loss")) == "loss"
