"""What a rule says: a symptom with its evidence, or why it could not judge."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a symptom is for the outcome of the run, mildest first."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 (info) to 3 (critical)."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of training: first and last step, both included."""

    first_step: int
    last_step: int

    def __post_init__(self) -> None:
        if self.last_step < self.first_step:
            raise ValueError(f"span ends at {self.last_step} before it begins at {self.first_step}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A number that one can argue with: what was measured, where, and what it was held against.

    Parameters
    ----------
    measure
        What was measured, in a few words.
    value, comparison, threshold
        ``value comparison threshold`` is true, e.g. 0.41 ``>`` 0.15.
    unit
        Unit of value and threshold; empty for a ratio.
    tag
        The curve it was measured on.
    span
        Where.
    """

    measure: str
    value: float
    comparison: str
    threshold: float
    unit: str
    tag: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A symptom in a run; cannot be built without evidence."""

    code: str
    name: str
    severity: Severity
    confidence: float
    message: str
    evidence: tuple[Evidence, ...]

    def __post_init__(self) -> None:
        if not self.evidence:
            raise ValueError(f"finding {self.code} has no evidence")
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"finding {self.code}: confidence {self.confidence} is not in [0, 1]")

    @property
    def span(self) -> Span:
        """The stretch that the first, leading piece of evidence covers."""
        return self.evidence[0].span


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """A rule that could not judge this run, and why."""

    code: str
    reason: str
