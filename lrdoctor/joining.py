"""Tell when two logs are of the same training, and make one run of them.

An event file beside a CSV, a console log beside a JSON, a byte-identical copy: the same curve stands in both.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrdoctor.records import Run, Series

# Curves that two different trainings may well share: clocks, counters, schedules.
_SHARED = pattern(
    r"(^|[^a-z])(lr|learning[ _-]?rate|epoch|step|time|samples|tokens|momentum|iter)s?([^a-z]|\d|$)", re.I
)
_TOLERANCE = 2e-3  # logs print as few as three significant digits
_MOST_SERIES = 32
_SAMPLE = 24
"""Points of a curve that are compared first."""


def join_runs(runs: Sequence[Run], strengths: Sequence[int]) -> list[tuple[list[int], Run]]:
    """Join runs that share a curve.

    Parameters
    ----------
    runs
        All from one directory (and below it).
    strengths
        How sure the reader of each was; the surest one's view of the run leads.

    Returns
    -------
    For each training the indices of its logs (the leading one first) and the joined run, in the order of `runs`.
    """
    groups: list[list[int]] = []
    if len(runs) == 1:
        return [([0], runs[0])]
    curves = [_telling(run) for run in runs]
    alike = _alike(curves)
    for index, run in enumerate(runs):
        home = next(
            (
                group
                for group in groups
                if any(
                    (other, index) in alike
                    and runs[other].source != run.source
                    and _share(curves[other], curves[index])
                    for other in group
                )
            ),
            None,
        )
        if home is None:
            groups.append([index])
        else:
            home.append(index)
    joined = []
    for group in groups:
        leader = max(group, key=lambda index: (strengths[index], len(runs[index].series), -index))
        order = [leader, *(index for index in group if index != leader)]
        joined.append((order, _merged([runs[index] for index in order])))
    return joined


def _share(one: Sequence[Series], other: Sequence[Series]) -> bool:
    return any(_same_curve(a, b) for a in one for b in other)


def _alike(curves: Sequence[Sequence[Series]]) -> set[tuple[int, int]]:
    """Pairs of runs that are worth comparing point by point.

    In a directory of hundreds of runs nearly no pair is of one training, which a few points of each curve tell:
    where nine of ten points agree, half of a sample does. Curves with the same steps are compared all at once.
    """
    grids: dict[bytes, list[tuple[int, Series]]] = {}
    for index, own in enumerate(curves):
        for series in own:
            grids.setdefault(series.step.tobytes(), []).append((index, series))
    known = list(grids.values())
    found: set[tuple[int, int]] = set()
    for place, members in enumerate(known):
        for others in known[place:]:
            owners = np.array([index for index, _ in others])
            for rows, rows_b in _sampled(members[0][1].step, others[0][1].step):
                sample = np.stack([series.value[rows_b] for _, series in others])
                for index, series in members:
                    near = owners[_near(series.value[rows], sample)].tolist()
                    found.update((min(index, other), max(index, other)) for other in near if other != index)
    return found


def _sampled(one: np.ndarray, other: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Places of two step arrays to compare: by number where both are as long, and at steps that both have."""
    short, long = sorted((one.size, other.size))
    picked = (np.arange(_SAMPLE) * 0.618034 % 1.0 * short).astype(np.int64)  # no stride: logs may be one in so many
    places = [(picked, picked)] if long - short <= max(2, long // 50) else []
    if short == long and np.array_equal(one, other):
        return places
    dense, sparse = (one, other) if one.size == long else (other, one)
    at = np.minimum(np.searchsorted(dense, sparse[picked]), long - 1)
    common = dense[at] == sparse[picked]
    if common.any():
        pair = at[common], picked[common]
        places.append(pair if dense is one else (pair[1], pair[0]))
    return places


def _near(own: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which rows of `others` agree with `own` in at least half of their places, roughly."""
    with np.errstate(invalid="ignore"):  # infinity less infinity
        close = np.abs(others - own) <= 2 * _TOLERANCE * np.abs(own) + 2e-4
    close |= ~np.isfinite(others) & ~np.isfinite(own)
    answer: np.ndarray = close.mean(axis=1) >= 0.5
    return answer


def _telling(run: Run) -> list[Series]:
    """Curves that belong to one training alone, longest first."""
    series = [s for s in run.series.values() if not _SHARED.search(s.tag.lower()) and len(s) >= 2]
    series = [s for s in series if len(set(s.value[np.isfinite(s.value)][:64].tolist())) >= 2]
    return sorted(series, key=len, reverse=True)[:_MOST_SERIES]


def _same_curve(a: Series, b: Series) -> bool:
    short, long = sorted((len(a), len(b)))
    if long - short <= max(2, long // 50) and _close(a.value[:short], b.value[:short]):
        return True
    common, in_a, in_b = np.intersect1d(a.step, b.step, return_indices=True)
    return common.size >= max(4, short // 5) and _close(a.value[in_a], b.value[in_b])


def _close(a: np.ndarray, b: np.ndarray) -> bool:
    """Nine of ten values agree, as printed with few digits, and they are not all the same value."""
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < 2 or np.any(np.isfinite(a) != np.isfinite(b)):
        return False
    a, b = a[both], b[both]
    digits = 10.0**-4 if np.all(b == np.round(b, 4)) or np.all(a == np.round(a, 4)) else 0.0
    if a.min() == a.max():
        return False
    agree = np.abs(a - b) <= _TOLERANCE * np.maximum(np.abs(a), np.abs(b)) + digits
    # A short curve has to agree everywhere: three values of two runs can be close by chance.
    return bool(agree.mean() >= 0.9 if a.size >= 10 else agree.all()) and np.ptp(a) > 4 * np.median(np.abs(a - b))


def _merged(runs: Sequence[Run]) -> Run:
    """The leading log, with the curves and hyperparameters that only the others have."""
    leader = runs[0]
    if len(runs) == 1:
        return leader
    series = dict(leader.series)
    hyperparameters = dict(leader.hyperparameters)
    notes = list(leader.notes)
    units = {s.unit for s in leader.series.values()}
    for other in runs[1:]:
        added = []
        for tag, curve in other.series.items():
            known = tag in series or any(_same_curve(curve, mine) for mine in leader.series.values())
            if not known and curve.unit in units:
                series[tag] = curve
                added.append(tag)
        for name, value in other.hyperparameters.items():
            hyperparameters.setdefault(name, value)
        gained = f", which adds {', '.join(added[:4])}{'...' if len(added) > 4 else ''}" if added else ""
        notes.append(f"the same training is also in {other.source}{gained}")
    return replace(leader, series=series, hyperparameters=hyperparameters, notes=tuple(notes))
