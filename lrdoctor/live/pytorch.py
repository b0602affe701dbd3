"""A plain PyTorch loop, followed: steps are counted and the rate is read off the optimizer.

    from lrdoctor.live.pytorch import following
    with following(optimizer, total_steps=10_000, stop_on=["NAN101"]) as doctor:
        for batch in loader:
            ...
            optimizer.step()
            if doctor.log(loss=loss):   # the finding for which to stop; None unless asked for
                break
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lrdoctor.live._attending import Attendant
from lrdoctor.live._torch import peak_rate, settings
from lrdoctor.live.monitor import Monitor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lrdoctor.live._attending import Report
    from lrdoctor.records import Finding


class Following:
    """What `following` hands to the loop.

    Attributes
    ----------
    monitor
        To `check` at any time.
    """

    def __init__(self, monitor: Monitor, attendant: Attendant, optimizer: Any) -> None:
        self.monitor = monitor
        self._attendant, self._optimizer = attendant, optimizer

    def log(
        self, step: int | Mapping[str, Any] | None = None, values: Mapping[str, Any] | None = None, /, **named: Any
    ) -> Finding | None:
        """Take the numbers of a step, as `Monitor.log`, with the optimizer's rate where none is given.

        Returns
        -------
        The finding for which the loop should stop, if one of `stop_on` holds.
        """
        if self._optimizer is not None and "lr" not in named:
            named["lr"] = peak_rate([self._optimizer])
        self.monitor.log(step, values, **named)
        return self._attendant.look()


@contextmanager
def following(
    optimizer: Any = None,
    *,
    stop_on: Iterable[str] = (),
    act_on: Mapping[str, Report] | None = None,
    report: Report | None = None,
    **options: Any,
) -> Iterator[Following]:
    """Follow a training loop; on leaving, also by an error, the last word is reported.

    Parameters
    ----------
    optimizer
        The torch optimizer: its name, settings and rate are taken from it.
    stop_on
        Codes of the findings for which `log` answers that the loop should stop; the loop itself decides.
    act_on
        What else to do about findings, by code: called once with the diagnosis.
    report
        Called with each diagnosis that says something new, instead of a line to the logger ``lrdoctor``.
    options
        For the `Monitor`.
    """
    known = {**(settings([optimizer]) if optimizer is not None else {}), **(options.pop("hyperparameters", None) or {})}
    monitor = Monitor(known, **options)
    attendant = Attendant(monitor, stop_on, act_on, report)
    try:
        yield Following(monitor, attendant, optimizer)
    finally:
        attendant.close()
