"""Builds a learning-rate schedule: as an array, as a picture, and as code for the common frameworks.

A schedule is a row of phases, each of which holds, or goes to its end in a straight line or along half a cosine. Rates
are those in force at each optimizer step, counted from 0; a warm-up begins at zero, as in Transformers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from lrdoctor.errors import UsageError
from lrdoctor.prescribing.optimizers import optimizer_name
from lrdoctor.prescribing.snippets._optimizers import KNOWN
from lrdoctor.wording import figure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lrdoctor.records import RunDiagnosis

    Floats = NDArray[np.float64]

KINDS = (
    "constant", "warmup_constant", "cosine", "warmup_cosine", "linear", "warmup_linear", "step", "one_cycle",
    "cooldown",
)  # fmt: skip
FRAMEWORKS = ("pytorch", "huggingface", "lightning", "keras", "optax")
_ALIASES = {"wsd": "cooldown", "onecycle": "one_cycle", "warmup": "warmup_constant", "step_decay": "step"}
_WARMUP = {"one_cycle": 0.3, "cooldown": 0.05}
"""Share of the steps that rises where nothing is said: Smith 2018; Hu et al. 2024. 0.05 for kinds that begin with
``warmup``: the first few percent (Goyal et al. 2017; Google Tuning Playbook), nothing for the rest."""
_LOWEST = {"one_cycle": 4e-6}
"""Share of the peak that a one-cycle ends at (1 / 25 / 10,000, the defaults of PyTorch); the others end at zero."""
ONE_CYCLE_START = 1 / 25
_MOST_STEPS = 100_000_000
_BLOCKS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Phase:
    """Steps `first` up to, not including, `last`; from one share of the peak to another, reached at `last`."""

    first: int
    last: int
    shape: Literal["hold", "linear", "cosine"]
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """A learning rate for every step.

    Parameters
    ----------
    kind
        One of `KINDS`.
    peak
        Highest rate.
    steps
        Optimizer steps.
    warmup
        Steps that rise.
    floor
        Rate at the end, as a share of the peak.
    phases
        What it consists of, without gaps.
    optimizer
        The one that its code makes, as in `optimizers.toml`.
    optimizer_guessed
        Whether it stands for one that the log does not name.
    """

    kind: str
    peak: float
    steps: int
    warmup: int
    floor: float
    phases: tuple[Phase, ...]
    optimizer: str = "adamw"
    optimizer_guessed: bool = False

    @property
    def values(self) -> Floats:
        """Rates, float64 [steps]."""
        import numpy as np

        return self.at(np.arange(self.steps))

    def at(self, step: NDArray[np.int64]) -> Floats:
        """Rates at some steps.

        Parameters
        ----------
        step
            int64 [n], from 0 to `steps` - 1.

        Returns
        -------
        float64 [n].
        """
        import numpy as np

        within = np.searchsorted([phase.first for phase in self.phases], step, side="right") - 1
        first, last, start, end = np.array([(p.first, p.last, p.start, p.end) for p in self.phases]).T
        u = (step - first[within]) / (last - first)[within]
        bent = np.array([phase.shape == "cosine" for phase in self.phases])[within]
        u = np.where(bent, (1.0 - np.cos(np.pi * u)) / 2.0, u)
        return np.asarray(self.peak * (start[within] + (end - start)[within] * u))

    def code(self, framework: str) -> str:
        """Code that makes this schedule.

        Parameters
        ----------
        framework
            One of ``pytorch``, ``huggingface`` (`TrainingArguments`), ``lightning``, ``keras`` (also TensorFlow) and
            ``optax``.

        Raises
        ------
        UsageError
            There is no code for it.
        """
        import importlib

        name = {"torch": "pytorch", "hf": "huggingface", "transformers": "huggingface", "tensorflow": "keras",
                "tf": "keras", "jax": "optax"}.get(framework.lower(), framework.lower())  # fmt: skip
        if name not in FRAMEWORKS:
            raise UsageError(f"no code for {framework!r}: choose one of {', '.join(FRAMEWORKS)}")
        text: str = importlib.import_module(f"lrdoctor.prescribing.snippets.{name}").code(self)
        note = "# The log names no optimizer: put yours where AdamW stands.\n"
        return note + text if self.optimizer_guessed else text

    def picture(self, width: int = 60, rows: int = 4) -> str:
        """The rates as block characters, a line of text per row."""
        import numpy as np

        columns = np.linspace(0, self.steps - 1, min(width, self.steps)).round().astype(np.int64)
        level = self.at(columns) / self.peak * rows
        lines = []
        for row in range(rows - 1, -1, -1):
            filled = np.clip(np.ceil((level - row) * 8 - 1e-9), 0 if row else 1, 8).astype(np.int64)
            lines.append("".join(_BLOCKS[eighths] for eighths in filled).rstrip())
        return "\n".join(lines)

    def in_words(self) -> str:
        """``warmup_cosine: 3e-4 at its peak, 10,000 steps, 500 of them warm-up, to zero``."""
        rise = f", {self.warmup:,} of them warm-up" if self.warmup else ""
        ends = (
            "" if self.kind.endswith("constant") else f", to {figure(self.floor * self.peak) if self.floor else 'zero'}"
        )
        return f"{self.kind}: {figure(self.peak)} at its peak, {self.steps:,} steps{rise}{ends}"

    def __len__(self) -> int:
        return self.steps

    def __repr__(self) -> str:
        return f"{self.in_words()}\n{self.picture()}"

    def _repr_html_(self) -> str:
        import numpy as np

        width, height = 360, 80
        columns = np.unique(np.linspace(0, self.steps - 1, 181).round().astype(np.int64))
        x = 4 + (width - 8) * columns / max(self.steps - 1, 1)
        y = height - 6 - (height - 12) * self.at(columns) / self.peak
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
        return (
            f'<div><svg role="img" aria-label="{self.kind}" width="{width}" height="{height}" '
            f'xmlns="http://www.w3.org/2000/svg"><polyline points="{points}" fill="none" stroke="#3d83d0" '
            f'stroke-width="2"/></svg><br><small>{self.in_words()}</small></div>'
        )


def schedule(
    what: str | RunDiagnosis | Any,
    *,
    peak: float | None = None,
    steps: int | None = None,
    warmup: float | None = None,
    floor: float | None = None,
    cuts: tuple[float, ...] = (0.5, 0.75),
    factor: float = 0.1,
    cooldown: float = 0.2,
    optimizer: str | None = None,
) -> Schedule:
    """Build a schedule by its name, or the one that a diagnosis asks for.

    Parameters
    ----------
    what
        One of ``constant``, ``warmup_constant``, ``cosine``, ``warmup_cosine``, ``linear``, ``warmup_linear``,
        ``step``, ``one_cycle`` and ``cooldown`` (also ``wsd``: warm-up, stable, decay); or what `diagnose` said of a
        run.
    peak
        Highest rate; from a diagnosis by default the advised one.
    steps
        Optimizer steps; from a diagnosis by default as many as the run had.
    warmup
        Share of the steps that rises, or their number if above 1; by default 0.05 for kinds that begin with ``warmup``
        and ``cooldown``, 0.3 for ``one_cycle``, else none.
    floor
        Rate at the end as a share of the peak; by default 0, and 4e-6 for ``one_cycle``.
    cuts, factor
        Shares of the steps at which ``step`` cuts the rate, and to what share of itself (He et al. 2016).
    cooldown
        Share of the steps over which ``cooldown`` falls linearly (Hägele et al. 2024).
    optimizer
        What the code is to make: ``adamw`` (the default), ``adam``, ``sgd``, ``momentum`` (SGD with 0.9)...; from a
        diagnosis by default the run's own.

    Raises
    ------
    UsageError
        The name is unknown, a number is out of range, or the diagnosis knows no rate or no number of steps.

    Examples
    --------
    >>> schedule("warmup_linear", peak=1.0, steps=8, warmup=2).values.tolist()
    [0.0, 0.5, 1.0, 0.8333333333333334, 0.6666666666666667, 0.5, 0.33333333333333337, 0.16666666666666663]
    """
    guessed = False
    if not isinstance(what, str):
        asked = _asked(what)
        what = asked["kind"]
        peak = asked["peak"] if peak is None else peak
        steps = asked["steps"] if steps is None else steps
        warmup = asked["warmup"] if warmup is None else warmup
        floor = asked["floor"] if floor is None else floor
        guessed = optimizer is None and asked["optimizer"] is None
        optimizer = asked["optimizer"] if optimizer is None else optimizer
    name = what.lower().replace("-", "_")
    kind = _ALIASES.get(name, name)
    if kind not in KINDS:
        from lrdoctor.config import suggestion

        raise UsageError(f"no schedule {what!r}{suggestion(kind, list(KINDS)) or '; there are ' + ', '.join(KINDS)}")
    if peak is None:
        raise UsageError("which peak learning rate? give peak=, e.g. peak=3e-4")
    if steps is None:
        raise UsageError("how many steps? give steps=, e.g. steps=10_000")
    _check(peak, steps, floor, cuts, factor, cooldown)
    optimizer = "adamw" if optimizer is None else optimizer.lower()
    if optimizer not in KNOWN:
        raise UsageError(f"no code for optimizer {optimizer!r}: choose one of {', '.join(sorted(KNOWN))}")
    rise = _steps_of(warmup, kind, steps)
    ends = _LOWEST.get(kind, 0.0) if floor is None or (kind == "one_cycle" and floor == 0.0) else floor
    phases = _phases(kind, steps, rise, ends, (cuts, factor, cooldown))
    ends = phases[-1].end
    return Schedule(
        kind=kind, peak=float(peak), steps=steps, warmup=rise, floor=ends, phases=phases, optimizer=optimizer,
        optimizer_guessed=guessed,
    )  # fmt: skip


def _check(
    peak: float, steps: int, floor: float | None, cuts: tuple[float, ...], factor: float, cooldown: float
) -> None:
    if not (math.isfinite(peak) and peak > 0):
        raise UsageError(f"peak {peak!r}: a learning rate is a number above zero")
    if not (isinstance(steps, int) and 2 <= steps <= _MOST_STEPS):
        raise UsageError(f"steps {steps!r}: a whole number from 2 to {_MOST_STEPS:,}")
    if floor is not None and not 0 <= floor < 1:
        raise UsageError(f"floor {floor!r}: a share of the peak, from 0 to below 1")
    if not (0 < factor < 1 and 0 < cooldown <= 1):
        raise UsageError(f"factor {factor!r} and cooldown {cooldown!r} are shares of 1")
    if not cuts or any(not 0 < cut < 1 for cut in cuts) or list(cuts) != sorted(set(cuts)):
        raise UsageError(f"cuts {cuts!r}: shares of the steps in rising order, e.g. (0.5, 0.75)")


def _steps_of(warmup: float | None, kind: str, steps: int) -> int:
    """Steps of the rise: at least one where there is one, and at least one step is left for the rest."""
    if warmup is None:
        warmup = _WARMUP.get(kind, 0.05 if kind.startswith("warmup") else 0.0)
    if not (math.isfinite(warmup) and 0 <= warmup < steps):
        raise UsageError(f"warmup {warmup!r}: a share of the steps, or their number, less than the {steps:,} there are")
    count = round(warmup * steps) if warmup <= 1 else round(warmup)
    if count == 0 and (warmup > 0 or kind.startswith("warmup") or kind == "one_cycle"):
        count = 1
    return min(count, steps - 1)


def _phases(
    kind: str, steps: int, rise: int, floor: float, more: tuple[tuple[float, ...], float, float]
) -> tuple[Phase, ...]:
    cuts, factor, cooldown = more
    if kind == "one_cycle":
        return (
            Phase(0, rise, "cosine", ONE_CYCLE_START, 1.0),
            Phase(rise, steps, "cosine", 1.0, floor),
        )
    phases = [Phase(0, rise, "linear", 0.0, 1.0)] if rise else []
    shape = kind.removeprefix("warmup_")
    if shape == "constant":
        phases.append(Phase(rise, steps, "hold", 1.0, 1.0))
    elif shape == "cosine":
        phases.append(Phase(rise, steps, "cosine", 1.0, floor))
    elif shape == "linear":
        phases.append(Phase(rise, steps, "linear", 1.0, floor))
    elif shape == "cooldown":
        hold = min(max(steps - max(round(cooldown * steps), 1), rise), steps - 1)
        phases += [Phase(rise, hold, "hold", 1.0, 1.0)] if hold > rise else []
        phases.append(Phase(hold, steps, "linear", 1.0, floor))
    else:
        edges = [rise, *(max(round(cut * steps), rise + 1 + i) for i, cut in enumerate(cuts)), steps]
        if edges != sorted(set(edges)):
            raise UsageError(f"cuts {cuts!r}: {steps:,} steps are too few for them")
        phases += [Phase(first, last, "hold", factor**i, factor**i) for i, (first, last) in enumerate(pairwise(edges))]
    return tuple(phases)


def _asked(what: Any) -> dict[str, Any]:
    """Kind and numbers that a diagnosis asks for; its own schedule where the plan keeps it."""
    runs = getattr(what, "runs", None)
    if runs is not None:
        if len(runs) != 1:
            raise UsageError(f"{len(runs)} runs: choose one of them, e.g. schedule(report[0])")
        what = runs[0]
    if not hasattr(what, "plan") or not hasattr(what, "run"):
        raise UsageError(f"{type(what).__name__}: give the name of a schedule, or what diagnose() said of a run")
    plan, known = what.plan, what.run.hyperparameters
    own, optimizer = str(known.get("schedule", "")).lower(), optimizer_name(known)
    asked = plan.schedule
    kind = asked.kind if asked is not None else own if own in KINDS else "warmup_cosine"
    return {
        "kind": kind,
        "peak": plan.lr.value,
        "steps": _length(what),
        "warmup": asked.warmup_fraction
        if asked is not None and (asked.warmup_fraction or "warmup" not in kind)
        else None,
        "floor": asked.final_fraction if asked is not None else None,
        "optimizer": optimizer if optimizer in KNOWN else None,
    }


def _length(said: RunDiagnosis) -> int | None:
    """Steps that the run had, or was to have; None where the log counts something else."""
    stated = said.run.hyperparameters.get("max_steps")
    if isinstance(stated, int) and 2 <= stated <= _MOST_STEPS:
        return stated
    last = [int(series.step[-1]) for series in said.run.series.values() if len(series) and series.unit == "step"]
    return max(last) + 1 if last and max(last) >= 1 else None
