"""Where names leave a question open, values and other curves answer it; readers and users come first."""

from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.errors import ConfigError
from lrdoctor.records import Role, Run, Series
from lrdoctor.roles import RoleOverrides, assign_roles, parse_role, primary

TIME = np.linspace(0.0, 1.0, 60)


def curve(
    tag: str, value: np.ndarray | list[float], step: np.ndarray | None = None, **more: object
) -> Series:
    value = np.asarray(value, float)
    step = np.arange(value.size) if step is None else np.asarray(step)
    return Series(tag=tag, step=step.astype(np.int64), value=value, **more)  # type: ignore[arg-type]


def run_of(*series: Series) -> Run:
    return Run(id="r", source="log", format="test", series={one.tag: one for one in series}, notes=("n",))


def role_of(*series: Series) -> list[str]:
    return [one.role.value for one in assign_roles(run_of(*series)).series.values() if one.role is not None]


FALL = 0.1 + 2 * np.exp(-4 * TIME)


@pytest.mark.parametrize(
    ("tag", "value", "role"),
    [
        ("elbo", -100 + 150 * TIME, Role.OBJECTIVE),
        ("elbo", 50 + 150 * TIME, Role.OBJECTIVE),
        ("elbo", -100 - 1e6 * TIME, Role.OBJECTIVE),  # below zero and falling: it blows up, it is no loss
        ("elbo", 150 - 100 * TIME, Role.TRAIN_LOSS),  # positive and falling: the negative ELBO
        ("val_elbo", 150 - 100 * TIME, Role.VAL_LOSS),
        ("log_likelihood", 150 - 100 * TIME, Role.TRAIN_LOSS),
        ("log_likelihood", -150 + 100 * TIME, Role.OBJECTIVE),
        ("objective", 150 - 100 * TIME, Role.TRAIN_LOSS),
        ("objective", 150 + 100 * TIME, Role.OBJECTIVE),
        ("objective", [1.0], Role.TRAIN_LOSS),
    ],
)
def test_the_sign_of_an_objective(tag: str, value: np.ndarray, role: Role) -> None:
    assert role_of(curve(tag, value)) == [role]


@pytest.mark.parametrize(
    ("tag", "value", "role"),
    [
        ("my_lr", 1e-3 * (1 - TIME), Role.LR),
        ("my_lr", 30 + TIME, Role.OTHER),
        ("my_lr", -1 - TIME, Role.OTHER),
        ("my_lr", [np.nan, np.inf], Role.LR),
        ("lr", 300 * TIME, Role.LR),  # named exactly: believed whatever it is
        ("lr", -TIME, Role.LR),
    ],
)
def test_a_rate_whose_name_holds_an_unknown_word_has_to_look_like_one(
    tag: str, value: np.ndarray, role: Role
) -> None:
    assert role_of(curve(tag, value)) == [role]


@pytest.mark.parametrize(
    ("value", "role"),
    [
        (FALL, Role.TRAIN_LOSS),
        (FALL[::-1], Role.OTHER),
        (-FALL, Role.OTHER),
        (np.zeros(60), Role.OTHER),
        (np.arange(60)[::-1] + 1, Role.OTHER),
        (FALL[:4], Role.OTHER),
        ([np.nan] * 60, Role.OTHER),
        (np.where(np.arange(60) > 40, np.nan, FALL), Role.TRAIN_LOSS),
    ],
)
def test_a_guess_needs_a_curve_that_behaves_like_a_loss(value: np.ndarray, role: Role) -> None:
    run = assign_roles(run_of(curve("zorglub", value), curve("time", TIME), curve("epoch", np.arange(60))))
    assert run.series["zorglub"].role is role
    assert (role is Role.TRAIN_LOSS) == run.series["zorglub"].role_reason.startswith("guess")


def test_the_total_is_the_sum_of_the_others() -> None:
    a, b, c = FALL, FALL**2, 0.3 * FALL[::-1]
    terms = [curve("a_loss", a), curve("b_loss", b), curve("c_loss", c), curve("odd_loss", a + b + c)]
    done = assign_roles(run_of(*terms))
    assert [one.role for one in done.series.values()] == [Role.TRAIN_LOSS_PART] * 3 + [Role.TRAIN_LOSS]
    assert "sum of the other" in done.series["odd_loss"].role_reason


def test_a_total_with_the_same_name_but_other_values_is_a_term() -> None:
    assert set(role_of(curve("a_loss", FALL), curve("b_loss", FALL**2), curve("odd_loss", FALL + 1))) == {
        "train_loss_part"
    }


def test_the_last_row_of_a_trainer_state_is_an_average() -> None:
    done = assign_roles(run_of(curve("loss", FALL), curve("train_loss", [0.7], np.array([59]))))
    assert done.series["train_loss"].role is Role.AVERAGE
    chosen = primary(done, Role.TRAIN_LOSS)
    assert chosen is not None
    assert chosen.tag == "loss"


def test_a_single_value_stays_a_loss_where_there_is_no_curve() -> None:
    assert role_of(curve("train_loss", [0.7]), curve("val_loss", [0.8])) == ["train_loss", "val_loss"]


def test_one_test_value_after_training_is_a_summary() -> None:
    roles = role_of(curve("train_loss", FALL), curve("val_loss", FALL), curve("test_loss", [0.4]))
    assert roles == ["train_loss", "val_loss", "average"]


def test_a_metric_beside_validation_curves_is_one_of_validation() -> None:
    loss = curve("loss", FALL)
    every = np.arange(0, 60, 10)
    assert role_of(loss, curve("accuracy", TIME)) == ["train_loss", "train_metric"]
    assert role_of(loss, curve("accuracy", TIME[every], every)) == ["train_loss", "val_metric"]
    assert (
        role_of(loss, curve("val_loss", FALL[every], every), curve("accuracy", TIME[every], every))[2]
        == "val_metric"
    )
    assert role_of(loss, curve("accuracy", TIME), curve("val_accuracy", TIME))[1:] == [
        "train_metric",
        "val_metric",
    ]


def test_what_the_reader_knows_stays() -> None:
    known = curve("val_loss", FALL, role=Role.TRAIN_LOSS, role_reason="the format says so")
    silent = curve("lr", TIME, role=Role.OTHER)
    done = assign_roles(run_of(known, silent, curve("train_box_loss", FALL)))
    assert done.series["val_loss"].role is Role.TRAIN_LOSS
    assert done.series["val_loss"].role_reason == "the format says so"
    assert done.series["lr"].role is Role.OTHER
    assert done.series["lr"].role_reason


def test_losses_of_reinforcement_learning_are_set_aside_whoever_knew_them() -> None:
    loss = curve("loss", FALL, role=Role.TRAIN_LOSS, role_reason="the format says so")
    done = assign_roles(run_of(loss, curve("reward", TIME)))
    assert done.series["loss"].role is Role.OTHER
    assert done.series["loss"].role_reason.startswith("the format says so; the run has a return ('reward')")
    told = assign_roles(run_of(loss, curve("reward", TIME)), {"loss": "train_loss"})
    assert told.series["loss"].role is Role.TRAIN_LOSS


def test_nothing_but_roles_changes_and_the_run_given_is_left_alone() -> None:
    run = run_of(curve("loss", FALL), curve("foo", TIME))
    done = assign_roles(run)
    assert run.series["loss"].role is None
    assert list(done.series) == list(run.series)
    assert done.notes == run.notes
    assert done.series["loss"].value is run.series["loss"].value
    again = assign_roles(run_of(*run.series.values()))
    assert [(s.role, s.role_reason) for s in done.series.values()] == [
        (s.role, s.role_reason) for s in again.series.values()
    ]


def test_an_empty_run() -> None:
    assert not assign_roles(run_of()).series


class TestOverrides:
    def test_a_tag_and_a_pattern(self) -> None:
        run = run_of(*(curve(tag, FALL) for tag in ("loss", "a/x", "a/y", "b")))
        done = assign_roles(run, {"a/*": "other", "a/y": "VAL-LOSS", "b": "Train Loss"})
        assert [s.role for s in done.series.values()] == [
            Role.TRAIN_LOSS,
            Role.OTHER,
            Role.VAL_LOSS,
            Role.TRAIN_LOSS,
        ]
        assert done.series["a/x"].role_reason == "set by the user: a/*=other"
        chosen = primary(done, Role.TRAIN_LOSS)
        assert chosen is not None
        assert chosen.tag == "b"

    def test_the_user_beats_the_reader(self) -> None:
        run = run_of(curve("x", FALL, role=Role.LR, role_reason="format"))
        assert assign_roles(run, {"x": "val_loss"}).series["x"].role is Role.VAL_LOSS

    def test_brackets_in_a_tag_are_no_pattern_for_that_tag(self) -> None:
        run = run_of(curve("train tuple[0]", FALL), curve("test tuple[0]", FALL))
        done = assign_roles(run, {"train tuple[0]": "train_loss", "test tuple[0]": "val_loss"})
        assert [s.role for s in done.series.values()] == [Role.TRAIN_LOSS, Role.VAL_LOSS]

    def test_unknown_roles_and_tags_are_named_with_what_may_be_meant(self) -> None:
        run = run_of(curve("train_loss", FALL), curve("zorglub", FALL))
        with pytest.raises(ConfigError, match=r"'trian_loss'.*'train_loss'"):
            assign_roles(run, {"zorglub": "trian_loss"})
        with pytest.raises(ConfigError, match=r"'zorglup'.*did you mean 'zorglub'"):
            assign_roles(run, {"zorglup": "train_loss"})
        with pytest.raises(ConfigError, match=r"'qqq\*'.*'train_loss', 'zorglub'"):
            assign_roles(run, {"qqq*": "train_loss"})
        with pytest.raises(ConfigError, match="there are no curves"):
            assign_roles(run_of(), {"loss": "train_loss"})

    def test_over_several_runs_only_what_matches_none_is_wrong(self) -> None:
        overrides = RoleOverrides({"a": "train_loss", "b": "val_loss", "c*": "lr"})
        assign_roles(run_of(curve("a", FALL)), overrides)
        assert overrides.unused() == ("b", "c*")
        assign_roles(run_of(curve("b", FALL), curve("bb", FALL)), overrides)
        assert overrides.unused() == ("c*",)
        with pytest.raises(ConfigError, match=r"'c\*'"):
            overrides.check()
        assign_roles(run_of(curve("cc", FALL)), overrides)
        overrides.check()

    @pytest.mark.parametrize("role", list(Role))
    def test_every_role_has_a_name(self, role: Role) -> None:
        assert parse_role(role.value.upper().replace("_", "-")) is role
