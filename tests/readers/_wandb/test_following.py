"""Logs of W&B that grow while they are read: each look gives what a first reading of it all would."""

from __future__ import annotations

import random

import pytest

from lrdoctor.gather import Bookmarks, gather
from lrdoctor.readers._wandb import leveldb
from lrdoctor.records import Run

WINDOW = 13 * 32_768


def content(tools, seed=0, damaged=False):
    """A log of some windows, with records longer than a block, settings, and what nobody needs."""
    rng = random.Random(seed)
    records = []
    for step in range(12_000):
        row = [tools.item("loss", 3 / (step + 1) ** 0.3 + 0.1 * rng.random()), tools.item("lr", 1e-3)]
        if step % 7 == 0:
            row.append(tools.item("val_loss", rng.random()))
        if step == 100:
            row.append(tools.item("note", '"' + "x" * 90_000 + '"'))
        records.append(tools.history(step + 1, row, step))
        if step % 5 == 0:
            records.append(b"\x1a\x64" + rng.randbytes(100))
    data = bytearray(tools.frame(records))
    if damaged:
        for place in (40_000, 3 * WINDOW // 2, 2 * WINDOW - 5):
            data[place] ^= 0x55
    return bytes(data)


def state(items):
    """What can be told of runs."""
    return [
        (run.id, run.notes, dict(run.hyperparameters),
         {tag: (curve.step.tolist(), [repr(value) for value in curve.value.tolist()]) for tag, curve in
          run.series.items()})
        if isinstance(run, Run) else run
        for run in items
    ]  # fmt: skip


@pytest.fixture(autouse=True)
def _small_windows(monkeypatch):
    monkeypatch.setattr(leveldb, "_WINDOW", WINDOW)


@pytest.fixture
def place(tmp_path):
    path = tmp_path / "wandb" / "run-20240101_000000-abc" / "run-abc.wandb"
    path.parent.mkdir(parents=True)
    return path


@pytest.mark.parametrize("damaged", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_every_look_gives_what_a_first_reading_would(place, tmp_path, tools, seed, damaged):
    data = content(tools, seed, damaged)
    assert len(data) > 2.5 * WINDOW
    rng, bookmarks = random.Random(seed), Bookmarks()
    cuts = sorted([*rng.sample(range(1, len(data)), 9), WINDOW, 2 * WINDOW, 2 * WINDOW + 32_768])
    for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        with place.open("ab") as out:
            out.write(data[begin:end])
        assert state(gather([tmp_path], bookmarks=bookmarks)) == state(gather([tmp_path]))


def test_whole_windows_are_not_read_again(place, tmp_path, tools, monkeypatch):
    data, bookmarks = content(tools), Bookmarks()
    place.write_bytes(data[: 2 * WINDOW + 1000])
    list(gather([tmp_path], bookmarks=bookmarks))
    place.write_bytes(data)
    sizes, original = [], leveldb._window

    def noting(window, *arguments, **options):
        sizes.append(len(window))
        return original(window, *arguments, **options)

    monkeypatch.setattr(leveldb, "_window", noting)
    found = state(gather([tmp_path], bookmarks=bookmarks))
    assert sum(sizes) == len(data) - 2 * WINDOW
    assert found == state(gather([tmp_path]))


@pytest.mark.parametrize("size", [0.4, 1.0])
def test_a_log_that_was_written_anew_is_read_anew(place, tmp_path, tools, size):
    bookmarks = Bookmarks()
    place.write_bytes(content(tools))
    list(gather([tmp_path], bookmarks=bookmarks))
    anew = content(tools, seed=1)
    place.write_bytes(anew[: int(size * len(anew))])
    assert state(gather([tmp_path], bookmarks=bookmarks)) == state(gather([tmp_path]))
