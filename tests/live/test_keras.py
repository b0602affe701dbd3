"""The callback in real trainings by Keras, on whatever backend there is."""

import os

import numpy as np
import pytest

for backend in ("torch", "jax", "tensorflow"):
    try:
        __import__(backend)
    except ImportError:
        continue
    os.environ.setdefault("KERAS_BACKEND", backend)
    break
keras = pytest.importorskip("keras", reason="the callback is for Keras")

import lrdoctor  # noqa: E402
from lrdoctor.live.keras import LRDoctorCallback  # noqa: E402


class Break(keras.callbacks.Callback):
    """Spoils the weights after so many batches."""

    def __init__(self, at):
        super().__init__()
        self.left = at

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if not self.left:
            self.model.set_weights([np.full_like(weight, np.nan) for weight in self.model.get_weights()])


def train(callbacks, epochs=12, learning_rate=0.05, **compiling):
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).standard_normal((96, 4)).astype(np.float32)
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(1)], name="line")
    model.compile(optimizer=keras.optimizers.SGD(learning_rate, momentum=0.5), loss="mse", **compiling)
    history = model.fit(
        x, x.sum(1), batch_size=8, epochs=epochs, verbose=0, callbacks=callbacks, validation_split=0.25
    )  # fmt: skip
    return model, history


def test_says_what_a_diagnosis_of_the_history_says(alike):
    callback = LRDoctorCallback(report=lambda said: None)
    _, history = train([callback])
    after, said = lrdoctor.diagnose(history).runs[0], callback.monitor.check()
    assert said.run.series["loss"].value.tolist() == history.history["loss"]
    assert said.run.series["loss"].unit == after.run.series["loss"].unit == "epoch"
    assert said.run.series["learning_rate"].value.tolist() == pytest.approx([0.05] * 12)
    assert said.verdict == after.verdict
    known = said.run.hyperparameters
    assert (known["optimizer"], known["momentum"], known["lr"]) == ("sgd", 0.5, pytest.approx(0.05))


def test_resolves_running_means_into_batches():
    callback, means = LRDoctorCallback(unit="step", report=lambda said: None), []

    class Means(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            means.append(logs["loss"])

    train([callback, Means()], epochs=3)
    loss = callback.monitor.run().series["loss"]
    assert loss.step.tolist() == list(range(27))
    batches = loss.value.reshape(3, 9)
    resolved = np.cumsum(batches, axis=1) / np.arange(1, 10)
    assert resolved.reshape(-1) == pytest.approx(means, rel=1e-5)
    assert callback.monitor.run().series["val_loss"].step.tolist() == [8, 17, 26]


@pytest.mark.parametrize("unit", ["epoch", "step"])
def test_stops_at_the_named_finding(unit):
    said = []
    callback = LRDoctorCallback(unit=unit, stop_on=["NAN101"], report=said.append)
    _, history = train([Break(30), callback], epochs=40)
    assert len(history.epoch) < 12
    assert said[-1].verdict == "diverged"


def test_only_reports_unless_asked():
    said = []
    _, history = train([Break(30), LRDoctorCallback(report=said.append)])
    assert len(history.epoch) == 12
    assert said[-1].verdict == "diverged"


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="Keras on torch executes batches one by one")
def test_batches_that_are_executed_together_share_a_mean():
    callback = LRDoctorCallback(unit="step", report=lambda said: None)
    train([callback], epochs=2, steps_per_execution=3)
    loss = callback.monitor.run().series["loss"]
    assert loss.step.tolist() == [2, 5, 8, 11, 14, 17]
    plain = LRDoctorCallback(unit="step", report=lambda said: None)
    train([plain], epochs=2)
    batches = plain.monitor.run().series["loss"].value.reshape(-1, 3).mean(axis=1)
    assert loss.value.tolist() == pytest.approx(batches.tolist(), rel=1e-3)
