"""One coherent plan from many findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.errors import Unavailable
from lrdoctor.prescribing.decay import expected_decay_gain, in_words
from lrdoctor.prescribing.dose import dose_for
from lrdoctor.prescribing.rates import peak_rate
from lrdoctor.records import Action, Finding, Plan, RateAdvice, ScheduleAdvice, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrdoctor.prescribing.dose import Dose
    from lrdoctor.prescribing.rates import Answers
    from lrdoctor.records import Series
    from lrdoctor.signals.breakdown import Breakdown
    from lrdoctor.signals.generalization import Generalization
    from lrdoctor.signals.schedule import Schedule

LEVEL = 0.8
"""Coverage that the interval of a dose is meant to have."""
_BLEW_UP = frozenset({"NAN101", "NAN103", "DIV101", "DIV102", "DIV103"})
_SHAKEN = frozenset({"SPK101", "AMP101"})
_WARMUP = 0.1
"""Share of the budget to warm up over: at most about 10 % (Google Tuning Playbook)."""


def plan_for(context: Answers, verdict: Verdict, findings: Sequence[Finding]) -> Plan:
    """Reconcile all findings of a run into one plan.

    The leading finding sets the rate; the others may add clipping, a schedule or actions, but never a second,
    contradicting rate.
    """
    schedule: Schedule | None = context.find("schedule")
    rate = peak_rate(context)
    leading = next((finding for finding in findings if finding.severity.rank > 0), None)
    dose = dose_for(context, verdict, findings)
    sure = _confidence(context, verdict, leading, dose)
    codes = {finding.code for finding in findings}
    return Plan(
        lr=RateAdvice(
            factor=_round(dose.factor),
            interval=(min(_round(dose.low), _round(dose.factor)), max(_round(dose.high), _round(dose.factor))),
            level=LEVEL,
            value=None if rate is None else _round(rate * dose.factor),
        ),
        schedule=_schedule(codes, verdict, schedule),
        clip_norm=_clip_norm(codes, context.find("grad_norm")),
        also=tuple(_actions(findings, verdict, context.find("generalization"), context.find("breakdown"))),
        confidence=round(sure, 3),
        reason=_reason(verdict, leading, dose) + _decay_in_words(context, verdict),
    )


def _confidence(context: Answers, verdict: Verdict, leading: Finding | None, dose: Dose) -> float:
    """How sure the plan is: the chance of its dose where that is known, held down by the finding's own confidence."""
    if verdict is Verdict.HEALTHY:
        plain = _healthy_confidence(context)
        return plain if dose.chance is None else (plain + dose.chance) / 2
    if leading is None:
        return 0.3
    return (
        leading.confidence if dose.chance is None else min(leading.confidence, (leading.confidence + dose.chance) / 2)
    )


def _healthy_confidence(context: Answers) -> float:
    """How sure "nothing is wrong" is: more points, and a validation loss and a rate to look at, make it surer."""
    curve = context.find("curve")
    points = len(curve) if curve is not None else 0
    seen = 0.6 + 0.15 * (context.find("val_loss") is not None) + 0.1 * (context.find("lr") is not None)
    return float(seen * points / (points + 4.0))


def _schedule(codes: set[str], verdict: Verdict, schedule: Schedule | None) -> ScheduleAdvice | None:
    """A shape only where it should change."""
    if verdict in (Verdict.HEALTHY, Verdict.INCONCLUSIVE, Verdict.OVERFITTING):
        return None
    warmed = schedule is not None and schedule.warmup_fraction >= 0.02
    if codes & _BLEW_UP or codes & _SHAKEN or "LRC101" in codes:
        longer = 0.0 if schedule is None else min(2 * schedule.warmup_fraction, 0.3)
        return ScheduleAdvice(kind="warmup_cosine", warmup_fraction=max(_WARMUP, round(longer, 3)), final_fraction=0.0)
    if "PLT101" in codes or "PLT102" in codes or "OSC101" in codes:
        warmup = round(schedule.warmup_fraction, 3) if warmed and schedule is not None else 0.0
        return ScheduleAdvice(kind="warmup_cosine" if warmup else "cosine", warmup_fraction=warmup, final_fraction=0.01)
    return None


def _clip_norm(codes: set[str], grad_norm: Series | None) -> float | None:
    """90th percentile of the logged gradient norms (Google Tuning Playbook); 1.0 where none was logged."""
    if not codes & (_BLEW_UP | _SHAKEN):
        return None
    if grad_norm is None:
        return 1.0
    import numpy as np

    values = grad_norm.value[np.isfinite(grad_norm.value) & (grad_norm.value > 0)]
    return _round(float(np.quantile(values, 0.9))) if values.size >= 10 else 1.0


def _actions(
    findings: Sequence[Finding], verdict: Verdict, generalization: Generalization | None, breakdown: Breakdown | None
) -> list[Action]:
    """What else to do, each with the finding that asks for it."""
    actions: list[Action] = []
    codes = {finding.code for finding in findings}
    if "OVF101" in codes and generalization is not None:
        actions.append(Action(action="early_stop", at_step=generalization.best_step, why="OVF101"))
        actions.append(Action(action="regularize", why="OVF101"))
    if codes & {"NAN101", "NAN103"} and breakdown is not None:
        actions.append(
            Action(action="restart_before", at_step=breakdown.first_step, why=min(codes & {"NAN101", "NAN103"}))
        )
    if "NAN102" in codes:
        actions.append(Action(action="check_inputs_and_loss", why="NAN102"))
    if "FLT101" in codes:
        actions.append(Action(action="overfit_one_batch", why="FLT101"))
    if "PLT103" in codes:
        actions.append(Action(action="stop_earlier", why="PLT103"))
    if verdict is Verdict.INCONCLUSIVE:
        why = min(codes) if codes else "PTS101"
        actions.append(Action(action="read_range_test" if why == "RNG101" else "log_more", why=why))
    return actions


def _reason(verdict: Verdict, leading: Finding | None, dose: Dose) -> str:
    if verdict is Verdict.HEALTHY:
        return f"Keep the learning rate: {dose.reason}."
    if leading is None:
        return "Inconclusive: log the training loss every 10 to 50 steps, with the learning rate beside it."
    if leading.code == "RNG101":
        return "No training, but a range test: lrdoctor range-test reads a rate off it."
    return f"{dose.reason[:1].upper()}{dose.reason[1:]}."


def _decay_in_words(context: Answers, verdict: Verdict) -> str:
    """What a decay would bring, for a run that needs one."""
    if verdict is not Verdict.NEEDS_DECAY:
        return ""
    try:
        return f" {in_words(expected_decay_gain(context))}"
    except Unavailable:
        return ""


def _round(value: float) -> float:
    """Three significant digits: a dose is no more precise than that."""
    return float(f"{value:.3g}")
