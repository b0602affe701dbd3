"""Where work is done: here, in processes of our own, or wherever a given executor has its workers."""

from __future__ import annotations

import contextlib
import os
import signal
from concurrent.futures import BrokenExecutor, Executor, Future
from typing import TYPE_CHECKING, Any, Protocol

from lrdoctor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import ProcessPoolExecutor

_SOCKET_PATH = 100
"""Bytes that the path of a socket may have, with some to spare (unix(7))."""
_AHEAD = 3
"""Chunks per worker that are under way or lie ready."""
_PATIENCE = 5.0
"""Seconds that processes which were told to end are waited for."""


class Pool(Protocol):
    """An executor that can be had anew when it breaks."""

    capacity: int
    """Tasks to have under way at most."""

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Hand over some work."""
        ...

    def renew(self) -> None:
        """Start again after a worker died.

        Raises
        ------
        UsageError
            That cannot be done.
        """
        ...

    def close(self) -> None:
        """Stop whatever is still under way."""
        ...


class Here:
    """Does the work at once, in this very thread."""

    capacity = 1

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Do the work; a future that is finished."""
        future: Future[Any] = Future()
        try:
            future.set_result(work(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future

    def renew(self) -> None:
        """Nothing can have broken."""

    def close(self) -> None:
        """Nothing is under way."""


def _room_for_a_socket() -> bool:
    """Whether a fork server can listen in the directory for temporary files: a socket's path has at most 107 bytes."""
    import tempfile

    return len(os.fsencode(tempfile.gettempdir())) + len("/pymp-12345678/listener-12345678") < _SOCKET_PATH


class Processes:
    """Processes of our own, started afresh when one of them dies.

    They are never forked from this process, which may have threads; so a script that uses them needs the usual
    ``if __name__ == "__main__":``.

    Parameters
    ----------
    workers
        How many.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self.capacity = _AHEAD * workers
        self._executor = self._start()

    def _start(self) -> ProcessPoolExecutor:
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        methods = multiprocessing.get_all_start_methods() if _room_for_a_socket() else []
        context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        if "forkserver" in methods:
            from multiprocessing import forkserver

            context.set_forkserver_preload(["lrdoctor.fleet.ready"])
            forkserver.ensure_running()  # it loads what workers need while this process looks for logs
        return ProcessPoolExecutor(self._workers, mp_context=context, initializer=_begin, initargs=(dict(os.environ),))

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Hand over some work."""
        return self._executor.submit(work, *arguments)

    def renew(self) -> None:
        """Start new processes, and see that they live."""
        from lrdoctor.fleet.work import ping

        self.close()
        self._executor = self._start()
        try:
            self._executor.submit(ping).result()
        except BrokenExecutor:
            raise UsageError(
                "worker processes end as soon as they start; in a script, call lrdoctor below"
                ' `if __name__ == "__main__":`, or without workers'
            ) from None

    def close(self) -> None:
        """End the processes, even in the middle of a log."""
        processes = dict(getattr(self._executor, "_processes", None) or {})  # no public way before Python 3.14
        manager = getattr(self._executor, "_executor_manager_thread", None)
        self._executor.shutdown(wait=False, cancel_futures=True)
        for process in processes.values():
            with contextlib.suppress(OSError, ValueError):
                process.terminate()
        if manager is not None:  # else Python, when it ends, may wake it up through a pipe that it is about to close
            manager.join(_PATIENCE)


class Borrowed:
    """An executor that somebody else has made and will close.

    Parameters
    ----------
    executor
        Anything with the interface of `concurrent.futures.Executor`.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self.capacity = _AHEAD * max(_workers_of(executor), 1)
        self._futures: set[Future[Any]] = set()

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Hand over some work."""
        future = self._executor.submit(work, *arguments)
        self._futures.add(future)
        future.add_done_callback(self._futures.discard)
        return future

    def renew(self) -> None:
        """It is not ours to start again."""
        raise UsageError("the executor has broken down in the middle; start a new one, or let lrdoctor use its own")

    def close(self) -> None:
        """Withdraw what has not begun."""
        for future in tuple(self._futures):
            future.cancel()


def pool_for(workers: int, executor: Executor | None) -> Pool:
    """A given executor, processes of our own, or this thread."""
    if executor is not None:
        return Borrowed(executor)
    return Processes(workers) if workers > 1 else Here()


def _workers_of(executor: Executor) -> int:
    """How many workers an executor has, by the names that pools and Dask give that; 16 where it does not say."""
    client = getattr(executor, "_client", None)
    if client is not None and hasattr(client, "ncores"):
        return int(sum(client.ncores().values()))
    return int(getattr(executor, "_max_workers", None) or 16)


def _begin(environment: Mapping[str, str]) -> None:
    """Begin as a worker.

    Ctrl-C is for the process that asked; it ends its workers itself. The environment is as it is now there: the server
    that forks workers may be older than some credentials.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(environment)
