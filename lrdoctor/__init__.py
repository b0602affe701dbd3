"""lrdoctor reads training logs, names the learning-rate trouble in each run, and says what to change."""

from __future__ import annotations

TYPE_CHECKING = False  # as in typing, which alone would cost more than all the rest of this import
if TYPE_CHECKING:
    from typing import Any

    from lrdoctor.answers import PlanReport
    from lrdoctor.api import diagnose, plan, read, sweep
    from lrdoctor.live.monitor import Monitor
    from lrdoctor.prescribing.layerwise import layerwise
    from lrdoctor.records import Diagnosis, Run, Series
    from lrdoctor.report import Report, SweepReport

__version__ = "0.1.0"

_HOMES = {
    "diagnose": "lrdoctor.api",
    "layerwise": "lrdoctor.prescribing.layerwise",
    "plan": "lrdoctor.api",
    "read": "lrdoctor.api",
    "sweep": "lrdoctor.api",
    "Diagnosis": "lrdoctor.records",
    "Monitor": "lrdoctor.live.monitor",
    "PlanReport": "lrdoctor.answers",
    "Report": "lrdoctor.report",
    "Run": "lrdoctor.records",
    "Series": "lrdoctor.records",
    "SweepReport": "lrdoctor.report",
}

__all__ = [
    "Diagnosis",
    "Monitor",
    "PlanReport",
    "Report",
    "Run",
    "Series",
    "SweepReport",
    "__version__",
    "diagnose",
    "layerwise",
    "plan",
    "read",
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
