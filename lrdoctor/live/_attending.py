"""What all callbacks share: look at the monitor as training goes on, report what is new, say when to stop."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lrdoctor.cleaning import clean
from lrdoctor.errors import ConfigError, LrdoctorError
from lrdoctor.records import Verdict
from lrdoctor.renderers._words import dose
from lrdoctor.wording import at, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lrdoctor.live.monitor import Monitor
    from lrdoctor.records import Finding, RunDiagnosis

    Report = Callable[[RunDiagnosis], object]

_SURE = 0.65
"""Confidence below which nothing is done about a finding: it then lies less than a quarter beyond its threshold, or
rests on too few points (`rules._evidence.confidence`). A loss that is NaN after a single number reaches 0.68."""
_IN_A_ROW = 3
"""Looks, with new points before each, that must agree before anything is done: mixed precision skips single steps."""
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
    act_on
        What else to do about findings, by code (or prefix, or name): called once with the diagnosis.
    report
        Called with each diagnosis that says something new; default: a line to the logger ``lrdoctor``, as a warning
        where something is wrong.

    Raises
    ------
    ConfigError
        There is no such rule.
    """

    def __init__(
        self,
        monitor: Monitor,
        stop_on: Iterable[str] = (),
        act_on: Mapping[str, Report] | None = None,
        report: Report | None = None,
    ) -> None:
        self.monitor = monitor
        self._stop = codes_of([stop_on] if isinstance(stop_on, str) else stop_on)
        self._acts = [(codes_of([entry]), act) for entry, act in (act_on or {}).items()]
        self._report = report or to_log
        self._reported = (Verdict.INCONCLUSIVE, frozenset[str]())
        self._in_a_row: dict[str, int] = {}
        self._failed = False

    def look(self) -> Finding | None:
        """Look if it is time to, and act; the finding for which training should stop, if there is one.

        A finding counts if it is sure (0.65) and seen at three looks in a row.
        """
        waiting = any(number < _IN_A_ROW for number in self._in_a_row.values())
        said = self._ask(self.monitor.check if waiting else self.monitor.poll)
        if said is None:
            return None
        if said.plan.confidence >= WORTH_SAYING:
            self._tell(said)
        wanted = self._stop.union(*(codes for codes, _ in self._acts))
        found = [*said.findings, *(finding for finding, _ in said.masked)]
        sure = [finding for finding in found if finding.code in wanted and finding.confidence >= _SURE]
        self._in_a_row = {finding.code: self._in_a_row.get(finding.code, 0) + 1 for finding in sure}
        settled = [finding for finding in sure if self._in_a_row[finding.code] >= _IN_A_ROW]
        codes = {finding.code for finding in settled}
        due = [act for about, act in self._acts if about & codes]
        self._acts = [(about, act) for about, act in self._acts if not about & codes]
        for act in due:
            act(said)
        return next((finding for finding in settled if finding.code in self._stop), None)

    def close(self) -> RunDiagnosis | None:
        """The last word on the run; always reported, unless nothing was logged."""
        said = self._ask(self.monitor.check)
        if said is not None and said.run.series:
            self._report(said)
        return said

    def _ask(self, question: Callable[[], RunDiagnosis | None]) -> RunDiagnosis | None:
        """What the monitor says; None if it fails, since a defect of ours must not cost the user the training."""
        try:
            return question()
        except LrdoctorError:
            raise
        except Exception as error:
            if not self._failed:
                self._failed = True
                words = "the training could not be diagnosed (%s: %s); this is a bug, please report it"
                logging.getLogger("lrdoctor").error(words, type(error).__name__, error)
            return None

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
    for entry in entries:
        rules = find_rules(all_rules(), entry)
        if not rules:
            near = suggestion(entry, [str(name) for rule in all_rules() for name in (rule.code, rule.name)])
            raise ConfigError(f"there is no rule {entry!r}{near or '; `lrdoctor rules` lists them'}")
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
