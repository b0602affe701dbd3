"""The report for people: worst run first, healthy ones in one line; for a terminal, or plain for a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.cleaning import clean
from lrdoctor.renderers import _words as words
from lrdoctor.renderers._lines import BLANK, Line, paint
from lrdoctor.renderers._overview import overview
from lrdoctor.renderers._parts import verdict_style
from lrdoctor.renderers._single import single
from lrdoctor.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lrdoctor.records import Diagnosis
    from lrdoctor.renderers._base import Options
    from lrdoctor.renderers._lines import Part


class TextRenderer:
    """Renders for people."""

    name = "text"
    suffix = ".txt"

    def render(self, diagnosis: Diagnosis, options: Options) -> Iterator[str]:
        """Yield the rows of the report."""
        yield from paint(_lines(diagnosis, options), options)


RENDERER = TextRenderer()


def _lines(diagnosis: Diagnosis, options: Options) -> Iterator[Line]:
    runs = words.worst_first(diagnosis.runs)
    if len(runs) == 1 and options.verbosity >= 0:
        yield from single(runs[0], options)
    else:
        yield from overview(runs, options)
    if options.unreadable and options.verbosity >= 0:
        for lost in diagnosis.unreadable:
            yield Line([("unreadable  ", "warn")], [(f"{clean(lost.source)}: {clean(lost.error, 400)}", "")])
        if diagnosis.unreadable:
            yield BLANK
    if options.verbosity >= 0 and (len(runs) != 1 or diagnosis.unreadable):
        yield _summary(diagnosis)
    codes = [finding.code for said in runs for finding in said.findings]
    if codes and options.width is not None and options.verbosity >= 0:
        yield from _hint(codes[0], options, many=len(runs) > 1)


def _summary(diagnosis: Diagnosis) -> Line:
    counts = words.tally(diagnosis.runs)
    parts: list[Part] = [(f"{counted(len(diagnosis.runs), 'run')}", "name"), (": " if counts else "", "")]
    shares = ((f"{number:,} {verdict}", verdict_style(verdict)) for verdict, number in counts.items())
    parts += _joined(shares)
    if diagnosis.unreadable:
        parts.append((f"; {counted(len(diagnosis.unreadable), 'file')} could not be read", "warn"))
    return Line((), parts)


def _hint(code: str, options: Options, *, many: bool) -> Iterator[Line]:
    """How to learn more; for people at a terminal only."""
    more = "; -v shows the evidence" if many and options.verbosity < 1 else ""
    if not many:
        yield BLANK
    yield Line((), [(f"`lrdoctor explain {clean(code)}` says what a finding means{more}", "dim")])


def _joined(parts: Iterable[Part]) -> list[Part]:
    joined: list[Part] = []
    for number, part in enumerate(parts):
        joined += [(", ", ""), part] if number else [part]
    return joined
