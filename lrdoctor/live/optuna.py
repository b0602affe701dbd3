"""Optuna: prune trials whose training goes wrong, for what is wrong with them rather than for their rank.

    from lrdoctor.live.optuna import TrialMonitor
    def objective(trial):
        doctor = TrialMonitor(trial, stop_on=["NAN101", "DIV"], total_steps=1000)
        for step in range(1000):
            ...
            doctor.log(step, loss=loss, lr=rate)    # raises optuna.TrialPruned
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrdoctor.live._attending import Attendant
from lrdoctor.live.monitor import Monitor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lrdoctor.live._attending import Report

VERDICT, FINDINGS = "lrdoctor:verdict", "lrdoctor:findings"
"""User attributes of a trial that is pruned or closed."""


class TrialMonitor:
    """Follows the training of one trial.

    Parameters
    ----------
    trial
        The Optuna trial; its parameters are taken as hyperparameters.
    stop_on
        Codes of the findings at which the trial is pruned; by default it is only reported.
    report
        Called with each diagnosis that says something new, instead of a line to the logger ``lrdoctor``.
    options
        For the `Monitor`.

    Attributes
    ----------
    monitor
        To `check` at any time.
    """

    def __init__(
        self, trial: Any, *, stop_on: Iterable[str] = (), report: Report | None = None, **options: Any
    ) -> None:
        self._trial = trial
        known = {**trial.params, **(options.pop("hyperparameters", None) or {})}
        self.monitor = Monitor(known, **{"name": f"trial {trial.number}", **options})
        self._attendant = Attendant(self.monitor, stop_on, report=report)

    def log(
        self, step: int | Mapping[str, Any] | None = None, values: Mapping[str, Any] | None = None, /, **named: Any
    ) -> None:
        """Take the numbers of a step, as `Monitor.log`.

        Raises
        ------
        optuna.TrialPruned
            A finding of `stop_on` holds.
        """
        self.monitor.log(step, values, **named)
        finding = self._attendant.look()
        if finding is not None:
            import optuna

            self.close()
            raise optuna.TrialPruned(f"{finding.code} {finding.message}")

    def close(self) -> None:
        """Report the last word, and keep verdict and findings with the trial."""
        said = self._attendant.close()
        if said is None:
            return
        self._trial.set_user_attr(VERDICT, str(said.verdict))
        self._trial.set_user_attr(FINDINGS, [finding.code for finding in said.findings])
