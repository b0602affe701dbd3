"""Asked from a shell: one file per command; only this package prints or exits."""

from __future__ import annotations

import atexit
import gc
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; see `lrdoctor.cli._main.main`."""
    if argv is None:  # the process is ours
        # What is imported is here to stay. To look through it for garbage, at every 700 objects by default and once
        # more at the end, took a seventh of a short command's time; a diagnosis leaves none that needs looking for.
        gc.set_threshold(100_000, 10, 10)
        atexit.register(gc.freeze)
    # The matrices here are small: numpy's threads would cost a fifth of a command's time, and workers have a core each.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from lrdoctor.cli._main import main as run
    except KeyboardInterrupt:  # before there was anything that could say so
        return 130
    return run(argv)
