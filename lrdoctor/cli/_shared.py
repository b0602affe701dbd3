"""Options that several commands have in common."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING

from lrdoctor.cli._base import Exit
from lrdoctor.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable


def add_paths(parser: argparse.ArgumentParser) -> None:
    """PATH..."""
    parser.add_argument("paths", metavar="PATH", nargs="+", help="log file, or directory to search for logs")


def add_reading(parser: argparse.ArgumentParser) -> None:
    """--role, --config, --follow-links: what is read, and how curves are understood."""
    parser.add_argument(
        "--role", metavar="TAG=ROLE", action="append", default=[],
        help="say what a curve means, e.g. --role crit=train_loss; TAG may be a pattern; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--config", metavar="FILE", type=Path,
        help="TOML file to use instead of the nearest lrdoctor.toml or pyproject.toml",
    )  # fmt: skip
    parser.add_argument(
        "--follow-links", action="store_true", help="follow links that lead outside of what is named, too"
    )


def add_rules(parser: argparse.ArgumentParser) -> None:
    """--select, --ignore, --fail-on: which rules, and which of their findings count."""
    parser.add_argument(
        "--select", metavar="CODES", action="append", default=[],
        help="only these rules: codes, prefixes of codes (OSC) or names, comma-separated",
    )  # fmt: skip
    parser.add_argument("--ignore", metavar="CODES", action="append", default=[], help="not these rules")
    parser.add_argument(
        "--fail-on", metavar="LEVEL", choices=("any", "info", "warning", "error", "critical"),
        help="exit with 1 if a finding is at least this severe (info, warning, error, critical); "
        "any: also if a file cannot be read",
    )  # fmt: skip


def status(fail_on: str | None, worst: int, *, unreadable: bool) -> Exit:
    """The exit status for a level of `--fail-on`, the rank of the worst finding (-1: none), and what was not read."""
    if fail_on is None:
        return Exit.OK
    from lrdoctor.records import Severity

    floor = 0 if fail_on == "any" else Severity(fail_on).rank
    return Exit.FAILED if worst >= floor or (fail_on == "any" and unreadable) else Exit.OK


def add_color(parser: argparse.ArgumentParser) -> None:
    """--color."""
    parser.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto",
        help="colour the output; auto: on a terminal, unless NO_COLOR is set",
    )  # fmt: skip


def existing(paths: Iterable[str]) -> list[str]:
    """Check that every path exists; a pattern that the shell left as it was is expanded.

    URLs are left as they are.

    Raises
    ------
    UsageError
        Naming each path that does not exist.
    """
    from lrdoctor.remote import is_url

    found: list[str] = []
    missing: list[str] = []
    for path in paths:
        if is_url(path) or os.path.exists(path):  # noqa: PTH110 - unlike Path.exists() it answers for every string
            found.append(path)
        elif matches := sorted(glob.glob(path, recursive=True)):  # noqa: PTH207 - absolute patterns too
            found += matches
        else:
            missing.append(path)
    if missing:
        raise UsageError(f"no such file or directory: {', '.join(missing)}")
    return found


def positive(text: str) -> int:
    """A count of at least one.

    Raises
    ------
    ArgumentTypeError
        It is none.
    """
    import argparse

    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def comma_separated(values: Iterable[str]) -> tuple[str, ...]:
    """``["OSC,NAN101", "SPK"]`` as one tuple."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


def roles_given(options: Iterable[str]) -> dict[str, str]:
    """Role by tag from ``TAG=ROLE``; the last ``=`` counts, since tags may hold one.

    Raises
    ------
    UsageError
        An option is not of that form.
    """
    roles = {}
    for option in options:
        tag, equals, role = option.rpartition("=")
        if not equals or not tag:
            raise UsageError(f"--role {option}: write it as TAG=ROLE, e.g. --role loss/total=train_loss")
        roles[tag] = role
    return roles
