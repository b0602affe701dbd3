"""The finders themselves, run on a small network: what they averaged is had back as it was."""

from __future__ import annotations

import numpy as np
import pytest

import lrdoctor
from lrdoctor.readers._finders import ramp_from_object

torch = pytest.importorskip("torch", reason="needs torch")


class Recording(torch.nn.Module):
    """A classifier that keeps the loss of every batch."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.net = torch.nn.Sequential(torch.nn.Linear(20, 32), torch.nn.ReLU(), torch.nn.Linear(32, 5))
        self.seen = []

    def forward(self, x):
        return self.net(x)

    def loss(self, given, wanted):
        loss = torch.nn.functional.cross_entropy(given, wanted)
        self.seen.append(loss.item())
        return loss


@pytest.fixture
def net():
    return Recording()


@pytest.fixture
def batches():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1024, 20, generator=generator)
    y = (x @ torch.randn(20, 5, generator=generator)).argmax(1)
    data = torch.utils.data.TensorDataset(x, y)
    return torch.utils.data.DataLoader(data, batch_size=32, shuffle=True, generator=generator)


def agrees(finder, net, atol=1e-5):
    found = ramp_from_object(finder)
    assert len(found.loss) > 50
    assert np.allclose(found.loss, net.seen[: len(found.loss)], atol=atol)
    plain = lrdoctor.range_test((found.lr, net.seen[: len(found.loss)]))
    assert plain.usable
    assert lrdoctor.range_test(finder).recommended == pytest.approx(plain.recommended, rel=0.05)


@pytest.mark.slow
def test_lightning(net, batches, tmp_path, monkeypatch):
    try:
        import lightning.pytorch as lightning
    except ImportError:
        lightning = pytest.importorskip("pytorch_lightning", reason="needs lightning")
    monkeypatch.chdir(tmp_path)  # the finder keeps a checkpoint

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net, self.lr = net, 1e-3

        def training_step(self, batch, _):
            return self.net.loss(self.net(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=self.lr)

    trainer = lightning.Trainer(
        accelerator="cpu", max_epochs=10, logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False,
    )  # fmt: skip
    finder = lightning.tuner.Tuner(trainer).lr_find(Module(), batches, min_lr=1e-6, max_lr=100, num_training=120)
    agrees(finder, net)
    agrees(finder.results, net)


@pytest.mark.slow
def test_torch_lr_finder(net, batches):
    library = pytest.importorskip("torch_lr_finder", reason="needs torch-lr-finder")
    finder = library.LRFinder(net, torch.optim.SGD(net.parameters(), lr=1e-6), net.loss, device="cpu")
    finder.range_test(batches, end_lr=100, num_iter=120)
    agrees(finder, net)


@pytest.mark.slow
def test_ignite(net, batches):
    pytest.importorskip("ignite", reason="needs pytorch-ignite")
    from ignite.engine import create_supervised_trainer
    from ignite.handlers import FastaiLRFinder

    optimizer, finder = torch.optim.SGD(net.parameters(), lr=1e-6), FastaiLRFinder()
    trainer = create_supervised_trainer(net, optimizer, net.loss)
    settings = {"num_iter": 120, "start_lr": 1e-6, "end_lr": 100.0}
    with finder.attach(trainer, {"model": net, "optimizer": optimizer}, **settings) as attached:
        attached.run(batches)
    agrees(finder, net)


@pytest.mark.slow
def test_fastai(net, batches):
    basics = pytest.importorskip("fastai.basics", reason="needs fastai")
    pytest.importorskip("fastai.callback.schedule")
    learner = basics.Learner(basics.DataLoaders(batches, batches), net, loss_func=net.loss, opt_func=basics.SGD)
    with learner.no_bar(), learner.no_logging():
        learner.lr_find(start_lr=1e-6, end_lr=100, num_it=120, show_plot=False)
    agrees(learner, net, atol=1e-3)
    agrees(learner.recorder, net, atol=1e-3)
