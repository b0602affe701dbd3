"""What a notebook holds, as runs."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from lrdoctor.errors import UsageError
from lrdoctor.readers._memory import runs_from_object
from lrdoctor.records import Role, Run

WIDE = {
    "step": list(range(20)),
    "train_loss": [2 / (i + 1) for i in range(20)],
    "val_loss": [None] * 10 + [1.5] * 10,
    "note": ["a"] * 20,
}


def frames():
    pd = pytest.importorskip("pandas")
    yield pd.DataFrame(WIDE)
    for name, make in (("polars", lambda m: m.DataFrame(WIDE)), ("pyarrow", lambda m: m.table(WIDE))):
        try:
            module = __import__(name)
        except ImportError:
            continue
        frame = make(module)
        yield frame
        if name == "polars":
            yield frame.lazy()


def test_frames_of_every_make():
    count = 0
    for frame in frames():
        (run,) = runs_from_object(frame)
        assert set(run.series) == {"train_loss", "val_loss"}
        np.testing.assert_array_equal(run.series["train_loss"].value, WIDE["train_loss"])
        np.testing.assert_array_equal(run.series["val_loss"].step, range(10, 20))
        count += 1
    assert count >= 1


def test_a_dict_of_lists_and_of_arrays():
    lists = {name: WIDE[name] for name in ("step", "train_loss", "val_loss")}
    (run,) = runs_from_object(lists)
    np.testing.assert_array_equal(run.series["val_loss"].step, range(10, 20))
    (run,) = runs_from_object({"loss": np.array([3, np.nan, 1]), "epoch": np.array([0, 1, 2])})
    np.testing.assert_array_equal(run.series["loss"].value, [3, np.nan, 1])
    assert run.series["loss"].unit == "epoch"


@pytest.mark.parametrize("points", [{0: 3.0, 100: 2.0}, [(0, 3.0), (100, 2.0)]])
def test_curves_with_steps_of_their_own(points):
    (run,) = runs_from_object({"loss": points, "val_loss": {100: 2.5}})
    np.testing.assert_array_equal(run.series["loss"].step, [0, 100])
    np.testing.assert_array_equal(run.series["val_loss"].step, [100])


@pytest.mark.parametrize("curve", [[3, 2, 1], (3.0, 2, 1), np.array([3, 2, 1.0]), np.float32([3, 2, 1])])
def test_one_curve(curve):
    (run,) = runs_from_object(curve)
    np.testing.assert_array_equal(run.series["loss"].value, [3, 2, 1])
    assert run.series["loss"].role is Role.TRAIN_LOSS


def test_a_curve_of_another_library():
    pd = pytest.importorskip("pandas")
    (run,) = runs_from_object(pd.Series([3, 2, 1.0], name="train_loss"))
    np.testing.assert_array_equal(run.series["train_loss"].value, [3, 2, 1])


def test_holes_in_a_list_stay_nan():
    (run,) = runs_from_object([3.0, None, float("nan")])
    np.testing.assert_array_equal(run.series["loss"].value, [3, np.nan, np.nan])


def test_a_tensor():
    torch = pytest.importorskip("torch")
    (run,) = runs_from_object({"loss": [torch.tensor(3.0), torch.tensor(2.0)]})
    np.testing.assert_array_equal(run.series["loss"].value, [3, 2])


class Optimizer:
    def get_config(self):
        return {"learning_rate": np.float32(0.5), "momentum": 0.9}


def test_keras_history():
    history = SimpleNamespace(
        history={"loss": [2.0, np.float32(1)], "val_loss": [2.5, 2], "learning_rate": [0.5, 0.25]},
        epoch=[3, 4],
        params={"epochs": 5},
        model=SimpleNamespace(optimizer=Optimizer()),
    )
    (run,) = runs_from_object(history)
    assert {tag: one.role for tag, one in run.series.items()} == {
        "loss": Role.TRAIN_LOSS,
        "val_loss": Role.VAL_LOSS,
        "learning_rate": Role.LR,
    }
    np.testing.assert_array_equal(run.series["loss"].step, [3, 4])
    assert {
        "lr": 0.5,
        "momentum": 0.9,
        "optimizer": "optimizer",
        "epochs": 5,
    }.items() <= run.hyperparameters.items()


LOG_HISTORY = [
    {"loss": 2.0, "learning_rate": 1e-4, "epoch": 0.1, "step": 10},
    {"eval_loss": 2.5, "epoch": 0.1, "step": 10},
    {"loss": 1.0, "learning_rate": 5e-5, "epoch": 0.2, "step": 20},
    {"train_loss": 1.5, "train_runtime": 9.0, "epoch": 0.2, "step": 20},
]


@pytest.mark.parametrize(
    "thing",
    [
        LOG_HISTORY,
        {"log_history": LOG_HISTORY, "max_steps": 20},
        SimpleNamespace(log_history=LOG_HISTORY),
        SimpleNamespace(
            state=SimpleNamespace(log_history=LOG_HISTORY), args=SimpleNamespace(learning_rate=1e-4)
        ),
    ],
)
def test_log_history(thing):
    (run,) = runs_from_object(thing)
    assert run.format == "hf-trainer"
    np.testing.assert_array_equal(run.series["loss"].value, [2, 1])
    assert run.series["eval_loss"].role is Role.VAL_LOSS
    assert "train_loss" not in run.series


def test_a_list_of_dicts():
    records = [{"epoch": i, "loss": 1 / (i + 1), "val": {"loss": 2}} for i in range(4)]
    (run,) = runs_from_object(records)
    assert set(run.series) == {"loss", "val/loss"}


def test_a_thing_for_each_run():
    runs = runs_from_object({"small": [3, 2, 1.0], "large": {"loss": [4, 3.0], "lr": [0.1, 0.1]}})
    assert [run.id for run in runs] == ["small", "large"]


def test_evals_result():
    result = {"train": {"logloss": [3, 2.0]}, "valid": {"logloss": [3, 2.5]}}
    for thing in (
        result,
        SimpleNamespace(evals_result=lambda: result),
        SimpleNamespace(evals_result_=result),
    ):
        (run,) = runs_from_object(thing)
        assert set(run.series) == {"train/logloss", "valid/logloss"}


def test_an_exported_chart():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {"Step": range(4), "a - loss": range(4), "a - loss__MIN": range(4), "b - loss": [1, 2, None, 4]}
    )
    runs = runs_from_object(frame)
    assert [run.id for run in runs] == ["a", "b"]
    np.testing.assert_array_equal(runs[1].series["loss"].step, [0, 1, 3])


def test_a_wandb_run():
    rows = [{"_step": i, "train": {"loss": 1 / (i + 1)}, "_timestamp": 1.7e9 + i} for i in range(4)]
    run = SimpleNamespace(scan_history=lambda: iter(rows), config={"lr": 0.1}, name="calm-sea-3")
    (found,) = runs_from_object(run)
    assert found.id == "calm-sea-3"
    assert found.hyperparameters["lr"] == 0.1
    np.testing.assert_array_equal(found.series["train.loss"].step, range(4))
    assert found.series["train.loss"].wall_time[0] == 1.7e9


def test_a_wandb_run_writes_nan_as_text():
    rows = [{"_step": i, "loss": value} for i, value in enumerate([2.0, "NaN", "Infinity", None, 1.0])]
    (found,) = runs_from_object(SimpleNamespace(scan_history=lambda: iter(rows), config={}, name="r"))
    np.testing.assert_array_equal(found.series["loss"].value, [2, np.nan, np.inf, 1])
    np.testing.assert_array_equal(found.series["loss"].step, [0, 1, 2, 4])


@pytest.mark.parametrize("framed", [True, False])
def test_a_wandb_run_that_only_samples(framed):
    pd = pytest.importorskip("pandas")
    rows = [{"_step": i * 10, "loss": 1 / (i + 1), "acc": None if i % 2 else 0.5} for i in range(6)]
    made = pd.DataFrame(rows) if framed else rows
    run = SimpleNamespace(history=lambda: made, config={"lr": 0.1}, name="n", summary={})
    (found,) = runs_from_object(run)
    assert (found.id, found.hyperparameters["lr"]) == ("n", 0.1)
    np.testing.assert_array_equal(found.series["loss"].step, range(0, 60, 10))
    np.testing.assert_array_equal(found.series["acc"].step, [0, 20, 40])


def test_a_wandb_run_that_still_logs_names_its_files():
    run = SimpleNamespace(log=print, dir="wandb/run-x/files", summary={}, config={}, name="n")
    with pytest.raises(UsageError, match="wandb/run-x/files"):
        runs_from_object(run)


def test_trials_of_optuna():
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def objective(trial):
        rate = trial.suggest_float("lr", 1e-4, 1, log=True)
        for step in range(5):
            trial.report(2 / (step + 1) + rate, step)
        return rate

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(objective, n_trials=3)
    runs = runs_from_object(study)
    assert [run.id for run in runs] == ["trial 0", "trial 1", "trial 2"]
    (single,) = runs_from_object(study.best_trial)
    assert single.hyperparameters["lr"] == study.best_params["lr"]
    assert len(single.series["intermediate_value"]) == 5


def test_an_optuna_study():
    trial = SimpleNamespace(intermediate_values={0: 3.0, 5: 2.0}, params={"lr": 0.1}, number=4)
    (run,) = runs_from_object(trial)
    assert (run.id, run.hyperparameters["lr"]) == ("trial 4", 0.1)
    study = SimpleNamespace(trials=[trial, trial], best_trials=[], direction="StudyDirection.MINIMIZE")
    runs = runs_from_object(study)
    assert [one.series["intermediate_value"].role for one in runs] == [Role.VAL_LOSS] * 2


@pytest.mark.filterwarnings("ignore::Warning:sklearn")
def test_an_estimator():
    sklearn = pytest.importorskip("sklearn.neural_network")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    model = sklearn.MLPRegressor(hidden_layer_sizes=(4,), max_iter=12, random_state=0, tol=0).fit(x, x[:, 0])
    (run,) = runs_from_object(model)
    np.testing.assert_array_equal(run.series["loss"].value, model.loss_curve_)
    assert run.hyperparameters["lr"] == 0.001


def test_a_run_is_itself():
    run = Run(id="x", source="y", format="z", series={})
    assert runs_from_object(run) == [run]


def test_nothing_is_changed():
    given = {"loss": [3.0, 2.0], "lr": [0.1, 0.1]}
    before = {name: list(values) for name, values in given.items()}
    array = np.array([3.0, 2.0])
    runs_from_object(given)
    runs_from_object(array)
    assert given == before
    array[0] = 1  # not frozen either


@pytest.mark.parametrize(
    "thing",
    [
        3,
        "text",
        None,
        object(),
        [],
        {},
        [[1, 2], [3, 4]],
        np.zeros((2, 2)),
        {"a": 1},
        {"a": "b"},
        [1, "a"],
        {"a": []},
        {"x": {"y": object()}},
        dict,
        SimpleNamespace(),
        [{}],
        {"log_history": []},
        {"log_history": 3},
        np.array("x"),
    ],
)
def test_what_cannot_be_understood_is_said(thing):
    with pytest.raises(UsageError):
        runs_from_object(thing)


def test_one_row_for_each_run_is_refused():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"lr": [0.1, 0.01, 0.1], "batch_size": [1, 2, 1], "val_acc": [0.5, 0.6, 0.7]})
    with pytest.raises(UsageError, match="table of runs"):
        runs_from_object(frame)


def test_a_frame_indexed_by_step():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"loss": [3.0, 2, 1]}, index=pd.Index([0, 50, 100], name="step"))
    (run,) = runs_from_object(frame)
    np.testing.assert_array_equal(run.series["loss"].step, [0, 50, 100])
    (run,) = runs_from_object(frame.rename_axis(None))
    np.testing.assert_array_equal(run.series["loss"].step, [0, 50, 100])


def test_a_frame_with_a_name_twice_is_read_or_refused_in_words():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame([[0, 1.0, 2.0], [1, 1.0, 2.0]], columns=["step", "loss", "loss"])
    with pytest.raises(UsageError, match="cannot be read as a table"):
        runs_from_object(frame)
