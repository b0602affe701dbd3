"""The sample logs are diagnosed as the trainings behind them went: a golden test from files to plan."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from lrdoctor.cli import main

ROOT = Path(__file__).resolve().parent.parent / "sample_logs"
EXPECTED = {
    path.parent.name: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(ROOT.glob("*/expected.json"))
}
LOGS = sorted(path for name in EXPECTED for path in (ROOT / name).rglob("*") if path.is_file())
KEEPS = 1.4
"""A factor within 1/1.4 to 1.4 leaves the LR as it is."""


def diagnose(path: Path, out: Path) -> dict[str, Any]:
    """The JSON report of the command that the README shows."""
    main(["diagnose", str(path), "--quiet", "--format", f"json={out}"])
    report: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return report


def direction(factor: float) -> str:
    """What a factor does to the LR."""
    return "up" if factor > KEEPS else "down" if factor < 1 / KEEPS else "keep"


def expected_of(run: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """The expectation of one run: of its own where the folder holds several."""
    if "each" not in expected:
        return expected
    (name,) = [name for name in expected["each"] if run["id"].endswith(name)]
    found: dict[str, Any] = expected["each"][name]
    return found


def check(run: dict[str, Any], expected: dict[str, Any]) -> None:
    """Verdict, direction of the plan, and what the file says of its own format."""
    wanted = expected_of(run, expected)
    factor, value = run["plan"]["lr"]["factor"], run["plan"]["lr"]["value"]
    said = f"{run['id']}: {run['verdict']} x{factor:g}: {[finding['message'] for finding in run['findings']]}"
    assert run["verdict"] in wanted["verdict"], said
    assert direction(factor) in wanted["direction"].split("|"), said
    assert run["format"] == expected["format"], said
    low, high = run["plan"]["lr"]["interval"]
    assert low <= factor <= high, said
    assert set(wanted.get("codes", [])) <= {finding["code"] for finding in run["findings"]}, said
    lr = run["hyperparameters"].get("lr")
    assert (value is None) == (lr is None), said
    if lr is not None:
        assert value == pytest.approx(lr * factor, rel=0.25), (
            said
        )  # the peak that was reached may differ from the one set


@pytest.mark.parametrize("name", EXPECTED)
def test_folder(name: str, tmp_path: Path) -> None:
    expected = EXPECTED[name]
    report = diagnose(ROOT / name, tmp_path / "report.json")
    assert len(report["runs"]) == expected["runs"], [run["id"] for run in report["runs"]]
    assert len(report["unreadable"]) == expected.get("unreadable", 0), report["unreadable"]
    for run in report["runs"]:
        check(run, expected)


def test_all_at_once_says_the_same(tmp_path: Path) -> None:
    report = diagnose(ROOT, tmp_path / "report.json")
    folders = {
        name: [run for run in report["runs"] if name in Path(run["source"]).parts] for name in EXPECTED
    }
    assert {name: len(runs) for name, runs in folders.items()} == {
        name: each["runs"] for name, each in EXPECTED.items()
    }
    assert len(report["unreadable"]) == sum(each.get("unreadable", 0) for each in EXPECTED.values())
    for name, runs in folders.items():
        for run in runs:
            check(run, EXPECTED[name])


def test_healthy_and_sick_are_both_there() -> None:
    verdicts = [each["verdict"][0] for each in EXPECTED.values() if "verdict" in each]
    assert verdicts.count("healthy") >= 5
    contract = {
        "lr-too-high",
        "lr-too-low",
        "needs-decay",
        "unstable",
        "diverged",
        "overfitting",
        "stalled",
        "inconclusive",
    }
    assert contract - set(verdicts) <= {"stalled"}, "a verdict without a sample"


def test_the_expectation_is_what_the_trainings_showed() -> None:
    for name, expected in EXPECTED.items():
        trained = expected.get("trained", {})
        if "this" not in trained or not trained["others"]:
            continue
        result, others = float(trained["this"]["result"]), trained["others"]
        best = min(others, key=lambda other: float(other["result"]))
        if expected["verdict"][0] in ("healthy", "overfitting"):
            assert float(best["result"]) > 0.9 * result, name
        else:
            assert float(best["result"]) < result, name
            lr = trained["this"]["lr"]
            assert direction(best.get("lr", lr) / lr) in expected["direction"].split("|"), name


def test_readme_lists_every_folder() -> None:
    listed = re.findall(
        r"^\| \[`([a-z-]+)/`\]", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(listed) == sorted(EXPECTED)


def test_small_enough_to_carry() -> None:
    assert sum(path.stat().st_size for path in LOGS) < 5_000_000
    for name in EXPECTED:
        assert sum(path.stat().st_size for path in LOGS if name in path.parts) < 300_000, name


@cache
def _betrays() -> re.Pattern[bytes]:
    """Paths of a home or a scratch directory, drive letters, addresses of people and of registries."""
    return re.compile(
        rb"/(?:home|root|tmp|Users|opt|work)/|[A-Z]:\\|[\w.]+@[\w.]+\.[a-z]{2}|https?://(?!git-lfs\.github\.com)"
    )


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_names_no_machine_and_no_person(path: Path) -> None:
    assert not _betrays().findall(path.read_bytes())
    if "tfevents" in path.name:
        assert re.fullmatch(r"events\.out\.tfevents\.\d{10}\.host\.1\.0(\.v2)?", path.name)
