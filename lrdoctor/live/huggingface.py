"""A callback for the Hugging Face Trainer.

    from lrdoctor.live.huggingface import LRDoctorCallback
    trainer = Trainer(..., callbacks=[LRDoctorCallback(stop_on=["NAN101", "DIV101"])])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

from lrdoctor.live._attending import Attendant
from lrdoctor.live.monitor import Monitor
from lrdoctor.readers._log_history import is_summary, settings_of_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lrdoctor.live._attending import Report


class LRDoctorCallback(TrainerCallback):
    """Follows what the Trainer logs.

    Parameters
    ----------
    stop_on
        Codes of the findings at which training is to stop; by default it is only reported.
    act_on
        What else to do about findings, by code: called once with the diagnosis.
    report
        Called with each diagnosis that says something new, instead of a line to the logger ``lrdoctor``.
    options
        For the `Monitor`; hyperparameters are taken from the training arguments.

    Attributes
    ----------
    monitor
        There from the beginning of the training on.
    """

    def __init__(
        self,
        *,
        stop_on: Iterable[str] = (),
        act_on: Mapping[str, Report] | None = None,
        report: Report | None = None,
        **options: Any,
    ) -> None:
        self._options = options
        self._acting: dict[str, Any] = {"stop_on": stop_on, "act_on": act_on, "report": report}
        self._new(Monitor(**options))

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Begin a new run, with the hyperparameters of this training."""
        known = {**args.to_dict(), **(self._options.get("hyperparameters") or {})}
        name = args.run_name or args.output_dir or "run"
        monitor = Monitor(**{"name": name, **self._options, "hyperparameters": known})
        monitor.hyperparameters = {**settings_of_state(vars(state)), **monitor.hyperparameters}
        self._new(monitor)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Take the numbers, and stop the training if that was asked for."""
        if not logs or is_summary(logs) or not state.is_world_process_zero:
            return
        self.monitor.log(state.global_step, logs)
        if self._attendant.look() is not None:
            control.should_training_stop = True

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Report the last word."""
        if state.is_world_process_zero:
            self._attendant.close()

    def _new(self, monitor: Monitor) -> None:
        self.monitor = monitor
        self._attendant = Attendant(monitor, **self._acting)
