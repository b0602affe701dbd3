"""What a decay of the learning rate would bring to a run at a constant rate.

The law behind it is the multi-power law (Luo et al. 2025; Tissue et al. 2024): the loss is what the sum of the rates
has earned, plus a noise floor that a decay removes. The log of a single run shows the first part (how the loss
fell) and hardly the second, so the second is taken from recorded runs whose logs looked alike at the moment their
rate was cooled down (`lrdoctor.trials.cooling`); they give its middle and its spread.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import Unavailable
from lrdoctor.prescribing.optimizers import usual_rates
from lrdoctor.prescribing.rates import peak_rate
from lrdoctor.wording import percent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrdoctor.prescribing.rates import Answers
    from lrdoctor.signals.curve import Curve
    from lrdoctor.signals.descent import Descent
    from lrdoctor.signals.noise import Noise

    Floats = NDArray[np.float64]

MODEL = "decay.npz"
LEVEL = 0.8
"""Coverage that the interval is meant to have."""
NEIGHBOURS = 150
"""Recorded runs that an answer rests on."""
NAMES = ("half", "scatter", "fall", "rate over usual")
_SCALES = np.array([8.0, 1.0, 1.0, 0.5])
"""How much a difference in each number counts; halves and doubles of these do as well on held-out tasks."""
_CONSTANT = ("constant", "warmup_constant")


@dataclass(frozen=True, slots=True)
class DecayGain:
    """How much lower the loss ends with a decay, as a share of the loss now; below zero it ends higher.

    Parameters
    ----------
    middle, low, high
        Median, and the ends of the interval.
    level
        Share of cases that end inside the interval.
    chance
        That the loss ends lower at all.
    """

    middle: float
    low: float
    high: float
    level: float
    chance: float


def expected_decay_gain(context: Answers, *, rerun: bool = False) -> DecayGain:
    """Estimate what a decay of the rate to zero would bring to a run whose rate has been constant.

    Parameters
    ----------
    context
        Answers about the run.
    rerun
        False: the run goes on from here, its rate falling linearly to zero over another fifth of its steps. True: it
        is trained anew over the same steps with a cosine decay, whose rates sum to half.

    Raises
    ------
    Unavailable
        There is no loss above zero, the run broke down, or its rate has been decayed already.
    """
    schedule, broken = context.find("schedule"), context.find("breakdown")
    if schedule is not None and schedule.logged and schedule.kind not in _CONSTANT:
        raise Unavailable(f"the rate is not constant: {schedule.kind.replace('_', ' ')}")
    if broken is not None and not broken.recovered:
        raise Unavailable("the run broke down")
    worst, middle, best, chance = _model().foretell(course(context), rerun=rerun)
    low, middle, high = (1.0 - math.exp(min(value, 700.0)) for value in (worst, middle, best))
    return DecayGain(middle=middle, low=low, high=high, level=LEVEL, chance=chance)


def course(context: Answers) -> Floats:
    """Numbers that describe how a loss got where it is.

    Returns
    -------
    float64 [len(NAMES)], as in `NAMES`: log ratio of the level half way to that at the end (what the second half of
    the sum of the rates has earned), log10 of the scatter of single points over the loss, log10 of the whole fall as a
    log ratio, and log10 of the rate over what is usual for the optimizer; NaN where either is unknown.

    Raises
    ------
    Unavailable
        There is no loss, it is not positive, or it has made no progress.
    """
    curve: Curve | None = context.find("curve")
    descent: Descent | None = context.find("descent")
    noise: Noise | None = context.find("noise")
    if curve is None or descent is None or noise is None:
        raise Unavailable("no loss")
    if curve.loss.min() <= 0:
        raise Unavailable("the loss is not above zero")
    if descent.progress <= 0:
        raise Unavailable("the loss has not fallen")
    half, end, start = (
        math.log(max(curve.to_loss(z), 1e-300)) for z in (curve.level(0.45, 0.55), curve.level(0.9, 1.0), descent.start)
    )
    scatter = noise.sigma if curve.scale == "log" else noise.sigma * math.exp(-end)
    rate, usual = peak_rate(context), usual_rates(context.run.hyperparameters)
    return np.array(
        [
            np.clip(half - end, -1.0, 3.0),
            math.log10(np.clip(scatter, 1e-5, 10.0)),
            math.log10(np.clip(start - end, 1e-2, 20.0)),
            math.log10(rate / usual.default) if rate and usual else math.nan,
        ]
    )


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Recorded runs: what their logs looked like, and the log ratio of losses that their decay brought.

    Parameters
    ----------
    rows, logs
        float64 [n, len(NAMES)], float64 [n].
    stretch, rerun_stretch
        Factors on the spread of the neighbours that give the interval its coverage on held-out tasks: for a run that
        goes on, and for one that is trained again.
    """

    rows: Floats
    logs: Floats
    stretch: float = 1.0
    rerun_stretch: float = 1.0

    def foretell(self, row: Floats, *, rerun: bool = False) -> tuple[float, float, float, float]:
        """Log ratio of the losses after and before a decay: worst, middle and best of the interval, and the chance
        of a fall.

        Parameters
        ----------
        row
            As `course` gives it.
        rerun
            Trained again, with rates that sum to half: then what the second half had earned is missing.
        """
        earned, stretch = (max(float(row[0]), 0.0), self.rerun_stretch) if rerun else (0.0, self.stretch)
        apart = np.nansum(((self.rows - row) * _SCALES) ** 2, axis=1)  # what is unknown does not count
        count = min(NEIGHBOURS, len(self.logs))
        logs = self.logs[np.argpartition(apart, count - 1)[:count]] + earned
        low, middle, high = np.quantile(logs, (0.5 - LEVEL / 2, 0.5, 0.5 + LEVEL / 2))
        worst, best = middle + stretch * (high - middle), middle + stretch * (low - middle)
        return float(worst), float(middle), float(best), float(np.mean(logs < 0.0))


@cache
def _model() -> Model:
    try:
        with np.load(Path(__file__).with_name(MODEL), allow_pickle=False) as data:
            rows, logs = data["rows"].astype(np.float64), data["logs"].astype(np.float64)
            return Model(rows, logs, float(data["stretch"]), float(data["rerun_stretch"]))
    except (FileNotFoundError, KeyError):
        raise Unavailable("the record of decays is not installed, or belongs to another version") from None


def in_words(gain: DecayGain) -> str:
    """``Decaying now is expected to lower the loss by 12 % (5 to 22 %).``"""
    low, high = (round(100 * max(value, 0.0)) for value in (gain.low, gain.high))
    if gain.middle < 0.005:
        return f"Decaying now is expected to lower the loss by less than 1 % (up to {max(high, 1)} %)."
    return f"Decaying now is expected to lower the loss by {percent(gain.middle)} ({low} to {high} %)."
