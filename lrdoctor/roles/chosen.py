"""The one curve to diagnose for a role, where a run has several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.records import Role, Series
from lrdoctor.roles.overrides import BY_USER
from lrdoctor.roles.reading import Reading, read_tag

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lrdoctor.records import Run

_PART_OF = {Role.TRAIN_LOSS: Role.TRAIN_LOSS_PART, Role.VAL_LOSS: Role.VAL_LOSS_PART}
# A curve with fewer than this share of the points of the fullest one of its role is not preferred for its
# name.
_SPARSE = 0.25
# Single-batch values beat epoch means only when there are this many times as many of them; for a run of few
# epochs any gain in points counts.
_DENSER = 3.0
_FEW_EPOCHS = 10
# Parameter groups that differ on at most this share of their points differ by their warm-up only.
_WARMUP_SHARE = 0.3
# Points at which groups are held against one another, evenly spaced: there may be hundreds of groups, long logged.
_LOOKED_AT = 2000


def primary(run: Run, role: Role) -> Series | None:
    """The one curve to diagnose for a role.

    What the user has named comes first. For a loss: the whole before its terms, validation before test, as
    logged before smoothed, dense per-step values before epoch means if they are many more, then the fuller
    curve, then the order of the log. Where only terms are logged, and at the same steps, their sum; where
    only an objective that is maximised is logged, its negative (both are new series that are not in the run).
    For the learning rate: the rate in force before a configured one; of several parameter groups the one with
    the largest peak, except that groups which only warm up differently are represented by the one that most
    of them agree with.

    Parameters
    ----------
    run
        With roles assigned.
    role
        Any role.

    Returns
    -------
    None if the run has no such curve.
    """
    return _choose(run, role)[0]


def primary_reason(run: Run, role: Role) -> str:
    """Why `primary` is that curve, in words; why there is none, if so."""
    return _choose(run, role)[1]


def _choose(run: Run, role: Role) -> tuple[Series | None, str]:
    members = [series for series in run.with_role(role) if len(series)]
    named = [series for series in members if series.role_reason.startswith(BY_USER)]
    if named:
        return _fullest(named), named[0].role_reason
    if not members:
        return _derived(run, role)
    if len(members) == 1:
        return members[0], members[0].role_reason or f"the only {role.value} curve"
    if role in {Role.TRAIN_LOSS, Role.VAL_LOSS}:
        return _best_loss(members)
    if role is Role.LR:
        return _leading_rate(members)
    best = _most(members, _measure_rank)
    return best, f"first in the order of preference among {_listed(members)}"


def _fullest(members: Sequence[Series]) -> Series:
    return max(members, key=len)


def _most(members: Sequence[Series], rank: Callable[[Series, Reading], tuple[float, ...]]) -> Series:
    """The lowest rank; the order of the log decides between equals."""
    return min(members, key=lambda series: rank(series, read_tag(series.tag)))


def _listed(members: Sequence[Series]) -> str:
    return ", ".join(series.tag for series in members[:4]) + (", ..." if len(members) > 4 else "")


def _measure_rank(series: Series, reading: Reading) -> tuple[float, ...]:
    """Validation before test, plain before qualified, the more usual name, the fuller curve."""
    odd = bool(reading.marks & {"extreme", "best", "against"})
    return reading.split == "test", odd, len(reading.qualifiers), reading.order, -len(series)


def _best_loss(members: Sequence[Series]) -> tuple[Series, str]:
    """Choose among whole losses of one split."""
    most = max(map(len, members))
    full = [series for series in members if len(series) >= _SPARSE * most]
    densities = _densities(full)

    def rank(series: Series, reading: Reading) -> tuple[float, ...]:
        marks = reading.marks
        smoothing = 2 if "smooth" in marks else 1 if "mean" in marks else 0
        whole = 0 if "total" in marks else 1
        odd = len(marks & {"extreme", "best", "against"})
        other_density = _density(reading) not in densities
        return (reading.split == "test", odd, smoothing == 2, other_density, whole, smoothing,
                reading.split == "", -len(series))  # fmt: skip

    if not any("smooth" not in read_tag(series.tag).marks for series in full):
        full = list(members)
    best = _most(full, rank)
    others = [series.tag for series in members if series is not best]
    return (
        best,
        f"preferred over {', '.join(others[:3])}{', ...' if len(others) > 3 else ''} ({_why(best, members)})",
    )


def _density(reading: Reading) -> str:
    return "step" if "step" in reading.marks else "epoch" if "epoch" in reading.marks else ""


def _densities(members: Sequence[Series]) -> set[str]:
    """Which of "step", "epoch" and "" (not said) may be chosen: per-step values or epoch means, not both."""
    counts: dict[str, int] = {}
    for series in members:
        kind = _density(read_tag(series.tag))
        counts[kind] = max(counts.get(kind, 0), len(series))
    if "step" not in counts or len(counts) == 1:
        return set(counts)
    means = max(count for kind, count in counts.items() if kind != "step")
    dense = counts["step"] >= _DENSER * means or (means < _FEW_EPOCHS and counts["step"] > means)
    return {"step"} if dense else set(counts) - {"step"}


def _why(best: Series, members: Sequence[Series]) -> str:
    reading = read_tag(best.tag)
    densities = {_density(read_tag(series.tag)) for series in members}
    if _density(reading) == "step" and len(densities) > 1:
        return "many more points than per epoch"
    if "step" in densities and _density(reading) != "step":
        return "the per-step values are not many more"
    if "total" in reading.marks:
        return "the total"
    if len(best) > max((len(series) for series in members if series is not best), default=0):
        return "the most points"
    return "the first that is whole and not smoothed"


def _derived(run: Run, role: Role) -> tuple[Series | None, str]:
    """A loss that is not logged as such: the sum of its terms, or the negative of what is maximised."""
    part = _PART_OF.get(role)
    if part is None:
        return None, f"no {role.value} curve"
    parts = [series for series in run.with_role(part) if len(series)]
    objectives = [
        series
        for series in run.with_role(Role.OBJECTIVE)
        if len(series) and (read_tag(series.tag).split in {"", "train"}) == (role is Role.TRAIN_LOSS)
    ]
    if parts and not any("main" in read_tag(series.tag).marks for series in objectives):
        return _sum(parts, role)
    if not objectives or (role is not Role.TRAIN_LOSS and run.with_role(Role.TRAIN_LOSS)):
        return None, f"no {role.value} curve"
    best = _most(objectives, _measure_rank)
    reason = f"no loss is logged; the negative of {best.tag!r}, which is maximised"
    minus = Series(tag=f"minus {best.tag}", step=best.step, value=-best.value, role=role, role_reason=reason,
                   wall_time=best.wall_time, unit=best.unit)  # fmt: skip
    return minus, reason


def _sum(parts: Sequence[Series], role: Role) -> tuple[Series | None, str]:
    """Terms of one density on the same steps, added up; non-finite in any is non-finite in the sum."""
    import numpy as np

    parts = [
        series
        for series in parts
        if not read_tag(series.tag).marks & {"unscaled", "against", "extreme", "best"}
    ]
    if not parts:
        return None, f"no {role.value} curve"
    allowed = _densities(parts)
    parts = [series for series in parts if _density(read_tag(series.tag)) in allowed]
    by_steps: dict[tuple[str, bytes], list[Series]] = {}
    for series in parts:
        by_steps.setdefault((series.unit, series.step.tobytes()), []).append(series)
    together = max(by_steps.values(), key=lambda group: (len(group), len(group[0])))
    if len(together) < len(parts):
        return None, f"only terms of it are logged, and not at the same steps: {_listed(parts)}"
    tag = "sum of " + ", ".join(series.tag for series in together)
    reason = f"only terms of the loss are logged: their sum ({len(together)} terms)"
    first = together[0]
    with np.errstate(over="ignore", invalid="ignore"):
        value = np.sum([series.value for series in together], axis=0)
    total = Series(tag=tag, step=first.step, value=value, role=role, role_reason=reason,
                   wall_time=first.wall_time, unit=first.unit)  # fmt: skip
    return total, reason


def _leading_rate(members: Sequence[Series]) -> tuple[Series, str]:
    """The learning rate in force, of the parameter group that leads."""
    import numpy as np

    def marks(series: Series) -> frozenset[str]:
        return read_tag(series.tag).marks

    def peak(series: Series) -> float:
        values = series.value[np.isfinite(series.value)]
        return float(values.max()) if values.size else -np.inf

    in_force = [s for s in members if not marks(s) & {"configured", "against"}] or list(members)
    densest: dict[tuple[str, ...], Series] = {}  # one rate may be logged more and less often: lr, train_lr
    for series in in_force:
        reading = read_tag(series.tag)
        kept = densest.get(reading.qualifiers + reading.scope)
        if kept is None or len(series) > len(kept):
            densest[reading.qualifiers + reading.scope] = series
    most = max(map(len, densest.values()))
    full = [series for series in densest.values() if len(series) >= _SPARSE * most]
    best = max(full, key=peak)
    typical = _typical_rate([series for series in full if np.array_equal(series.step, best.step)], best)
    others = ", ".join(series.tag for series in members if series is not (typical or best))
    if typical is not None:
        return typical, f"most parameter groups follow it; another one ({best.tag}) differs while warming up"
    return best, f"the largest peak of several learning rates; others: {others}"


def _typical_rate(group: Sequence[Series], best: Series) -> Series | None:
    """A rate that most groups share, where the one with the largest peak differs from it by its warm-up only.

    Such a group (the biases in YOLO) starts high and falls to the others, or joins them after a small part
    of the run. None if the largest peak leads throughout.
    """
    import numpy as np

    if len(group) < 3:
        return None
    points = len(group[0])
    looked_at = np.union1d([0, min(1, points - 1)], np.linspace(0, points - 1, _LOOKED_AT).astype(np.int64))
    values = np.stack([series.value[looked_at] for series in group])
    values = values[:, np.isfinite(values).all(axis=0)]
    if values.shape[1] < 2:
        return None
    typical = np.median(values, axis=0)
    close = np.isclose(values, typical, rtol=1e-3, atol=0.0)
    shared = close.mean(axis=1)
    leader = next(index for index, series in enumerate(group) if series is best)
    if shared[leader] == 1.0 or np.count_nonzero(shared == 1.0) * 2 <= len(group):
        return None
    falls_to_them = values[leader, 1] < values[leader, 0] and typical[1] > typical[0]
    if falls_to_them or 1.0 - shared[leader] <= _WARMUP_SHARE:
        return group[int(np.argmax(shared))]
    return None
