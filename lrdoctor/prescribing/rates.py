"""The peak learning rate of a run and its length, as far as they are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from typing import Any

    from lrdoctor.records import Run


class Answers(Protocol):
    """What is asked of a run: roles and signals by name."""

    run: Run

    def find(self, name: str) -> Any | None:
        """Value of a role or signal, or None."""
        ...


_PLAUSIBLE = (1e-30, 1e30)
"""What a learning rate can be; a number outside is something else, or a slip."""

_LATE = 3.0
"""A log that begins later than so many of its intervals did not see its training begin, or counts on from another."""


def peak_rate(context: Answers) -> float | None:
    """Peak learning rate of a run: logged, else configured, else None."""
    schedule = context.find("schedule")
    if schedule is not None and schedule.logged:
        rate = schedule.peak
    else:
        rate = context.run.hyperparameters.get("lr")
    if not isinstance(rate, int | float):
        return None
    return float(rate) if _PLAUSIBLE[0] < rate < _PLAUSIBLE[1] else None


def last_step(context: Answers) -> int:
    """Number of the last optimizer step that the log shows; epochs count as they are."""
    series = [s for s in (context.find("train_loss"), context.find("val_loss"), context.find("lr")) if s is not None]
    return max((int(s.step[-1]) for s in series if len(s)), default=0)


def begin_step(context: Answers) -> int:
    """Step from which the steps of a log count: 0, or its first one where that is late."""
    loss = context.find("train_loss") or context.find("val_loss")
    if loss is None or len(loss) < 2:
        return 0
    begin, end = int(loss.step[0]), int(loss.step[-1])
    return begin if begin > _LATE * (end - begin) / (len(loss) - 1) else 0
