"""Takes the numbers of many lines of one shape at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.readers._text.shapes import NUMBER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lrdoctor.readers._text.nouns import Line

    Floats = NDArray[np.float64]

_THOUSANDS = re.compile(rb"[-+]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?(?:[eE][-+]?\d+)?")
_PIECE = re.compile(rb"\S+")


def _only(letters: bytes) -> bytes:
    return bytes(code if code in letters else 32 for code in range(256))


# Everything but what numbers are written with becomes a blank: what is left falls apart at blanks, at a tenth
# of the cost of searching for numbers. The pieces of words that are left are the same on all lines of a
# shape.
_PLAIN = _only(b"0123456789.,+-eE")
_WITH_NAN = _only(b"0123456789.,+-eEnNaAiIfFtTyY")


@dataclass(frozen=True, slots=True)
class Taking:
    """How the numbers of one shape of line are taken.

    Parameters
    ----------
    line
        What the shape was read as.
    count
        How many numbers such a line has.
    places
        For each number that is wanted, which of the blank-separated pieces it is; None where a number is
        not a
        piece of its own.
    width
        How many pieces such a line has.
    letters
        The translation that leaves the pieces.
    """

    line: Line
    count: int
    places: dict[int, int] | None
    width: int
    letters: bytes

    @classmethod
    def learn(cls, raw: bytes, line: Line) -> Taking:
        """Find out from one line of the shape."""
        spans = [match.span() for match in NUMBER.finditer(raw)]
        wanted = {field.token for field in line.fields} | {f.over for f in line.fields if f.over >= 0}
        words = any(raw[spans[token][1] - 1 : spans[token][1]].isalpha() for token in wanted)
        letters = _WITH_NAN if words else _PLAIN
        pieces = {match.span(): n for n, match in enumerate(_PIECE.finditer(_blanked(raw + b"\n", letters)))}
        places = {token: pieces.get(spans[token], -1) for token in wanted}
        return cls(line, len(spans), None if -1 in places.values() else places, len(pieces), letters)

    def take(self, lines: Sequence[bytes]) -> Floats | None:
        """The fields of all lines, float64 [lines, fields]; None where a line is of another shape."""
        text = b"\n".join(lines) + b"\n"
        if self.places is not None:
            pieces = _blanked(text, self.letters).split()
            if len(pieces) == self.width * len(lines):
                values = self._fields(pieces, self.width, self.places, len(lines))
                if values is not None:
                    return values
        tokens = NUMBER.findall(text)
        if len(tokens) != self.count * len(lines):
            return None
        return self._fields(tokens, self.count, None, len(lines))

    def _fields(self, tokens: list[bytes], width: int, places: dict[int, int] | None, lines: int) -> Floats | None:
        values = np.empty((lines, len(self.line.fields)))
        for number, wanted in enumerate(self.line.fields):
            column = floats(tokens[_place(wanted.token, places) :: width], exact=places is not None)
            if column is None:
                return None
            if wanted.over >= 0:
                over = floats(tokens[_place(wanted.over, places) :: width])
                assert over is not None
                with np.errstate(divide="ignore", invalid="ignore"):
                    column = column / over
            elif wanted.scale != 1.0:
                column = column * wanted.scale
            values[:, number] = column
        return values


def _place(token: int, places: dict[int, int] | None) -> int:
    return token if places is None else places[token]


def _blanked(text: bytes, letters: bytes) -> bytes:
    """Only what numbers are written with, the comma behind a number not among it."""
    return text.translate(letters).replace(b", ", b"  ")


def floats(tokens: Sequence[bytes], *, exact: bool = False) -> Floats | None:
    """Convert printed numbers; commas separate thousands if all of them can, and decimals otherwise.

    Parameters
    ----------
    tokens
        The numbers as printed.
    exact
        Give up (None) if one is not written like a number; otherwise it becomes NaN.
    """
    try:
        return np.fromiter(map(float, tokens), float, len(tokens))
    except ValueError:
        pass
    with_comma = [token for token in tokens if b"," in token]
    if exact and not with_comma:
        return None
    if all(_THOUSANDS.fullmatch(token) for token in with_comma):
        tokens = [token.replace(b",", b"") for token in tokens]
    else:
        tokens = [
            token.replace(b",", b".") if token.count(b",") == 1 and b"." not in token else token for token in tokens
        ]
    return np.fromiter(map(_float, tokens), float, len(tokens))


def _float(token: bytes) -> float:
    try:
        return float(token)
    except ValueError:
        return np.nan
