"""Learning-rate finders of other libraries: known by what they have, and their averages undone."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import lrdoctor
from lrdoctor.errors import UsageError
from lrdoctor.readers._finders import ramp_from_object

LR = np.geomspace(1e-6, 10, 120)
RAW = 2.3 - 1.5 / (1 + np.exp(-4 * (np.log10(LR) + 2))) + 0.05 * np.random.default_rng(0).standard_normal(120)
RAW = RAW + np.exp(np.minimum(6 * (np.log10(LR) + 0.2), 40))


def lightning(raw, beta=0.98):
    """pytorch-lightning 2.6, `_LRCallback.on_train_batch_end`: its first step counts as the second."""
    average, found = 0.0, []
    for step, loss in enumerate(raw, 1):
        average = beta * average + (1 - beta) * loss
        found.append(average / (1 - beta ** (step + 1)))
    return found


def fastai(raw, beta=0.98):
    """fastai 2.8, `AvgSmoothLoss`."""
    value, found = 0.0, []
    for count, loss in enumerate(raw, 1):
        value = loss + beta * (value - loss)
        found.append(value / (1 - beta**count))
    return found


def torch_lr_finder(raw, smooth=0.05):
    """torch-lr-finder 0.2, `LRFinder.range_test`; ignite's `FastaiLRFinder` does the same."""
    found = [raw[0]]
    for loss in raw[1:]:
        found.append(smooth * loss + (1 - smooth) * found[-1])
    return found


class Tensor:
    """As much of a tensor as is asked of it."""

    def __init__(self, values):
        self.values = values

    def detach(self):
        return self

    def cpu(self):
        return self

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)

    def __iter__(self):
        return iter(self.values)


RESULTS = {"lr": LR.tolist(), "loss": lightning(RAW)}
FINDERS = {
    "Lightning": SimpleNamespace(results=RESULTS, suggestion=lambda: 0.1),
    "Lightning's results": RESULTS,
    "fastai's recorder": SimpleNamespace(lrs=LR.tolist(), losses=[np.float32(x) for x in fastai(RAW)]),
    "fastai's learner": SimpleNamespace(recorder=SimpleNamespace(lrs=LR.tolist(), losses=fastai(RAW))),
    "torch-lr-finder": SimpleNamespace(history={"lr": LR.tolist(), "loss": torch_lr_finder(RAW)}),
    "ignite": SimpleNamespace(_history={"lr": LR.tolist(), "loss": torch_lr_finder(RAW)}),
}


@pytest.mark.parametrize("finder", FINDERS.values(), ids=FINDERS)
def test_averages_are_undone(finder):
    found = ramp_from_object(finder)
    assert np.allclose(found.lr, LR)
    assert np.allclose(found.loss, RAW, atol=2e-4)
    assert "moving averages" in found.notes[0]
    assert lrdoctor.range_test(finder).recommended == pytest.approx(lrdoctor.range_test((LR, RAW)).recommended, rel=0.1)


@pytest.mark.parametrize(
    "thing",
    [(LR, RAW), [LR.tolist(), RAW.tolist()], {"lr": LR, "loss": RAW}, {"lrs": LR.tolist(), "losses": RAW.tolist()},
     (Tensor(LR), Tensor(RAW))],
    ids=["pair", "list", "dict", "plural", "tensors"],
)  # fmt: skip
def test_plain_losses_stay_as_they_are(thing):
    found = ramp_from_object(thing)
    assert np.array_equal(found.loss, RAW)
    assert found.notes == ()


def test_losses_that_cannot_have_been_averaged_so_stay_as_they_are():
    finder = SimpleNamespace(history={"lr": LR.tolist(), "loss": RAW.tolist()})
    assert np.array_equal(ramp_from_object(finder).loss, RAW)


def test_a_loss_that_was_none_is_a_gap():
    found = ramp_from_object((LR, [None, *RAW[1:]]))
    assert np.isnan(found.loss[0])


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        ((LR, RAW[:-1]), "120 learning rates and 119 losses"),
        (SimpleNamespace(results={}, suggestion=None), "not been run"),
        (SimpleNamespace(history={"lr": [], "loss": []}), "not been run"),
        (([1e-3, "x"], [1.0, 2.0]), None),
        ((np.ones((3, 2)), np.ones(3)), "not a list of numbers"),
    ],
)
def test_what_holds_no_range_test(thing, words):
    with pytest.raises(UsageError, match=words):
        lrdoctor.range_test(thing)


@pytest.mark.parametrize(
    "thing", ["x.csv", ["a.csv", "b.csv"], {"step": [1], "loss": [2]}, [{"loss": 1}, {"loss": 2}], dict]
)
def test_other_things_are_for_the_readers(thing):
    assert ramp_from_object(thing) is None
