"""How long one source may take, wherever it is read.

Two bells ring. The first raises `OutOfTime` where Python can be interrupted, so that only this source is lost. The
second, a little later, ends the process: a library that hangs in C hears nothing else. It is rung by a thread of
`faulthandler`, which needs no interpreter lock, and only in processes that were made for such work.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from lrdoctor.errors import OutOfTime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

_GRACE = 1.25
"""The second bell rings at this multiple of the limit, and a second later."""


@contextlib.contextmanager
def time_limit(seconds: float, *, fatal: bool) -> Iterator[None]:
    """Interrupt what takes longer.

    Parameters
    ----------
    seconds
        The limit; 0 or infinity: none.
    fatal
        Whether to end the process where it cannot be interrupted.

    Raises
    ------
    OutOfTime
        It took longer.
    """
    if not 0 < seconds < threading.TIMEOUT_MAX / 2:
        yield
        return
    with _soft(seconds), _hard(seconds * _GRACE + 1) if fatal else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def _soft(seconds: float) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def ring(number: int, frame: object) -> None:
        raise OutOfTime(f"took longer than {seconds:g} s and was given up")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class _Deadlines:
    """The earliest of the deadlines of all threads of this process is the one that counts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: dict[int, float] = {}
        self._nowhere: TextIO | None = None

    def set(self, seconds: float | None) -> None:
        """Set the deadline of the current thread, or take it back."""
        with self._lock:
            if seconds is None:
                self._pending.pop(threading.get_ident(), None)
            else:
                self._pending[threading.get_ident()] = time.monotonic() + seconds
            if self._nowhere is None:
                self._nowhere = Path(os.devnull).open("w")  # noqa: SIM115 - faulthandler needs it from now on
            if self._pending:
                left = max(min(self._pending.values()) - time.monotonic(), 0.01)
                faulthandler.dump_traceback_later(left, exit=True, file=self._nowhere)
            else:
                faulthandler.cancel_dump_traceback_later()


_deadlines = _Deadlines()


@contextlib.contextmanager
def _hard(seconds: float) -> Iterator[None]:
    _deadlines.set(seconds)
    try:
        yield
    finally:
        _deadlines.set(None)
