"""A progress line on stderr, for work that takes more than a moment in front of somebody."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING

from lrdoctor.cleaning import clean
from lrdoctor.wording import percent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from rich.status import Status

    from lrdoctor.claiming import Once

_MOMENT = 0.8
"""Seconds after which somebody begins to wonder."""
_MINUTE = 60.0
"""Seconds between lines where nobody watches, in the log of a batch job."""
_SURE = 0.02
"""Share of the work after which what is left can be estimated."""


class Progress:
    """Counts runs; call it with how many are done and which one is next.

    Parameters
    ----------
    wanted
        False: nothing is ever shown.
    paths
        What is being worked through: how much there is to it is counted meanwhile, for an estimate.
    files
        Counts how much of it has been come by.
    """

    def __init__(self, *, wanted: bool = True, paths: Sequence[str] = (), files: Once | None = None) -> None:
        self._wanted = wanted
        self._watched = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._since = self._said = time.monotonic()
        self._status: Status | None = None
        self._paths, self._files = paths, files
        self._total: int | None = None
        self._over = threading.Event()

    def __enter__(self) -> Progress:
        return self

    def __call__(self, done: int, name: str) -> None:
        """Show progress, if it is time to."""
        now = time.monotonic()
        if not self._wanted or now - self._since < _MOMENT:
            return
        if self._total is None and self._files is not None:
            self._total = 0
            threading.Thread(target=self._count, daemon=True).start()
        if not self._watched:
            if now - self._said >= _MINUTE:
                self._said = now
                print(f"lrdoctor: {done:,} runs read{self._estimate(now)}", file=sys.stderr, flush=True)
            return
        from rich.console import Console
        from rich.text import Text

        line = Text(f"{done:,} runs read{self._estimate(now)}  {clean(name, 60)}", overflow="ellipsis", no_wrap=True)
        if self._status is None:
            self._status = Console(stderr=True, markup=False, emoji=False).status(line)
            self._status.start()
        else:
            self._status.update(line)

    def _count(self) -> None:
        """Count what the walk will come by; in the background, and only as long as it is of use."""
        total = 0
        for path in self._paths:
            for _, folders, files in os.walk(path):
                total += len(folders) + len(files)
                if self._over.is_set():
                    return
        self._total = total

    def _estimate(self, now: float) -> str:
        """``, 41 %, 3 min left``; nothing as long as that is not known."""
        if self._files is None or not self._total:
            return ""
        share = min(self._files.passed / self._total, 1.0)
        if share < _SURE:
            return ""
        left = (now - self._since) * (1 - share) / share
        return f", {percent(share)}, {_duration(left)} left"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._status is not None:
            self._status.stop()


def _duration(seconds: float) -> str:
    """``20 s``, ``3 min``, ``2 h 10 min``."""
    if seconds < 55:
        return f"{max(5 * round(seconds / 5), 1)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
