"""`lrdoctor watch -`: the output of a training passes through, and what it shows is said on stderr."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from lrdoctor.cli._base import Exit
from lrdoctor.cli._shared import status
from lrdoctor.cli._terminal import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lrdoctor.config import Config
    from lrdoctor.live.following import Follower
    from lrdoctor.records import RunDiagnosis

_CHUNK = 1 << 16


def pass_through(roles: Mapping[str, str], config: Config, interval: float, fail_on: str | None) -> Exit:
    """Copy stdin to stdout as it comes, and follow it as a log.

    What has passed is kept in a temporary file until the end, so that it is read as any printed log is. The training
    gets a Ctrl-C as well, and its last words are still read; a second one ends it all.
    """
    from lrdoctor.live.following import Follower

    with tempfile.TemporaryDirectory(prefix="lrdoctor-") as directory:
        spool = Path(directory) / "stdin.log"
        teller = _Teller(Follower([spool], roles=roles, config=config))
        with spool.open("wb", buffering=0) as out, _first_interrupt_passed_over():
            teller.look()  # loads the readers, so that the looks that count are quick
            _Copy(out, interval, teller).run()
        return teller.end(fail_on)


@contextmanager
def _first_interrupt_passed_over() -> Iterator[None]:
    """Let the first Ctrl-C be the training's alone, without losing what is in our hands at that moment."""

    def once(number: int, frame: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, once)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class _Copy:
    """Bytes from stdin to stdout and into a file, with a look at the file from time to time."""

    def __init__(self, spool: BinaryIO | None, interval: float, teller: _Teller) -> None:
        self._spool, self._interval, self._teller = spool, interval, teller
        self._next = time.monotonic() + interval
        self._fresh = False

    def run(self) -> None:
        """Copy to the end."""
        source = sys.stdin.fileno()
        while True:
            if _ready(source, max(self._next - time.monotonic(), 0.0) if self._fresh else None):
                data = os.read(source, _CHUNK)
                if not data:
                    return
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
                self._keep(data)
            if self._fresh and time.monotonic() >= self._next:
                self._look()

    def _keep(self, data: bytes) -> None:
        if self._spool is None:
            return
        try:
            self._spool.write(data)
            self._fresh = True
        except OSError as error:  # the training's output goes on, whatever becomes of us
            say(f"what follows is not watched: no room for a copy of it ({error.strerror or error})")
            self._spool = None

    def _look(self) -> None:
        """Look; nothing passes through meanwhile, so the next look must not come too soon."""
        from lrdoctor.live.following import pause

        self._fresh = False
        begin = time.monotonic()
        self._teller.look()
        now = time.monotonic()
        self._next = now + pause(self._interval, now - begin)


def _ready(source: int, timeout: float | None) -> bool:
    """Wait for input; where the system cannot wait for a pipe with a limit, reading itself waits."""
    if os.name != "posix":
        return True
    import select

    return bool(select.select([source], [], [], timeout)[0])


class _Teller:
    """Says on stderr what is new."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._told: dict[str, object] = {}

    def look(self) -> None:
        """Say what has become likely since the last look."""
        from lrdoctor.live._attending import WORTH_SAYING, gist, line
        from lrdoctor.live.following import Change
        from lrdoctor.records import Verdict

        for item in self._follower.look():
            if not isinstance(item, Change) or item.said.plan.confidence < WORTH_SAYING:
                continue
            said = _as_stdin(item.said)
            if gist(said) != self._told.get(said.run.id, (Verdict.INCONCLUSIVE, frozenset())):
                self._told[said.run.id] = gist(said)
                say(line(said))

    def end(self, fail_on: str | None) -> Exit:
        """Report on the whole."""
        from lrdoctor.records import Diagnosis
        from lrdoctor.renderers._base import Options
        from lrdoctor.renderers.text import RENDERER

        list(self._follower.look())
        runs = tuple(_as_stdin(change.said) for change in self._follower.runs.values())
        if not runs:
            say("no training log in what passed through")
            return Exit.NO_RUN
        for piece in RENDERER.render(Diagnosis(runs=runs), Options(verbosity=0)):
            sys.stderr.write(piece)
        sys.stderr.flush()
        return status(fail_on, self._follower.worst, unreadable=bool(self._follower.unreadable))


def _as_stdin(said: RunDiagnosis) -> RunDiagnosis:
    """The diagnosis under the name that the user knows the log by."""
    run = said.run
    return replace(said, run=replace(run, id=run.id.replace("stdin.log", "stdin", 1), source="<stdin>"))
