"""Every snippet, run by the library it is for, makes the rates of the array."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from lrdoctor.prescribing.schedules import KINDS, schedule

pytestmark = pytest.mark.slow

STEPS = 120
VARIANTS = [
    {}, {"floor": 0.1}, {"warmup": 0.0}, {"warmup": 7}, {"warmup": 0.33, "floor": 0.01},
    {"cuts": (0.4, 0.6, 0.9), "factor": 0.3, "cooldown": 0.5},
]  # fmt: skip
OPTIMIZERS = ["adamw", "momentum", "adam", "nesterov", "sgd", "rmsprop", "adagrad", "nadam"]
CASES = [
    schedule(kind, peak=3e-4, steps=STEPS, optimizer=OPTIMIZERS[(i + j) % len(OPTIMIZERS)], **variant)
    for i, kind in enumerate(KINDS)
    for j, variant in enumerate(VARIANTS)
    if not (kind.startswith("warmup") and variant.get("warmup") == 0.0)
]


def same(found, case):
    np.testing.assert_allclose(found, case.values, rtol=0, atol=1e-6 * case.peak, err_msg=case.in_words())


def stepped(optimizer, scheduler):
    rates = []
    for _ in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return np.array(rates, dtype=np.float64)


def run(code, **known):
    names = dict(known)
    exec(compile(code, "snippet", "exec"), names)  # our own text, from numbers
    return names


def test_pytorch():
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    for case in CASES:
        optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=case.peak)
        same(stepped(optimizer, run(case.code("pytorch"), optimizer=optimizer)["scheduler"]), case)


def test_hugging_face(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    pytest.importorskip("accelerate", reason="TrainingArguments need Accelerate")
    transformers = pytest.importorskip("transformers", reason="needs transformers")
    monkeypatch.chdir(tmp_path)

    for case in CASES:
        model = torch.nn.Linear(1, 1)
        names = run(case.code("huggingface"), model=model)
        arguments = names["arguments"]
        optimizer = names.get("optimizer") or torch.optim.AdamW(model.parameters(), lr=arguments.learning_rate)
        scheduler = names.get("scheduler")
        if scheduler is None:
            trainer = transformers.Trainer(model, arguments, optimizers=(optimizer, None))
            scheduler = trainer.create_scheduler(arguments.max_steps, optimizer)
        same(stepped(optimizer, scheduler), case)


def test_lightning(tmp_path):
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    lightning = pytest.importorskip("lightning", reason="needs Lightning")

    class Watch(lightning.Callback):
        def __init__(self):
            self.rates = []

        def on_train_batch_start(self, trainer, *_):
            self.rates.append(trainer.optimizers[0].param_groups[0]["lr"])

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(1, 1)

        def training_step(self, batch, _):
            return self.layer(batch).mean()

    data = torch.utils.data.DataLoader(torch.zeros(40, 1), batch_size=1)  # three epochs
    for case in CASES[::3]:
        module = type("Own", (Module,), {"configure_optimizers": run(case.code("lightning"))["configure_optimizers"]})()
        watch = Watch()
        trainer = lightning.Trainer(
            max_steps=STEPS, callbacks=[watch], logger=False, enable_checkpointing=False, accelerator="cpu",
            enable_progress_bar=False, enable_model_summary=False, default_root_dir=tmp_path,
        )  # fmt: skip
        trainer.fit(module, data)
        same(np.array(watch.rates), case)


def test_keras():
    os.environ.setdefault("KERAS_BACKEND", "jax")
    jax = pytest.importorskip("jax", reason="Keras schedules are traced by JAX")
    pytest.importorskip("keras", reason="needs Keras")
    for case in CASES:
        made = run(case.code("keras"), __name__="snippet")
        same(np.asarray(jax.jit(jax.vmap(made["schedule"]))(np.arange(STEPS)), dtype=np.float64), case)
        assert made["optimizer"].learning_rate is not None


def test_optax():
    jax = pytest.importorskip("jax", reason="Optax is for JAX")
    pytest.importorskip("optax", reason="needs Optax")
    for case in CASES:
        made = run(case.code("optax"))["schedule"]
        found = np.asarray(jax.jit(jax.vmap(made))(np.arange(STEPS)), dtype=np.float64)
        same(np.broadcast_to(found, (STEPS,)), case)


@pytest.mark.parametrize("framework", ["pytorch", "huggingface", "lightning", "keras", "optax"])
def test_every_snippet_is_python(framework):
    source = "\n".join(f"compile({case.code(framework)!r}, 'snippet', 'exec')" for case in CASES)
    assert subprocess.run([sys.executable, "-c", source], check=False).returncode == 0
