"""The workers of a Dask cluster as an executor."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from lrdoctor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

_PATIENCE = 60.0
"""Seconds to wait for the scheduler, and for its first worker."""


@contextlib.contextmanager
def dask_executor(address: str) -> Iterator[Executor]:
    """Connect to a scheduler.

    Parameters
    ----------
    address
        Where it listens, e.g. ``"tcp://10.0.0.1:8786"``. Its workers must have lrdoctor installed, and see the logs
        under the same paths.

    Raises
    ------
    UsageError
        distributed is not installed, nobody answers, or there is no worker.
    """
    try:
        from distributed import Client
    except ImportError:
        raise UsageError("--dask needs distributed: pip install 'lrdoctor[dask]'") from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what goes wrong is said by us
    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(f"no Dask scheduler answers at {address}: {error}") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError:
            raise UsageError(f"the Dask scheduler at {address} has no workers") from None
        yield client.get_executor(pure=False)
