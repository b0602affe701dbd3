"""What a line of printed text turns out to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["value", "epoch", "step", "total"]


@dataclass(frozen=True, slots=True)
class Field:
    """A number of a line.

    Parameters
    ----------
    token
        Which of the line's numbers.
    tag
        Its name.
    kind
        A value, a count of epochs or steps, or the total that stands behind such a count (``100/5000``).
    rank
        For steps: how much the name is trusted, smaller is better.
    scale
        To be multiplied by (thousands for ``12k``); 0 for a share that `over` divides.
    over
        The number to divide by (``9818/10000`` right).
    mean
        The value is an average so far, printed in parentheses behind the current one.
    """

    token: int
    tag: str
    kind: Kind = "value"
    rank: int = 9
    scale: float = 1.0
    over: int = -1
    mean: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """What a line turned out to be.

    Parameters
    ----------
    what
        ``data`` has named numbers; ``row`` only numbers, under a ``header``; ``heading`` speaks of train or
        validation; ``box`` is a ``| name | value |`` line, ``section`` and ``rule`` structure boxes;
        ``session`` announces another training; an ``aside`` announces that a line is said again.
    fields
        For ``data`` and ``box``, and for ``row`` with the cell number as tag.
    split
        The data that the line is about.
    names
        Column names of a ``header``; the one name of a ``section`` or ``heading``.
    bar
        ``keras`` or ``tqdm`` where the line draws a progress bar, ``summary`` where it sums up the whole
        training.
    """

    what: Literal["data", "row", "header", "heading", "box", "section", "rule", "session", "aside"]
    fields: tuple[Field, ...] = ()
    split: str = ""
    names: tuple[str, ...] = ()
    bar: str = ""
