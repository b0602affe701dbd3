"""Range tests against trainings: the band, the fit, and the file of recorded ramps."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import numpy as np
import pytest

from lrdoctor.prescribing.ramp_dose import LEVEL, calibration
from lrdoctor.trials import range_evidence
from lrdoctor.trials import range_testing as testing
from lrdoctor.trials.ramps import DESIGNS, RAMPS, Ramp, load_ramps, save_ramps
from lrdoctor.trials.range_testing import Case, Cases


def made_up(count=60, slope=-0.3, lean=0.4, shift=-1.2, width=0.8):
    """Cases whose best rate follows the formula exactly."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(count):
        minimum, gap, steps = rng.uniform(-4, 0), rng.uniform(0, 2.5), int(10 ** rng.uniform(2.8, 4.8))
        best = minimum + shift + lean * gap + slope * np.log10(steps / 10_000)
        rows.append(Case(
            look="1e-07 to 10 in 100", family=f"family {number % 9}", optimizer="sgd", cause=None, clearness=9.0,
            minimum=minimum, explosion=minimum + gap, offered={}, steps=steps, longest=True, low=best - width / 2,
            high=best + width / 2, centre=best + rng.uniform(-0.6, 0.6), weight=1.0,
        ))  # fmt: skip
    return Cases(rows)


def test_the_fit_finds_the_formula():
    cases = made_up()
    shift, lean, slope = testing.fit(cases)
    assert (shift, lean, slope) == pytest.approx((-1.2, 0.4, -0.3), abs=0.06)
    assert testing.hits(cases, testing.place(cases, np.array([shift, lean, slope]))).all()


def test_the_interval_covers_what_it_says():
    cases = made_up(count=200)
    found = testing.calibrate(cases)
    error = cases.column("centre") - testing.place(cases, np.array([found.shift, found.lean, found.slope]))
    low, high = found.known
    assert np.mean((error >= low) & (error <= high)) == pytest.approx(LEVEL, abs=0.07)
    assert found.unknown[1] - found.unknown[0] > high - low


def test_a_family_is_asked_without_itself():
    cases = made_up(count=40)
    mine = np.array([row.family == "family 3" for row in cases.rows])
    moved = [replace(row, low=row.low + 2, high=row.high + 2) for row in cases.rows]
    odd = Cases([other if is_mine else row for row, other, is_mine in zip(cases.rows, moved, mine, strict=True)])
    numbers = testing.held_out(odd)[mine]
    assert np.allclose(numbers, numbers[0])
    theirs = odd.where(lambda row: row.family == "family 3")
    assert not testing.hits(theirs, testing.place(theirs, numbers[0])).any()


def test_what_is_fitted_on():
    row = made_up(count=1).rows[0]
    kept = [("1e-07 to 10 in 100", True), ("1e-07 to 10 in 30", False), ("1e-07 to 10 in 200, trained before", False),
            (testing.STAND_IN, True)]  # fmt: skip
    for look, is_kept in kept:
        assert len(testing.fitted_on(Cases([replace(row, look=look)]))) == is_kept
    assert len(testing.fitted_on(Cases([replace(row, cause="too-noisy")]))) == 0


def test_a_grid_against_its_own_trainings(grid):
    cases = testing.cases_of([], [grid])
    assert len(cases)
    assert {row.look for row in cases.rows} == {testing.STAND_IN}
    for row in cases.rows:
        assert row.low < row.centre < row.high
    ramp = Ramp(grid.name, DESIGNS[0], np.linspace(2.0, 1.0, DESIGNS[0].steps).astype(np.float32))
    both = testing.cases_of([ramp, Ramp("unknown", DESIGNS[0], ramp.loss)], [grid])
    assert {row.cause for row in both.rows if row.look != testing.STAND_IN} == {"never-rose"}


def test_ramps_are_written_and_read(tmp_path):
    ramps = [Ramp("a", design, np.arange(design.steps, dtype=np.float32)) for design in DESIGNS]
    ramps[1].loss[50:] = np.nan
    save_ramps(ramps, tmp_path / "ramps.npz")
    again = list(load_ramps(tmp_path / "ramps.npz"))
    assert [(ramp.grid, ramp.design) for ramp in again] == [(ramp.grid, ramp.design) for ramp in ramps]
    for one, other in zip(again, ramps, strict=True):
        assert np.array_equal(one.loss, other.loss, equal_nan=True)


def test_the_shipped_numbers_are_those_of_the_page():
    text = range_evidence.PAGE.read_text(encoding="utf-8")
    low, high = calibration().known
    assert f"({low:+.2f} to {high:+.2f} decades" in text
    assert "+0.00 to +0.00" not in text


def test_the_page_keeps_its_prose(grid, tmp_path, monkeypatch):
    page, dose = tmp_path / "page.md", tmp_path / "dose.toml"
    page.write_text(f"before\n\n{range_evidence.BEGIN}\nold\n{range_evidence.END}\n\nafter\n")
    cases = made_up()
    rows = [replace(row, offered=dict.fromkeys(range_evidence._SUGGESTIONS.values(), 0.01)) for row in cases.rows]
    monkeypatch.setattr(range_evidence, "cases_of", lambda ramps, grids: Cases(rows if grids else []))
    monkeypatch.setattr(range_evidence, "write_dose", lambda found, of: testing.write_dose(found, of, dose))
    found = range_evidence.run([], [grid], [], page)
    text = page.read_text()
    assert text.startswith("before")
    assert text.rstrip().endswith("after")
    assert "\nold\n" not in text
    assert "| **recommended**, length given | 1.00 |" in text
    assert tomllib.loads(dose.read_text())["shift"] == pytest.approx(found.shift, abs=1e-3)


def test_recorded_ramps_are_there():
    ramps = list(load_ramps(RAMPS))
    assert len({ramp.grid for ramp in ramps}) > 100
    assert {ramp.design for ramp in ramps} == set(DESIGNS)


def test_a_ramp_that_is_run_now():
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    from lrdoctor.trials.ramps import record
    from lrdoctor.trials.tasks import all_tasks

    losses = record(all_tasks()["quadratic_noisy"].build(0), "sgd", 1e-3, 1)
    assert [loss.size for loss in losses] == [design.steps for design in DESIGNS]
    first = losses[0]
    assert np.isfinite(first[:20]).all()
    assert not np.isfinite(first[-1]) or first[-1] > first[0]
