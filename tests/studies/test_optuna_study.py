"""A plan as an Optuna study: queued rates, known runs, pruning."""

from __future__ import annotations

import math

import pytest

from lrdoctor.errors import UsageError
from lrdoctor.studies.optuna_study import bounds, to_optuna
from lrdoctor.studies.planning import Wishes, from_group, from_nothing
from lrdoctor.studies.sweep import study

optuna = pytest.importorskip("optuna", reason="makes real studies")
optuna.logging.set_verbosity(optuna.logging.ERROR)


@pytest.fixture
def search(facts):
    runs = [facts(1e-5, 2.0), facts(1e-4, 1.5), facts(1e-3, 0.9), facts(10.0, math.nan, broke=True)]
    (group,) = study(runs)
    return from_group(group, Wishes(runs=3))


def test_runs_become_trials_and_planned_rates_come_next(search):
    made = to_optuna(search)
    done = made.get_trials(states=[optuna.trial.TrialState.COMPLETE])
    assert [(trial.params["lr"], trial.value) for trial in done] == [(1e-3, 0.9), (1e-4, 1.5), (1e-5, 2.0)]
    assert len(made.get_trials(states=[optuna.trial.TrialState.FAIL])) == 1
    assert made.best_trial.user_attrs["run"] == "lr_0.001"
    seen = []

    def objective(trial):
        seen.append(trial.suggest_float("lr", *made.user_attrs["range"], log=True))
        return (math.log10(seen[-1]) + 2.5) ** 2

    made.optimize(objective, n_trials=len(search.rates) + 1)
    assert seen[: len(search.rates)] == [rate.lr for rate in search.rates]
    low, high = bounds(search)
    assert low <= seen[-1] <= high


def test_a_bad_rate_is_pruned_at_the_first_rung():
    search = from_nothing(None, 1e-2, fine_tuning=False, wishes=Wishes(runs=5, budget=90))
    made = to_optuna(search)
    lengths = {}

    def objective(trial):
        lr = trial.suggest_float("lr", *made.user_attrs["range"], log=True)
        for step in range(1, 91):
            trial.report(abs(math.log10(lr) + 3) + 1 / step, step)
            lengths[lr] = step
            if trial.should_prune():
                raise optuna.TrialPruned
        return abs(math.log10(lr) + 3)

    made.optimize(objective, n_trials=5)
    assert lengths[1e-3] == 90
    assert lengths[1e-1] == search.rungs[0].length == 10


def test_a_stored_study_is_gone_on_with(search, tmp_path):
    storage = f"sqlite:///{tmp_path / 'lr.db'}"
    first = to_optuna(search, storage=storage, name="lr", pruner="hyperband")
    assert isinstance(first.pruner, optuna.pruners.HyperbandPruner)
    again = to_optuna(search, storage=storage, name="lr")
    assert len(again.trials) == len(first.trials) == 4 + len(search.rates)


def test_nothing_to_try_makes_no_study(facts):
    (group,) = study([facts(1e-3, 0.5)])
    with pytest.raises(UsageError, match="no rate to try"):
        to_optuna(from_group(group, Wishes()))
