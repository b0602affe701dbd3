"""Asked from a shell: one file per command; only this package prints or exits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; see `lrdoctor.cli._main.main`."""
    try:
        from lrdoctor.cli._main import main as run
    except KeyboardInterrupt:  # before there was anything that could say so
        return 130
    return run(argv)
