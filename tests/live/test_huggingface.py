"""The callback in real trainings by the Hugging Face Trainer."""

import math

import pytest

torch = pytest.importorskip("torch", reason="the Trainer needs torch")
transformers = pytest.importorskip("transformers", reason="the callback is for transformers")
pytest.importorskip("accelerate", reason="the Trainer needs accelerate")

import lrdoctor  # noqa: E402
from lrdoctor.live.huggingface import LRDoctorCallback  # noqa: E402


class Regression(torch.nn.Module):
    def __init__(self, breaks_at=None):
        super().__init__()
        self.layer, self.calls, self.breaks_at = torch.nn.Linear(4, 1), 0, breaks_at

    def forward(self, x, labels):
        self.calls += self.training
        loss = ((self.layer(x)[:, 0] - labels) ** 2).mean()
        if self.breaks_at is not None and self.calls > self.breaks_at:
            loss = loss * math.nan
        return {"loss": loss, "logits": self.layer(x)}


def train(tmp_path, callback, *, breaks_at=None, **arguments):
    torch.manual_seed(0)
    x = torch.randn(256, 4)
    data = [{"x": row, "labels": row.sum()} for row in x]
    settings = {
        "output_dir": str(tmp_path), "report_to": [], "per_device_train_batch_size": 8, "max_steps": 80,
        "logging_steps": 1, "learning_rate": 0.01, "disable_tqdm": True, "use_cpu": True, "save_strategy": "no",
        "logging_nan_inf_filter": False,
    }  # fmt: skip
    trainer = transformers.Trainer(
        model=Regression(breaks_at), args=transformers.TrainingArguments(**(settings | arguments)),
        train_dataset=data, eval_dataset=data[:32], callbacks=[callback],
    )  # fmt: skip
    trainer.train()
    return trainer


def test_says_what_a_diagnosis_of_the_log_history_says(tmp_path, alike):
    callback = LRDoctorCallback(report=lambda said: None)
    trainer = train(tmp_path, callback, eval_strategy="steps", eval_steps=10)
    after = lrdoctor.diagnose(trainer).runs[0]
    assert len(callback.monitor.run().series["loss"]) == 80
    assert len(callback.monitor.run().series["eval_loss"]) == 8
    assert alike(callback.monitor.check(), after)
    assert trainer.state.global_step == 80


def test_stops_at_the_named_finding(tmp_path):
    said = []
    trainer = train(tmp_path, LRDoctorCallback(stop_on=["NAN101"], report=said.append), breaks_at=30)
    assert 32 <= trainer.state.global_step < 40
    assert "NAN101" in {finding.code for finding in said[-1].findings}


def test_only_reports_unless_asked(tmp_path):
    said = []
    trainer = train(tmp_path, LRDoctorCallback(stop_on=["OSC101"], report=said.append), breaks_at=30)
    assert trainer.state.global_step == 80
    assert said[-1].verdict == "diverged"
