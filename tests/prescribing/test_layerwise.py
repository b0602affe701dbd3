"""Layer-wise rates, and the code for PyTorch, executed."""

from __future__ import annotations

import pytest

import lrdoctor
from lrdoctor.errors import UsageError


def test_each_layer_is_a_factor_below_the_next():
    found = lrdoctor.layerwise(1e-3, ["embed", "block.0", "block.1"], decay=0.5)
    assert found.as_dict() == pytest.approx({"embed": 2.5e-4, "block.0": 5e-4, "block.1": 1e-3})
    assert list(found) == list(found.rates)
    assert (found["embed"], found[-1], len(found)) == (2.5e-4, 1e-3, 3)
    assert "block.1  0.001" in repr(found)


def test_a_decay_of_one_is_uniform_and_a_head_lies_above():
    found = lrdoctor.layerwise(2e-5, 4, decay=1, head=10)
    assert set(found) == {2e-5}
    assert found.head == pytest.approx(2e-4)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((0, 3), {}, "above zero"),
        ((float("nan"), 3), {}, "above zero"),
        ((1e-3, 0), {}, "number from 1"),
        ((1e-3, 10**7), {}, "number from 1"),
        ((1e-3, []), {}, "no layer"),
        ((1e-3, ["a", "a"]), {}, "same name"),
        ((1e-3, "encoder"), {}, "list of names"),
        ((1e-3, 3), {"decay": 1.2}, "at most 1"),
        ((1e-3, 3), {"decay": 0}, "above 0"),
        ((1e-3, 3), {"head": -1}, "above zero"),
        ((1e-3, 9000), {"decay": 0.5}, "closer to 1"),
    ],
)
def test_what_cannot_be_is_said(arguments, options, message):
    with pytest.raises(UsageError, match=message):
        lrdoctor.layerwise(*arguments, **options)


def test_the_optimizer_is_a_name():
    with pytest.raises(UsageError, match=r"torch\.optim"):
        lrdoctor.layerwise(1e-3, 2).code("SGD(); import os")


def test_a_hostile_name_of_a_layer_stays_a_string():
    code = lrdoctor.layerwise(1e-3, ['a"\n}; raise SystemExit', "b"]).code()
    compile(code, "code", "exec")
    assert "\n}; raise" not in code


def executed(code, model):
    scope = {"model": model}
    exec(code, scope)
    return scope["optimizer"]


def test_the_code_gives_pytorch_parameter_groups_their_rates():
    torch = pytest.importorskip("torch", reason="runs the snippet on a real module")
    body = torch.nn.Sequential(*[torch.nn.Linear(2, 2) for _ in range(11)])
    ends = {name: torch.nn.Linear(2, 2) for name in ("embed", "head")}
    model = torch.nn.ModuleDict({**ends, "blocks": body}).double()
    model["embed"].bias.requires_grad_(False)
    layers = ["embed", *[f"blocks.{n}" for n in range(11)]]
    found = lrdoctor.layerwise(1e-4, layers, decay=0.7, head=10)
    optimizer = executed(found.code("SGD"), model)
    rates = {group["name"]: group["lr"] for group in optimizer.param_groups}
    assert rates == pytest.approx({**found.as_dict(), "rest": 1e-3})
    held = {group["name"]: {id(p) for p in group["params"]} for group in optimizer.param_groups}
    assert held["blocks.1"] == {id(p) for p in body[1].parameters()}
    assert held["rest"] == {id(p) for p in model["head"].parameters()}
    assert held["embed"] == {id(model["embed"].weight)}
    before = model["embed"].weight.detach().clone()
    sum(p.sum() for p in model.parameters()).backward()
    optimizer.step()
    moved = before - model["embed"].weight.detach()
    assert moved.flatten().tolist() == pytest.approx([found["embed"]] * 4)
    assert sum(map(len, held.values())) == sum(p.requires_grad for p in model.parameters())


def test_a_module_is_taken_by_its_children():
    torch = pytest.importorskip("torch", reason="runs the snippet on a real module")
    model = torch.nn.Sequential(*[torch.nn.Linear(2, 2) for _ in range(3)])
    found = lrdoctor.layerwise(1e-3, model)
    assert found.layers == ("0", "1", "2") == lrdoctor.layerwise(1e-3, 3).layers
    assert [group["lr"] for group in executed(found.code(), model).param_groups] == pytest.approx(list(found))


def test_its_log_is_read_back_as_layer_wise_rates():
    from lrdoctor.rules._setups import groups

    found = lrdoctor.layerwise(1e-3, 5, decay=0.75)
    run = groups({f"lr-AdamW/pg{n}": rate for n, rate in enumerate(found, 1)})
    (said,) = lrdoctor.diagnose(run, select=["GRP101"]).findings
    assert "5 parameter groups at 5 rates, 0.75 times" in said.message
