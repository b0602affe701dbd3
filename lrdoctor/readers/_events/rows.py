"""Decoded scalars of one block of records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lrdoctor.readers._events.layout import Numbers

    Ints = NDArray[np.int64]


@dataclass(slots=True)
class Rows:
    """Decoded scalars, in the order of their records.

    Parameters
    ----------
    record
        int64 [n], which record of the block each came from.
    tag, step, wall, value
        The columns; `value` is float32 or float64.
    """

    record: Ints
    tag: NDArray[np.int32]
    step: Ints
    wall: NDArray[np.float64]
    value: Numbers


def no_rows() -> Rows:
    """Rows of no records."""
    empty = np.empty(0, np.int64)
    return Rows(empty, np.empty(0, np.int32), empty, np.empty(0), np.empty(0, np.float32))


def in_order(done: Sequence[Rows]) -> Rows:
    """All scalars of a block in the order of their records, and of the values in each."""
    if len(done) <= 1:
        return done[0] if done else no_rows()
    record = np.concatenate([rows.record for rows in done])
    order = np.argsort(record, kind="stable")
    return Rows(
        record[order],
        np.concatenate([rows.tag for rows in done])[order],
        np.concatenate([rows.step for rows in done])[order],
        np.concatenate([rows.wall for rows in done])[order],
        np.concatenate([rows.value for rows in done])[order],
    )
