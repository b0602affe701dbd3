"""Work in the background: started by asking, repeated only when something was logged, never the end of TensorBoard."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from lrdoctor import synth
from lrdoctor.errors import UsageError
from lrdoctor.integrations.tensorboard.worker import Worker


class Source:
    """A source whose every answer can be set."""

    note = "a note"

    def __init__(self):
        self.logged, self.read, self.answer = 1, 0, lambda: [synth.healthy(), synth.two_cycle()]

    def state(self):
        return self.logged

    def logs(self):
        self.read += 1
        return self.answer()


def looked(worker):
    """Ask, wait for the look to end, and answer what is known then."""
    worker.poll()
    worker.join(60)
    return {**worker.poll(), "busy": None}


@pytest.fixture
def source():
    return Source()


def test_nothing_happens_before_somebody_looks(source):
    Worker(source)
    assert source.read == 0


def test_a_new_report_only_when_something_was_logged(source):
    worker = Worker(source, pause=0.0)
    known = looked(worker)
    assert (known["version"], known["runs"], known["error"], known["note"]) == (1, 2, "", "a note")
    first = worker.latest
    worker._due = 0.0
    assert looked(worker)["version"] == 1
    assert worker.latest is first
    assert source.read == 1
    source.logged, worker._due = 2, 0.0
    assert looked(worker)["version"] == 2


def test_it_rests_between_two_looks(source):
    worker = Worker(source, pause=1000.0)
    looked(worker)
    source.logged = 2
    assert worker.poll()["busy"] is False
    assert source.read == 1


def test_asking_does_not_wait(source):
    going = threading.Event()
    source.answer = lambda: [going.wait(60) and synth.healthy()]
    worker = Worker(source)
    try:
        assert [worker.poll()["busy"] for _ in range(3)] == [True] * 3
    finally:
        going.set()
    worker.join(60)
    assert source.read == 1
    assert worker.latest.version == 1


def test_progress(source, monkeypatch):
    worker, seen = Worker(source), []
    source.answer = lambda: [synth.make_run(np.linspace(2, 1, 50), name=name) for name in ("a", "b")]

    def progress(done, name):
        Worker._progress(worker, done, name)
        seen.append({key: worker.poll()[key] for key in ("busy", "done", "current")})

    monkeypatch.setattr(worker, "_progress", progress)
    looked(worker)
    assert [(known["busy"], known["done"]) for known in seen] == [(True, 1), (True, 2)]
    assert seen[0]["current"].startswith("a")
    assert worker.poll()["done"] == 0


@pytest.mark.parametrize(
    ("error", "words"), [(UsageError("the disk is gone"), "is gone"), (ZeroDivisionError("x"), "this is a bug")]
)
def test_what_goes_wrong_is_said_and_tried_again(source, error, words):
    def fail():
        raise error

    good, source.answer = source.answer, fail
    worker = Worker(source, pause=0.0)
    assert words in looked(worker)["error"]
    source.answer, worker._due = good, 0.0
    known = looked(worker)
    assert (known["error"], known["version"]) == ("", 1)


def test_nothing_logged_yet(source):
    source.answer = list
    worker = Worker(source)
    assert looked(worker)["runs"] == 0
    assert "No training log was found." in worker.latest.body
