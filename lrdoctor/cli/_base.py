"""What a command is, and the exit statuses that scripts rely on."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import argparse


class Exit(IntEnum):
    """Exit statuses; the first five are part of the contract with other programs."""

    OK = 0
    FAILED = 1
    """`--fail-on` was given and met."""
    USAGE = 2
    """The command line or the configuration is wrong."""
    NO_RUN = 3
    """Nothing that looks like a training log was found."""
    UNREADABLE = 4
    """What looked like logs could not be read, none of them."""
    INTERNAL = 70
    """A defect in lrdoctor."""
    INTERRUPTED = 130
    """Ctrl-C; what `diagnose` has written is about the runs so far, and says so."""
    PIPE_CLOSED = 141


class Command(Protocol):
    """One command: a module of `lrdoctor.cli` with such an object as `COMMAND`."""

    name: str
    help: str
    """One line for the list of commands."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options; `parser.description` may be set as well."""
        ...

    def run(self, args: argparse.Namespace) -> Exit:
        """Carry the command out."""
        ...
