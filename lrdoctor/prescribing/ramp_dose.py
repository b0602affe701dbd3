"""The rate that a range test recommends: between its minimum and its explosion, lower the longer the training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LEVEL = 0.8
"""Stated coverage of the interval."""
USUAL_STEPS = 10_000
"""Length of the training that is meant where nothing else is known."""
_STEPS = (500.0, 100_000.0)
"""Lengths of the recorded trainings; beyond them the nearest one counts."""
_FARTHEST = 3.0
"""Decades from the minimum to the explosion beyond which a later explosion says nothing more."""
_FILE = "ramp_dose.toml"


@dataclass(frozen=True, slots=True)
class RampDose:
    """A rate, and the interval that holds the best one in `LEVEL` of the cases."""

    lr: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What `python -m lrdoctor.trials range-test` fitted, all in decades.

    Parameters
    ----------
    shift
        From the minimum to the recommended rate, for an explosion at the minimum and the usual length.
    lean
        Added for each decade between the minimum and the explosion.
    slope
        Added for each decade of length beyond the usual one.
    known, unknown
        From the recommended rate to the ends of the interval, where the length is known and where it is not.
    """

    shift: float
    lean: float
    slope: float
    known: tuple[float, float]
    unknown: tuple[float, float]

    def place(self, minimum: float, explosion: float, steps: float | None) -> float:
        """log10 of the recommended rate from log10 of the rates at the minimum and at the explosion."""
        length = min(max(steps or USUAL_STEPS, _STEPS[0]), _STEPS[1])
        gap = min(max(explosion - minimum, 0.0), _FARTHEST)
        return minimum + self.shift + self.lean * gap + self.slope * math.log10(length / USUAL_STEPS)


def ramp_dose(minimum: float, explosion: float, steps: float | None = None) -> RampDose:
    """Recommend a rate.

    Parameters
    ----------
    minimum, explosion
        Rates at the minimum of the smoothed loss and where it exploded (the last one if it did not).
    steps
        Optimizer steps of the training to come; None if not known.

    Notes
    -----
    A weighted geometric mean of the two rates, divided by a constant that grows with the length. Three numbers
    fitted on ramps that were really run, for the rates that did well in the full trainings of the same networks; more
    features, or the optimizer, did not help on families that were held out (docs/range-test.md).
    """
    fitted = calibration()
    centre = fitted.place(math.log10(minimum), math.log10(explosion), steps)
    low, high = fitted.unknown if steps is None else fitted.known
    return RampDose(10.0**centre, 10.0 ** (centre + min(low, 0.0)), 10.0 ** (centre + max(high, 0.0)))


@cache
def calibration() -> Calibration:
    """The numbers that the package ships."""
    import tomllib

    text = Path(__file__).with_name(_FILE).read_text(encoding="utf-8")
    row = tomllib.loads(text)
    return Calibration(
        shift=row["shift"], lean=row["lean"], slope=row["slope"],
        known=tuple(row["known"]), unknown=tuple(row["unknown"]),
    )  # fmt: skip
