"""`lrdoctor watch`: say what is new in logs while they are written."""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING, Protocol

from lrdoctor.cli._base import Exit
from lrdoctor.cli._shared import add_color, add_reading, add_rules, comma_separated, roles_given, status
from lrdoctor.cli._terminal import options, say, show
from lrdoctor.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from rich.live import Live

    from lrdoctor.live.following import Change, Follower, Gone
    from lrdoctor.records import Unreadable

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d|w)?")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SHOWN_EVERY = 0.5
_MOST_NAMED = 5


class Watch:
    """Looks again and again."""

    name = "watch"
    help = "say what is new in logs while they are written"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.description = (
            "Say what is new in logs while they are written: a table on a terminal, JSON lines elsewhere. "
            "`python train.py | lrdoctor watch -` passes the output of a training on, and says on stderr what it shows."
        )
        parser.add_argument(
            "paths", metavar="PATH", nargs="+",
            help="log file, directory or pattern, which need not be there yet; - for stdin",
        )  # fmt: skip
        parser.add_argument(
            "--format", choices=("auto", "table", "jsonl"), default="auto",
            help="auto (the default): a table on a terminal, jsonl elsewhere",
        )  # fmt: skip
        parser.add_argument(
            "--since", metavar="WHEN",
            help="leave alone what was written before: a duration (90s, 10m, 2h, 1d) or a time (2026-05-01T12:00)",
        )  # fmt: skip
        parser.add_argument(
            "--interval", metavar="SECONDS", type=float, default=5.0, help="time between two looks (default 5)"
        )
        parser.add_argument("--once", action="store_true", help="look once")
        add_rules(parser)
        add_reading(parser)
        add_color(parser)

    def run(self, args: argparse.Namespace) -> Exit:
        """Watch until interrupted."""
        from lrdoctor.config import load
        from lrdoctor.remote import is_url, redacted

        if not 0.0 < args.interval < float("inf"):
            raise UsageError("--interval: must be above 0")
        since = None if args.since is None else moment(args.since, time.time())
        elsewhere = [redacted(path) for path in args.paths if is_url(path)]
        if elsewhere:
            raise UsageError(f"{', '.join(elsewhere)}: watch needs files of this machine; diagnose reads URLs, too")
        roles, config = roles_given(args.role), load(args.config)
        config = config.selecting(comma_separated(args.select), comma_separated(args.ignore))
        fail_on = args.fail_on or config.fail_on
        if "-" in args.paths:
            from lrdoctor.cli._pipe import pass_through

            if len(args.paths) > 1 or args.since or args.once:
                raise UsageError("- stands alone: stdin is read to its end")
            return pass_through(roles, config, args.interval, fail_on)
        from lrdoctor.live.following import Follower

        follower = Follower(args.paths, roles=roles, config=config, since=since, follow_links=args.follow_links)
        table = args.format == "table" or (args.format == "auto" and sys.stdout.isatty())
        with _Board(follower, args) if table else _Lines() as output:
            return _watch(follower, output, None if args.once else args.interval, fail_on)


COMMAND = Watch()


def moment(text: str, now: float) -> float:
    """The time that ``--since`` means, in seconds since the epoch.

    Parameters
    ----------
    text
        A duration before now (``90s``, ``10m``, ``2h``, ``1d``, ``1w``; a bare number is seconds), or a date or time in
        ISO 8601, local unless it names a zone.
    now
        Seconds since the epoch.

    Raises
    ------
    UsageError
        It is neither.
    """
    from datetime import datetime

    match = _DURATION.fullmatch(text.strip())
    if match is not None:
        return now - float(match[1]) * _SECONDS[match[2] or "s"]
    try:
        return datetime.fromisoformat(text.strip()).timestamp()
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"--since {text}: write a duration (90s, 10m, 2h, 1d) or a time (2026-05-01T12:00)") from None


class _Output(Protocol):
    def __enter__(self) -> _Output: ...

    def __exit__(self, *error: object) -> None: ...

    def tell(self, item: Change | Gone | Unreadable) -> None:
        """Something is new."""

    def rest(self) -> None:
        """A look is over."""


def _watch(follower: Follower, output: _Output, interval: float | None, fail_on: str | None) -> Exit:
    """Look until interrupted, or once; the exit status is about what there is at the end."""
    from lrdoctor.live.following import pause

    try:
        while True:
            begin = time.monotonic()
            for item in follower.look():
                output.tell(item)
            output.rest()
            if interval is None:
                break
            time.sleep(pause(interval, time.monotonic() - begin))
    except KeyboardInterrupt:
        return status(fail_on, follower.worst, unreadable=bool(follower.unreadable))
    if follower.runs:
        return status(fail_on, follower.worst, unreadable=bool(follower.unreadable))
    if follower.unreadable:
        say("none of the logs could be read")
        return Exit.UNREADABLE
    say("no training log found")
    return Exit.NO_RUN


class _Lines:
    """JSON lines, each written whole."""

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def tell(self, item: Change | Gone | Unreadable) -> None:
        """Write a line."""
        from lrdoctor.live.events import to_json

        show([to_json(item)])

    def rest(self) -> None:
        """Nothing more to say."""


class _Board:
    """A table that is drawn anew after each look, and now and then during a long one; the last one stays."""

    def __init__(self, follower: Follower, args: argparse.Namespace) -> None:
        self._follower, self._every = follower, args.interval
        self._once: bool = args.once
        self._how = options(args.color)
        self._drawn, self._named = 0.0, 0
        self._live: Live | None = None

    def __enter__(self) -> _Board:
        from rich.console import Console
        from rich.live import Live

        console = Console(
            width=self._how.width, no_color=not self._how.color, markup=False, emoji=False, highlight=False
        )  # fmt: skip
        self._live = Live(console=console, auto_refresh=False)
        self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._live is not None:
            self._draw("")
            self._live.stop()
            if not self._live.console.is_terminal:
                self._live.console.print()

    def tell(self, item: Change | Gone | Unreadable) -> None:
        """Draw, unless that was just done; what cannot be read is named above the table, if it is not much."""
        from lrdoctor.records import Unreadable

        if isinstance(item, Unreadable) and self._named < _MOST_NAMED:
            self._name(item)
        if time.monotonic() - self._drawn > _SHOWN_EVERY:
            self._draw("looking...")

    def _name(self, lost: Unreadable) -> None:
        from rich.text import Text

        from lrdoctor.cleaning import clean

        assert self._live is not None
        self._named += 1
        self._live.console.print(Text(f"{clean(lost.source)}: {clean(lost.error, 600)}", style="dim"))

    def rest(self) -> None:
        """Draw what is known now."""
        if not self._once:
            self._draw(f"{time.strftime('%H:%M:%S')}, looking every {self._every:g} s; Ctrl-C ends")

    def _draw(self, footer: str) -> None:
        from lrdoctor.live.board import board

        assert self._live is not None
        size = self._live.console.size
        follower = self._follower
        self._live.update(
            board(follower.runs.values(), len(follower.unreadable), size.width, size.height, footer), refresh=True
        )  # fmt: skip
        self._drawn = time.monotonic()
