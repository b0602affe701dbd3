"""Asked from a shell: one file per command; only this package prints or exits."""

from __future__ import annotations

from lrdoctor.cli._main import main

__all__ = ["main"]
