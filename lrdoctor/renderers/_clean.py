"""Text that came out of a log, made safe to show; see `lrdoctor.cleaning`."""

from __future__ import annotations

from lrdoctor.cleaning import LONGEST, clean, elide, encodable

__all__ = ["LONGEST", "clean", "elide", "encodable"]
