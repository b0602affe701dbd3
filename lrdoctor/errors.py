"""What can go wrong, in words for the person at the keyboard: every message names the file and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class LrdoctorError(Exception):
    """Base of every error that lrdoctor raises on purpose."""


class ConfigError(LrdoctorError):
    """A configuration file or option holds something unknown or out of range."""


class UsageError(LrdoctorError):
    """A call or command line that cannot be carried out as it stands."""


class ReadError(LrdoctorError):
    """A log that cannot be read.

    Parameters
    ----------
    source
        The file or directory, as the user can open it.
    reason
        What is wrong, and where it helps, what to do; one line, no trailing full stop.
    """

    def __init__(self, source: str | Path, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = str(source)
        self.reason = reason


class NotALogError(ReadError):
    """A well-formed file that holds no training curve (a results table, a data set, a graph)."""


class Unavailable(LrdoctorError):  # noqa: N818 - it is an answer ("cannot be computed from this run"), not a fault
    """A signal that this run cannot give; the text becomes the reason of a Skip."""


class OutOfTime(BaseException):
    """Reading or diagnosing one source took longer than it may; not an `Exception`, which readers may pass over."""
