"""What the loss did when the learning rate was cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import Unavailable
from lrdoctor.signals._stats import median

if TYPE_CHECKING:
    from lrdoctor.signals.curve import Curve
    from lrdoctor.signals.noise import Noise
    from lrdoctor.signals.schedule import Schedule


@dataclass(frozen=True, slots=True)
class LrResponse:
    """The loss around the first cut of the rate.

    Parameters
    ----------
    step
        Of the cut.
    factor
        Rate after over rate before.
    before
        Share of the whole run's progress (first point to end) that had been made when the rate was cut.
    gained
        Share of it that came within a twentieth of the run (at least three points) after the cut.
    fall
        That gain over the scatter of single points.
    """

    step: int
    factor: float
    before: float
    gained: float
    fall: float


def lr_response(curve: Curve, noise: Noise, schedule: Schedule) -> LrResponse:
    """Measure the loss before and after the first cut of the rate.

    Raises
    ------
    Unavailable
        The rate was never cut abruptly, or too close to an end of the log.
    """
    if not schedule.cuts:
        raise Unavailable("the learning rate was never cut abruptly")
    if schedule.unit != curve.unit:
        raise Unavailable(f"the learning rate is logged by {schedule.unit}, the loss by {curve.unit}")
    cut = schedule.cuts[0]
    index = int(np.searchsorted(curve.step, cut.step))
    width = max(3, len(curve) // 20)
    if index < 3 or index + 3 > len(curve):
        raise Unavailable("the learning rate was cut too close to an end of the log")
    start, end = median(curve.z[: max(1, width // 3)]), curve.level(0.9, 1.0)
    progress = start - end
    if progress <= 0:
        raise Unavailable("the loss made no progress around the cut of the learning rate")
    before = median(curve.z[max(index - width, 0) : index])
    after = median(curve.z[index : index + width])
    return LrResponse(
        step=cut.step,
        factor=cut.factor,
        before=(start - before) / progress,
        gained=(before - after) / progress,
        fall=(before - after) / noise.sigma if noise.sigma > 0 else float("inf"),
    )


SIGNALS = (lr_response,)
