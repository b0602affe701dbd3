"""The second bell: wound rarely, never too early for anybody, and taken down at the end."""

from __future__ import annotations

import threading
import time

import pytest

from lrdoctor.errors import OutOfTime
from lrdoctor.fleet import limits


@pytest.fixture
def wound(monkeypatch):
    """Times at which the bell was set to ring, in seconds from now; None where it was taken down."""
    times: list[float | None] = []
    monkeypatch.setattr(limits, "_deadlines", limits._Deadlines())
    monkeypatch.setattr(
        limits.faulthandler, "dump_traceback_later", lambda left, **_: times.append(time.monotonic() + left)
    )
    monkeypatch.setattr(limits.faulthandler, "cancel_dump_traceback_later", lambda: times.append(None))
    return times


def test_the_bell_is_wound_once_for_many_small_logs(wound):
    begun = time.monotonic()
    with limits.Limit(100.0, fatal=True) as limit:
        for _ in range(50):
            with limit.each():
                pass
    assert wound[0] - begun >= 126
    assert wound[0] - time.monotonic() <= 151
    assert wound[1:] == [None]


def test_the_bell_does_not_ring_for_a_thread_that_began_later(wound):
    def other():
        with limits.Limit(1000.0, fatal=True) as limit, limit.each():
            begun.set()
            over.wait(10)

    begun, over = threading.Event(), threading.Event()
    thread = threading.Thread(target=other)
    with limits.Limit(10.0, fatal=True) as limit, limit.each():
        thread.start()
        begun.wait(10)
        assert len(wound) == 1, "the nearer deadline counts"
    assert wound[-1] - time.monotonic() > 1200, "it is that of the other thread now"
    over.set()
    thread.join()
    assert wound[-1] is None


def test_nothing_is_wound_without_a_limit_or_where_the_process_must_live(wound):
    for limit in (limits.Limit(0.0, fatal=True), limits.Limit(100.0, fatal=False)):
        with limit, limit.each():
            pass
    assert wound == []


@pytest.mark.skipif(not hasattr(limits.signal, "setitimer"), reason="needs POSIX signals")
def test_what_takes_longer_is_interrupted():
    with limits.Limit(0.05, fatal=False) as limit, pytest.raises(OutOfTime, match=r"longer than 0\.05 s"), limit.each():
        time.sleep(10)
