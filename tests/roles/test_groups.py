"""Which learning rates are parameter groups."""

from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.records import Run, Series
from lrdoctor.roles import assign_roles, parameter_groups


def run(**rates):
    series = {
        tag: Series(tag=tag, step=np.arange(5), value=np.full(5, rate)) for tag, rate in {"loss": 1.0, **rates}.items()
    }
    return assign_roles(Run(id="x", source="x", format="x", series=series))


def found(*tags, **rates):
    return [series.tag for series in parameter_groups(run(**{**dict.fromkeys(tags, 1e-3), **rates}))]


@pytest.mark.parametrize(
    "tags",
    [
        ("lr-AdamW/pg1", "lr-AdamW/pg2"),
        ("lr/group_0", "lr/group_1", "lr/group_2"),
        ("train/lr_pg0", "train/lr_pg1"),
        ("x/lr0", "x/lr1", "x/lr2"),
        ("lr_head", "lr_backbone"),
        ("lr/encoder", "lr/decoder"),
        ("learning_rate_0", "learning_rate_1"),
        ("lr-AdamW/layer_1", "lr-AdamW/layer_2"),
    ],
)
def test_groups(tags):
    assert found(*tags) == list(tags)


@pytest.mark.parametrize(
    "tags",
    [
        (),
        ("lr",),
        ("lr", "train_lr"),
        ("lr", "base_lr"),
        ("lr-Adam", "lr-Adam-1"),
        ("lr_g", "lr_d"),
        ("lr-AdamW/pg1", "lr-AdamW/pg1-momentum"),
    ],
)
def test_no_groups(tags):
    assert found(*tags) == []


def test_a_plain_rate_beside_named_ones_is_a_group_if_it_differs():
    assert found("lr", lr_backbone=1e-5) == ["lr", "lr_backbone"]
    assert found("lr", "lr/group_0", **{"lr/group_1": 1e-5}) == ["lr/group_0", "lr/group_1"]
