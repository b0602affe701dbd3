"""What all callbacks share: look at the monitor as training goes on, report what is new, say when to stop."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lrdoctor.errors import ConfigError
from lrdoctor.records import Verdict
from lrdoctor.renderers._clean import clean
from lrdoctor.renderers._words import dose
from lrdoctor.wording import at, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lrdoctor.live.monitor import Monitor
    from lrdoctor.records import Finding, RunDiagnosis

    Report = Callable[[RunDiagnosis], None]

_SURE = 0.65
"""Confidence below which a finding stops no run: it then lies less than a quarter beyond its threshold, or rests on too
few points (`rules._evidence.confidence`). A loss that is NaN after a single number reaches 0.68."""
_IN_A_ROW = 3
"""Looks, with new points before each, that must agree before a run is stopped: mixed precision skips single steps."""
WORTH_SAYING = 0.5
"""A plan that is less likely right than wrong is not reported while the run goes on."""


class Attendant:
    """Stands between a monitor and a framework's callback.

    Parameters
    ----------
    monitor
        Which to look at.
    stop_on
        Codes (or prefixes, or names) of the findings for which `look` asks to stop; none: it never does.
    report
        Called with each diagnosis that says something new; default: a line to the logger ``lrdoctor``, as a warning
        where something is wrong.

    Raises
    ------
    ConfigError
        There is no such rule.
    """

    def __init__(self, monitor: Monitor, stop_on: Iterable[str] = (), report: Report | None = None) -> None:
        self.monitor = monitor
        self._codes = codes_of(stop_on)
        self._report = report or to_log
        self._reported = (Verdict.INCONCLUSIVE, frozenset[str]())
        self._asking = 0

    def look(self) -> Finding | None:
        """Look if it is time to; the finding for which training should stop, if there is one.

        A finding stops a run if it is sure (0.65) and seen at three looks in a row.
        """
        said = self.monitor.check() if self._asking else self.monitor.poll()
        if said is None:
            return None
        if said.plan.confidence >= WORTH_SAYING:
            self._tell(said)
        found = [*said.findings, *(finding for finding, _ in said.masked)]
        asking = next((one for one in found if one.code in self._codes and one.confidence >= _SURE), None)
        self._asking = self._asking + 1 if asking is not None else 0
        return asking if self._asking >= _IN_A_ROW else None

    def close(self) -> RunDiagnosis:
        """The last word on the run; always reported, unless nothing was logged."""
        said = self.monitor.check()
        if said.run.series:
            self._report(said)
        return said

    def _tell(self, said: RunDiagnosis) -> None:
        """Report what is news."""
        if (news := gist(said)) != self._reported:
            self._reported = news
            self._report(said)


def gist(said: RunDiagnosis) -> tuple[Verdict, frozenset[str]]:
    """What has to change for a diagnosis to be news: the verdict, or the findings."""
    return said.verdict, frozenset(finding.code for finding in said.findings)


def codes_of(entries: Iterable[str]) -> frozenset[str]:
    """Codes of the rules that some codes, prefixes or names stand for.

    Raises
    ------
    ConfigError
        There is no such rule; the message names what comes close.
    """
    from lrdoctor.config import find_rules, suggestion
    from lrdoctor.engine import all_rules

    codes: set[str] = set()
    for entry in [entries] if isinstance(entries, str) else entries:
        rules = find_rules(all_rules(), entry)
        if not rules:
            near = suggestion(entry, [str(name) for rule in all_rules() for name in (rule.code, rule.name)])
            raise ConfigError(f"stop_on: there is no rule {entry!r}{near or '; `lrdoctor rules` lists them'}")
        codes.update(rule.code for rule in rules)
    return frozenset(codes)


def line(said: RunDiagnosis) -> str:
    """A diagnosis in one line: where the run is, its verdict, the dose, the leading finding."""
    ends = [(int(series.step[-1]), series.unit) for series in said.run.series.values() if len(series)]
    where = f", {at(*max(ends))}" if ends else ""
    sure = f"{percent(said.plan.confidence)} sure"
    found = "".join(f"; {clean(one.code)} {clean(one.message, 600)}" for one in said.findings[:1])
    return f"{clean(said.run.id)}{where}: {said.verdict}, {dose(said.plan)} ({sure}){found}"


def to_log(said: RunDiagnosis) -> None:
    """Write a line to the logger ``lrdoctor``."""
    wrong = said.verdict not in (Verdict.HEALTHY, Verdict.INCONCLUSIVE)
    logging.getLogger("lrdoctor").log(logging.WARNING if wrong else logging.INFO, "%s", line(said))
