"""Recognise the schedule from the learning rates that were logged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import Unavailable
from lrdoctor.signals._parameters import Parameters, parameters
from lrdoctor.signals._shapes import EQUAL, name_shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from lrdoctor.records import Hyperparameter, Series, StepUnit

    Floats = NDArray[np.float64]

_CUT = 0.75
"""A fall to less than this share between two logged points, flat on both sides, is a cut."""


_UNHEARD_OF = 2.0
"""Nobody warms up to such a rate: twice the upper end for plain SGD in `prescribing/optimizers.toml`."""
_ABRUPT = frozenset({"step", "plateau_triggered", "restarts", "other"})
"""Kinds in which the rate can fall at once."""


@dataclass(frozen=True, slots=True)
class Cut:
    """An abrupt fall of the rate: at which step, and to what share of the rate before."""

    step: int
    factor: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """The course of the learning rate.

    Parameters
    ----------
    kind
        constant, warmup, warmup_constant, linear, cosine, exponential, polynomial, inverse_sqrt, inverse_time, step,
        plateau_triggered, cooldown (constant, then decay), one_cycle, restarts, cyclical, range_test or other; with
        the prefix ``warmup_`` where a decay follows a warm-up.
    peak, first, last
        Rates; `last` is the one in force at the end.
    warmup_steps, warmup_fraction
        Length of the rise to the peak; fraction of the logged run.
    final_fraction
        last / peak.
    decayed_since
        Share of the run at the end during which the rate was below 1 % of the peak.
    decayed_step
        Step from which on it was.
    cuts
        Abrupt falls; none where the kind is a smooth decay, however coarsely its rates are rounded.
    period
        Steps between restarts or cycles; 0 where there are none.
    residual
        Root mean square misfit of the recognised shape, as a share of the peak.
    logged
        False where the kind comes from the configuration alone.
    unit, last_step
        What its steps count, and the last of them.
    parameters
        The numbers that go with the kind: floor, factor, interval of cuts, power...
    """

    kind: str
    peak: float
    first: float
    last: float
    warmup_steps: int
    warmup_fraction: float
    final_fraction: float
    decayed_since: float
    decayed_step: int
    cuts: tuple[Cut, ...]
    period: float
    residual: float
    logged: bool
    unit: StepUnit
    last_step: int
    parameters: Parameters = field(default_factory=Parameters)


def schedule(lr: Series | None, hyperparameters: Mapping[str, Hyperparameter]) -> Schedule:
    """Recognise the schedule from the logged rate, or take its name from the configuration.

    Raises
    ------
    Unavailable
        Neither is there.
    """
    if lr is None:
        return _configured(hyperparameters)
    finite = np.isfinite(lr.value)
    step, rate = (lr.step, lr.value) if finite.all() else (lr.step[finite], lr.value[finite])
    if rate.size == 0:
        raise Unavailable("the learning rate is nowhere finite")
    peak = float(rate.max())
    if peak <= 0.0:
        raise Unavailable("the learning rate is nowhere above zero")
    relative = np.maximum(rate, 0.0) / peak
    span = max(int(step[-1] - step[0]), 1)
    top = int(np.argmax(relative >= 1.0 - EQUAL / 2))
    rising = top > 0 and relative[0] < 0.9 and bool(np.all(np.diff(relative[: top + 1]) > -EQUAL))
    low = relative < 0.01
    decayed = _trailing(low)
    kind, period, residual = name_shape(step, relative, top if rising else 0)
    if kind == "warmup" and (peak > _UNHEARD_OF or hyperparameters.get("schedule") == "range_test"):
        kind = "range_test"  # a linear one looks like a warm-up that has not ended
    cuts = _cuts(step, relative) if kind.removeprefix("warmup_") in _ABRUPT else ()
    return Schedule(
        kind=kind,
        peak=peak,
        first=float(rate[0]),
        last=float(rate[-1]),
        warmup_steps=int(step[top] - step[0]) if rising else 0,
        warmup_fraction=float(step[top] - step[0]) / span if rising else 0.0,
        final_fraction=float(relative[-1]),
        decayed_since=float(step[-1] - step[decayed]) / span if decayed < rate.size else 0.0,
        decayed_step=int(step[min(decayed, rate.size - 1)]),
        period=period,
        residual=residual,
        logged=True,
        cuts=cuts,
        unit=lr.unit,
        last_step=int(step[-1]),
        parameters=parameters(kind, step, relative, peak, top if rising else 0, [(c.step, c.factor) for c in cuts]),
    )


def _configured(hyperparameters: Mapping[str, Hyperparameter]) -> Schedule:
    name, rate = hyperparameters.get("schedule"), hyperparameters.get("lr")
    if not isinstance(name, str):
        raise Unavailable("no learning-rate series, and no schedule in the configuration")
    peak = float(rate) if isinstance(rate, int | float) and abs(rate) < 1e300 else float("nan")
    return Schedule(
        kind=name,
        peak=peak,
        first=peak,
        last=float("nan"),
        warmup_steps=0,
        warmup_fraction=0.0,
        final_fraction=float("nan"),
        decayed_since=0.0,
        decayed_step=0,
        cuts=(),
        period=0.0,
        residual=float("nan"),
        logged=False,
        unit="step",
        last_step=0,
    )


def _trailing(mask: NDArray[np.bool_]) -> int:
    """Index from which on the mask holds to the end; its length if it does not hold at the end."""
    misses = np.flatnonzero(~mask)
    return int(misses[-1]) + 1 if misses.size else 0


def _cuts(step: NDArray[np.int64], relative: Floats) -> tuple[Cut, ...]:
    """Abrupt falls with the rate flat before and after them (a smooth decay logged rarely is none)."""
    before, after = relative[:-1], relative[1:]
    flat = np.abs(np.diff(relative, prepend=relative[0])) <= EQUAL * np.maximum(relative, 1e-12)
    found = np.flatnonzero((after < _CUT * before) & flat[:-1] & np.append(flat[2:], True))
    return tuple(Cut(int(step[i + 1]), float(after[i]) / float(before[i])) for i in found[:64])


SIGNALS = (schedule,)
