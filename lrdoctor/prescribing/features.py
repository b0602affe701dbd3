"""What the dose is estimated from: one row of scale-free numbers per run.

Every entry is invariant to the unit of the loss and nearly so to how densely the run was logged; what a log cannot give
is `MISSING`. The order of `NAMES` belongs to the fitted model.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.prescribing.network import MISSING
from lrdoctor.prescribing.optimizers import optimizer_name, usual_rates
from lrdoctor.prescribing.rates import begin_step, last_step, peak_rate
from lrdoctor.signals._stats import median, robust_sigma

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrdoctor.prescribing.rates import Answers
    from lrdoctor.records import Series
    from lrdoctor.signals.curve import Curve
    from lrdoctor.signals.descent import Descent
    from lrdoctor.signals.noise import Noise

_POSITIONS = (0.003, 0.01, 0.03, 0.1, 0.3, 0.6)
"""Shares of the run at which the fall of the loss is looked at."""
_SHARES = (0.01, 0.1, 0.3)
"""Shares of the run at which it is asked how much of the fall, in units of the loss, is there."""

NAMES: tuple[str, ...] = (
    "log10 rate",
    "log10 rate over usual",
    "plain sgd",
    "momentum",
    "adam-like",
    "rmsprop",
    "adagrad",
    "log10 batch size",
    "log10 steps",
    "log10 points",
    "broke down",
    "broke down at, log10 steps",
    "loss falls in logs",
    "log fall to end",
    "log fall to best",
    "fall over scatter, log10",
    "late gain",
    "late rate",
    "give back",
    "best at",
    "scatter over progress, log10",
    "scatter over loss, log10",
    "early over late scatter, log10",
    "lag 1",
    "lag 2",
    "half way at, log10 of run",
    "nine tenths at, log10 of run",
    "half way at, log10 steps",
    "late power",
    *(f"log fall at {position:g}" for position in _POSITIONS),
    "excursions",
    "tallest excursion, of progress",
    "tallest excursion, log10 ratio",
    "first excursion at",
    "peak over start, log10",
    "alternation",
    "swing over progress, log10",
    "validation log fall",
    "validation best at",
    "validation rise of progress",
    "validation over training end, log",
    "validation log fall at 0.3",
    "gradient end over start, log10",
    "gradient max over median, log10",
    "gradient scatter, log10",
    "late gain in units of the loss",
    *(f"share gained by {position:g}" for position in _SHARES),
    "tenth gained at, log10 steps",
    "scatter over what was gained, log10",
    "roughness over scatter, log10",
    "roughness over progress, log10",
    "wander over roughness, log10",
    "validation late gain",
    "validation jitter over fall, log10",
)


def features(context: Answers) -> NDArray[np.float64]:
    """Describe a run by numbers.

    Returns
    -------
    float64 [len(NAMES)]; `MISSING` where the log does not tell.
    """
    curve, descent, noise = context.find("curve"), context.find("descent"), context.find("noise")
    row = [*_configuration(context, curve), *_breakdown(context, curve)]
    if curve is None or descent is None or noise is None:
        row += [MISSING] * _COURSE
    else:
        row += _course(context, curve, descent, noise)
    row += _validation(context, curve)
    row += _gradient(context.find("grad_norm"))
    if curve is None or descent is None or noise is None:
        row += [math.nan] * (_LEVELS + 3)
    else:
        row += [*_levels(curve, descent, noise), *_slow(curve, descent, noise)]
    row += _validation_course(context)
    values = np.asarray(row, dtype=np.float64)
    values[~np.isfinite(values)] = MISSING
    return values


def _log10(value: float) -> float:
    return math.log10(value) if value > 0 and math.isfinite(value) else math.nan


def _log_ratio(over: float, under: float) -> float:
    """Natural logarithm of a ratio of two numbers above zero, also where the ratio is beyond a double."""
    ratio = over / under
    return math.log(ratio) if 0 < ratio < math.inf else math.log(over) - math.log(under)


def _configuration(context: Answers, curve: Curve | None) -> list[float]:
    known = context.run.hyperparameters
    rate, usual, name = peak_rate(context), usual_rates(known), optimizer_name(known)
    batch = known.get("batch_size")
    train = context.find("train_loss")
    in_steps = train is not None and train.unit == "step"
    return [
        _log10(rate) if rate else math.nan,
        _log10(rate / usual.default) if rate and usual else math.nan,
        float(name == "sgd"),
        float(name in ("momentum", "nesterov")),
        float(name in ("adam", "adamw", "nadam", "radam", "adamax", "amsgrad", "lamb")),
        float(name == "rmsprop"),
        float(name == "adagrad"),
        _log10(float(batch)) if isinstance(batch, int | float) and batch < 1e15 else math.nan,
        _log10(last_step(context) - begin_step(context) + 1.0) if in_steps else math.nan,
        _log10(float(len(curve))) if curve is not None else math.nan,
    ]


def _breakdown(context: Answers, curve: Curve | None) -> list[float]:
    broken = context.find("breakdown")
    if broken is None or broken.recovered:
        return [0.0, math.nan]
    return [1.0, _log10(broken.first_step - begin_step(context) + 1.0)]


def _fall(curve: Curve, start: float, level: float) -> float:
    """Fall from one z to another as a log ratio of losses; for losses that can be negative, over the run's range."""
    if curve.scale == "log":
        return start - level
    first, second = start, level
    if curve.loss.min() > 0:
        return _log_ratio(max(first, 1e-300), max(second, 1e-300))
    span = float(np.ptp(curve.block_z))
    return (first - second) / span if span > 0 else 0.0


_COURSE = 24 + len(_POSITIONS)


def _course(context: Answers, curve: Curve, descent: Descent, noise: Noise) -> list[float]:
    excursions, swing = context.find("excursions") or (), context.find("oscillation")
    progress = max(descent.progress, 1e-300)
    axis, level = curve.progress_axis, curve.block_z
    scatter = noise.sigma if curve.scale == "log" else noise.sigma / max(abs(descent.end), 1e-300)
    half, nine = (_reached(axis, level, descent.start - share * progress) for share in (0.5, 0.9))
    steps = max(float(curve.step[-1]) - float(curve.step[0]), 1.0)
    late = (_fall(curve, curve.level(0.4, 0.6), curve.level(0.8, 1.0))) / math.log(1.8)
    tallest = max(excursions, key=lambda e: e.height, default=None)
    top = float(curve.loss.max()) / curve.to_loss(descent.start) if curve.to_loss(descent.start) > 0 else math.nan
    return [
        float(curve.scale == "log"),
        _clip(_fall(curve, descent.start, descent.end)),
        _clip(_fall(curve, descent.start, descent.best)),
        _log10(descent.significance),
        _clip(descent.late_gain, 2.0),
        _clip(descent.late_rate, 3.0),
        _clip(descent.give_back, 5.0),
        descent.best_at,
        _log10(noise.sigma / progress),
        _log10(scatter),
        _log10(noise.early_sigma / noise.sigma) if noise.sigma > 0 else math.nan,
        noise.lag1,
        noise.lag2,
        _log10(half),
        _log10(nine),
        _log10(half * steps),
        _clip(late, 5.0),
        *(_clip(_fall(curve, descent.start, _level_at(axis, level, position))) for position in _POSITIONS),
        math.log1p(len(excursions)),
        _clip(tallest.share_of_progress, 20.0) if tallest else 0.0,
        _log10(tallest.ratio) if tallest else 0.0,
        min(e.position for e in excursions) if excursions else 1.0,
        _log10(top),
        swing.alternation if swing else math.nan,
        _log10(swing.share_of_progress) if swing else math.nan,
    ]


def _clip(value: float, limit: float = 15.0) -> float:
    return min(max(value, -limit), limit)


def _reached(axis: NDArray[np.float64], level: NDArray[np.float64], target: float) -> float:
    """Share of the run after which the level is first at or below a target; 1 if never."""
    below = np.flatnonzero(level <= target)
    return max(float(axis[below[0]]), 1e-4) if below.size else 1.0


def _level_at(axis: NDArray[np.float64], level: NDArray[np.float64], position: float) -> float:
    return float(np.interp(position, axis, level))


def _validation(context: Answers, curve: Curve | None) -> list[float]:
    series, turned = context.find("val_loss"), context.find("generalization")
    if series is None or curve is None:
        return [math.nan] * 5
    value = series.value[np.isfinite(series.value)]
    if value.size < 2 or value.min() <= 0:
        return [math.nan] * 5
    end = median(value[-max(1, value.size // 6) :])
    train_end = curve.to_loss(curve.level(0.9, 1.0))
    return [
        _clip(_log_ratio(float(value[0]), end)),
        turned.best_at if turned else math.nan,
        _clip(turned.rise_of_progress, 5.0) if turned else math.nan,
        _clip(_log_ratio(end, train_end)) if train_end > 0 else math.nan,
        _clip(_log_ratio(float(value[0]), float(value[int(0.3 * (value.size - 1))]))),
    ]


def _gradient(series: Series | None) -> list[float]:
    if series is None:
        return [math.nan] * 3
    value = series.value[np.isfinite(series.value) & (series.value > 0)]
    if value.size < 5:
        return [math.nan] * 3
    few = max(1, value.size // 10)
    start, end, middle = (median(part) for part in (value[:few], value[-few:], value))
    return [_log10(end / start), _log10(float(value.max()) / middle), _log10(float(np.std(np.diff(np.log(value)))))]


_LEVELS = 3 + len(_SHARES)


def _levels(curve: Curve, descent: Descent, noise: Noise) -> list[float]:
    """The fall in units of the loss itself, whatever scale the curve is judged on: what an outcome is ranked by."""
    level = np.exp(np.minimum(curve.block_z, 700.0)) if curve.scale == "log" else curve.block_z
    axis, start, end = curve.progress_axis, curve.to_loss(descent.start), curve.to_loss(descent.end)
    gained = start - end
    if not gained > 0:
        return [math.nan] * _LEVELS
    middle, late = curve.to_loss(curve.level(0.4, 0.6)), curve.to_loss(curve.level(0.8, 1.0))
    steps = max(float(curve.step[-1]) - float(curve.step[0]), 1.0)
    scatter = noise.sigma * abs(end) if curve.scale == "log" else noise.sigma
    return [
        _clip((middle - late) / gained, 3.0),
        *(_clip((start - _level_at(axis, level, position)) / gained, 3.0) for position in _SHARES),
        _log10(_reached(axis, level, start - 0.1 * gained) * steps),
        _log10(scatter / gained),
    ]


def _slow(curve: Curve, descent: Descent, noise: Noise) -> list[float]:
    """How the level itself moves about in the second half: minibatch noise averages out, what the rate shakes does
    not."""
    level = curve.block_z[curve.block_z.size // 2 :]
    if level.size < 8:
        return [math.nan] * 3
    rough = _roughness(level)
    position = np.arange(level.size) - (level.size - 1) / 2.0
    slope = float(position @ level) / float(position @ position)
    wander = robust_sigma(level - slope * position)
    averaged = noise.sigma / math.sqrt(curve.block_size)
    return [
        _log10(rough / averaged) if averaged > 0 and curve.block_size >= 3 else math.nan,
        _log10(rough / max(descent.progress, 1e-300)),
        _log10(wander / rough) if rough > 0 else math.nan,
    ]


def _roughness(level: NDArray[np.float64]) -> float:
    """Standard deviation of a level about its course, from second differences."""
    return robust_sigma(level[2:] - 2.0 * level[1:-1] + level[:-2]) / math.sqrt(6.0)


def _validation_course(context: Answers) -> list[float]:
    """Whether the validation loss still falls, and how much it shakes: its data are the same each time."""
    series = context.find("val_loss")
    value = series.value[np.isfinite(series.value)] if series is not None else np.empty(0)
    if value.size < 5:
        return [math.nan] * 2
    fall = float(value[0]) - median(value[-max(1, value.size // 6) :])
    if not fall > 0:
        return [math.nan] * 2
    half = value[value.size // 2 :]
    few = max(1, half.size // 4)
    return [
        _clip((median(half[:few]) - median(half[-few:])) / fall, 3.0),
        _log10(_roughness(value[value.size // 4 :]) / fall),
    ]
