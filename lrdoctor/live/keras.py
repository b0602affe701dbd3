"""A callback for Keras 3, on any of its backends.

    from lrdoctor.live.keras import LRDoctorCallback
    model.fit(..., callbacks=[LRDoctorCallback(stop_on=["NAN101", "DIV101"])])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from keras.callbacks import Callback

from lrdoctor.live._attending import Attendant
from lrdoctor.live._numbers import number
from lrdoctor.live.monitor import Monitor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lrdoctor.live._attending import Report


class LRDoctorCallback(Callback):
    """Follows the loss by epochs, as `History` keeps it, or by batches.

    Parameters
    ----------
    unit
        ``"epoch"``: every curve has a point for each epoch. ``"step"``: the training loss has one for each batch, which
        says far more in a training of few epochs. Keras hands out running means; they are resolved into batches.
    stop_on
        Codes of the findings at which training is to stop; by default it is only reported.
    act_on
        What else to do about findings, by code: called once with the diagnosis.
    report
        Called with each diagnosis that says something new, instead of a line to the logger ``lrdoctor``.
    options
        For the `Monitor`; optimizer, rate and planned length are taken from the model.

    Attributes
    ----------
    monitor
        There from the beginning of the training on.
    """

    def __init__(
        self,
        *,
        unit: Literal["epoch", "step"] = "epoch",
        stop_on: Iterable[str] = (),
        act_on: Mapping[str, Report] | None = None,
        report: Report | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        self._unit: Literal["epoch", "step"] = unit
        self._options = options
        self._acting: dict[str, Any] = {"stop_on": stop_on, "act_on": act_on, "report": report}
        self._steps = self._seen = 0  # batches so far: of all epochs, of this one
        self._total = 0.0  # their losses in this epoch
        self._new(Monitor(unit=unit, **options))

    def on_train_begin(self, logs: Any = None) -> None:
        """Begin a new run, with what the model's optimizer says of itself."""
        length, epochs = self.params.get("steps"), self.params.get("epochs")
        known = {
            **_settings(self.model.optimizer),
            "epochs": epochs,
            "max_steps": length * epochs if length and epochs else None,
            **(self._options.get("hyperparameters") or {}),
        }
        name = str(getattr(self.model, "name", "run"))
        self._new(Monitor(**{"name": name, "unit": self._unit, **self._options, "hyperparameters": known}))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Take the loss of this batch, where batches are followed."""
        mean = number((logs or {}).get("loss"))
        if self._unit != "step" or mean is None:
            return
        if batch < self._seen:  # a new epoch, in which the running mean has restarted
            self._seen, self._total = 0, 0.0
        # Several batches may be executed at once; a last one that is smaller is taken for a whole one.
        new, total = batch + 1 - self._seen, mean * (batch + 1)
        loss = (total - self._total) / new
        self._seen, self._total = batch + 1, total
        self._steps += new
        self._take(self._steps - 1, {"loss": loss, "learning_rate": self._rate()})

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Take what the epoch has shown."""
        logs = logs or {}
        if self._unit == "step":
            held_out = {name: value for name, value in logs.items() if name.startswith("val_")}
            self._take(max(self._steps - 1, 0), held_out)
        else:
            self._take(epoch, {"learning_rate": self._rate(), **logs})

    def on_train_end(self, logs: Any = None) -> None:
        """Report the last word."""
        self._attendant.close()

    def _take(self, step: int, values: dict[str, Any]) -> None:
        self.monitor.log(step, values)
        if self._attendant.look() is not None:
            self.model.stop_training = True

    def _rate(self) -> float | None:
        return number(getattr(self.model.optimizer, "learning_rate", None))

    def _new(self, monitor: Monitor) -> None:
        self.monitor = monitor
        self._attendant = Attendant(monitor, **self._acting)
        self._steps, self._seen, self._total = 0, 0, 0.0


def _settings(optimizer: Any) -> dict[str, Any]:
    """Name and settings of a Keras optimizer."""
    try:  # what a configuration holds is up to the optimizer's author
        said = dict(optimizer.get_config())
    except Exception:
        said = {}
    return {"optimizer": {"name": type(optimizer).__name__, **said}}
