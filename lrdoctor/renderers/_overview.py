"""Many runs: a block for each that needs something, worst first; the others by name."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from lrdoctor.cleaning import clean, elide
from lrdoctor.records import Verdict
from lrdoctor.renderers import _words as words
from lrdoctor.renderers._lines import BLANK, Line
from lrdoctor.renderers._parts import drawn, finding_lines, mark, remark_lines, verdict_style
from lrdoctor.wording import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lrdoctor.records import RunDiagnosis
    from lrdoctor.renderers._base import Options
    from lrdoctor.renderers._lines import Part

_WIDE = 160
"""Columns from which verdict, run, curve and advice share a line."""
_PICTURE = 24
"""Columns of the curve there."""
_NAMES_SHOWN = 12


def overview(runs: Sequence[RunDiagnosis], options: Options) -> Iterator[Line]:
    """Describe runs that are in the order of `worst_first`."""
    folded = words.FOLDED if options.verbosity < 1 else frozenset()
    spoken = [said for said in runs if said.verdict not in folded]
    widths = (
        max((len(said.verdict) for said in spoken), default=0),
        min(max((len(clean(said.run.id)) for said in spoken), default=0), 48),
    )
    for said in spoken:
        yield from _block(said, widths, options)
        if options.verbosity >= 0:
            yield BLANK
    if options.verbosity >= 0:
        for verdict in (Verdict.INCONCLUSIVE, Verdict.HEALTHY):
            same = [said for said in runs if said.verdict is verdict and verdict in folded]
            if same:
                yield from _fold(verdict, same, options)
                yield BLANK


def _block(said: RunDiagnosis, widths: tuple[int, int], options: Options) -> Iterator[Line]:
    """One run of many."""
    yield from _headline(said, widths, options)
    if options.verbosity < 0:
        return
    if options.verbosity > 0 and said.plan.reason:
        yield Line([("  ", "")], [(clean(said.plan.reason, 600), "")])
    for finding in said.findings:
        yield from finding_lines(finding, said, evidence=options.verbosity > 0)
    if options.verbosity > 0:
        yield from remark_lines(said)


def _headline(said: RunDiagnosis, widths: tuple[int, int], options: Options) -> Iterator[Line]:
    """Verdict, run, curve and advice: in columns where there is room, the advice in a row of its own where not."""
    width, told = options.width, options.verbosity >= 0
    verdict = f"{mark(said.verdict, options)}{said.verdict.ljust(widths[0])}  "
    lead: list[Part] = [(verdict, verdict_style(said.verdict))]
    curve = words.leading_curve(said)
    phrases = "".join(f", {phrase}" for phrase in words.treatment(said, brief=True)) if told else ""
    sure = f"; {percent(said.plan.confidence)} sure"
    advice: list[Part] = [(words.advice(said), "dose"), (phrases, ""), (sure, "dim")]
    name = clean(said.run.id)
    if width is None or not told:
        name = name if width is None else elide(name, width // 3)
        tail = partial(drawn, curve) if curve is not None and width is None else None
        yield Line([*lead, (f"{name.ljust(widths[1])}  ", "name")], advice, tail)
    elif width >= _WIDE:
        columns = min(widths[1], width // 5)
        picture = drawn(curve, _PICTURE) if curve is not None else ""
        lead += [(f"{elide(name, columns).ljust(columns)}  ", "name"), (f"{picture.ljust(_PICTURE)}  ", "curve")]
        yield Line(lead, advice)
    else:
        tail = partial(drawn, curve) if curve is not None else None
        yield Line(lead, [(elide(name, max(width - widths[0] - 24, 20)), "name")], tail, max(16, width // 4))
        yield Line([("  ", "")], advice)


def _fold(verdict: Verdict, runs: Sequence[RunDiagnosis], options: Options) -> Iterator[Line]:
    """Many runs of which nothing needs doing in one line; inconclusive ones by what is missing."""
    title: Part = (f"{mark(verdict, options)}{len(runs):,} {verdict}: ", verdict_style(verdict))
    if verdict is Verdict.HEALTHY:
        names, rest = _names(runs, options)
        yield Line([title], [(names, ""), (rest, "dim")])
        return
    advice = {said.plan.reason for said in runs}
    head = advice.pop() if len(advice) == 1 else ""
    yield Line(
        [title],
        [(clean(head or "the log does not say enough", 600), "")],
    )
    by_reason = sorted(runs, key=lambda said: (_obstacle(said, head), words.natural(said.run.id)))
    for reason, group in groupby(by_reason, key=lambda said: _obstacle(said, head)):
        names, rest = _names(list(group), options)
        yield Line(
            [("    ", "")],
            [(names, "name"), (rest, "dim"), (f": {clean(reason, 600)}" if reason else "", "")],
        )


def _obstacle(said: RunDiagnosis, told: str) -> str:
    """Why nothing can be said of a run: its first finding, or its advice unless that has been told."""
    if said.findings:
        return said.findings[0].message
    return "" if said.plan.reason == told else said.plan.reason


def _names(runs: Sequence[RunDiagnosis], options: Options) -> tuple[str, str]:
    shown = runs if options.width is None else runs[:_NAMES_SHOWN]
    rest = len(runs) - len(shown)
    return ", ".join(clean(said.run.id, 80) for said in shown), f" and {rest:,} more" if rest else ""
