"""How long one source may take, wherever it is read.

Two bells ring. The first raises `OutOfTime` where Python can be interrupted, so that only this source is lost. The
second, a little later, ends the process: a library that hangs in C hears nothing else. It is rung by a thread of
`faulthandler`, which needs no interpreter lock, and only in processes that were made for such work.
"""

from __future__ import annotations

import contextlib
import faulthandler
import math
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
"""The second bell rings at this multiple of the limit, and a second later at least."""
_SLACK = 0.25
"""It may ring later by this share of the limit: to set it anew takes as long as to read a small log."""


class Limit:
    """Interrupts what takes longer; a context around all that is done, which takes the second bell down again.

    Parameters
    ----------
    seconds
        The limit; 0 or infinity: none.
    fatal
        Whether to end the process where it cannot be interrupted.
    """

    def __init__(self, seconds: float, *, fatal: bool) -> None:
        self._seconds = seconds if 0 < seconds < threading.TIMEOUT_MAX / 2 else 0.0
        self._fatal = fatal and self._seconds > 0

    def __enter__(self) -> Limit:
        return self

    def __exit__(self, *error: object) -> None:
        if self._fatal:
            _deadlines.clear()

    @contextlib.contextmanager
    def each(self) -> Iterator[None]:
        """The limit for one thing, from now on.

        Raises
        ------
        OutOfTime
            It took longer.
        """
        if self._fatal:
            _deadlines.set(self._seconds * _GRACE + 1, self._seconds * _SLACK)
        heard = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
        with _soft(self._seconds) if self._seconds and heard else contextlib.nullcontext():
            yield


@contextlib.contextmanager
def _soft(seconds: float) -> Iterator[None]:
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
        self._slack = 0.0
        self._rings = math.inf
        self._nowhere: TextIO | None = None

    def set(self, seconds: float, slack: float) -> None:
        """Set the deadline of the current thread anew; the bell rings then, or later by so much."""
        with self._lock:
            self._pending[threading.get_ident()] = time.monotonic() + seconds
            self._slack = slack
            self._wind()

    def clear(self) -> None:
        """Take the deadline of the current thread back."""
        with self._lock:
            self._pending.pop(threading.get_ident(), None)
            self._wind()

    def _wind(self) -> None:
        if not self._pending:
            self._rings = math.inf
            faulthandler.cancel_dump_traceback_later()
            return
        earliest = min(self._pending.values())
        if earliest <= self._rings <= earliest + self._slack:
            return
        self._rings = earliest + self._slack
        if self._nowhere is None:
            self._nowhere = Path(os.devnull).open("w")  # noqa: SIM115 - faulthandler needs it from now on
        left = max(self._rings - time.monotonic(), 0.01)
        faulthandler.dump_traceback_later(left, exit=True, file=self._nowhere)


_deadlines = _Deadlines()
