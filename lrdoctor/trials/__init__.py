"""The evidence: small networks that were really trained at many learning rates, and how each run ended.

Reading the table needs numpy only; training (``python -m lrdoctor.trials run``) needs the extra
``lrdoctor[trials]``.
"""

from __future__ import annotations

from lrdoctor.trials.grid import TABLE, Grid, load_grid, load_public_grid, load_table
from lrdoctor.trials.outcomes import Outcome, budgets, outcome, treatment_gain

__all__ = [
    "TABLE",
    "Grid",
    "Outcome",
    "budgets",
    "load_grid",
    "load_public_grid",
    "load_table",
    "outcome",
    "treatment_gain",
]
