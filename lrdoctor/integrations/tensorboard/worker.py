"""Keeps the report up to date in the background, while somebody is looking."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lrdoctor.errors import LrdoctorError

if TYPE_CHECKING:
    from lrdoctor.integrations.tensorboard.sources import Source
    from lrdoctor.records import Diagnosis

_PAUSE = 5.0
"""Seconds between two looks at the logs..."""
_REST = 9.0
"""...or this many times as long as the last look took: a tenth of one processor at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """A finished report; `version` counts them."""

    version: int
    runs: int
    body: str
    report: str


class Worker:
    """Diagnoses what a source has in a thread of its own; `poll` starts it when it is time to.

    Parameters
    ----------
    source
        Where the runs come from.
    pause
        Seconds between two looks at the logs.
    """

    def __init__(self, source: Source, pause: float = _PAUSE) -> None:
        self.latest = Latest(version=0, runs=0, body="", report="{}")
        self._source = source
        self._pause = pause
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._due = 0.0
        self._seen: object = None
        self._done, self._current, self._error = 0, "", ""

    def poll(self) -> dict[str, Any]:
        """Start another look if it is time for one, and answer at once.

        Returns
        -------
        ``version`` and ``runs`` of the latest report, whether the work is ``busy``, how many runs are ``done`` and
        which is ``current``, what went wrong last (``error``) and what there is to know of the source (``note``).
        """
        with self._lock:
            busy = self._thread is not None and self._thread.is_alive()
            if not busy and time.monotonic() >= self._due:
                self._thread = threading.Thread(target=self._look, name="lrdoctor", daemon=True)
                self._thread.start()
                busy = True
        return {
            "version": self.latest.version, "runs": self.latest.runs, "busy": busy, "done": self._done,
            "current": self._current, "error": self._error, "note": self._source.note,
        }  # fmt: skip

    def join(self, timeout: float | None = None) -> None:
        """Wait for the look that is under way."""
        if self._thread is not None:
            self._thread.join(timeout)

    def _look(self) -> None:
        began = time.monotonic()
        try:
            state = self._source.state()
            if state != self._seen:
                self.latest = self._examined()
                self._seen = state
            self._error = ""
        except LrdoctorError as error:
            self._error = str(error)
        except Exception as error:  # whatever it was: TensorBoard goes on, and so does the next look
            self._error = f"{type(error).__name__}: {error}; this is a bug in lrdoctor, please report it"
        self._done, self._current = 0, ""
        now = time.monotonic()
        self._due = now + max(self._pause, _REST * (now - began))

    def _examined(self) -> Latest:
        from lrdoctor.renderers._html.page import fragment
        from lrdoctor.report import Report

        diagnosis = self._diagnosed()
        return Latest(
            version=self.latest.version + 1,
            runs=len(diagnosis.runs),
            body=fragment(diagnosis),
            report=Report(diagnosis).to_json(),
        )

    def _diagnosed(self) -> Diagnosis:
        from lrdoctor import __version__, api
        from lrdoctor.records import Diagnosis

        logs = self._source.logs()
        if logs == []:
            return Diagnosis(runs=(), version=__version__)
        return api.diagnose(logs, progress=self._progress).diagnosis

    def _progress(self, done: int, name: str) -> None:
        self._done, self._current = done, name
