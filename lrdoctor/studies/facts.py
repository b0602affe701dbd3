"""What a sweep needs to know of each run: its rate, how it was set up, how long it was, where it ended."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrdoctor.prescribing.optimizers import optimizer_name
from lrdoctor.prescribing.rates import last_step, peak_rate
from lrdoctor.records import Role
from lrdoctor.studies.levels import blew_up, end_level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lrdoctor.engine import Context
    from lrdoctor.prescribing.response import Response
    from lrdoctor.records import Hyperparameter, Run, RunDiagnosis
    from lrdoctor.signals.schedule import Schedule
    from lrdoctor.studies.levels import Level

_LENGTHS = ("max_steps", "epochs")


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """One run as a sweep sees it.

    Parameters
    ----------
    said
        The run with its diagnosis.
    lr
        Peak learning rate; None if unknown.
    optimizer
        Its short name; "" if unknown.
    hyperparameters
        As found.
    planned, length
        Budget that the configuration states, in steps or epochs, None if it does not; and the last step that
        was
        logged.
    unit
        What `length` counts.
    train, val
        Ends of the training and the validation loss; None where not logged.
    train_tag, val_tag
        Their tags; "" where not logged.
    broke
        Whether it blew up.
    first_step
        Step of the first loss.
    response
        Its fitted response; None where there is none.
    like_trials
        Whether it is of the kind that the trials cover: rate, optimizer and steps known, no schedule of its own.
    """

    said: RunDiagnosis
    lr: float | None
    optimizer: str
    hyperparameters: Mapping[str, Hyperparameter]
    planned: tuple[str, float] | None
    length: int
    unit: str
    train: Level | None
    val: Level | None
    train_tag: str
    val_tag: str
    broke: bool
    first_step: int
    response: Response | None
    like_trials: bool

    @property
    def id(self) -> str:
        """The run's id."""
        return self.said.run.id

    @property
    def run(self) -> Run:
        """The run."""
        return self.said.run


def facts_of(context: Context, said: RunDiagnosis) -> Facts:
    """Gather what is known of a run that was diagnosed."""
    known = context.run.hyperparameters
    train, val = context.find(Role.TRAIN_LOSS), context.find(Role.VAL_LOSS)
    rate = peak_rate(context)
    some = train if train is not None else val
    length = last_step(context)
    return Facts(
        said=said,
        lr=rate if rate is not None and math.isfinite(rate) and rate > 0 else None,
        optimizer=optimizer_name(known) or str(known.get("optimizer") or "").lower(),
        hyperparameters=known,
        planned=_planned(known),
        length=length,
        unit=some.unit if some is not None else "step",
        train=end_level(train) if train is not None else None,
        val=end_level(val) if val is not None else None,
        train_tag=train.tag if train is not None else "",
        val_tag=val.tag if val is not None else "",
        broke=blew_up(context),
        first_step=int(some.step[0]) if some is not None and len(some) else 0,
        response=(response := context.find("response")),
        like_trials=response is not None and _like_trials(response, context.find("schedule")),
    )


def _like_trials(response: Response, schedule: Schedule | None) -> bool:
    known = response.rate_known and response.optimizer_known and math.isfinite(response.log10_steps)
    return known and (schedule is None or schedule.kind == "constant")


def _planned(known: Mapping[str, Hyperparameter]) -> tuple[str, float] | None:
    for name in _LENGTHS:
        value = known.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e300:
            return name, float(value)
    return None
