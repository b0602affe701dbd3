"""Learning-rate schedules: the fraction of the peak rate at every step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCHEDULES = ("constant", "cosine", "warmup", "warmup_cosine", "step", "one_cycle", "cooldown")
HELD = 5 / 6
"""Share of a run with a cool-down that is trained at the peak rate."""


def multipliers(schedule: str, steps: int, warmup_fraction: float = 0.1) -> NDArray[np.float64]:
    """Rate over peak rate at every step.

    Parameters
    ----------
    schedule
        ``constant``; ``cosine`` to zero; ``warmup`` (linear, then constant); ``warmup_cosine``; ``step``
        (a tenth at 50 % and again at 75 %); ``one_cycle`` (Smith 2018, cosine-shaped: up from a 25th over the
        first 30 %, then down to a 250,000th, the defaults of torch); ``cooldown`` (constant, then linear to zero over
        a fifth of the steps so far, Hägele et al. 2024).
    steps
        Budget.

    Returns
    -------
    float64 [steps], greater than zero, at most 1.
    """
    t = np.arange(steps, dtype=np.float64)
    done = t / steps
    warmup = max(1, round(warmup_fraction * steps))
    ramp = np.minimum((t + 1) / warmup, 1.0)
    match schedule:
        case "constant":
            return np.ones(steps)
        case "cosine":
            return np.asarray(0.5 * (1 + np.cos(np.pi * done)))
        case "warmup":
            return ramp
        case "warmup_cosine":
            after = np.clip((t - warmup) / max(steps - warmup, 1), 0, 1)
            return np.asarray(ramp * 0.5 * (1 + np.cos(np.pi * after)))
        case "step":
            return np.where(done < 0.5, 1.0, np.where(done < 0.75, 0.1, 0.01))
        case "one_cycle":
            up, low, final = 0.3, 1 / 25, 1 / 250_000
            rise = low + (1 - low) * 0.5 * (1 - np.cos(np.pi * np.minimum(done / up, 1.0)))
            fall = final + (1 - final) * 0.5 * (1 + np.cos(np.pi * np.clip((done - up) / (1 - up), 0, 1)))
            return np.where(done < up, rise, fall)
        case "cooldown":
            return np.minimum((steps - t) / (steps - round(HELD * steps)), 1.0)
        case _:
            raise ValueError(f"unknown schedule {schedule!r}; known: {', '.join(SCHEDULES)}")
