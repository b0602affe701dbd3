"""What was logged in one kind of call: rows of numbers in compact arrays, thinned once there are very many.

Up to `CAPACITY` rows everything is kept. Beyond it whole stretches of `STRETCH` adjacent rows are kept, one of every 2,
4, 8... evenly over the run, so that increments between neighbours (the noise, a two-cycle of the loss) stay what they
were. Of the stretches that are dropped stay the rows that a diagnosis would miss: values far off the level around
them, the rows at which numbers cease or return, the rows at which a constant is left for another (a cut of the
learning rate). The newest rows are always there.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.signals._stats import MAD_TO_SIGMA

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

CAPACITY = 1 << 16
"""Rows up to which nothing is lost; a power of two, at least 4,096."""
STRETCH = 64
"""Adjacent rows that are kept or dropped together: 1,024 stretches at full capacity, five for each of the 200 block
statistics that a diagnosis rests on."""
_FULL = 3 * (CAPACITY + CAPACITY // 2)
"""Length of the places at which rows are dropped for good."""
_NEWEST = 4096
"""Rows at the end that are never dropped: what `signals.oscillation` looks at, a tenth of all that is kept."""
_FAR = 6.0
"""Robust sigma off the level that make a value stand out; what a rule calls an excursion is as far
(`signals.excursions.MIN_SIGMA`)."""
_MOST_MARKED = CAPACITY // 256
"""Rows that are kept for one reason in one column. So few do not move a 99th percentile of the scatter."""


class Rows:
    """Rows with the same columns, in the order in which they were logged.

    Parameters
    ----------
    names
        The columns.
    """

    __slots__ = ("_places", "_values", "names", "seen")

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.seen = 0
        self._places = array("q")  # number of the row, step, number of the call; row after row
        self._values = array("d")

    def append(self, step: int, call: int, values: list[float]) -> None:
        """Add a row; `call` counts the calls of all kinds, so that their order is known."""
        self._places.extend((self.seen, step, call))
        self._values.extend(values)
        self.seen += 1
        if len(self._places) >= _FULL:
            places, kept = self._kept()
            self._places, self._values = array("q", places.tobytes()), array("d", kept.tobytes())

    @property
    def nbytes(self) -> int:
        """Memory that the rows take."""
        return 8 * (len(self._places) + len(self._values))

    def table(self) -> tuple[Ints, Ints, Floats]:
        """Copies of step [n], call [n] and values [n, columns] of the rows that are to be judged."""
        places, values = self._kept()
        return places[:, 1], places[:, 2], values

    def _kept(self) -> tuple[Ints, Floats]:
        places = np.frombuffer(self._places, np.int64).reshape(-1, 3)
        values = np.frombuffer(self._values, np.float64).reshape(len(places), len(self.names))
        if self.seen <= CAPACITY:
            return places.copy(), values.copy()
        which = to_keep(places[:, 0], values, self.seen)
        return places[which], values[which]


def to_keep(number: Ints, values: Floats, seen: int) -> Bools:
    """Which rows to keep.

    Parameters
    ----------
    number
        int64 [n], increasing: which of all rows ever logged these are.
    values
        float64 [n, columns].
    seen
        Rows ever logged, more than `CAPACITY`.

    Returns
    -------
    bool [n]
    """
    every = 1 << (-(-seen // CAPACITY) - 1).bit_length()
    stretch = number // STRETCH
    even: Bools = (stretch % every == 0) | (number >= seen - _NEWEST)
    kept = even.copy()
    for column in values.T:
        for rows in (_ends_of_numbers(column), _cuts(column), _far_off(number, column, even)):
            kept[rows] = True
    return kept


def _ends_of_numbers(column: Floats) -> Ints:
    """Rows on both sides of where numbers cease or return; the first and the last of very many."""
    edges = np.flatnonzero(np.diff(np.isfinite(column)))
    half = _MOST_MARKED // 4
    edges = edges if edges.size <= 2 * half else np.concatenate([edges[:half], edges[-half:]])
    return np.concatenate([edges, edges + 1])


def _cuts(column: Floats) -> Ints:
    """Rows on both sides of where one constant is left for another; the largest of very many."""
    same = np.diff(column) == 0.0
    edges = 1 + np.flatnonzero(~same[1:-1] & same[:-2] & same[2:])
    size = np.abs(column[edges + 1] - column[edges])
    edges = edges[np.argsort(-size, kind="stable")[: _MOST_MARKED // 2]]
    return np.concatenate([edges, edges + 1])


def _far_off(number: Ints, column: Floats, even: Bools) -> Ints:
    """Rows whose value is far off the level that the evenly kept stretches show; the farthest of very many."""
    good = even & np.isfinite(column)
    begins = np.flatnonzero(np.diff(number[good] // STRETCH, prepend=-1))
    sizes = np.diff(np.append(begins, np.count_nonzero(good)))
    whole = begins[sizes == STRETCH]
    if not whole.size:
        return np.empty(0, np.int64)
    blocks = column[good][whole[:, None] + np.arange(STRETCH)]
    middle = _middle(blocks)
    with np.errstate(over="ignore"):
        spread = MAD_TO_SIGMA * _middle(np.abs(blocks - middle[:, None]))
    centre = number[good][whole] + STRETCH / 2
    at = np.flatnonzero(~even & np.isfinite(column))
    level, sigma = np.interp(number[at], centre, middle), np.interp(number[at], centre, spread)
    with np.errstate(over="ignore"):
        off = np.abs(column[at] - level)
        far = np.where((sigma > 0) & (off > _FAR * sigma), off / np.where(sigma > 0, sigma, 1.0), 0.0)
    order = np.argsort(-far, kind="stable")[:_MOST_MARKED]
    return at[order[far[order] > 0]]


def _middle(blocks: Floats) -> Floats:
    """Median of each row of [m, STRETCH]; numpy sorts rows of 64 twenty times as fast as it picks from them."""
    ranked = np.sort(blocks, axis=1)
    middle: Floats = ranked[:, STRETCH // 2 - 1] / 2.0 + ranked[:, STRETCH // 2] / 2.0
    return middle
