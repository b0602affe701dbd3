"""What a diagnosis comes to in words; shared by the renderers that speak to people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lrdoctor.cleaning import clean
from lrdoctor.patterns import pattern
from lrdoctor.records import Role, Verdict
from lrdoctor.wording import counted, figure, percent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lrdoctor.records import Evidence, Plan, Run, RunDiagnosis, ScheduleAdvice, Series, Span

WORST_FIRST = (
    Verdict.DIVERGED, Verdict.UNSTABLE, Verdict.LR_TOO_HIGH, Verdict.STALLED, Verdict.LR_TOO_LOW,
    Verdict.NEEDS_DECAY, Verdict.OVERFITTING, Verdict.INCONCLUSIVE, Verdict.HEALTHY,
)  # fmt: skip
FOLDED = frozenset({Verdict.HEALTHY, Verdict.INCONCLUSIVE})
"""Verdicts of which many runs share one line."""

_LOSSES = (Role.TRAIN_LOSS, Role.VAL_LOSS, Role.OBJECTIVE, Role.ADVERSARIAL_LOSS)
_OTHER_CURVES = (
    Role.TRAIN_LOSS_PART, Role.VAL_LOSS_PART, Role.TRAIN_ERROR, Role.VAL_ERROR, Role.TRAIN_METRIC,
    Role.VAL_METRIC, Role.REWARD, Role.OTHER,
)  # fmt: skip

# "{warm}" is the share of the budget that warms up, "{end}" where the rate ends.
_SCHEDULES = {
    "constant": "keep it constant",
    "warmup_constant": "warm up over the first {warm}, then constant",
    "cosine": "cosine decay to {end}",
    "warmup_cosine": "warm up over the first {warm}, then cosine to {end}",
    "linear": "linear decay to {end}",
    "warmup_linear": "warm up over the first {warm}, then linear to {end}",
    "step": "step decay to {end}",
    "one_cycle": "one cycle: up over the first {warm}, then down to {end}",
    "cooldown": "hold it, then cool down to {end}",
}
_NUMBERS = pattern(r"([0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)")
_ACTIONS = {
    "early_stop": "stop early",
    "regularize": "regularise",
    "restart_before": "restart from a checkpoint before",
    "overfit_one_batch": "see whether it can overfit one batch",
    "read_range_test": "read a rate off it with lrdoctor range-test",
}


def worst_first(runs: Iterable[RunDiagnosis]) -> list[RunDiagnosis]:
    """Runs by how much they need help: verdict, severity, size of the advised change; then by name.

    Runs of which many share one line are by name only.
    """

    def key(said: RunDiagnosis) -> tuple[int, int, float, tuple[list[float | str], str]]:
        severity = max((finding.severity.rank for finding in said.findings), default=-1)
        change = abs(math.log(said.plan.lr.factor))
        needs = (0, 0.0) if said.verdict in FOLDED else (-severity, -change)
        return WORST_FIRST.index(said.verdict), *needs, natural(said.run.id)

    return sorted(runs, key=key)


def natural(name: str) -> tuple[list[float | str], str]:
    """Sort key that puts ``run9`` before ``run10``, and ``lr_5e-4`` before ``lr_0.01``."""
    parts = _NUMBERS.split(name)  # text and numbers in turn
    return [float(part) if i % 2 else part.lower() for i, part in enumerate(parts)], name


def tally(runs: Iterable[RunDiagnosis]) -> dict[Verdict, int]:
    """Runs per verdict, worst first, without zeros."""
    verdicts = [said.verdict for said in runs]
    return {verdict: verdicts.count(verdict) for verdict in WORST_FIRST if verdict in verdicts}


def keeps_rate(plan: Plan) -> bool:
    """Answer whether the plan leaves the peak learning rate as it is."""
    return abs(math.log(plan.lr.factor)) < 0.005


def rate_now(plan: Plan) -> float | None:
    """Peak learning rate of this run; None where unknown."""
    advice = plan.lr
    if advice.current is None and advice.value is not None:
        return advice.value / advice.factor
    return advice.current


def dose(plan: Plan) -> str:
    """``LR 0.1 × 0.18 (0.08 to 0.35) → 0.018``; ``keep LR 0.1``."""
    now, advice = rate_now(plan), plan.lr
    rate = "LR" if now is None else f"LR {figure(now)}"
    if keeps_rate(plan):
        return f"keep {rate}" if now is not None else "keep the LR"
    low, high = advice.interval
    text = f"{rate} × {figure(advice.factor, 2)} ({figure(low, 2)} to {figure(high, 2)})"
    return text if advice.value is None else f"{text} → {figure(advice.value)}"


def advice(said: RunDiagnosis) -> str:
    """The dose, or that there is none: a log that cannot tell is no reason to keep a rate."""
    return "no advice on the LR" if said.verdict is Verdict.INCONCLUSIVE else dose(said.plan)


def schedule(advice: ScheduleAdvice, run: Run | None = None) -> str:
    """The advised schedule; with `run`, the warm-up is also said in its own steps."""
    warm = percent(advice.warmup_fraction)
    length = _steps_of(run, advice.warmup_fraction) if run is not None else ""
    end = "0" if advice.final_fraction == 0 else f"{percent(advice.final_fraction)} of the peak"
    return _SCHEDULES[advice.kind].format(warm=warm + (f" ({length})" if length else ""), end=end)


def treatment(said: RunDiagnosis, *, brief: bool = False) -> list[str]:
    """What to change besides the peak rate, a phrase each: schedule, clipping, other actions."""
    plan = said.plan
    phrases = []
    if plan.schedule is not None:
        phrases.append(schedule(plan.schedule, None if brief else said.run))
    if plan.clip_norm is not None:
        phrases.append(f"clip gradients at norm {figure(plan.clip_norm, 2)}")
    return phrases + actions(said, brief=brief)


def actions(said: RunDiagnosis, *, brief: bool = False) -> list[str]:
    """What to do besides schedule and clipping, a phrase each."""
    phrases = []
    for action in said.plan.also:
        words = _ACTIONS.get(action.action, clean(action.action.replace("_", " ")))
        at = "" if words.endswith("before") else " at"
        at = f"{at} {_unit(said.run)} {action.at_step:,}" if action.at_step is not None else ""
        why = "" if brief or not action.why else f" ({clean(action.why)})"
        phrases.append(f"{words}{at}{why}")
    return phrases


def stretch(span: Span, run: Run, tag: str = "") -> str:
    """``steps 120 to 598``; ``epoch 3``."""
    unit = run.series[tag].unit if tag in run.series else _unit(run)
    if span.first_step == span.last_step:
        return f"{unit} {span.first_step:,}"
    return f"{unit}s {span.first_step:,} to {span.last_step:,}"


def argued(evidence: Evidence, run: Run) -> str:
    """A piece of evidence: what was measured, where, and against what."""
    unit = f" {clean(evidence.unit)}" if evidence.unit else ""
    held = f"{figure(evidence.value)} {clean(evidence.comparison)} {figure(evidence.threshold)}{unit}"
    where = f"{clean(evidence.tag, 60)}, {stretch(evidence.span, run, evidence.tag)}"
    return f"{clean(evidence.measure)}: {held} ({where})"


def leading_curve(said: RunDiagnosis) -> Series | None:
    """The curve to draw for a run: the loss that the first finding is about, else the most detailed loss."""
    from lrdoctor.roles import primary

    tag = said.findings[0].evidence[0].tag if said.findings else None
    losses = [series for role in _LOSSES if (series := primary(said.run, role)) is not None and len(series)]
    about = [series for series in losses if series.tag == tag]
    for series in about or losses:
        return series
    others = (primary(said.run, role) for role in _OTHER_CURVES)
    return next((series for series in others if series is not None and len(series)), None)


def _steps_of(run: Run, share: float) -> str:
    """A share of this run's budget in its own unit, e.g. ``60 steps``; "" where that says nothing."""
    curves = [series for series in run.series.values() if len(series)]
    lengths = [(int(series.step[-1] - series.step[0]), series.unit) for series in curves]
    if not lengths:
        return ""
    span, unit = max(lengths)
    count = round(share * span)
    if count < 1 or unit != "step":
        return ""
    return counted(int(float(f"{count:.2g}")), "step")


def _unit(run: Run) -> str:
    return next((series.unit for series in run.series.values() if len(series)), "step")
