"""The callback in real trainings by Lightning."""

import math

import pytest

torch = pytest.importorskip("torch", reason="Lightning needs torch")
lightning = pytest.importorskip("lightning.pytorch", reason="the callback is for Lightning")

from lrdoctor.live.lightning import LRDoctorCallback  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")


class Regression(lightning.LightningModule):
    def __init__(self, breaks_at=None):
        super().__init__()
        self.layer, self.breaks_at, self.losses = torch.nn.Linear(4, 1), breaks_at, []

    def training_step(self, batch, index):
        loss = ((self.layer(batch[0])[:, 0] - batch[1]) ** 2).mean()
        if self.breaks_at is not None and len(self.losses) >= self.breaks_at:
            loss = loss * math.nan
        self.losses.append(float(loss.detach()))
        self.log("acc", 0.5)
        return loss

    def validation_step(self, batch, index):
        self.log("val_loss", ((self.layer(batch[0])[:, 0] - batch[1]) ** 2).mean())

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.05, momentum=0.9)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2)
        return [optimizer], [schedule]


def train(tmp_path, callback, *, breaks_at=None, **options):
    torch.manual_seed(0)
    x = torch.randn(160, 4)
    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, x.sum(1)), batch_size=8)
    settings = {
        "max_epochs": 4, "callbacks": [callback], "logger": False, "enable_checkpointing": False, "accelerator": "cpu",
        "enable_progress_bar": False, "enable_model_summary": False, "default_root_dir": tmp_path,
    }  # fmt: skip
    trainer = lightning.Trainer(**(settings | options))
    module = Regression(breaks_at)
    trainer.fit(module, data, data)
    return trainer, module


def test_follows_loss_rate_and_validation(tmp_path):
    callback = LRDoctorCallback(every_n_steps=1, report=lambda said: None)
    trainer, module = train(tmp_path, callback)
    run = callback.monitor.run()
    assert run.series["train_loss"].value.tolist() == pytest.approx(module.losses)
    assert run.series["lr"].value[[0, 39, 40, 79]].tolist() == pytest.approx([0.05, 0.05, 0.005, 0.005])
    assert run.series["val_loss"].step.tolist() == [19, 39, 59, 79]
    assert set(run.series) == {"train_loss", "lr", "val_loss"}
    known = dict(run.hyperparameters).items()
    assert {"optimizer": "sgd", "momentum": 0.9, "max_steps": 80, "lr": 0.05}.items() <= known
    assert trainer.global_step == 80


def test_as_often_as_the_trainer_logs_and_whole_losses_under_accumulation(tmp_path):
    callback = LRDoctorCallback(report=lambda said: None)
    _, module = train(tmp_path, callback, accumulate_grad_batches=2, log_every_n_steps=5)
    loss = callback.monitor.run().series["train_loss"]
    assert loss.step.tolist() == list(range(0, 40, 5))
    assert loss.value.tolist() == pytest.approx(module.losses[1::10])


def test_stops_at_the_named_finding(tmp_path):
    said = []
    trainer, _ = train(
        tmp_path, LRDoctorCallback(every_n_steps=1, stop_on=["NAN"], report=said.append), breaks_at=30, max_epochs=20
    )
    assert 32 <= trainer.global_step < 80  # Lightning stops where validation ends the epoch, or at once
    assert said[-1].verdict == "diverged"


def test_only_reports_unless_asked(tmp_path):
    said = []
    trainer, _ = train(tmp_path, LRDoctorCallback(every_n_steps=1, report=said.append), breaks_at=30)
    assert trainer.global_step == 80
    assert said[-1].verdict == "diverged"
