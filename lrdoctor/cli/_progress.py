"""A progress line on stderr, for work that takes more than a moment in front of somebody."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from lrdoctor.renderers._clean import clean

if TYPE_CHECKING:
    from types import TracebackType

    from rich.status import Status

_MOMENT = 0.8
"""Seconds after which somebody begins to wonder."""


class Progress:
    """Counts runs; call it with how many are done and which one is next.

    Parameters
    ----------
    wanted
        False: nothing is ever shown.
    """

    def __init__(self, *, wanted: bool = True) -> None:
        self._wanted = wanted and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._since = time.monotonic()
        self._status: Status | None = None

    def __enter__(self) -> Progress:
        return self

    def __call__(self, done: int, name: str) -> None:
        """Show progress, if it is time to."""
        if not self._wanted or (self._status is None and time.monotonic() - self._since < _MOMENT):
            return
        from rich.console import Console
        from rich.text import Text

        line = Text(f"{done:,} runs read  {clean(name, 60)}", overflow="ellipsis", no_wrap=True)
        if self._status is None:
            self._status = Console(stderr=True, markup=False, emoji=False).status(line)
            self._status.start()
        else:
            self._status.update(line)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()
