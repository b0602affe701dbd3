"""A callback for Lightning (`lightning` or `pytorch_lightning`).

    from lrdoctor.live.lightning import LRDoctorCallback
    trainer = Trainer(..., callbacks=[LRDoctorCallback(stop_on=["NAN101", "DIV101"])])
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lrdoctor.live._attending import Attendant
from lrdoctor.live._numbers import number
from lrdoctor.live._torch import peak_rate, settings
from lrdoctor.live.monitor import Monitor

try:
    from lightning.pytorch import Callback
except ImportError:
    from pytorch_lightning import Callback

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lrdoctor.live._attending import Report


class LRDoctorCallback(Callback):
    """Follows the loss of the training step, the rate, and what validation logs.

    Parameters
    ----------
    every_n_steps
        How often the training loss is taken; default: as often as the trainer logs. Taking it waits for the device.
    stop_on
        Codes of the findings at which training is to stop; by default it is only reported.
    act_on
        What else to do about findings, by code: called once with the diagnosis.
    report
        Called with each diagnosis that says something new, instead of a line to the logger ``lrdoctor``.
    options
        For the `Monitor`; optimizer, rate and planned steps are taken from the trainer, and hyperparameters from the
        module where it has saved them.

    Attributes
    ----------
    monitor
        There from the beginning of the training on.
    """

    def __init__(
        self,
        *,
        every_n_steps: int | None = None,
        stop_on: Iterable[str] = (),
        act_on: Mapping[str, Report] | None = None,
        report: Report | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        self._every = every_n_steps
        self._options = options
        self._acting: dict[str, Any] = {"stop_on": stop_on, "act_on": act_on, "report": report}
        self._step = -1
        self._rate: float | None = None
        self._new(Monitor(**options))

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin a new run, with what the trainer and the module tell of the setup."""
        planned = trainer.estimated_stepping_batches
        known = {
            **settings(trainer.optimizers),
            "clip_norm": trainer.gradient_clip_val,
            "max_steps": int(planned) if 0 < planned < float("inf") else None,
            **dict(getattr(pl_module, "hparams", None) or {}),
            **(self._options.get("hyperparameters") or {}),
        }
        self._new(Monitor(**{"name": type(pl_module).__name__, **self._options, "hyperparameters": known}))

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
        """Read the rate while it is in force: a scheduler may change it before the batch has ended."""
        self._rate = peak_rate(trainer.optimizers)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Take the loss and the rate of this step, and stop the training if that was asked for."""
        self._of_training |= trainer.callback_metrics.keys() - self._of_validation
        step = trainer.global_step - 1
        if step == self._step or step < 0 or step % (self._every or trainer.log_every_n_steps or 1):
            return
        self._step = step
        loss = number(outputs.get("loss") if isinstance(outputs, Mapping) else outputs)
        if loss is not None and pl_module.automatic_optimization:
            loss *= trainer.accumulate_grad_batches  # Lightning hands out the share of one accumulated batch
        self._take(trainer, step, {"train_loss": loss, "lr": self._rate})

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Take what validation has logged."""
        if trainer.sanity_checking:
            return
        self._of_validation |= trainer.callback_metrics.keys() - self._of_training
        logged = {name: value for name, value in trainer.callback_metrics.items() if name in self._of_validation}
        self._take(trainer, max(trainer.global_step - 1, 0), logged)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Report the last word."""
        if trainer.is_global_zero:
            self._attendant.close()

    def _take(self, trainer: Any, step: int, values: dict[str, Any]) -> None:
        if not trainer.is_global_zero:
            return
        self.monitor.log(step, values)
        if self._attendant.look() is not None:
            trainer.should_stop = True

    def _new(self, monitor: Monitor) -> None:
        self.monitor, self._step = monitor, -1
        self._of_training: set[str] = set()
        self._of_validation: set[str] = set()
        self._attendant = Attendant(monitor, **self._acting)
