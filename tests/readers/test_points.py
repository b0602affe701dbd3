"""Metrics that were stored one by one, put on common steps."""

from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.readers import _points
from lrdoctor.readers._points import Points, runs_from_points, table_from_rows


def made(points, **options):
    return runs_from_points(points, source="x", format_name="test", **options)


def points(step, value, time=None):
    return Points(
        None if step is None else np.array(step, np.int64),
        np.array(value, float),
        None if time is None else np.array(time, float),
    )


def test_each_metric_keeps_its_own_steps():
    (run,) = made({"a": points([0, 10, 20], [3, 2, np.nan]), "b": points([10, 30], [5, 4])})
    np.testing.assert_array_equal(run.series["a"].step, [0, 10, 20])
    np.testing.assert_array_equal(run.series["a"].value, [3, 2, np.nan])
    np.testing.assert_array_equal(run.series["b"].step, [10, 30])
    assert run.id == ""


def test_without_any_step_the_order_counts():
    (run,) = made({"a": points([0, 0, 0], [3, 2, 1]), "b": points(None, [5, 4, 3])})
    assert run.series["a"].step.tolist() == run.series["b"].step.tolist() == [0, 1, 2]
    assert any("without a step: the order" in note for note in run.notes)


def test_without_a_step_of_its_own_the_time_tells_it():
    (run,) = made(
        {"a": points([0, 50, 100], [3, 2, 1], [1.0, 2.0, 3.0]), "b": points([0, 0], [9, 8], [2.5, 3.5]),
         "end": points([0], [7], [9.0])}
    )  # fmt: skip
    assert run.series["b"].step.tolist() == [50, 100]
    assert run.series["end"].step.tolist() == [100]
    assert any("placed by the time" in note for note in run.notes)


@pytest.mark.parametrize("timed", [True, False])
def test_training_that_starts_again_is_two_runs(timed):
    step = [*range(10), *range(20)]
    time = list(range(30)) if timed else None
    value = list(range(30))
    runs = made({"a": points(step, value, time), "b": points(step, value, time)})
    assert [len(run.series["a"]) for run in runs] == [10, 20]
    assert [len(run.series["b"]) for run in runs] == [10, 20]


def test_a_resume_supersedes():
    step = [*range(10), *range(6, 20)]
    (run,) = made({"a": points(step, [0] * 10 + [1] * 14, list(range(24)))})
    assert run.series["a"].step.tolist() == list(range(20))
    assert run.series["a"].value.tolist() == [0] * 6 + [1] * 14


def test_nothing_makes_no_run():
    assert made({}) == []
    assert made({"a": points([], [])}) == []


def test_a_metric_called_step_is_a_metric():
    (run,) = made({"step": points([0, 5], [7, 8]), "a": points([0, 5], [1, 2])})
    assert run.series["a"].step.tolist() == [0, 5]


def test_a_table_never_grows_beyond_its_bound(monkeypatch):
    monkeypatch.setattr(_points, "MAX_CELLS", 1_000)
    columns = {f"m{n}": (np.array([n]), np.array([1.0])) for n in range(500)}
    columns["axis"] = (np.array([3]), np.array([1.0]))
    columns["full"] = (np.arange(100), np.arange(100.0))
    table, notes = table_from_rows(100, columns, first=["axis"])
    assert len(table.columns) == 10
    assert {"axis", "full"} <= set(table.columns)
    assert "492 of 502" in notes[0]


def test_the_last_of_equal_rows_counts():
    table, _ = table_from_rows(3, {"a": (np.array([0, 0, 2]), np.array([1.0, 2.0, 3.0]))})
    assert table.columns["a"][[0, 2]].tolist() == [2.0, 3.0]
    assert table.present("a").tolist() == [True, False, True]
