"""Asked from a shell: one file per command; only this package prints or exits."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; see `lrdoctor.cli._main.main`."""
    # The matrices here are small: numpy's threads would cost a fifth of a command's time, and workers have a core each.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from lrdoctor.cli._main import main as run
    except KeyboardInterrupt:  # before there was anything that could say so
        return 130
    return run(argv)
