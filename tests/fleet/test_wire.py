"""What travels between processes says the same at the other end; thinned curves draw the same picture."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

import lrdoctor
from lrdoctor import synth
from lrdoctor.fleet import holding
from lrdoctor.fleet.holding import Holding
from lrdoctor.fleet.thinning import STRETCHES, telling, thin
from lrdoctor.fleet.wire import decode, encode
from lrdoctor.records import Diagnosis, Unreadable
from lrdoctor.report import Report


def test_there_and_back(diagnosis, hostile):
    for case in (diagnosis, hostile):
        back = decode(encode([*case.runs, *case.unreadable]))
        there = Diagnosis(
            runs=tuple(item for item in back if not isinstance(item, Unreadable)),
            unreadable=tuple(item for item in back if isinstance(item, Unreadable)),
            version=case.version,
        )
        assert Report(there).to_json() == Report(case).to_json()


def test_what_msgpack_cannot_carry_as_it_is(diagnosis):
    said = diagnosis.runs[0]
    odd = {"a": np.float64(0.5), "b": 10**30, "c": "\udcff", "d": np.int64(3), "e": (1, 2), "f": float("nan")}
    run = replace(said.run, source="caf\udce9.csv", hyperparameters=odd)
    (back,) = decode(encode([replace(said, run=run)]))
    known = dict(back.run.hyperparameters)
    assert np.isnan(known.pop("f"))
    assert known == {"a": 0.5, "b": str(10**30), "c": "\\udcff", "d": 3, "e": "(1, 2)"}
    assert back.run.source == "caf\\udce9.csv"


@pytest.mark.parametrize("data", [b"", b"\xff" * 10, encode([])[:-1] + b"\x91\x01"])
def test_damaged_bytes_are_an_error_and_nothing_else(data):
    with pytest.raises(msgspec.MsgspecError):
        decode(data)


@pytest.mark.parametrize("n", [0, 1, 2, 128, 129, 1000, 12_345])
def test_a_thinned_curve_keeps_its_ends_and_extremes(n):
    rng = np.random.default_rng(n)
    value = rng.standard_normal(n)
    kept = telling(value)
    assert kept.size <= 3 * STRETCHES + 2
    assert np.all(np.diff(kept) > 0)
    if n:
        assert {0, n - 1, int(value.argmin()), int(value.argmax())} <= set(kept.tolist())


@pytest.mark.parametrize("where", [0, 1, 4999, 9999, slice(3000, None), slice(None)])
def test_a_thinned_curve_keeps_what_is_broken(where):
    value = np.linspace(1, 0, 10_000)
    value[where] = np.nan
    kept = telling(value)
    assert np.isnan(value[kept]).any()
    share = np.isnan(value[kept]).mean()
    assert abs(share - np.isnan(value).mean()) < 0.02, "each stretch takes its share of a sparkline"


def test_a_thinned_run_still_knows_what_was_logged(diagnosis):
    run = lrdoctor.read(synth.make_run(np.linspace(2, 1, 5000), lr=np.full(5000, 1e-3)))[0]
    small = thin(run)
    assert {tag: series.points for tag, series in small.series.items()} == dict.fromkeys(run.series, 5000)
    assert all(len(series) <= 3 * STRETCHES + 2 for series in small.series.values())
    assert thin(small).series["loss" if "loss" in small.series else next(iter(small.series))].points == 5000


def test_many_curves_are_thinned_as_a_whole(monkeypatch, diagnosis):
    monkeypatch.setattr(holding, "_MOST_POINTS", 20_000)
    runs = [synth.make_run(np.linspace(2, 1, 5000)) for _ in range(8)]
    held = Holding()
    for number, run in enumerate(lrdoctor.read(runs)):
        held.add(replace(diagnosis.runs[0], run=run))
        points = [len(series) for said in held.runs for series in said.run.series.values()]
        assert sum(points) <= 20_000
        assert (max(points) == 5000) == (number < 4)
    assert all(series.points == 5000 for said in held.runs for series in said.run.series.values())
