"""Was the learning rate scaled with the batch size, as the optimizer asks for?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lrdoctor.prescribing.optimizers import batch_factor, optimizer_name, scales_linearly

if TYPE_CHECKING:
    from lrdoctor.studies.facts import Facts

_TOLERANCE = 1.5
"""Factor within which a rate counts as scaled: half a step of a grid in factors of about 3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchScaling:
    """A change of batch size.

    Parameters
    ----------
    before, after
        Batch sizes.
    rule
        linear for SGD and its kind, square-root for Adam and its kind (sources in `lrdoctor.prescribing.optimizers`);
        unknown where the optimizer is not known, or was changed as well.
    asked
        Factor on the rate that the rule asks for; NaN if the rule is unknown.
    given
        Factor that the rate was multiplied by; NaN if a rate is unknown.
    state
        scaled, too-low (the rate rose less, or fell more, than asked for), too-high, unknown.
    """

    before: float
    after: float
    rule: Literal["linear", "square-root", "unknown"]
    asked: float
    given: float
    state: Literal["scaled", "too-low", "too-high", "unknown"]


def batch_scaling(before: Facts, after: Facts) -> BatchScaling | None:
    """Hold the change of the rate against that of the batch size; None where that is unknown, or did not change."""
    here, there = _batch(before), _batch(after)
    if here is None or there is None or here == there:
        return None
    name, other = (optimizer_name(run.hyperparameters) for run in (before, after))
    rule: Literal["linear", "square-root", "unknown"] = "unknown"
    asked = math.nan
    if name is not None and name == other:
        rule, asked = "linear" if scales_linearly(name) else "square-root", batch_factor(name, there / here)
    given = rate_factor(before, after) or math.nan
    off = given / asked
    state: Literal["scaled", "too-low", "too-high", "unknown"] = (
        "unknown" if math.isnan(off)
        else "too-high" if off > _TOLERANCE
        else "too-low" if off < 1 / _TOLERANCE
        else "scaled"
    )  # fmt: skip
    return BatchScaling(before=here, after=there, rule=rule, asked=asked, given=given, state=state)


def rate_factor(before: Facts, after: Facts) -> float | None:
    """Peak rate after over that before; None if one is unknown."""
    return None if before.lr is None or after.lr is None else after.lr / before.lr


def _batch(run: Facts) -> float | None:
    size = run.hyperparameters.get("batch_size")
    return float(size) if isinstance(size, int | float) and not isinstance(size, bool) and 0 < size < 1e12 else None
