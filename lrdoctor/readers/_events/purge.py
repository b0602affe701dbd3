"""TensorBoard's rules for what a restarted training makes void.

`EventAccumulator` drops points while it reads: in files of version 2, a session start at step `s` drops every
point at `s` or later that was read before; in files without a version, an event with a smaller step than one
before it drops such points of its own tags. Here the same is worked out for all points at once, from behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

_NEVER = np.iinfo(np.int64).max


def after_restarts(step: Ints, restarts: Sequence[tuple[int, int]]) -> Bools | None:
    """Which points outlive the session starts.

    Parameters
    ----------
    step
        int64 [n], in the order of the file.
    restarts
        Pairs of the number of points before a session start and its step, in the order of the file.

    Returns
    -------
    bool [n], or None if all do.
    """
    keep: Bools | None = None
    limit = _NEVER
    for index in range(len(restarts) - 1, -1, -1):
        count, first = restarts[index]
        begin = restarts[index - 1][0] if index else 0
        limit = min(limit, first)
        if begin < count:
            keep = np.ones(len(step), bool) if keep is None else keep
            keep[begin:count] = step[begin:count] < limit
    return None if keep is None or keep.all() else keep


def purge_late(step: Ints, late: Bools) -> Bools:
    """Which points of one tag outlive its late events: those before every later event that came late."""
    keep = np.ones(len(step), bool)
    if not late.any():
        return keep
    last = int(np.flatnonzero(late)[-1])
    purging = np.where(late[: last + 1], step[: last + 1], _NEVER)
    after = np.minimum.accumulate(purging[::-1])[::-1]
    keep[:last] = step[:last] < after[1:]
    return keep


def mark_late(step: Ints, has_summary: Bools, highest: int) -> tuple[Bools, int]:
    """Which events come after one with a larger step.

    Parameters
    ----------
    step, has_summary
        Every event of a block, in the order of the file.
    highest
        `most_recent_step` before the block; -1 at the start of a file.

    Returns
    -------
    bool [n], and `most_recent_step` behind the block. An event without a summary sets that step even if it is
    smaller, and is never late.
    """
    late = np.zeros(len(step), bool)
    begin = 0
    for end in [*np.flatnonzero(~has_summary).tolist(), len(step)]:
        part = step[begin:end]
        if part.size:
            before = np.maximum.accumulate(np.concatenate([[highest], part]))
            late[begin:end] = part < before[:-1]
            highest = int(before[-1])
        if end < len(step):
            highest = int(step[end])
        begin = end + 1
    return late, highest
