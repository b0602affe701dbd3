"""What a renderer is told and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Diagnosis

Verbosity = Literal[-1, 0, 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a diagnosis is to be said; a renderer uses what applies to it.

    Parameters
    ----------
    width
        Columns of the terminal; None: not a terminal, so nothing is wrapped, cut or coloured.
    color
        Whether to colour.
    verbosity
        -1: one line per run that has something; 0: what matters; 1: all evidence.
    unreadable
        Whether to list what could not be read; False where the caller says it elsewhere.
    links
        Whether the terminal follows links (OSC 8); they come with colour only.
    """

    width: int | None = None
    color: bool = False
    verbosity: Verbosity = 0
    unreadable: bool = True
    links: bool = False


class Renderer(Protocol):
    """One form of the report: a module of `lrdoctor.renderers` with such an object as `RENDERER`."""

    name: str
    """What `--format` calls it: the name of the module."""
    suffix: str
    """Usual extension of a file of this form, with its dot."""

    def render(self, diagnosis: Diagnosis, options: Options) -> Iterator[str]:
        """Yield the report in pieces that are to be written one after the other."""
        ...
