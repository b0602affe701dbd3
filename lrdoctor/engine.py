"""Order, inject, run, skip, mask: the one file that knows that all rules exist.

A rule's `check` and a signal's function name what they need by their parameters, as pytest fixtures do: a role
(``train_loss``), a signal (``trend``), ``run`` or ``hyperparameters``. What a run cannot give becomes a `Skip`
with a reason; a parameter annotated ``| None`` is optional.
"""

from __future__ import annotations

import inspect
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from lrdoctor.errors import Unavailable
from lrdoctor.records import Finding, Role, Run, RunDiagnosis, Skip, Verdict
from lrdoctor.registry import discover

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lrdoctor.rules._base import Rule

_ROLE_WORDS = {
    Role.TRAIN_LOSS: "no training loss",
    Role.VAL_LOSS: "no validation loss",
    Role.LR: "no learning-rate series",
    Role.GRAD_NORM: "no gradient norm",
    Role.TRAIN_METRIC: "no training metric",
    Role.VAL_METRIC: "no validation metric",
    Role.LOSS_SCALE: "no loss scale",
}


@cache
def signals() -> dict[str, Callable[..., Any]]:
    """Every signal by name, from all modules of `lrdoctor.signals`, and what prescribing knows of a run beside them."""
    from lrdoctor.prescribing.expected import SIGNALS as EXPECTED
    from lrdoctor.prescribing.response import SIGNALS as FITTED

    modules = [*discover("lrdoctor.signals", "SIGNALS").values(), FITTED, EXPECTED]
    return {function.__name__: function for module in modules for function in module}


@cache
def needs(function: Callable[..., Any]) -> tuple[tuple[str, bool], ...]:
    """Parameter names of a check or signal, each with whether it is optional."""
    parameters = inspect.signature(function).parameters.values()
    return tuple((p.name, "None" in str(p.annotation)) for p in parameters if p.name != "self")


class Context:
    """Everything that can be asked about one run; each answer is computed once.

    Parameters
    ----------
    run
        With roles assigned.
    known
        Answers to take as given, by name of role or signal: the response of another fit, say.
    """

    def __init__(self, run: Run, known: Mapping[str, Any] | None = None) -> None:
        self.run = run
        self._known: dict[str, Any] = {
            "run": run,
            "hyperparameters": run.hyperparameters,
            **(known or {}),
        }
        self._missing: dict[str, str] = {}

    def get(self, name: str) -> Any:
        """Value of a role or signal.

        Raises
        ------
        Unavailable
            The run cannot give it; the text says why. A defect of the signal itself is such a reason, too: it must not
            cost the user everything else that is known of the run.
        """
        if name in self._known:
            return self._known[name]
        if name == "context":  # not among what is known: a run's arrays would wait for the garbage collector
            return self
        if name in self._missing:
            raise Unavailable(self._missing[name])
        try:
            value = self._compute(name)
        except Unavailable as reason:
            self._missing[name] = str(reason)
            raise
        except Exception as error:
            self._missing[name] = f"{name} {_defect(error)}"
            raise Unavailable(self._missing[name]) from error
        self._known[name] = value
        return value

    def find(self, name: str) -> Any | None:
        """Value of a role or signal, or None."""
        try:
            return self.get(name)
        except Unavailable:
            return None

    def call(self, function: Callable[..., Any]) -> Any:
        """Call a check or signal with what its parameters name."""
        return function(**{name: self.find(name) if optional else self.get(name) for name, optional in needs(function)})

    def _compute(self, name: str) -> Any:
        if name in signals():
            return self.call(signals()[name])
        from lrdoctor.roles import primary

        role = Role(name)
        series = primary(self.run, role)
        if series is None or len(series) == 0:
            raise Unavailable(_ROLE_WORDS.get(role, f"no {role.value.replace('_', ' ')} series"))
        return series


def all_rules() -> list[Rule]:
    """Every rule, in the order of its code."""
    return sorted(discover("lrdoctor.rules", "RULE").values(), key=lambda rule: str(rule.code))


def diagnose_run(run: Run, rules: Iterable[Rule] | None = None, known: Mapping[str, Any] | None = None) -> RunDiagnosis:
    """Examine one run.

    Parameters
    ----------
    run
        With roles assigned.
    rules
        Those to apply; all by default.
    known
        Answers to take as given, see `Context`.
    """
    from lrdoctor.prescribing.plan import plan_for

    context = Context(run, known)
    rules = list(all_rules() if rules is None else rules)
    found, skips = _examine(context, rules)
    kept, masked = _mask(found, rules)
    findings = tuple(sorted(kept, key=_worst_first))
    verdict = _verdict(findings, {rule.code: rule for rule in rules})
    plan = plan_for(context, verdict, findings)
    return RunDiagnosis(
        run=_with_known_rate(context),
        verdict=verdict,
        findings=findings,
        plan=plan,
        skips=tuple(skips),
        masked=tuple(masked),
    )


def _with_known_rate(context: Context) -> Run:
    """The run with its peak rate and schedule among the hyperparameters, where the log shows them."""
    schedule, known = context.find("schedule"), context.run.hyperparameters
    if schedule is None or not schedule.logged:
        return context.run
    stated = {name: value for name, value in known.items() if value is not None or name not in ("lr", "schedule")}
    return replace(context.run, hyperparameters={"lr": schedule.peak, "schedule": schedule.kind, **stated})


def _examine(context: Context, rules: Iterable[Rule]) -> tuple[list[Finding], list[Skip]]:
    found: list[Finding] = []
    skips: list[Skip] = []
    for rule in rules:
        try:
            result = context.call(rule.check)
        except Unavailable as missing:
            skips.append(Skip(code=rule.code, reason=str(missing)))
            continue
        except Exception as error:  # a defect in one rule must not cost the user the others
            skips.append(Skip(code=rule.code, reason=_defect(error)))
            continue
        if result is not None:
            found.append(result)
    return found, skips


def _defect(error: Exception) -> str:
    return f"failed ({type(error).__name__}: {error}); this is a bug, please report it"


def _mask(found: list[Finding], rules: Iterable[Rule]) -> tuple[list[Finding], list[tuple[Finding, str]]]:
    """One cause silences its consequences: a NaN run is not also oscillating.

    What is named as the cause is never silenced itself. Of findings that silence one another in a circle, as rules of
    other packages may, the worst stays.
    """
    present = {finding.code for finding in found}
    silenced_by = {rule.code: sorted(rule.silences & present - {rule.code}) for rule in rules if rule.code in present}
    consequences = {code for codes in silenced_by.values() for code in codes}
    causes: dict[str, str] = {}
    for finding in sorted(found, key=lambda finding: (finding.code in consequences, _worst_first(finding))):
        reached = [] if finding.code in causes else [finding.code]
        for code in reached:
            new = [other for other in silenced_by[code] if other not in causes and other != finding.code]
            causes |= dict.fromkeys(new, finding.code)
            reached += new
    kept = [finding for finding in found if finding.code not in causes]
    return kept, [(finding, causes[finding.code]) for finding in found if finding.code in causes]


def _worst_first(finding: Finding) -> tuple[int, float, str]:
    return -finding.severity.rank, -finding.confidence, finding.code


def _verdict(findings: tuple[Finding, ...], by_code: Mapping[str, Rule]) -> Verdict:
    """The verdict of the leading finding; mere remarks leave a run healthy."""
    for finding in findings:
        verdict = by_code[finding.code].verdict
        if verdict is not None:
            return verdict
    return Verdict.HEALTHY
