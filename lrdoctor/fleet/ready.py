"""All that a worker needs, loaded by being imported: once, by the server that workers are forked from."""

from __future__ import annotations

import contextlib
import gc
import os
import warnings


def _load() -> None:
    """Load everything, and diagnose a made-up run: what is loaded when it is first needed is then there as well."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # workers have a core each; to be said before numpy comes

    import lrdoctor.fleet.work  # noqa: F401 - what workers are asked to do
    from lrdoctor.engine import all_rules
    from lrdoctor.examining import diagnosed
    from lrdoctor.fleet.wire import encode
    from lrdoctor.registry import discover
    from lrdoctor.synth import healthy

    discover("lrdoctor.readers", "READER")
    encode([diagnosed(healthy(), all_rules())])
    gc.freeze()  # what is here stays, and is shared among the workers as long as nobody looks through it for garbage
    gc.set_threshold(100_000, 10, 10)  # as on the command line


with warnings.catch_warnings(), contextlib.suppress(Exception):  # the worker whose work it is will say what is wrong
    warnings.simplefilter("ignore")
    _load()
