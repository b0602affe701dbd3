"""A planned search as an Optuna study: its distribution, pruner and storage, the planned rates queued first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from lrdoctor.errors import UsageError

if TYPE_CHECKING:
    from lrdoctor.studies.planning import Search

PARAMETER = "lr"
_MARGIN = 1.5
"""Factor by which the range reaches beyond the rates that it has to hold."""


def to_optuna(
    search: Search, *, storage: Any = None, name: str | None = None,
    pruner: Literal["halving", "hyperband"] = "halving", seed: int = 0,
) -> Any:  # fmt: skip
    """Make the study of a search.

    Parameters
    ----------
    search
        The planned rates are enqueued, in their order; runs that were logged become finished trials (failed ones where
        they blew up), so that the sampler begins where they ended.
    storage, name
        As for `optuna.create_study`: None keeps it in memory, ``"sqlite:///study.db"`` in a file. A study of that name
        that is there already is gone on with, and only what it does not know yet is added.
    pruner
        ``halving`` (SuccessiveHalvingPruner) or ``hyperband``; the shortest run is the first rung of the plan, so the
        objective has to report at the steps that the plan counts.
    seed
        Of the TPE sampler, which draws the rates that follow the planned ones.

    Returns
    -------
    `optuna.Study`. The objective asks for ``trial.suggest_float("lr", low, high, log=True)`` with the bounds in
    ``study.user_attrs["range"]``, reports the loss with ``trial.report(loss, step)`` and raises `optuna.TrialPruned`
    when ``trial.should_prune()``.

    Raises
    ------
    UsageError
        optuna is not installed, or there is no rate to try.
    """
    try:
        import optuna
    except ImportError as missing:
        raise UsageError("optuna is not installed: pip install lrdoctor[optuna]") from missing

    if not search.rates:
        raise UsageError(f"there is no rate to try: {search.reason}")
    low, high = bounds(search)
    study = optuna.create_study(
        storage=storage, study_name=name, direction="minimize", load_if_exists=name is not None,
        pruner=_pruner(search, pruner), sampler=optuna.samplers.TPESampler(seed=seed),
    )  # fmt: skip
    known = {round(math.log10(rate), 6) for trial in study.trials for rate in _rates(trial)}
    study.set_user_attr("range", [low, high])
    distribution: dict[str, optuna.distributions.BaseDistribution] = {
        PARAMETER: optuna.distributions.FloatDistribution(low, high, log=True)
    }
    for run in search.group.runs if search.group is not None else ():
        if run.lr is None or run.state not in ("finished", "blew-up") or round(math.log10(run.lr), 6) in known:
            continue
        state = optuna.trial.TrialState
        ended = run.state == "finished"
        study.add_trial(
            optuna.trial.create_trial(
                params={PARAMETER: run.lr},
                distributions=distribution,
                value=run.level if ended else None,
                state=state.COMPLETE if ended else state.FAIL,
                user_attrs={"run": run.id},
            )
        )
    for rate in search.rates:
        if round(math.log10(rate.lr), 6) not in known:
            study.enqueue_trial({PARAMETER: rate.lr}, user_attrs={"why": rate.why})
    return study


def bounds(search: Search) -> tuple[float, float]:
    """Range of the distribution: the search's own, widened to hold everything that was tried or is planned."""
    tried = [run.lr for run in (search.group.runs if search.group is not None else ()) if run.lr is not None]
    rates = [*tried, *(rate.lr for rate in search.rates)]
    return min(search.low, min(rates) / _MARGIN), max(search.high, max(rates) * _MARGIN)


def _rates(trial: Any) -> list[float]:
    """The rate of a trial, run or still queued."""
    fixed = trial.system_attrs.get("fixed_params", {})
    found = trial.params.get(PARAMETER, fixed.get(PARAMETER))
    return [found] if isinstance(found, float) and found > 0 else []


def _pruner(search: Search, kind: str) -> Any:
    import optuna

    shortest = search.rungs[0].length if search.rungs else None
    longest = search.rungs[-1].length if search.rungs else None
    if kind == "hyperband":
        return optuna.pruners.HyperbandPruner(
            min_resource=shortest or 1, max_resource=longest or "auto", reduction_factor=3
        )
    return optuna.pruners.SuccessiveHalvingPruner(min_resource=shortest or "auto", reduction_factor=3)
