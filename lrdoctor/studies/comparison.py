"""Two runs, before and after a change: is the symptom gone, is the outcome better, and what else changed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lrdoctor.records import Role, Severity
from lrdoctor.roles import primary
from lrdoctor.studies.grouping import SAME_LENGTH, WHY, differences, kind_of, varying
from lrdoctor.studies.levels import end_level
from lrdoctor.studies.scaling import BatchScaling, batch_scaling, rate_factor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lrdoctor.records import Finding, Series
    from lrdoctor.studies.facts import Facts

State = Literal["improved", "worse", "same", "unknown"]
Conclusion = Literal["better", "better-with-symptoms", "symptom-gone", "no-difference", "worse", "unknown"]

CLEAR = 2.0
"""Standard errors from which on a difference exceeds the noise, as in a sweep."""
SMALL = 0.02
"""Share of the loss reduction below which two rates count as equally good, as in a sweep: seeds differ by as much."""
_DECIDING = ("lr", "optimizer", "batch_size", "model", "data")
"""What has to be known to say whether the rate suits the change: settings, and kinds of settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Where two runs ended on one curve.

    Parameters
    ----------
    tag, higher_is_better
        The curve.
    state
        Whether the difference exceeds the noise, and in which direction; unknown: `reason` says why.
    before, after, noise
        End levels and the standard error of their difference; infinite where a run blew up, NaN if unknown.
    share
        Improvement as a share of what the earlier run had gained; NaN if unknown.
    at
        Last step that both have, where one of them is much longer; else None.
    """

    tag: str
    higher_is_better: bool
    state: State
    before: float
    after: float
    noise: float
    share: float
    at: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A setting that differs, and why the best rate moves with it ("" if it is not known to)."""

    kind: str
    name: str
    before: str
    after: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dosing:
    """What became of the advice: the factor between the peak rates, and the one that had been advised."""

    factor: float
    advised: float
    interval: tuple[float, float]

    @property
    def followed(self) -> bool:
        """Whether the factor lies in the advised interval."""
        low, high = self.interval
        return low * 0.99 <= self.factor <= high * 1.01


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """What changed from one run to the other.

    Parameters
    ----------
    before, after
        The runs.
    gone, remaining, new
        Findings of the earlier run that the later one has not, of the later one that the earlier one had as well, and
        of the later one alone; remarks are left out.
    outcomes
        The validation loss, or the training loss where that is all they share; then a validation metric.
    changes
        Settings that differ, those that move the best rate first. The rate itself is in `dosing`.
    dosing
        None where a rate is unknown.
    batch
        Whether the rate was scaled with the batch size; None where that did not change.
    unknown
        Deciding settings that one of the logs does not hold.
    """

    before: Facts
    after: Facts
    gone: tuple[Finding, ...]
    remaining: tuple[Finding, ...]
    new: tuple[Finding, ...]
    outcomes: tuple[Outcome, ...]
    changes: tuple[Change, ...]
    dosing: Dosing | None
    batch: BatchScaling | None
    unknown: tuple[str, ...]

    @property
    def conclusion(self) -> Conclusion:
        """In one word, by the first outcome: a loss before a metric."""
        state = self.outcomes[0].state if self.outcomes else "unknown"
        left = bool(self.remaining or self.new)
        if state == "improved":
            return "better-with-symptoms" if left else "better"
        if state == "same":
            return "symptom-gone" if self.gone and not left else "no-difference"
        return "worse" if state == "worse" else "unknown"

    @property
    def tune_again(self) -> tuple[Change, ...]:
        """Changes that move the best rate: it has to be tuned again."""
        return tuple(change for change in self.changes if change.why)


def compare_runs(before: Facts, after: Facts) -> Comparison:
    """Hold a run against an earlier one."""
    had = {finding.code: finding for finding in _symptoms(before)}
    has = {finding.code: finding for finding in _symptoms(after)}
    changes = tuple(_changes(before, after))
    return Comparison(
        before=before,
        after=after,
        gone=tuple(finding for code, finding in had.items() if code not in has),
        remaining=tuple(finding for code, finding in has.items() if code in had),
        new=tuple(finding for code, finding in has.items() if code not in had),
        outcomes=tuple(_outcomes(before, after, changes)),
        changes=changes,
        dosing=_dosing(before, after),
        batch=batch_scaling(before, after),
        unknown=tuple(name for name in _DECIDING if not (_known(before, name) and _known(after, name))),
    )


def pair(before: Sequence[Facts], after: Sequence[Facts]) -> list[tuple[Facts, Facts]]:
    """Which runs to hold against each other: those of the same id, else the one or the best run of either side."""
    later = {run.id: run for run in after}
    matched = [(run, later[run.id]) for run in before if run.id in later]
    if matched or not before or not after:
        return matched
    return [(best_of(before), best_of(after))]


def best_of(runs: Sequence[Facts]) -> Facts:
    """The run with the lowest end level: of the validation loss where all have one."""
    by_val = all(run.val is not None or run.broke for run in runs)

    def level(run: Facts) -> float:
        end = run.val if by_val else run.train or run.val
        return math.inf if run.broke or end is None or math.isnan(end.value) else end.value

    return min(runs, key=level)


def _symptoms(run: Facts) -> list[Finding]:
    return [finding for finding in run.said.findings if finding.severity is not Severity.INFO]


def _known(run: Facts, name: str) -> bool:
    if name in ("model", "data"):
        return any(kind_of(given) == name for given, value in run.hyperparameters.items() if value is not None)
    value = {"lr": run.lr, "optimizer": run.optimizer}.get(name, run.hyperparameters.get(name))
    return value not in (None, "")


def _changes(before: Facts, after: Facts) -> Iterator[Change]:
    """What moves the best rate first, then every other setting that could matter."""
    told = set()
    for d in differences(before, after):
        told.add(d.name)
        why = "" if d.kind == "curves" else WHY[d.kind]  # another logger is no other training
        yield Change(kind=d.kind, name=d.name, before=d.here, after=d.there, why=why)
    for name in varying([before, after]):
        if name != "lr" and name not in told:
            here, there = before.hyperparameters.get(name), after.hyperparameters.get(name)
            why = _DECAY_WHY if name == "weight_decay" else ""
            yield Change(kind="other", name=name, before=str(here), after=str(there), why=why)
    for name in ("schedule", "clip_norm"):
        here, there = before.run.hyperparameters.get(name), after.run.hyperparameters.get(name)
        if here != there and name not in told and name not in varying([before, after]):
            yield Change(kind="other", name=name, before=_plain(here), after=_plain(there), why="")


_DECAY_WHY = "weight decay acts through its product with the rate"


def _plain(value: object) -> str:
    return "not known" if value is None else str(value)


def _dosing(before: Facts, after: Facts) -> Dosing | None:
    factor, advice = rate_factor(before, after), before.said.plan.lr
    return None if factor is None else Dosing(factor=factor, advised=advice.factor, interval=advice.interval)


def _outcomes(before: Facts, after: Facts, changes: Sequence[Change]) -> Iterator[Outcome]:
    other_data = [change.name for change in changes if change.kind == "data"]
    losses = [(primary(before.run, role), primary(after.run, role)) for role in (Role.VAL_LOSS, Role.TRAIN_LOSS)]
    both = [(here, there) for here, there in losses if here is not None and there is not None]
    if both:
        here, there = next((pair for pair in both if pair[0].tag == pair[1].tag), both[0])
        yield _outcome(before, after, here, there, other_data, higher_is_better=False)
    old, new = primary(before.run, Role.VAL_METRIC), primary(after.run, Role.VAL_METRIC)
    if old is not None and new is not None and old.tag == new.tag:
        yield _outcome(before, after, old, new, other_data, higher_is_better=True)


def _outcome(
    before: Facts, after: Facts, here: Series, there: Series, other_data: Sequence[str], *, higher_is_better: bool
) -> Outcome:
    reason = ""
    if here.tag != there.tag or here.unit != there.unit:
        reason = f"other curves were logged ({here.tag} per {here.unit}, {there.tag} per {there.unit})"
    elif other_data:
        reason = f"the data differ ({', '.join(other_data)}), so the losses do not compare"
    at = _common_end(before, after, here, there)
    one, other = (end_level(_until(series, at)) for series in (here, there))
    sign = 1.0 if higher_is_better else -1.0
    levels = [math.inf * -sign if run.broke else end.value for run, end in ((before, one), (after, other))]
    noise = math.hypot(*(0.0 if math.isnan(end.noise) else end.noise for end in (one, other)))
    better = sign * (levels[1] - levels[0]) if levels[0] != levels[1] else 0.0
    state: State = "improved" if better > CLEAR * noise else "worse" if better < -CLEAR * noise else "same"
    if not reason and any(map(math.isnan, levels)):
        reason = "one of them has no value at its end"
    gained = sign * (levels[0] - one.first)
    return Outcome(
        tag=there.tag, higher_is_better=higher_is_better, state="unknown" if reason else state,
        before=levels[0], after=levels[1], noise=noise,
        share=better / gained if math.isfinite(better) and gained > 0 else math.nan,
        at=at, reason=reason,
    )  # fmt: skip


def _common_end(before: Facts, after: Facts, here: Series, there: Series) -> int | None:
    """The end of the shorter of two runs of different length; None where they are about as long."""
    ends = sorted((int(here.step[-1]), int(there.step[-1])))
    return ends[0] if ends[1] > SAME_LENGTH * max(ends[0], 1) and not (before.broke or after.broke) else None


def _until(series: Series, last: int | None) -> Series:
    from dataclasses import replace

    if last is None or series.step[0] > last:
        return series
    stop = int(series.step.searchsorted(last, side="right"))
    return replace(series, step=series.step[:stop], value=series.value[:stop], wall_time=None)
