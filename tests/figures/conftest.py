"""One figure that holds every kind of mark, on both scales."""

from __future__ import annotations

import numpy as np
import pytest

from lrdoctor import synth
from lrdoctor.engine import diagnose_run
from lrdoctor.figures import Axis, Band, Figure, Guide, Line, Panel, Point, Stretch
from lrdoctor.roles import assign_roles

HOSTILE = "<script>alert(1)</script> & \"'$x^$_"


@pytest.fixture
def everything():
    x = np.arange(100.0)
    y = np.exp(-x / 20)
    y[40:44] = np.nan
    y[70] = np.inf
    y[72] = np.nan
    steps = Axis(label="step", scale="linear", low=0, high=99, whole=True)
    loss = Panel(
        x=steps, y=Axis(label="loss $y", scale="log", low=1e-3, high=1),
        lines=(Line(name=f"_{HOSTILE}", ink="train", x=x, y=y, points=100),
               Line(name="val", ink="validation", x=x[::10], y=y[::10] * 2, points=10)),
        bands=(Band(name="noise", ink="noise", x=x[::5], low=np.exp(-x[::5] / 20) / 2, high=np.exp(-x[::5] / 20) * 2),),
        stretches=(Stretch(axis="x", first=20, last=60, name=f"OSC101 {HOSTILE}", ink="warning", detail=HOSTILE),
                   Stretch(axis="x", first=90, last=90, name="SPK101 spike", ink="critical"),
                   Stretch(axis="y", first=0.01, last=0.1, name="interval", ink="advice")),
        guides=(Guide(axis="x", at=50, name="here", ink="advice"),
                Guide(axis="y", at=0.05, name="there", ink="advice")),
        points=tuple(
            Point(x=10.0 * number, y=0.5, name=marker, ink="good", marker=marker, kind=f"kind {marker}")
            for number, marker in enumerate(
                ("best", "dot", "diverged", "up", "down", "left", "right", "square", "diamond", "ring")
            )
        ),
        share=2.0,
    )  # fmt: skip
    rate = Panel(
        x=steps, y=Axis(label="learning rate", scale="linear", low=0, high=1),
        lines=(Line(name="lr", ink="rate", x=x, y=x / 99, points=100),),
    )  # fmt: skip
    return Figure(
        title=HOSTILE, subtitle="unstable", description=HOSTILE, panels=(loss, rate), notes=(f"note {HOSTILE}", "two")
    )


@pytest.fixture
def hostile():
    return HOSTILE


@pytest.fixture
def say():
    """Diagnose a run."""
    return lambda run: diagnose_run(assign_roles(run))


@pytest.fixture
def oscillating(say):
    return say(synth.two_cycle())
