"""Rates that do what no schedule means them to do, and some that do, for the examples of rules."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lrdoctor import synth

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from lrdoctor.records import Hyperparameter, Run

    Floats = NDArray[np.float64]

POINTS = 300


def at_rate(rate: Callable[[Floats], Floats], **hyperparameters: Hyperparameter) -> Run:
    """A healthy descent whose logged rate is a function of the share of the run that is done."""
    import numpy as np

    t = np.linspace(0.0, 1.0, POINTS)
    loss = synth.healthy().series["train_loss"].value
    run = synth.make_run(loss, lr=3e-4 * np.asarray(rate(t), dtype=np.float64))
    return replace(run, hyperparameters=hyperparameters)


def cosine(t: Floats) -> Floats:
    """From 1 at 0 to 0 at 1, and 0 from there on."""
    import numpy as np

    return np.asarray((1.0 + np.cos(np.pi * np.clip(t, 0.0, 1.0))) / 2.0)


def warm_cosine(t: Floats) -> Floats:
    """A warm-up over a tenth, then a cosine."""
    import numpy as np

    return np.where(t < 0.1, t / 0.1, cosine((t - 0.1) / 0.9))


def restarts(t: Floats) -> Floats:
    """Three cycles of a cosine."""
    return cosine(3.0 * t % 1.0)
