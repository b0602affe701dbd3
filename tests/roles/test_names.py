"""Every name that frameworks use, and what a run around it makes of it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lrdoctor.records import Role, Run, Series
from lrdoctor.roles import assign_roles, primary, primary_reason

HERE = Path(__file__).parent
NAMES = tomllib.loads((HERE / "names.toml").read_text("utf-8"))
RUNS: list[dict[str, Any]] = tomllib.loads((HERE / "runs.toml").read_text("utf-8"))["run"]
SINGLE = [(tag, role) for role, table in NAMES.items() for tag in table["tags"]]
RISING = {"train_metric", "val_metric", "reward", "epoch"}


def curve(tag: str, role: str, shape: str = "", points: int = 100) -> Series:
    points = {"once": 1, "sparse": points // 10}.get(shape, points)
    step = np.arange(points, dtype=np.int64) * (10 if shape == "sparse" else 1)
    time = np.arange(points) / max(points, 1)
    if shape == "rise" or (not shape and role in RISING):
        value = 0.1 + 0.8 * time
    elif role == "objective":
        value = -100.0 + 150.0 * time
    elif role == "lr":
        value = 1e-3 * (1.0 - 0.5 * time)
    elif role == "other":
        value = np.where(np.arange(points) % 2, 0.4, 0.6)
    else:
        value = 0.1 + 2.0 * np.exp(-4.0 * time)
    return Series(tag=tag, step=step, value=value)


def run_of(*series: Series) -> Run:
    return Run(id="", source="log", format="test", series={one.tag: one for one in series})


def test_the_tables_are_large() -> None:
    assert len(SINGLE) > 450
    assert len(SINGLE) == len(set(SINGLE))
    assert len(RUNS) > 60


@pytest.mark.parametrize(("tag", "role"), SINGLE)
def test_a_tag_alone(tag: str, role: str) -> None:
    got = assign_roles(run_of(curve(tag, role))).series[tag]
    assert (got.role, bool(got.role_reason)) == (Role(role), True), got.role_reason


@pytest.mark.parametrize("case", RUNS, ids=[case["name"] for case in RUNS])
def test_a_run(case: dict[str, Any]) -> None:
    shapes, points = case.get("shapes", {}), case.get("points", {})
    run = run_of(*(curve(t, r, shapes.get(t, ""), points.get(t, 100)) for t, r in case["roles"].items()))
    done = assign_roles(run)
    wanted = {tag: Role(role) for tag, role in case["roles"].items()}
    assert {tag: series.role for tag, series in done.series.items()} == wanted
    for role, tag in case.get("primary", {}).items():
        chosen = primary(done, Role(role))
        assert chosen is not None
        assert (chosen.tag, chosen.role) == (tag, Role(role))
        assert primary_reason(done, Role(role))
    for role in case.get("none", []):
        assert primary(done, Role(role)) is None
        assert primary_reason(done, Role(role))


@pytest.mark.parametrize("case", RUNS, ids=[case["name"] for case in RUNS])
def test_the_order_of_the_log_does_not_change_roles(case: dict[str, Any]) -> None:
    shapes, points = case.get("shapes", {}), case.get("points", {})
    series = [curve(t, r, shapes.get(t, ""), points.get(t, 100)) for t, r in case["roles"].items()]
    there, back = assign_roles(run_of(*series)), assign_roles(run_of(*reversed(series)))
    assert {t: s.role for t, s in there.series.items()} == {t: s.role for t, s in back.series.items()}
