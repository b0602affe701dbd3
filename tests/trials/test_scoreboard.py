"""Tables and sentences of the scoreboard, and the whole page from two toy grids."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lrdoctor.prescribing.response import OFFSETS
from lrdoctor.trials import evidence, scoreboard
from lrdoctor.trials.advising import advise, cases_of
from lrdoctor.trials.dataset import join, rows_of
from lrdoctor.trials.grid import save_grid
from lrdoctor.trials.judging import judge
from lrdoctor.trials.making import Material
from lrdoctor.trials.policies import default_rate
from lrdoctor.trials.scoreboard import (
    Scores,
    beside,
    budget_class,
    by_group,
    cells,
    failures,
    number,
    table,
    thresholds,
)


@pytest.fixture
def grids(grid):
    return {
        f"{family}__momentum": replace(grid, name=f"{family}__momentum", family=family) for family in ("good", "bad")
    }


@pytest.fixture
def material(grids):
    """Responses that peak at the right factor, but for one family a decade too low."""
    rows = join(rows_of(one) for one in grids.values())
    shift = np.where(rows.family == "bad", -1.0, 0.0)[:, None]
    hill = 0.9 * np.exp(-((OFFSETS[None] - rows.best[:, None] - shift) ** 2) / 0.2)
    outputs = np.concatenate([hill, hill], axis=1).astype(np.float32)
    return Material(rows, np.zeros(len(rows), bool), outputs, (2.0, 2.0, 2.0))


@pytest.fixture
def scores(material, grids) -> Scores:
    which = np.flatnonzero(np.isin(material.rows.look, ("dense", "no_grad_norm")) & (material.rows.budget == 316))
    return scoreboard.scores_of(material, which, grids.__getitem__)


def test_a_table_is_markdown():
    assert table(["a", "b"], [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |\n"


def test_numbers():
    assert (number(0.456), number(3.0, whole=True), number(float("nan"))) == ("0.46", "3", "-")


@pytest.mark.parametrize(
    ("budget", "name"),
    [
        (100, "100 to"),
        (316, "100 to"),
        (562, "562 and"),
        (700, "562 and"),
        (3162, "1,000 to"),
        (4000, "4,000"),
        (10**5, "4,000"),
    ],
)
def test_classes_of_budgets(budget, name):
    assert budget_class(budget).startswith(name)


def test_groups_are_judged_apart(scores):
    lines = by_group(scores, scores.rows.family.tolist(), "family").splitlines()
    good = scores.judged.take(scores.rows.family == "good")
    assert lines[3].startswith(f"| good | {good.near.size} | {good.reached:.2f} | {good.cured:.2f} |")
    assert len(lines) == 4
    assert good.cured > 0.9 > scores.judged.cured


def test_failures_name_the_worst_family_and_say_why(scores):
    lines = failures(scores, count=1, least=5).splitlines()
    assert len(lines) == 3
    assert lines[2].startswith("| bad |")
    assert "decades too low in the median" in lines[2]
    assert "`bad__momentum`" in lines[2]


def test_what_else_one_could_do(scores, grids, monkeypatch):
    monkeypatch.setattr(scoreboard, "_SEEDS", 2)
    lines = beside(scores, grids.__getitem__, lambda given: [["asked", *[str(len(given))] * 8]], boards=1).splitlines()
    rows = {line.split(" | ")[0].strip("| *"): line.split(" | ")[1:] for line in lines[2:]}
    assert rows["lrdoctor"][:2] == [f"{scores.judged.reached:.2f}", f"{scores.judged.cured:.2f}"]
    assert rows["leave everything as it is"][1:5] == ["0.00", "0.00", "1.00", "1.00"]
    assert rows["asked"][0] == str(len(scores))
    default = judge(scores.cases, default_rate("momentum") - scores.cases.log_lr())
    assert rows["the optimizer's default"][2] == f"{default.landed:.2f}"
    assert float(rows["random search, 1 trial"][1]) < float(rows["random search, 20 trials"][1])
    assert any(name.startswith("Optuna TPE") for name in rows)


def test_without_optuna_the_page_says_so(scores, grids, monkeypatch):
    def missing(*_):
        raise ImportError

    monkeypatch.setattr(scoreboard, "tree_parzen", missing)
    assert "not installed" in beside(scores, grids.__getitem__, lambda given: [], boards=1)


def test_stricter_demands_leave_more_alone(scores):
    lines = [line.split(" | ") for line in thresholds(scores).splitlines()[2:]]
    alone = [float(line[5]) for line in lines]
    assert alone == sorted(alone) or alone[-1] == max(alone)
    assert lines[-1][0] == "| never"


def test_the_fit_of_a_family_has_not_seen_its_rows(material, grids, monkeypatch):
    seen = {}

    def spy(rows, outputs, fits, load):
        seen.update({family: fit.highest[0] for family, fit in fits.items()})
        return advise(rows, outputs, fits, load)

    monkeypatch.setattr(scoreboard, "advise", spy)
    material.rows.x[material.rows.family == "bad", 0] += 5.0
    scoreboard.scores_of(material, np.array([0, len(material.rows) - 1]), grids.__getitem__)
    assert seen["good"] > seen["bad"] + 3.0


def test_the_page(material, grids, monkeypatch, tmp_path):
    for one in grids.values():
        save_grid(one, tmp_path / "table" / f"{one.name}.npz")
    monkeypatch.setattr(evidence, "_SHORT", 316)
    monkeypatch.setattr(evidence, "_SAMPLE", 150)
    monkeypatch.setattr(evidence, "_STARTS", 4)
    monkeypatch.setattr(evidence, "_ASKED", 5)
    monkeypatch.setattr(scoreboard, "_SEEDS", 1)
    monkeypatch.setattr(evidence, "table_digest", lambda where: "0123456789abcdef")
    paths = [tmp_path / "one.md", tmp_path / "two.md"]
    for path in paths:
        evidence.write_page(material, None, path, tmp_path / "table")
    text = paths[0].read_text()
    assert text == paths[1].read_text()
    assert "2 grids, 2 families of tasks, digest 0123456789ab)" in " ".join(text.split())
    assert "Public grids" not in text
    assert cells(judge(cases_of(material.rows, grids.__getitem__), np.zeros(len(material.rows))))[3:5] == [
        "1.00",
        "1.00",
    ]
