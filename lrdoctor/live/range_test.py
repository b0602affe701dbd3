"""A range test in a training loop of one's own, in any framework: it gives the rates and takes the losses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import SupportsFloat

    from lrdoctor.answers import RangeTestReport

_SMOOTHING = 0.8
"""Share of the past in the average that decides when to stop."""
_FIRST = 0.05
"""Share of the steps whose loss is the start."""
_LEAST = 0.1
"""Share of the first loss that a fall is taken to be at least, as long as there is none."""


class RangeTest:
    """Rates that climb exponentially, one for each training step, until the loss explodes.

    Parameters
    ----------
    lr_min, lr_max
        First and last rate.
    steps
        Training steps from one to the other.
    stop_at
        Stops once the smoothed loss is above its start by this many times its fall so far; at a loss that is not
        finite in any case.

    Examples
    --------
    Begin with fresh weights, and put them back afterwards: the test ruins them::

        test = lrdoctor.RangeTest()
        for lr in test:
            optimizer.param_groups[0]["lr"] = lr
            loss = training_step(next(batches))
            test.record(loss)
        test.result()

    Raises
    ------
    UsageError
        The rates do not climb, or there are fewer than 10 steps.
    """

    def __init__(self, lr_min: float = 1e-7, lr_max: float = 10.0, steps: int = 100, *, stop_at: float = 4.0) -> None:
        if not 0.0 < lr_min < lr_max < math.inf:
            raise UsageError(f"rates climb from one above zero to a higher one, not from {lr_min} to {lr_max}")
        if steps < 10:
            raise UsageError(f"{steps} steps are too few for a range test: take a hundred or more")
        self.rates = np.geomspace(lr_min, lr_max, steps)
        self.stop_at = stop_at
        self.losses: list[float] = []
        self.exploded = False
        self._average = 0.0
        self._levels: list[float] = []

    def __len__(self) -> int:
        return int(self.rates.size)

    def __iter__(self) -> Iterator[float]:
        """Yield each rate; a new loop goes on where the last one stopped.

        Raises
        ------
        UsageError
            `record` was not called for the last rate.
        """
        while len(self.losses) < len(self) and not self.exploded:
            number = len(self.losses)
            yield float(self.rates[number])
            if len(self.losses) == number:
                raise UsageError("record(loss) was not called for this rate: call it once in each turn of the loop")

    def record(self, loss: SupportsFloat) -> None:
        """Take the training loss at the current rate: a number, or a tensor or array that holds one.

        Raises
        ------
        UsageError
            It holds no single number, or all rates have their loss.
        """
        if len(self.losses) >= len(self):
            raise UsageError("all rates have their loss already: make a new RangeTest")
        try:
            value = float(loss.item() if hasattr(loss, "item") else loss)
        except (TypeError, ValueError, RuntimeError):  # torch has the last one for a tensor of several numbers
            raise UsageError(f"a loss is one number, not a {type(loss).__name__} of several: take its mean") from None
        self.losses.append(value)
        self.exploded = self.exploded or not math.isfinite(value) or self._too_high(value)

    def result(self, steps: int | None = None) -> RangeTestReport:
        """What the test says so far, see `lrdoctor.range_test`.

        Parameters
        ----------
        steps
            Optimizer steps of the training to come.
        """
        from lrdoctor import __version__
        from lrdoctor.answers import RangeTestReport
        from lrdoctor.studies.range_test import judge

        rates = self.rates[: len(self.losses)]
        return RangeTestReport([judge(rates, np.array(self.losses), steps=steps)], (), __version__)

    def __repr__(self) -> str:
        if not self.losses:
            return f"RangeTest({len(self)} rates, LR {self.rates[0]:g} to {self.rates[-1]:g}, nothing recorded)"
        return repr(self.result())

    def _repr_html_(self) -> str:
        return self.result()._repr_html_()

    def _too_high(self, value: float) -> bool:
        """Whether the average of the losses (bias corrected, Kingma & Ba 2015) has left the range of the test."""
        self._average = _SMOOTHING * self._average + (1 - _SMOOTHING) * value
        self._levels.append(self._average / (1 - _SMOOTHING ** len(self.losses)))
        first = max(5, round(_FIRST * len(self)))
        if len(self._levels) <= first:
            return False
        start, best = self._levels[first - 1], min(self._levels[first - 1 :])
        scatter = float(np.std(np.diff(self.losses[:first])))
        fall = max(start - best, _LEAST * abs(start), scatter)
        return self._levels[-1] > start + self.stop_at * fall
