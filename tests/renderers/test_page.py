"""A rule's page, from its own docstring and settings."""

from __future__ import annotations

from dataclasses import dataclass

from lrdoctor.records import Severity, Verdict
from lrdoctor.renderers._page import page, summary


@dataclass(frozen=True)
class Settings:
    share: float = 0.5
    """Above this
    it is much."""
    count: int = 3


class Sample:
    """The loss swings. It does so for long.

    ## What it does
    Looks at swings.
    """

    code = "OSC101"
    name = "sustained-oscillation"
    severity = Severity.WARNING
    verdict = Verdict.LR_TOO_HIGH
    settings = Settings()


class Bare:
    """Says one thing"""

    code, name, severity, verdict = "XXX101", "x", Severity.INFO, None


def test_page():
    assert page(Sample()) == (
        "# OSC101 sustained-oscillation\n\n"
        "Severity `warning`, verdict `lr-too-high`.\n\n"
        "The loss swings. It does so for long.\n\n## What it does\nLooks at swings.\n\n"
        "## Settings\n\n"
        'Change them in `[tool.lrdoctor.rules."OSC101"]` of pyproject.toml.\n\n'
        "- `share` = 0.5: Above this it is much.\n- `count` = 3\n"
    )


def test_summary_is_the_first_sentence():
    assert summary(Sample()) == "The loss swings."
    assert summary(Bare()) == "Says one thing"


def test_a_rule_without_settings():
    assert "Settings" not in page(Bare())
    assert "a remark that leaves the verdict alone" in page(Bare())
