"""What a rule is: one file, one symptom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from lrdoctor.records import Finding, Run, Severity, Verdict


@dataclass(frozen=True, slots=True)
class Example:
    """A run, made when asked for, on which a rule must fire or stay silent.

    Parameters
    ----------
    title
        What it shows, in a few words.
    make
        Builds the run (with `lrdoctor.synth`).
    fires
        Whether the rule must find something.
    """

    title: str
    make: Callable[[], Run]
    fires: bool


class Rule:
    """Base of all rules; the docstring of a rule is its documentation page.

    Attributes
    ----------
    code, name
        Short code (three letters, three digits) and a name that reads well after "allow".
    verdict
        What a run with this finding is called; None for a remark that leaves the verdict alone.
    silences
        Codes of the consequences that this cause explains.
    settings
        Thresholds, each with its source; nowhere else does the rule hold a number.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    severity: ClassVar[Severity]
    verdict: ClassVar[Verdict | None]
    silences: ClassVar[frozenset[str]] = frozenset()
    settings: Any
    examples: ClassVar[tuple[Example, ...]]

    check: Callable[..., Finding | None]
    """Takes what its parameter names say (roles, signals); answers a finding or None."""
