"""Each stacked optimizer steps as its namesake in torch.optim does, every member at its own rate."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from lrdoctor.trials.optimizers import OPTIMIZERS, make_optimizer  # noqa: E402

REFERENCE = {
    "sgd": lambda p, lr: torch.optim.SGD(p, lr=lr),
    "momentum": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9),
    "nesterov": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9, nesterov=True),
    "adam": lambda p, lr: torch.optim.Adam(p, lr=lr),
    "adamw": lambda p, lr: torch.optim.AdamW(p, lr=lr),
    "rmsprop": lambda p, lr: torch.optim.RMSprop(p, lr=lr),
    "adagrad": lambda p, lr: torch.optim.Adagrad(p, lr=lr),
}


def test_every_optimizer_has_a_reference():
    assert set(REFERENCE) == set(OPTIMIZERS)


@pytest.mark.parametrize("name", sorted(REFERENCE))
def test_same_steps_as_torch(name):
    generator = torch.Generator().manual_seed(0)
    rates = torch.tensor([[1e-3], [1e-2], [0.3]], dtype=torch.float64)
    start = torch.randn(1, 7, generator=generator, dtype=torch.float64)
    params = start.repeat(3, 1)
    ours = make_optimizer(name, params)
    theirs = [start[0].clone().requires_grad_() for _ in rates]
    references = [REFERENCE[name]([p], float(lr)) for p, lr in zip(theirs, rates, strict=True)]
    for _ in range(25):
        grads = torch.randn(3, 7, generator=generator, dtype=torch.float64)
        for p, g, reference in zip(theirs, grads, references, strict=True):
            p.grad = g.clone()
            reference.step()
        ours.step(params, grads.clone(), rates)
        torch.testing.assert_close(params, torch.stack([p.detach() for p in theirs]), rtol=1e-9, atol=1e-12)
