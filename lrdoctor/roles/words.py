"""Cuts a tag into components and words: separators, camelCase, digits, words run together."""

from __future__ import annotations

from functools import lru_cache

from lrdoctor.patterns import pattern
from lrdoctor.roles.vocabulary import vocabulary

_COMPONENT = pattern(r"[/\\|]+|(?<=[^\W\d_])[.:](?=[^\W\d_])")
_WORD = pattern(r"[^\W_]+")
_CAMEL = pattern(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+|[^\WA-Za-z\d_]+")
_LETTERS_DIGITS = pattern(r"([^\W\d_]+)(\d+)")
_TURNED_ROUND = pattern(r"^\s*(?:1\s*)?[-\N{MINUS SIGN}]\s*(?=[^\W\d_])")
# Pieces of a run-together word have at least so many (Latin) letters, so that no word is explained by its
# letters.
_SHORTEST_PIECE = 3
_MOST_PIECES = 4


def components(tag: str) -> tuple[tuple[str, ...], ...]:
    """Cut a tag into components and each of these into lower-case words.

    A leading minus, or "1 -", becomes the word "neg". Components without a word are left out.

    Examples
    --------
    >>> components("data/MNIST_test_lr/trainingLoss")
    (('data',), ('mnist', 'test', 'lr'), ('training', 'loss'))
    """
    cut = []
    for part in _COMPONENT.split(tag):
        words = [word for raw in _WORD.findall(part) for word in spell(raw)]
        if words and _TURNED_ROUND.match(part):
            words = ["neg", *(words[1:] if words[0] == "1" else words)]
        if words:
            cut.append(tuple(words))
    return tuple(cut)


@lru_cache(maxsize=65_536)
def spell(raw: str) -> tuple[str, ...]:
    """The words that one unbroken word consists of.

    Examples
    --------
    >>> spell("AverageEpRet"), spell("lr0"), spell("q0"), spell("valloss")
    (('average', 'ep', 'ret'), ('lr', '0'), ('q0',), ('val', 'loss'))
    """
    low = raw.lower()
    known = _known(low)
    if known is not None:
        return known
    pieces: list[str] = _CAMEL.findall(raw)
    if len(pieces) > 1 and sum(map(len, pieces)) == len(raw):
        return tuple(word for piece in pieces for word in (_known(piece.lower()) or _joined(piece.lower())))
    return _joined(low)


def _known(low: str) -> tuple[str, ...] | None:
    """A word of the vocabulary, with or without a number behind it."""
    terms = vocabulary()
    if low in terms.spelling:
        return terms.spelling[low]
    if low in terms.known:
        return (low,)
    match = _LETTERS_DIGITS.fullmatch(low)
    # One letter and a number is a name of its own (q0, g1, D2): the letter alone would mean something else.
    if match is not None and (len(match[1]) > 1):
        front = _known(match[1])
        if front is not None:
            return (*front, match[2])
    return None


def _joined(low: str) -> tuple[str, ...]:
    """Cut a run-together word where all its pieces are known and it names a curve; else leave it whole."""
    terms = vocabulary()
    if any(low.endswith(head) or low.startswith(head) for head in terms.joining):
        cut = _pieces(low, _MOST_PIECES)
        if cut is not None and (cut[0] in terms.joining or cut[-1] in terms.joining):
            return tuple(word for piece in cut for word in terms.spelling.get(piece, (piece,)))
    return (low,)


def _pieces(low: str, most: int) -> tuple[str, ...] | None:
    """The fewest, longest known pieces first; None if the word cannot be cut."""
    terms = vocabulary()
    for length in range(len(low), 1, -1):
        front, rest = low[:length], low[length:]
        short = length < _SHORTEST_PIECE and front.isascii()
        if short or front not in terms.pieces:
            continue
        if not rest:
            return (front,)
        if rest.isdigit():
            return (front, rest)
        if most > 1 and (tail := _pieces(rest, most - 1)) is not None:
            return (front, *tail)
    return None
