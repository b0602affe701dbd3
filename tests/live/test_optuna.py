"""Trials of a real Optuna study that are pruned for what is wrong with them."""

import pytest

optuna = pytest.importorskip("optuna", reason="the monitor is for Optuna")

from lrdoctor.live.optuna import TrialMonitor  # noqa: E402

optuna.logging.set_verbosity(optuna.logging.WARNING)


def descend(trial, stop_on, said):
    """Gradient descent on x^2: diverges above a rate of 1."""
    rate = trial.suggest_float("lr", 0.1, 1.5)
    doctor, x = TrialMonitor(trial, stop_on=stop_on, report=said.append, total_steps=200), 1.0
    for step in range(200):
        doctor.log(step, loss=x * x, lr=rate)
        trial.set_user_attr("steps", step + 1)
        x -= rate * 2 * x
    doctor.close()
    return x * x


def study_of(stop_on, said):
    study = optuna.create_study(sampler=optuna.samplers.GridSampler({"lr": [0.2, 1.2]}))
    study.optimize(lambda trial: descend(trial, stop_on, said), n_trials=2)
    return {trial.params["lr"]: trial for trial in study.trials}


def test_prunes_what_diverges_and_nothing_else():
    trials = study_of(["DIV", "NAN101"], [])
    assert trials[1.2].state.name == "PRUNED"
    assert trials[1.2].user_attrs["steps"] < 120
    assert trials[1.2].user_attrs["lrdoctor:verdict"] in ("diverged", "lr-too-high")
    assert trials[0.2].state.name == "COMPLETE"


def test_only_reports_unless_asked():
    said = []
    trials = study_of([], said)
    assert {trial.state.name for trial in trials.values()} == {"COMPLETE"}
    assert any(one.verdict == "diverged" for one in said)
    assert trials[1.2].user_attrs["steps"] == 200
