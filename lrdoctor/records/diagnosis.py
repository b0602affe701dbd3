"""All that was said; deterministic, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrdoctor.records.findings import Finding, Skip
    from lrdoctor.records.plan import Plan
    from lrdoctor.records.run import Run


class Verdict(StrEnum):
    """One word for a run."""

    HEALTHY = "healthy"
    LR_TOO_HIGH = "lr-too-high"
    LR_TOO_LOW = "lr-too-low"
    NEEDS_DECAY = "needs-decay"
    UNSTABLE = "unstable"
    DIVERGED = "diverged"
    OVERFITTING = "overfitting"
    STALLED = "stalled"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunDiagnosis:
    """What was said about one run."""

    run: Run
    verdict: Verdict
    findings: tuple[Finding, ...]
    plan: Plan
    skips: tuple[Skip, ...] = ()
    masked: tuple[tuple[Finding, str], ...] = ()
    """Findings that another one explains, each with the code of its cause."""

    def __repr__(self) -> str:
        codes = ", ".join(finding.code for finding in self.findings) or "no findings"
        return f"RunDiagnosis({self.run.id!r}, {self.verdict}, {codes}, LR x {self.plan.lr.factor:.3g})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A file that looked like a log and could not be read, or holds no training curve."""

    source: str
    error: str
    transient: bool = False
    """True where the file might be read another time: the disk failed, or time or memory ran out."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Diagnosis:
    """Everything said about everything that was read."""

    runs: tuple[RunDiagnosis, ...]
    unreadable: tuple[Unreadable, ...] = ()
    version: str = ""
    complete: bool = True
    """False where the work was interrupted, so that there is more than was read."""
