"""One coherent plan from many findings."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from lrdoctor.errors import Unavailable
from lrdoctor.prescribing.decay import NEIGHBOURS, expected_decay_gain, in_words
from lrdoctor.prescribing.dose import dose_for
from lrdoctor.prescribing.rates import peak_rate
from lrdoctor.prescribing.treatments import best_decay, clipping, clipping_in_words
from lrdoctor.records import Action, ExpectedGain, Finding, Plan, RateAdvice, ScheduleAdvice, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrdoctor.prescribing.dose import Dose
    from lrdoctor.prescribing.rates import Answers
    from lrdoctor.prescribing.treatments import Decay
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
    rate = peak_rate(context)
    leading = next((finding for finding in findings if finding.severity.rank > 0), None)
    dose = dose_for(context, verdict, findings)
    sure = _confidence(context, verdict, leading, dose)
    codes = {finding.code for finding in findings}
    clip_norm = _clip_norm(codes, context.find("grad_norm"), context.run.hyperparameters.get("clip_norm"))
    return Plan(
        lr=RateAdvice(
            factor=_round(dose.factor),
            interval=(min(_round(dose.low), _round(dose.factor)), max(_round(dose.high), _round(dose.factor))),
            level=LEVEL,
            value=None if rate is None else _round(rate * dose.factor),
            current=rate,
        ),
        schedule=_schedule(context, codes, verdict),
        clip_norm=clip_norm,
        also=tuple(_actions(findings, verdict, context.find("generalization"), context.find("breakdown"))),
        confidence=round(sure, 3),
        reason=" ".join([_reason(codes, verdict, leading, dose), *_measured(context, verdict, clip_norm)]),
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


def _schedule(context: Answers, codes: set[str], verdict: Verdict) -> ScheduleAdvice | None:
    """A shape only where it should change: where trial runs gained by it, or where it is the shape that failed."""
    if verdict in (Verdict.HEALTHY, Verdict.INCONCLUSIVE, Verdict.OVERFITTING):
        return None
    schedule: Schedule | None = context.find("schedule")
    warmed = 0.0 if schedule is None else round(schedule.warmup_fraction, 3)
    shaped = schedule is not None and schedule.kind != "constant"
    if (shaped and codes & (_BLEW_UP | {"LRC101"})) or codes & _SHAKEN:
        # It broke under a recipe of its own, or has spikes, which no trial shows (Google Tuning Playbook).
        return ScheduleAdvice(
            kind="warmup_cosine", warmup_fraction=max(_WARMUP, round(min(2 * warmed, 0.3), 3)), final_fraction=0.0
        )
    ran_out = "PLT102" in codes and verdict is Verdict.STALLED  # its shape failed: the same peak, decayed over all
    if ran_out or verdict is Verdict.NEEDS_DECAY:
        kind: Decay = "warmup_cosine" if warmed >= 0.02 else "cosine"
        return ScheduleAdvice(
            kind=kind, warmup_fraction=warmed if warmed >= 0.02 else 0.0, final_fraction=0.01,
            gain=None if ran_out else _gain(context),
        )  # fmt: skip
    helpful = best_decay(verdict)
    if helpful is None:
        return None
    return ScheduleAdvice(
        kind=helpful, warmup_fraction=0.0 if helpful in ("cosine", "step") else _WARMUP, final_fraction=0.0
    )


def _gain(context: Answers) -> ExpectedGain | None:
    """What a decay is expected to bring to this run."""
    try:
        found = expected_decay_gain(context)
    except Unavailable:
        return None
    return ExpectedGain(lowered=_round(found.middle), interval=(_round(found.low), _round(found.high)), runs=NEIGHBOURS)


def _measured(context: Answers, verdict: Verdict, clip_norm: float | None) -> list[str]:
    """What trial runs gained by a decay, or by clipping, in sentences."""
    said: list[str] = []
    if verdict is Verdict.NEEDS_DECAY:
        with suppress(Unavailable):
            said.append(in_words(expected_decay_gain(context)))
    if clip_norm is not None and (effect := clipping(verdict)) is not None:
        said.append(clipping_in_words(effect))
    return said


def _clip_norm(codes: set[str], grad_norm: Series | None, now: object) -> float | None:
    """90th percentile of the logged gradient norms (Google Tuning Playbook), 1.0 where none was logged; None where the
    run clips at that or tighter already (`now`)."""
    if not codes & (_BLEW_UP | _SHAKEN):
        return None
    advised = 1.0
    if grad_norm is not None:
        import numpy as np

        values = grad_norm.value[np.isfinite(grad_norm.value) & (grad_norm.value > 0)]
        advised = _round(float(np.quantile(values, 0.9))) if values.size >= 10 else 1.0
    return None if isinstance(now, int | float) and 0 < now <= advised else advised


def _actions(
    findings: Sequence[Finding], verdict: Verdict, generalization: Generalization | None, breakdown: Breakdown | None
) -> list[Action]:
    """What else to do, each with the finding that asks for it."""
    actions: list[Action] = []
    codes = {finding.code for finding in findings}
    if "OVF101" in codes and generalization is not None:
        if generalization.best_step > 0:  # where it only ever rose, there is nothing to stop at
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


def _reason(codes: set[str], verdict: Verdict, leading: Finding | None, dose: Dose) -> str:
    if "OBJ101" in codes:
        return "There is no loss to judge a learning rate by; if a curve is one, name it with --role TAG=train_loss."
    if leading is None and verdict is not Verdict.HEALTHY:
        return "Log the training loss every 10 to 50 steps, with the learning rate beside it."
    if leading is not None and leading.code == "RNG101":
        return "No training, but a range test: lrdoctor range-test reads a rate off it."
    return f"{dose.reason[:1].upper()}{dose.reason[1:]}."


def _round(value: float) -> float:
    """Three significant digits: a dose is no more precise than that."""
    return float(f"{value:.3g}")
