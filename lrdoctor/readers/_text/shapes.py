"""Which lines are written alike: every number, however long, becomes one digit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NUMBER = (
    r"(?:(?<![\w.)\]])[-+])?(?:\d+(?:,\d+)*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
    r"|(?<![\w.])[-+]?(?:nan|NaN|NAN|inf|Inf|INF|infinity|Infinity)(?![\w(])"
)
NUMBER = re.compile(_NUMBER.encode())
"""A number as it is printed; the count of them is the same on all lines of one shape.

Digits with commas between them are one number: whether they separate thousands, decimals or the elements of a
list is decided where the whole column is known.
"""

NUMBER_IN_TEXT = re.compile(_NUMBER, re.ASCII)
"""The same for decoded text: the numbers are the same ones, in the same order."""

_LETTER = np.zeros(256, bool)
_LETTER[[*range(65, 91), *range(97, 123), 95, 64]] = True  # A-Z a-z _ @
# Runs of these are taken for one: what pads columns and draws bars and rules.
_PADDING = np.zeros(256, bool)
_PADDING[[ord(" "), ord("="), ord("-"), ord("*"), ord("#"), ord(">"), 0x80]] = True


def shapes(data: bytes) -> list[bytes]:
    """Reduce each line to its shape.

    Parameters
    ----------
    data
        Lines, each ended by a newline.

    Returns
    -------
    One shape per line: digits collapse to "0" (but stay where they belong to a word, as in ``loss_q1``),
    padding and progress bars collapse to one character, everything else stays. Lines of one shape hold
    the same number of numbers, in the same places.

    Examples
    --------
    >>> shapes(b"step   12 | loss_q1 2.31\\n")
    [b'step 0 | loss_q1 0.0']
    """
    if not data:
        return []
    letters = np.frombuffer(data, np.uint8)
    if not data.isascii():
        letters = _collapse_drawings(letters)
    digit = (letters - np.uint8(48)) < 10
    keep = np.ones(letters.size, bool)
    keep[1:] = (letters[1:] != letters[:-1]) | ~_PADDING[letters[1:]]
    at = np.flatnonzero(digit)
    if at.size:
        first = np.ones(at.size, bool)
        first[1:] = np.diff(at) != 1
        before = letters[at[first] - 1]  # the very first has the last line end before it
        in_word = np.repeat(_LETTER[before], np.diff(np.append(np.flatnonzero(first), at.size)))
        keep[at] = first | in_word
        letters = letters.copy() if not letters.flags.writeable else letters
        letters[at[~in_word]] = 48
    return letters[keep].tobytes().split(b"\n")[:-1]


def _collapse_drawings(letters: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Write U+2000 to U+2FFF (blocks, lines, arrows, bullets) as the byte 0x80, three times."""
    letters = letters.copy()
    lead = np.flatnonzero(letters[:-2] == 0xE2) if letters.size > 2 else np.empty(0, np.intp)
    for offset in range(3):
        letters[lead + offset] = 0x80
    return letters
