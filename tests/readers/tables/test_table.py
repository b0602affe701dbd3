"""From columns to runs: axis, holes, restarts, resumes."""

from __future__ import annotations

import time

import numpy as np
import pytest

from lrdoctor.readers._axis import are_swapped, axis_rank, is_axis_name
from lrdoctor.readers._table import Table, runs_from_table
from lrdoctor.records import Role


def table(**columns):
    """Columns of numbers; None is a hole."""
    values = {
        name: np.array([np.nan if v is None else v for v in column], float)
        for name, column in columns.items()
    }
    holes = {
        name: np.array([v is not None for v in column]) for name, column in columns.items() if None in column
    }
    return Table(values, holes)


def made(content, **options):
    return runs_from_table(content, source="x.csv", format_name="csv", **options)


def points(run, tag):
    series = run.series[tag]
    return dict(zip(series.step.tolist(), series.value.tolist(), strict=True))


@pytest.mark.parametrize(
    "name",
    [
        "step",
        "Step",
        "_step",
        "global_step",
        "trainer/global_step",
        "train/globalStep",
        "Iteration",
        "num_updates",
        "epoch",
        "Epochs",
        "EPOCH",
        "trainer/epoch",
        "time/total_timesteps",
        "TotalEnvInteracts",
        "consumed_tokens",
        "samples",
        "Batch",
        "boosting_round",
        "iter",
        "Epoch #",
    ],
)
def test_axis_names(name):
    assert is_axis_name(name)


@pytest.mark.parametrize(
    "name", ["loss", "val_step_loss", "steps_per_second", "epoch_loss", "time", "lr", "", "val/step"]
)
def test_no_axis_names(name):
    assert not is_axis_name(name)


def test_the_best_named_axis_wins():
    ranked = sorted(["epoch", "step", "global_step", "tokens", "batch", "episode"], key=axis_rank)
    assert ranked == ["global_step", "step", "batch", "episode", "epoch", "tokens"]


def test_each_column_keeps_its_own_rows():
    (run,) = made(table(step=[0, 1, 1, 2], loss=[3, 2, None, 1], val_loss=[None, None, 5, None]))
    assert points(run, "loss") == {0: 3, 1: 2, 2: 1}
    assert points(run, "val_loss") == {1: 5}
    assert (run.id, run.notes) == ("", ())


def test_a_nan_that_was_logged_is_kept_and_a_hole_is_not():
    content = Table({"step": np.arange(4.0), "loss": np.array([1, np.nan, np.inf, np.nan])})
    content.logged["loss"] = np.array([True, True, True, False])
    (run,) = made(content)
    np.testing.assert_array_equal(run.series["loss"].value, [1, np.nan, np.inf])


def test_cells_that_fall_silent_after_a_blow_up_are_nan():
    (run,) = made(table(epoch=[0, 1, 2, 3, 4], loss=[1, 9, None, None, None], lr=[0.1] * 5))
    np.testing.assert_array_equal(run.series["loss"].value, [1, 9, np.nan, np.nan, np.nan])
    assert "read as NaN" in run.notes[0]


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param(
            {"loss": [1, 2, 3, 4, 5], "pretrain_loss": [5, 4, None, None, None]}, id="another-loss-goes-on"
        ),
        pytest.param({"loss": [1, None, 3, None, None], "lr": [1] * 5}, id="holes-before"),
        pytest.param({"loss": [1, 2, 3, 4, None], "lr": [1] * 5}, id="one-row-says-nothing"),
        pytest.param({"accuracy": [1, 2, None, None, None], "lr": [1] * 5}, id="no-loss"),
    ],
)
def test_holes_are_not_taken_for_nan(columns):
    content = table(step=range(5), **columns)
    (run,) = made(content)
    assert all(np.isfinite(series.value).all() for series in run.series.values())


def test_nothing_is_restored_where_the_writer_spells_nan():
    content = table(
        step=range(5), loss=[1, 2, None, None, None], lr=[1] * 5, other=[1, 2, 3, 4, float("nan")]
    )
    (run,) = made(content)
    assert len(run.series["loss"]) == 2


def test_nothing_is_restored_for_formats_that_leave_keys_out():
    content = table(step=range(5), loss=[1, 2, None, None, None], lr=[1] * 5)
    (run,) = made(content, blank_may_be_nan=False)
    assert len(run.series["loss"]) == 2


def test_training_that_starts_again_makes_two_runs():
    first, second = made(table(epoch=[0, 1, 2, 3, 0, 1, 2], loss=[9, 8, 7, 6, 5, 4, 3]))
    assert (first.id, second.id) == ("1", "2")
    assert points(first, "loss") == {0: 9, 1: 8, 2: 7, 3: 6}
    assert points(second, "loss") == {0: 5, 1: 4, 2: 3}


def test_a_resume_supersedes_what_it_goes_back_behind():
    steps = [0, 10, 20, 30, 40, 50, 30, 40, 50, 60]
    (run,) = made(table(step=steps, loss=range(10)))
    assert points(run, "loss") == {0: 0, 10: 1, 20: 2, 30: 6, 40: 7, 50: 8, 60: 9}
    assert "resumed at 30: 3 earlier rows" in run.notes[0]


def test_a_resume_that_goes_back_further_than_an_earlier_one():
    steps = [0, 10, 20, 30, 40, 50, 40, 50, 60, 20, 30]
    (run,) = made(table(step=steps, loss=range(11)))
    assert points(run, "loss") == {0: 0, 10: 1, 20: 9, 30: 10}


def naive_superseded(steps, values):
    kept = {}
    for step, value in zip(steps, values, strict=True):
        kept = {k: v for k, v in kept.items() if k < step}
        kept[step] = value
    return kept


@pytest.mark.parametrize("seed", range(20))
def test_resumes_against_the_obvious_way(seed):
    rng = np.random.default_rng(seed)
    steps = [0]
    while len(steps) < 200:
        steps.append(steps[-1] + 1 if rng.random() > 0.05 else int(rng.integers(10, steps[-1] + 11)))
    (run,) = made(table(step=steps, loss=range(200)))
    assert points(run, "loss") == naive_superseded(steps, range(200))


def test_rows_of_other_columns_go_with_the_session_they_belong_to():
    content = table(
        step=[0, 1, 2, 0, 0, 1, 2], loss=[5, 4, 3, None, 2, 1, 0], val_loss=[None, None, 9, 8, None, None, 7]
    )
    first, second = made(content)
    assert points(first, "val_loss") == {2: 9}
    assert points(second, "val_loss") == {0: 8, 2: 7}


def test_an_identical_second_copy_is_read_once():
    (run,) = made(table(epoch=[0, 1, 2, 0, 1, 2], loss=[3, 2, 1, 3, 2, 1]))
    assert run.id == ""
    assert len(run.series["loss"]) == 3
    assert "identical copy" in run.notes[-1]


@pytest.mark.parametrize("first", [0, 1])
def test_a_step_that_starts_again_in_each_epoch_is_counted_on(first):
    epochs = np.repeat(np.arange(3), 4)
    steps = np.tile(np.arange(4), 3) + first
    (run,) = made(table(epoch=epochs, iter=steps, loss=range(12)))
    np.testing.assert_array_equal(run.series["loss"].step, np.arange(12) + first)


def test_counting_on_over_epochs_still_sees_a_restart():
    epochs, steps = np.tile(np.repeat(np.arange(3), 4), 2), np.tile(np.arange(4), 6)
    runs = made(table(epoch=epochs, iter=steps, loss=range(24)))
    assert [len(run.series["loss"]) for run in runs] == [12, 12]


def test_a_step_that_is_set_to_zero_while_the_epoch_goes_on_is_counted_on():
    (run,) = made(table(epoch=[0, 0, 1, 1, 2, 2, 3, 3], step=[0, 1, 2, 3, 0, 1, 2, 3], loss=range(8)))
    np.testing.assert_array_equal(run.series["loss"].step, np.arange(8))


def test_several_rows_of_an_epoch_are_told_apart_by_their_number():
    (run,) = made(table(epoch=[0, 0, 0, 1, 1, 1], loss=range(6)))
    np.testing.assert_array_equal(run.series["loss"].step, range(6))
    assert run.series["loss"].unit == "step"


def test_row_numbers_begin_again_where_epochs_do():
    runs = made(table(epoch=[0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2], loss=range(12)))
    assert [run.series["loss"].step.tolist() for run in runs] == [[0, 1, 2, 3, 4, 5]] * 2


def test_training_and_validation_rows_of_one_epoch_share_it():
    content = table(epoch=[0, 0, 1, 1], loss=[4, None, 3, None], val_loss=[None, 5, None, 4])
    (run,) = made(content)
    assert points(run, "val_loss") == {0: 5, 1: 4}
    assert run.series["val_loss"].unit == "epoch"


def test_a_step_that_stands_still_is_not_used():
    (run,) = made(table(step=[7, 7, 7], epoch=[1, 2, 3], loss=[3, 2, 1]))
    assert points(run, "loss") == {1: 3, 2: 2, 3: 1}
    assert "7 on every row" in run.notes[0]


def test_an_axis_that_jumps_about_is_not_used():
    (run,) = made(table(step=[5, 1, 4, 2, 8, 3], loss=range(6)))
    assert points(run, "loss") == dict(enumerate(range(6)))
    assert "goes back too often" in run.notes[0]


def test_the_axis_of_the_format_comes_first():
    (run,) = made(table(step=[1, 2, 3], seen=[10, 20, 30], loss=[3, 2, 1]), axis="seen", unit="sample")
    assert points(run, "loss") == {10: 3, 20: 2, 30: 1}
    assert run.series["loss"].unit == "sample"


def test_wall_time_from_seconds_and_milliseconds():
    for scale in (1, 1000):
        (run,) = made(table(step=[0, 1], timestamp=[1.7e9 * scale, 1.7e9 * scale + scale], loss=[2, 1]))
        np.testing.assert_allclose(run.series["loss"].wall_time, [1.7e9, 1.7e9 + 1])
        assert "timestamp" not in run.series


def test_roles_of_the_format_and_of_epochs():
    content = table(step=[0, 1], epoch=[0, 0], loss=[2, 1])
    (run,) = made(content, roles={"loss": (Role.TRAIN_LOSS, "because")})
    assert (run.series["loss"].role, run.series["loss"].role_reason) == (Role.TRAIN_LOSS, "because")
    assert run.series["epoch"].role is Role.EPOCH


@pytest.mark.parametrize(
    "content",
    [Table({}), Table({"step": np.empty(0)}), Table({"": np.arange(3.0)}), table(loss=[None, None])],
)
def test_nothing_makes_no_run(content):
    assert made(content) == []


def test_a_single_point_is_a_run():
    (run,) = made(table(step=[5], loss=[1]))
    assert points(run, "loss") == {5: 1}


def test_steps_are_strictly_increasing_whatever_comes():
    rng = np.random.default_rng(0)
    for _ in range(200):
        size = int(rng.integers(1, 40))
        names = rng.choice(["step", "epoch", "iter", "loss", "val_loss", "samples", ""], 4, replace=False)
        columns = {name: rng.choice([0, 1, 2, 3, 5, 9, np.nan, 1e18, 0.5], size) for name in names}
        logged = {name: rng.random(size) > 0.3 for name in names[:2]}
        for run in made(Table(columns, logged)):
            for series in run.series.values():
                assert len(series)
                assert np.all(np.diff(series.step) > 0)


def test_many_resumes_take_no_time():
    steps = np.arange(200_000.0)
    steps[::5] -= 3  # 40,000 resumes: a comparison of each with all rows before it would take minutes
    begun = time.process_time()
    made(Table({"step": np.abs(steps), "loss": steps}))
    assert time.process_time() - begun < 5


def test_steps_that_begin_again_in_each_episode_are_counted_on():
    (run,) = made(table(episode=[1, 1, 1, 2, 2, 3, 3], step=[0, 1, 2, 0, 1, 0, 1], reward=range(7)))
    assert np.all(np.diff(run.series["reward"].step) > 0)
    assert len(run.series["reward"]) == 7


def test_a_step_of_something():
    (run,) = made(table(stage2_step=[600, 1200, 1800], stage2_loss=[3, 2, 1]))
    np.testing.assert_array_equal(run.series["stage2_loss"].step, [600, 1200, 1800])


def test_curves_named_after_steps_are_no_axis():
    (run,) = made(table(train_loss_step=[1, 2, 3], acc_epoch=[1, 2, 3], steps_per_epoch=[1, 2, 3]))
    assert set(run.series) == {"train_loss_step", "acc_epoch", "steps_per_epoch"}


@pytest.mark.parametrize(
    ("step", "value", "swapped"),
    [
        ([1.5, 0.9, 1.1, 0.5], [0, 1, 2, 3], True),
        ([0, 1, 2, 3], [1.5, 0.9, 1.1, 0.5], False),
        ([0, 10, 20, 10, 20], [1, 2, 3, 4, 5], True),
        ([0, 1, 2, 3], [5, 6, 7, 8], False),
        ([3, 2], [0, 1], False),
        ([3, 2, 1], [0, 1, float("nan")], False),
    ],
)
def test_step_and_value_in_the_wrong_order(step, value, swapped):
    assert are_swapped(np.array(step, float), np.array(value, float)) is swapped
