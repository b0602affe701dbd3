"""lrdoctor reads training logs, names the learning-rate trouble in each run, and says what to change."""

from __future__ import annotations

TYPE_CHECKING = False  # as in typing, which alone would cost more than all the rest of this import
if TYPE_CHECKING:
    from typing import Any

    from lrdoctor.answers import CompareReport, PlanReport, RangeTestReport
    from lrdoctor.api import compare, diagnose, diagnose_each, plan, range_test, read, sweep
    from lrdoctor.live.monitor import Monitor
    from lrdoctor.live.range_test import RangeTest
    from lrdoctor.prescribing.layerwise import layerwise
    from lrdoctor.prescribing.schedules import schedule
    from lrdoctor.records import Diagnosis, Run, Series
    from lrdoctor.report import Report, SweepReport

__version__ = "0.1.0"

_HOMES = {
    "compare": "lrdoctor.api",
    "diagnose": "lrdoctor.api",
    "diagnose_each": "lrdoctor.api",
    "layerwise": "lrdoctor.prescribing.layerwise",
    "plan": "lrdoctor.api",
    "range_test": "lrdoctor.api",
    "read": "lrdoctor.api",
    "schedule": "lrdoctor.prescribing.schedules",
    "sweep": "lrdoctor.api",
    "CompareReport": "lrdoctor.answers",
    "Diagnosis": "lrdoctor.records",
    "Monitor": "lrdoctor.live.monitor",
    "PlanReport": "lrdoctor.answers",
    "RangeTest": "lrdoctor.live.range_test",
    "RangeTestReport": "lrdoctor.answers",
    "Report": "lrdoctor.report",
    "Run": "lrdoctor.records",
    "Series": "lrdoctor.records",
    "SweepReport": "lrdoctor.report",
}

__all__ = [
    "CompareReport",
    "Diagnosis",
    "Monitor",
    "PlanReport",
    "RangeTest",
    "RangeTestReport",
    "Report",
    "Run",
    "Series",
    "SweepReport",
    "__version__",
    "compare",
    "diagnose",
    "diagnose_each",
    "layerwise",
    "plan",
    "range_test",
    "read",
    "schedule",
    "sweep",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used: `import lrdoctor` alone costs next to nothing."""
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'lrdoctor' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
